package mesh

import (
	"time"

	"hearsay/topics"
)

// Time is monotonic time since the machine was made. The machine never asks for it, it is told.
type Time = time.Duration

// DialID names one dial: unique for the life of the machine.
type DialID uint64

// LinkID names one connection that this node dialled: unique for the life of the process.
type LinkID uint64

// ListenerID names one connection that somebody opened to one of this node's publishers.
type ListenerID uint64

// Input is what happens to a node. Step takes one at a time.
type Input interface{ input() }

type (
	// Tick says that everything received so far has been given to Step and that Deadline has passed.
	Tick struct{}

	// LinkUp: a dial succeeded. Addr is the endpoint reached, "ADDRESS:PORT" with a literal address:
	// two links with equal Addr and Port lead to the same process.
	LinkUp struct {
		Link LinkID
		Dial Dial
		Addr string
	}

	// DialFailed: a dial ended without a link. Addr is the endpoint that Reason is about, "" where there was none.
	DialFailed struct {
		Dial   Dial
		Reason DialReason
		Addr   string
	}

	// Resolved: what a name leads to now, as literal addresses (no port, no brackets): the answer to Lookup, or
	// with Dial what was found out on the way. None: DNS said no, or nothing.
	Resolved struct {
		Name  topics.Name
		Dial  DialID // 0: it was a Lookup
		Addrs []string
	}

	// LinkDown: a link that was up broke, or was hung up (HangUp is answered by LinkDown too).
	LinkDown struct {
		Link LinkID
		Why  string
	}

	// Beat: a peer list came over a discovery link. Names holds the valid names in the list's order, the
	// sender's own first; Header is nil from a naive node. Ahead is by how much its At is ahead of this node's clock as that
	// is now. The machine keeps neither slice nor header.
	Beat struct {
		Link   LinkID
		Names  []topics.Name
		Header *topics.Header
		Ahead  time.Duration
	}

	// Told: what the publisher at the far end of a discovery link tells of whom others hear, or what is something else in
	// that. The machine keeps the records.
	Told struct {
		Link    LinkID
		Records []topics.Record
		Header  topics.Header
		Change  bool
	}

	// Heard: anything else valid came over a link: its publisher is there.
	Heard struct{ Link LinkID }

	// ListenerUp: somebody subscribed to our lists, from the literal address Addr (no port, no brackets).
	ListenerUp struct {
		Listener ListenerID
		Addr     string
	}

	// Hello: that listener says its name.
	Hello struct {
		Listener ListenerID
		Name     topics.Name
	}

	// MeshSaid: the publisher at the far end of a discovery link says of which mesh it is, by its label.
	MeshSaid struct {
		Link LinkID
		Mesh string
	}

	// ForeignHello: somebody who came from the literal address Addr says that it is a node of another mesh. It is no
	// listener, or one no more.
	ForeignHello struct {
		Name topics.Name
		Mesh string
		Addr string
	}

	// ListenerDown: that listener's connection is gone.
	ListenerDown struct{ Listener ListenerID }

	// ReaderUp: somebody subscribed to this node's messages, from the literal address Addr: what is published from now
	// on reaches it.
	ReaderUp struct {
		Reader ListenerID
		Addr   string
	}

	// ReaderNamed: that reader says its name.
	ReaderNamed struct {
		Reader ListenerID
		Name   topics.Name
	}

	// ReaderDown: that reader's connection is gone.
	ReaderDown struct{ Reader ListenerID }

	// LinkSilent: nothing comes back over a message link, though its far end was asked again and again; or, where it is not
	// Silent, something does again. It is up all the time.
	LinkSilent struct {
		Link   LinkID
		Silent bool
	}

	// LinkStuck: a message link brings nothing though its publisher was asked to say something a moment ago, and it is up; or,
	// where it is not Stuck, it brings something again. TCP tries a link again only after about as long as the network carried
	// nothing, and a new one may do better.
	LinkStuck struct {
		Link  LinkID
		Stuck bool
	}

	// ReaderSilent: what LinkSilent is, of a reader's connection.
	ReaderSilent struct {
		Reader ListenerID
		Silent bool
	}

	// Profiled: this node says something else of itself from now on. One that breaks a rule is ignored.
	Profiled struct{ Profile }

	// Leave: this node is about to go; say so to the mesh. Nothing is dialled any more; Left tells when the
	// goodbye has been published often enough.
	Leave struct{}

	// Known: names remembered from an earlier life, those that are to be tried first in front. They are hints like any
	// other, and tried in waves until somebody is heard.
	Known struct{ Names []topics.Name }

	// Hint: somebody who is not connected to this node names a peer, by multicast for instance. It is a reason to dial the
	// name, and at Addr, a literal address (no port, no brackets) or "", where DNS has none for it. From answers for it: a
	// literal address, or a word for what has none; "": Addr. What one of them names in vain is bounded.
	Hint struct {
		Name topics.Name
		Addr string
		From string
	}

	// OwnFault: this node knows why others do not hear it, by a fault of its own; "": it knows of none.
	OwnFault struct{ Why string }

	// Admit: names are bound to keys, and those of these names are known here: nobody's word makes a member of another.
	Admit struct{ Names []topics.Name }

	// Forget: drop what is known of a name, its links, its penalty and its past. A seed starts anew.
	Forget struct{ Name topics.Name }
)

