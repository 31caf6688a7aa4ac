package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// Outcome is how a visit ended.
type Outcome uint8

const (
	Unvisited  Outcome = iota
	Hindered           // this machine did not let the doctor go: Visit.Hindrance says why
	Refused            // nobody listens there
	TimedOut           // no answer to the connection
	NoHost             // the network says that nobody is there
	Wordless           // it accepts, and says nothing
	HungUp             // it accepts, and hangs up without a word
	Foreign            // it is no ZeroMQ publisher
	Locked             // it is one with keys, and the doctor has none
	Unlocked           // it is one without keys, and the doctor has some
	KeyUnknown         // it is one with keys, and the doctor has none that is of its name
	WrongKey           // it has another key than the doctor takes for its, or what it said, or that it hung up, says so
	NotLetIn           // it has that key, and does not let the doctor's in; the same
	Silent             // it is one, and sends no list
	OtherMesh          // it is a node of another mesh: Visit.Mesh is its label
	Spoke              // it is one; on the discovery port it has sent its list
)

var outcomes = [...]string{
	"was not visited", "cannot be visited from here", "refuses connections", "does not answer: timed out", "is not there: no host answers",
	"accepts connections and says nothing", "accepts connections and hangs up without a word", "answers, but not as a ZeroMQ publisher", "is locked", "is open", "is locked, and no key of it is known here",
	"has another key than this node takes for its, most likely", "does not know this node's key, most likely", "is a ZeroMQ publisher, but sends no lists", "is a node of another mesh", "answers",
}

// String says it of the endpoint, as the rest of a sentence.
func (o Outcome) String() string { return outcomes[o] }

// ofKeys reports whether somebody publishes there, and keys are between them and the doctor.
func (o Outcome) ofKeys() bool { return o >= Locked && o <= NotLetIn }

// Visit is what was found at one endpoint.
type Visit struct {
	Endpoint string
	Outcome  Outcome
	Names    []topics.Name  // of its list, the own name first
	Header   *topics.Header // nil: a naive node's
	At       time.Time      // when the list came
	Mesh     string         // label of the mesh that the node there is of

	Hindrance string // what this machine lacks, of one that was Hindered
}

// says is the outcome, as the rest of a sentence that begins with the endpoint.
func (v Visit) says() string {
	if v.Outcome == Hindered {
		return v.Outcome.String() + ": " + v.Hindrance
	}
	return v.Outcome.String()
}

// Name is what the node there calls itself; "" if it did not say.
func (v Visit) Name() topics.Name {
	if len(v.Names) == 0 {
		return ""
	}
	return v.Names[0]
}

const (
	connectTime = 2 * time.Second // a SYN that was lost is sent again after one
	answerTime  = 2 * time.Second // for the handshake, and for the list
	maxList     = topics.MaxList + topics.MaxHeader + 64
)

// visitor is who visits.
type visitor struct {
	from  string     // the literal address to do it from; "": any
	label string     // of the mesh of which it is somebody; "": none
	keys  *keys.Ring // nil: it has none
}

// visit looks at one endpoint, to which a name leads.
func (w visitor) visit(ctx context.Context, name topics.Name, at netip.AddrPort, discovery bool) (v Visit) {
	for _, way := range w.ways(name) {
		if v = w.try(ctx, way, at, discovery); v.Outcome != WrongKey {
			return v
		}
	}
	return v
}

// ways are the mechanisms to meet a name with. Without a key of it any shows whether somebody is there.
func (w visitor) ways(name topics.Name) (ways []zmtp.Mechanism) {
	if w.keys == nil {
		return []zmtp.Mechanism{zmtp.Null}
	}
	curves, err := w.keys.To(name)
	if err != nil {
		return []zmtp.Mechanism{nil}
	}
	for _, c := range curves {
		ways = append(ways, c)
	}
	return ways
}

// try does it with one mechanism; nil: there is none for it.
func (w visitor) try(ctx context.Context, way zmtp.Mechanism, at netip.AddrPort, discovery bool) Visit {
	v := Visit{Endpoint: at.String()}
	dialer := net.Dialer{Timeout: connectTime}
	if from, err := netip.ParseAddr(w.from); err == nil {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	c, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		v.Outcome, v.Hindrance = w.reached(err)
		return v
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(answerTime))
	known := way != nil
	if !known {
		way = zmtp.Null
	}
	h := zmtp.NewHandshake(way, zmtp.Params{Side: zmtp.Client, SocketType: "SUB", MaxMessage: maxList}, "PUB", "XPUB")
	unread, err := greet(c, h)
	v.Outcome = greeted(err)
	switch {
	case v.Outcome == Locked && !known:
		v.Outcome = KeyUnknown
	case v.Outcome == Locked && w.keys != nil, err == nil && !known:
		v.Outcome = Unlocked
	case err == nil && discovery:
		v.listen(c, h.Session(), unread, w.label)
	}
	return v
}

// greeted sorts what a handshake ended with.
func greeted(err error) Outcome {
	switch {
	case err == nil:
		return Spoke
	case errors.Is(err, zmtp.ErrMechanism):
		return Locked
	case errors.Is(err, zmtp.ErrUnauthorized):
		return NotLetIn
	case errors.Is(err, zmtp.ErrKey):
		return WrongKey
	case errors.Is(err, errHungUp):
		return HungUp
	case isTimeout(err):
		return Wordless
	}
	return Foreign
}

