package doctor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// Outcome is how a visit ended.
type Outcome uint8

const (
	Unvisited Outcome = iota
	Refused           // nobody listens there
	TimedOut          // no answer to the connection
	NoRoute           // the network says no
	Wordless          // it accepts, and says nothing
	Foreign           // it is no ZeroMQ publisher
	Locked            // it is one with keys, which the doctor has not
	Silent            // it is one, and sends no list
	OtherMesh         // it is a node of another mesh: Visit.Mesh is its label
	Spoke             // it is one; on the discovery port it has sent its list
)

var outcomes = [...]string{
	"was not visited", "refuses connections", "does not answer: timed out", "cannot be reached: no route", "accepts connections and says nothing",
	"answers, but not as a ZeroMQ publisher", "wants keys", "is a ZeroMQ publisher, but sends no lists", "is a node of another mesh", "answers",
}

// String says it of the endpoint, as the rest of a sentence.
func (o Outcome) String() string { return outcomes[o] }

// Visit is what was found at one endpoint.
type Visit struct {
	Endpoint string
	Outcome  Outcome
	Names    []topics.Name  // of its list, the own name first
	Header   *topics.Header // nil: a naive node's
	At       time.Time      // when the list came
	Mesh     string         // label of the mesh that the node there is of
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

// visit looks at one endpoint, from the literal address from, "" for any, as somebody of the mesh with a label, "" for none.
func visit(ctx context.Context, from, label string, at netip.AddrPort, discovery bool) Visit {
	v := Visit{Endpoint: at.String()}
	dialer := net.Dialer{Timeout: connectTime}
	if ip := net.ParseIP(from); ip != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	c, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		v.Outcome = reached(err)
		return v
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(answerTime))
	unread, err := greet(c)
	switch {
	case errors.Is(err, zmtp.ErrMechanism):
		v.Outcome = Locked
	case isTimeout(err):
		v.Outcome = Wordless
	case err != nil:
		v.Outcome = Foreign
	case !discovery:
		v.Outcome = Spoke
	default:
		v.listen(c, unread, label)
	}
	return v
}

// reached sorts the error of a connection.
func reached(err error) Outcome {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case isTimeout(err), errors.Is(err, syscall.ETIMEDOUT):
		return TimedOut
	}
	return NoRoute
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// greet shakes hands as a subscriber, and returns what came beyond.
func greet(c net.Conn) (unread []byte, err error) {
	h := zmtp.NewHandshake(zmtp.Null, zmtp.Params{Side: zmtp.Client, SocketType: "SUB"}, "PUB", "XPUB")
	if _, err := c.Write(h.Opening()); err != nil {
		return nil, err
	}
	for buf := make([]byte, 4096); ; {
		p, err := h.Advance(unread)
		if err != nil {
			return nil, err
		}
		unread = unread[p.Used:]
		if len(p.Reply) > 0 {
			if _, err := c.Write(p.Reply); err != nil {
				return nil, err
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
			return nil, err
		}
	}
}

// listen subscribes to lists and takes the first one.
func (v *Visit) listen(c net.Conn, unread []byte, label string) {
	v.Outcome = Silent
	var say []byte
	if label != "" {
		say = zmtp.AppendSubscription(say, topics.Hello{Mesh: label}.Topic()) // which says no name
	}
	for _, topic := range []string{topics.Mesh, topics.Discovery} {
		say = zmtp.AppendSubscription(say, topic)
	}
	if _, err := c.Write(say); err != nil {
		return
	}
	limits := zmtp.Limits{Message: maxList, Frames: topics.MaxFrames}
	for buf := make([]byte, 64<<10); ; {
		n, _, command, err := limits.Item(unread)
		switch {
		case err != nil:
			return
		case n > 0 && !command && v.take(zmtp.Run(unread[:n]), label):
			return
		case n > 0:
			unread = unread[n:]
			continue
		}
		k, err := c.Read(buf)
		unread = append(unread, buf[:k]...)
		if k == 0 && (err != nil || errors.Is(err, io.EOF)) {
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
