package zmtp

import (
	"fmt"
	"slices"
)

// maxCommand is the largest command of a handshake, in bytes. libzmq's READY has under 100, and CURVE's INITIATE under
// 600.
const maxCommand = 4 << 10

// Handshake is one side of the opening of a connection, from the first byte until frames may flow.
type Handshake struct {
	session   Session
	mechanism string
	peers     []string // socket types that the other side may have
	greeted   bool
	pings     bool // the other side's greeting says 3.1 or later
}

// NewHandshake begins one. peers are the socket types that the other side may have.
func NewHandshake(m Mechanism, p Params, peers ...string) *Handshake {
	return &Handshake{session: m.Open(p), mechanism: m.Name(), peers: peers}
}

// Opening is all that this side says before the other has to say anything.
func (h *Handshake) Opening() []byte {
	return h.session.First(AppendGreeting(nil, h.mechanism))
}

// Session carries the traffic, once the handshake is done.
func (h *Handshake) Session() Session { return h.session }

// AnswersPing reports whether the other side has to answer a PING: ZMTP has it since 3.1.
func (h *Handshake) AnswersPing() bool { return h.pings }

// Awaits names what has to come next, for errors.
func (h *Handshake) Awaits() string {
	if !h.greeted {
		return "greeting"
	}
	return h.session.Awaits()
}

// Progress is what one look at the unread bytes has led to.
type Progress struct {
	Used  int    // bytes that were taken in
	Need  int    // unread bytes that are needed for more, where nothing was taken in: the next look wants some at least
	Reply []byte // what to send
	Done  bool
}

// Advance takes in the next piece of the handshake: the greeting, or one command. The other side is refused as soon
// as it is clear that it is no peer.
func (h *Handshake) Advance(unread []byte) (Progress, error) {
	if !h.greeted {
		return h.greeting(unread)
	}
	return h.command(unread)
}

func (h *Handshake) greeting(b []byte) (Progress, error) {
	if err := CheckGreeting(b[:min(len(b), GreetingSize)], h.mechanism); err != nil {
		return Progress{}, err
	}
	if len(b) < GreetingSize {
		return Progress{Need: GreetingSize}, nil
	}
	h.greeted = true
	h.pings = b[majorAt] > 3 || b[minorAt] >= 1
	return Progress{Used: GreetingSize}, nil
}

func (h *Handshake) command(b []byte) (Progress, error) {
	n, need, command, err := Limits{Message: maxCommand, Frames: 1}.Item(b)
	switch {
	case err != nil:
		return Progress{}, err
	case n == 0:
		return Progress{Need: need}, nil
	case !command:
		return Progress{}, fmt.Errorf("%w: a message instead", ErrReady)
	}
	_, _, head := Head(b)
	reply, done, err := h.session.Take(nil, b[head:n])
	if err != nil {
		return Progress{}, err
	}
	if done && !slices.Contains(h.peers, h.session.Peer()) {
		return Progress{}, fmt.Errorf("%w: %.16q, not one of %q", ErrSocket, h.session.Peer(), h.peers)
	}
	return Progress{Used: n, Reply: reply, Done: done}, nil
}