// reached sorts the error of a connection: what it says of the other end, or of this machine.
func (w visitor) reached(err error) (Outcome, string) {
	var number syscall.Errno
	switch {
	case isTimeout(err):
		return TimedOut, ""
	case !errors.As(err, &number):
		return Hindered, err.Error()
	}
	switch number { // all others are told in the system's words
	case syscall.ECONNREFUSED, syscall.ECONNRESET:
		return Refused, ""
	case syscall.ETIMEDOUT:
		return TimedOut, ""
	case syscall.EHOSTUNREACH:
		return NoHost, ""
	case syscall.ENETUNREACH:
		return Hindered, "this machine has no route to it"
	case syscall.EMFILE, syscall.ENFILE:
		return Hindered, fewOwnFiles
	case syscall.EADDRNOTAVAIL:
		if w.from != "" {
			return Hindered, "the address " + w.from + ", from which the doctor was told to look, is none of this machine's, or has no free port"
		}
		return Hindered, "this machine has no address to reach it from, or no free port"
	case syscall.EACCES, syscall.EPERM:
		return Hindered, "a firewall of this machine forbids it"
	}
	return Hindered, number.Error()
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// errHungUp is what a visit ends with that was not spoken to.
var errHungUp = errors.New("hung up without a word")

// overhear reads what the other end says before it was spoken to: the whole greeting, or the signature where that is all. So
// the doctor leaves one that has another mechanism without a word, and is not taken for somebody who knocks without a key.
func overhear(c net.Conn) (said []byte, err error) {
	_ = c.SetReadDeadline(time.Now().Add(answerTime / 2)) // who waits to be spoken to has as long as ever
	defer func(late time.Time) { _ = c.SetReadDeadline(late) }(time.Now().Add(answerTime))
	for buf := make([]byte, zmtp.GreetingSize); len(said) < zmtp.GreetingSize && len(said) != zmtp.SignatureSize; {
		n, err := c.Read(buf)
		said = append(said, buf[:n]...)
		switch {
		case err == nil:
		case len(said) > 0, isTimeout(err): // what it says to an answer is still to come
			return said, nil //nolint:nilerr // the next read ends with the same error
		default:
			return nil, fmt.Errorf("%w: %w", errHungUp, err)
		}
	}
	return said, nil
}

// greet shakes hands as a subscriber, and returns what came beyond.
func greet(c net.Conn, h *zmtp.Handshake) (unread []byte, err error) {
	if unread, err = overhear(c); err != nil {
		return nil, err
	}
	p, err := h.Advance(unread)
	if err != nil {
		return nil, err
	}
	unread = unread[p.Used:]
	if _, err := c.Write(h.Opening()); err != nil {
		return nil, link.KeyError(h, len(unread), err)
	}
	for buf := make([]byte, 4096); ; {
		p, err := h.Advance(unread)
		if err != nil {
			return nil, err
		}
		unread = unread[p.Used:]
		if len(p.Reply) > 0 {
			if _, err := c.Write(p.Reply); err != nil {
				return nil, link.KeyError(h, len(unread), err)
			}
		}
		if p.Done {
			return unread, nil
		}
		if p.Used > 0 {
			continue
		}
		n, err := c.Read(buf)
		unread = append(unread, buf[:n]...)
		if err != nil && n == 0 {
			return nil, link.KeyError(h, len(unread), err)
		}
	}
}

// listen subscribes to lists and takes the first one.
func (v *Visit) listen(c net.Conn, session zmtp.Session, sealed []byte, label string) {
	v.Outcome = Silent
	var say []byte
	if label != "" {
		say = zmtp.AppendSubscription(say, topics.Hello{Mesh: label}.Topic()) // which says no name
	}
	for _, topic := range []string{topics.Mesh, topics.Discovery} {
		say = zmtp.AppendSubscription(say, topic)
	}
	if _, err := c.Write(session.Seal(nil, say)); err != nil {
		return
	}
	limits := zmtp.Limits{Message: maxList, Frames: topics.MaxFrames}
	var unread []byte
	for buf := make([]byte, 64<<10); ; {
		plain, rest, _, failed := session.Unseal(sealed)
		unread, sealed = append(unread, plain...), slices.Clone(rest)
		for n := -1; n != 0; {
			var command bool
			var err error
			n, _, command, err = limits.Item(unread)
			if err != nil || n > 0 && !command && v.take(zmtp.Run(unread[:n]), label) {
				return
			}
			unread = unread[n:]
		}
		if failed != nil {
			return
		}
		k, err := c.Read(buf)
		sealed = append(sealed, buf[:k]...)
		if k == 0 && err != nil {
			return
		}
	}
}

// take reads a message, and reports whether it is a whole list, or what a node of another mesh says.
func (v *Visit) take(run zmtp.Run, label string) bool {
	frames := run.Next(make([][]byte, 0, topics.MaxFrames))
	if len(frames) > 1 && topics.KindOf(frames[0]) == topics.KindMesh {
		v.Mesh, _ = topics.ParseMesh(frames[1]) // one without a label says so with an empty frame
		if v.Mesh != label {
			v.Outcome = OtherMesh
		}
		return v.Outcome == OtherMesh
	}
	if len(frames) < 2 || topics.KindOf(frames[0]) != topics.KindBeat {
		return false
	}
	names, _, err := topics.ParseList(frames[1], nil)
	if err != nil {
		return false
	}
	v.Names, v.Header = names, nil
	if len(frames) > 2 {
		h, err := topics.ParseHeader(frames[2])
		if err != nil {
			return false
		}
		v.Header, v.Mesh = &h, h.Mesh
	}
	switch {
	case v.Mesh != label:
		v.Outcome = OtherMesh
	case v.Header != nil && v.Header.Pulse:
		return false
	default:
		v.Outcome, v.At = Spoke, time.Now()
	}
	return true
}