func (Tick) input()         {}
func (LinkUp) input()       {}
func (DialFailed) input()   {}
func (Resolved) input()     {}
func (LinkDown) input()     {}
func (Beat) input()         {}
func (Told) input()         {}
func (Heard) input()        {}
func (ListenerUp) input()   {}
func (Hello) input()        {}
func (MeshSaid) input()     {}
func (ForeignHello) input() {}
func (ListenerDown) input() {}
func (ReaderUp) input()     {}
func (ReaderNamed) input()  {}
func (ReaderDown) input()   {}
func (LinkSilent) input()   {}
func (LinkStuck) input()    {}
func (ReaderSilent) input() {}
func (Leave) input()        {}
func (Profiled) input()     {}
func (Known) input()        {}
func (Hint) input()         {}
func (OwnFault) input()     {}
func (Admit) input()        {}
func (Forget) input()       {}

// Port says which of a peer's two publishers a link leads to.
type Port uint8

const (
	DiscoveryPort Port = iota
	MessagePort
	ports
)

// String is the word for a port in logs.
func (p Port) String() string {
	if p == MessagePort {
		return "message"
	}
	return "discovery"
}

// DialReason is why a dial failed.
type DialReason uint8

const (
	Refused      DialReason = iota + 1 // somebody answered that nobody listens there
	Unresolved                         // the name has no address (an answer of DNS, not its silence)
	Unreachable                        // no route
	BadPeer                            // somebody answered who does not speak ZMTP as a publisher
	Local                              // our own fault (out of file descriptors): says nothing of the peer
	NoDNS                              // DNS did not answer in time, or failed: says nothing of the name
	TimedOut                           // no answer
	Wordless                           // the connection was accepted, and nothing came over it
	NoKey                              // it is open, and this node is locked
	KeyWanted                          // it is locked, and this node is open
	WrongKey                           // it has another key than it should, or expects another
	NotLetIn                           // it has the right key, and does not let this node's in
	Unauthorized                       // no key of it is known here
	OtherMesh                          // a node of another mesh is there
	HungUpHello                        // it ended the handshake when it was told which key of its this node knows
	HungUpKey                          // it has that key, and ended the handshake when it was shown this node's
)

var reasons = [...]string{
	"", "refused", "unresolved", "unreachable", "not a publisher", "local failure", "no answer from DNS", "timed out", "no handshake",
	"no key", "no key here", "wrong key", "not let in", "unauthorized", "another mesh",
	"hung up on the key handshake", "hung up on this node's key",
}

// String is the word for a reason in logs.
func (r DialReason) String() string {
	if int(r) >= len(reasons) {
		return "unknown"
	}
	return reasons[r]
}

// gone tells that nobody is there, or nobody who may be: an answer, not a silence.
func (r DialReason) gone() bool {
	return r == Refused || r == Unresolved || r == Unauthorized || r == OtherMesh
}

// silent tells that nothing was heard: a longer dial might.
func (r DialReason) silent() bool { return r == TimedOut || r == Unreachable || r == Wordless }

// hungUp tells that somebody hung up as one does that has another key, or does not know this node's, and as one does that ends
// just then.
func (r DialReason) hungUp() bool { return r == HungUpHello || r == HungUpKey }

// strange tells that somebody else than a member is there. Where that is a node of another mesh, one of this mesh may
// have the same name elsewhere.
func (r DialReason) strange() bool { return r == BadPeer || r >= NoKey && r != OtherMesh }
