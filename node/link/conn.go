package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"hearsay/node/link/zmtp"
)

// conn is what both kinds of connection share: the network's end (raw, read through in, written through
// out) and the end that zmq4 holds, which speaks a greeting of our own making.
type conn struct {
	link   *Link
	id     ID
	port   Port
	remote netip.AddrPort
	raw    net.Conn
	kernel *kernel // nil: it cannot be asked
	closed func()  // called once it is; nil: nobody asks
	in     *inbox  // nil of a wire's ends: the exchange reads it
	out    *outbox

	control controls
	script  []byte // what zmq4 is to read first: its peer's greeting; never written to

	mu     sync.Mutex
	cause  error         // why it ended; set once
	gone   chan struct{} // closed then, if somebody asked for it
	handed bool          // zmq4 has it, and will close it
	freed  bool          // zmq4 has closed it

	answers   bool           // a PING: its greeting says so
	mechanism zmtp.Mechanism // of the handshake
	keyed
	*watched // nil: its kernel cannot be asked
}

var errHungUp = errors.New("hung up")

func (l *Link) newConn(raw net.Conn, port Port) *conn {
	c := &conn{link: l, id: ID(lastID.Add(1)), port: port, raw: raw, kernel: kernelOf(raw), mechanism: l.mechanism()}
	if c.kernel != nil {
		c.watched = new(watched)
	}
	if !wired(raw) {
		c.in = &inbox{conn: raw, most: controlBuffer}
	}
	c.remote = addrPort(raw.RemoteAddr())
	c.out = newOutbox(raw, l, c.writeFailed)
	c.out.kernel = c.kernel
	return c
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

func (c *conn) writeFailed(err error) {
	if errors.Is(err, errStalled) {
		c.link.counters.add(stalledHangUps, 1)
	}
	c.hangUp(err)
}

// hangUp ends the connection for the reason given, unless it has ended already. zmq4 learns of it as an EOF.
func (c *conn) hangUp(cause error) {
	c.mu.Lock()
	first := c.cause == nil
	if first {
		c.cause = cause
		if c.gone != nil {
			close(c.gone)
		}
	}
	c.mu.Unlock()
	if first {
		c.out.close()
		if v, ok := c.kernel.look(); ok && c.out.lost != nil && c.port == Message {
			c.link.counters.add(bytesUnacked, v.held)
		}
		c.raw.Close()
		if c.in != nil {
			c.in.part.leave()
		}
		if c.closed != nil {
			c.closed()
		}
	}
}

func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// done is closed when the connection has ended. Few connections ever need it.
func (c *conn) done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		c.gone = make(chan struct{})
		if c.cause != nil {
			close(c.gone)
		}
	}
	return c.gone
}

// fail ends the connection after a read error or a violation.
func (c *conn) fail(err error) {
	var v *zmtp.Violation
	if errors.As(err, &v) && c.ended() == nil {
		c.link.counters.violation(v.Kind)
	}
	c.hangUp(err)
}

// shake opens the connection with the other side, until the deadline: greetings, and what the mechanism has to say.
// own is this side's socket type; the other's has to be among peers.
func (c *conn) shake(ctx context.Context, timeout time.Duration, side zmtp.Side, own string, peers ...string) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	defer stop()
	p := zmtp.Params{Side: side, SocketType: own, MaxMessage: c.link.cfg.MaxMessage}
	if side == zmtp.Server {
		p.MaxMessage = maxControlFrame
	}
	if c.port == Discovery && side == zmtp.Client {
		c.link.shook.Store(int64(clock()))
	}
	err := c.advance(timeout, zmtp.NewHandshake(c.mechanism, p, peers...))
	if c.port == Discovery && (err == nil || side == zmtp.Client) { // a stranger who comes in vain holds nothing up
		c.link.shook.Store(int64(clock()))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // whatever a closed connection made of it
	}
	return err
}

// advance reads and answers until the handshake is done.
func (c *conn) advance(timeout time.Duration, h *zmtp.Handshake) error {
	if err := c.raw.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	c.out.put(h.Opening())
	for {
		p, err := h.Advance(c.in.unread())
		if err != nil {
			c.out.empty(lastWord) // this side's greeting says why
			return err
		}
		c.in.skip(p.Used)
		c.out.put(p.Reply)
		if p.Done {
			break
		}
		if p.Used == 0 {
			if err := c.in.fill(p.Need); err != nil {
				return KeyError(h, len(c.in.unread()), fmt.Errorf("read %s: %w", h.Awaits(), err))
			}
		}
	}
	if err := c.in.begin(h.Session()); err != nil {
		return err
	}
	c.out.begin(h.Session())
	c.answers = h.AnswersPing()
	if err := c.keep(h.Session()); err != nil {
		return err
	}
	return c.raw.SetReadDeadline(time.Time{})
}

// lastWord is how long somebody who is turned away may take to be told what this side speaks.
const lastWord = 50 * time.Millisecond

// command answers a PING and drops any other command.
func (c *conn) command(frame []byte) {
	_, _, head := zmtp.Head(frame)
	name, rest, ok := zmtp.ParseCommand(frame[head:])
	if ok && name == "PONG" {
		return // that it came is all it says
	}
	if !ok || name != "PING" || len(rest) < 2 || len(rest) > 2+16 {
		c.link.counters.add(strays, 1)
		return
	}
	c.link.counters.add(pings, 1)
	c.out.put(zmtp.AppendCommand(nil, "PONG", rest[2:])) // after the TTL: the context, to be echoed
}

// readScript serves zmq4 from what has been scripted.
func (c *conn) readScript(p []byte) int {
	n := copy(p, c.script)
	c.script = c.script[n:]
	return n
}

// zmq4's end of the connection.

// Close is zmq4's: it has no goroutine on this connection any more, or is about to have none.
func (c *conn) Close() error {
	c.hangUp(io.EOF)
	c.mu.Lock()
	free := c.handed && !c.freed
	c.freed = c.freed || free
	c.mu.Unlock()
	if free {
		c.link.zmq4Conns.Done()
	}
	return nil
}

// hand notes that zmq4 is about to get the connection.
func (c *conn) hand() {
	c.link.zmq4Conns.Add(1)
	c.mu.Lock()
	c.handed = true
	c.mu.Unlock()
}

func (c *conn) LocalAddr() net.Addr                { return c.raw.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr               { return c.raw.RemoteAddr() }
func (c *conn) SetDeadline(t time.Time) error      { return nil } // ours alone
func (c *conn) SetReadDeadline(t time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { return nil }
