package mesh

import (
	"time"

	"hearsay/topics"
)

// Time is monotonic time since the machine was made. The machine never asks for it, it is told.
type Time = time.Duration

// LinkID names one connection that this node dialled: unique for the life of the process.
type LinkID uint64

// ListenerID names one connection that somebody opened to this node's discovery publisher.
type ListenerID uint64

// Event is what happens to a node. Step takes one at a time.
type Event interface{ event() }

type (
	// Tick says that everything received so far has been given to Step and that Deadline has passed.
	Tick struct{}

	// LinkUp: a dial succeeded. Addr is the endpoint reached, "ADDRESS:PORT" with a literal address:
	// two links with equal Addr and Port lead to the same process.
	LinkUp struct {
		Link   LinkID
		Target topics.Name // the name that was dialled
		Port   Port
		Addr   string
	}

	// DialFailed: a dial ended without a link.
	DialFailed struct {
		Target topics.Name
		Port   Port
		Reason DialReason
	}

	// LinkDown: a link that was up broke, or was hung up (HangUp is answered by LinkDown too).
	LinkDown struct {
		Link LinkID
		Why  string
	}

	// Beat: a peer list came over a discovery link. Names holds the valid names in the list's order, the
	// sender's own first; Header is nil from a naive node. The machine keeps neither slice nor header.
	Beat struct {
		Link   LinkID
		Names  []topics.Name
		Header *topics.Header
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

	// ListenerDown: that listener's connection is gone.
	ListenerDown struct{ Listener ListenerID }

	// Leave: this node is about to go; say so to the mesh. Nothing is dialled any more; Left tells when the
	// goodbye has been published often enough.
	Leave struct{}

	// Known: names remembered from an earlier life. They are hints like any other.
	Known struct{ Names []topics.Name }

	// Forget: drop what is known of a name, its links, its penalty and its past. A seed starts anew.
	Forget struct{ Name topics.Name }
)

func (Tick) event()         {}
func (LinkUp) event()       {}
func (DialFailed) event()   {}
func (LinkDown) event()     {}
func (Beat) event()         {}
func (Heard) event()        {}
func (ListenerUp) event()   {}
func (Hello) event()        {}
func (ListenerDown) event() {}
func (Leave) event()        {}
func (Known) event()        {}
func (Forget) event()       {}

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
	Refused     DialReason = iota + 1 // somebody answered that nobody listens there
	Unresolved                        // the name has no address (an answer of DNS, not its silence)
	Unreachable                       // no answer, no route, or DNS did not answer in time
	BadPeer                           // somebody answered who does not speak ZMTP as a publisher
	Local                             // our own fault (out of file descriptors): says nothing of the peer
)

var reasons = [...]string{"", "refused", "unresolved", "unreachable", "not a publisher", "local failure"}

// String is the word for a reason in logs.
func (r DialReason) String() string {
	if int(r) >= len(reasons) {
		return "unknown"
	}
	return reasons[r]
}

// gone tells that nobody is there: an answer, not a silence.
func (r DialReason) gone() bool { return r == Refused || r == Unresolved }
