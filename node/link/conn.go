package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// conn is what both kinds of connection share: the network's end (raw, read through in, written through
// out) and the end that zmq4 holds, which speaks a greeting of our own making.
type conn struct {
	link   *Link
	id     ID
	port   Port
	remote netip.AddrPort
	raw    net.Conn
	in     inbox
	out    *outbox

	control bucket
	script  []byte // what zmq4 is to read next: its peer's greeting, then heads of runs; never written to

	mu     sync.Mutex
	cause  error // why it ended; set once
	handed bool  // zmq4 has it, and will close it
	freed  bool  // zmq4 has closed it
}

var errHungUp = errors.New("hung up")

func (l *Link) newConn(raw net.Conn, port Port) *conn {
	c := &conn{link: l, id: ID(lastID.Add(1)), port: port, raw: raw}
	c.in = inbox{conn: raw, most: controlBuffer}
	c.remote = addrPort(raw.RemoteAddr())
	c.out = newOutbox(raw, l, c.writeFailed)
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
	}
	c.mu.Unlock()
	if first {
		c.out.close()
		c.raw.Close()
	}
}

func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// fail ends the connection after a read error or a violation.
func (c *conn) fail(err error) {
	var v *violation
	if errors.As(err, &v) && c.ended() == nil {
		c.link.counters.violation(v.kind)
	}
	c.hangUp(err)
}

// shake exchanges greetings and READYs with the other side, until the deadline. own is this side's socket
// type; the other's has to be among peers.
func (c *conn) shake(ctx context.Context, timeout time.Duration, own string, peers ...string) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	defer stop()
	err := c.exchange(timeout, own, peers)
	if ctx.Err() != nil {
		return context.Cause(ctx) // whatever a closed connection made of it
	}
	return err
}

func (c *conn) exchange(timeout time.Duration, own string, peers []string) error {
	if err := c.raw.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	c.out.put(opening(own))
	if err := c.readGreeting(); err != nil {
		return err
	}
	socketType, err := c.readReady()
	if err != nil {
		return err
	}
	if !slices.Contains(peers, socketType) {
		return fmt.Errorf("%w: %.16q, not one of %q", errSocket, socketType, peers)
	}
	return c.raw.SetReadDeadline(time.Time{})
}

func (c *conn) readGreeting() error {
	for {
		b := c.in.unread()
		if err := checkGreeting(b[:min(len(b), greetingSize)]); err != nil {
			return err
		}
		if len(b) >= greetingSize {
			c.in.skip(greetingSize)
			return nil
		}
		if err := c.in.fill(greetingSize); err != nil {
			return fmt.Errorf("read greeting: %w", err)
		}
	}
}

func (c *conn) readReady() (socketType string, err error) {
	for {
		b := c.in.unread()
		n, need, command, err := limits{message: maxReady, frames: 1}.item(b)
		if err != nil {
			return "", err
		}
		if n > 0 {
			if !command {
				return "", fmt.Errorf("%w: a message instead", errReady)
			}
			_, _, head := frameHead(b)
			socketType, err := parseReady(b[head:n])
			c.in.skip(n)
			return socketType, err
		}
		if err := c.in.fill(need); err != nil {
			return "", fmt.Errorf("read READY: %w", err)
		}
	}
}

// command answers a PING and drops any other command.
func (c *conn) command(frame []byte) {
	_, _, head := frameHead(frame)
	name, rest, ok := parseCommand(frame[head:])
	if !ok || name != "PING" || len(rest) < 2 || len(rest) > 2+16 {
		c.link.counters.add(strays, 1)
		return
	}
	c.link.counters.add(pings, 1)
	c.out.put(appendCommand(nil, "PONG", rest[2:])) // after the TTL: the context, to be echoed
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
