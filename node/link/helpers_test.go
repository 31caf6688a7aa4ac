package link

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4/security/null"
	"go.uber.org/goleak"

	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
)

// patience is how long a test waits for what must happen. No test takes it, unless it fails.
const patience = 20 * time.Second

// window is how long a test watches that something does not happen. Too short a window hides a fault; it
// never makes one up.
const window = 300 * time.Millisecond

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(m.Run()) // bare zmq4 leaks
	}
	goleak.VerifyTestMain(m)
}

// open opens a link on a loopback address, and closes it with the test.
func open(t testing.TB, cfg Config) *Link {
	t.Helper()
	if cfg.Bind == "" {
		cfg.Bind = "127.0.0.1"
	}
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close(0)
		for range l.Events() {
		}
	})
	return l
}

// hide makes dials to l go through TCP, though it is in this process.
func hide(l *Link) {
	for _, p := range l.pubs {
		local.remove(addrPort(p.gate.ln.Addr()), p.gate)
	}
}

// dial connects one link to another.
func dial(t testing.TB, from *Link, port Port, to *Link) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := from.Dial(ctx, port, to.Addr(port), "target"); err != nil {
		t.Fatal(err)
	}
}

// next returns the link's next event of this kind, and passes over others.
func next(t testing.TB, l *Link, kind Kind) Event {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-l.Events():
			if !ok {
				t.Fatalf("closed before an event of kind %d", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-late:
			t.Fatalf("no event of kind %d", kind)
		}
	}
}

// discard reads a link's events for as long as there are any.
func discard(links ...*Link) {
	for _, l := range links {
		go func() {
			for range l.Events() {
			}
		}()
	}
}

// eventually waits for a state.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !is(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never came: %s", what)
		}
	}
}

// counts waits until a counter of the link has this value.
func counts(t testing.TB, l *Link, name string, want uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s = %d (is %d)", name, want, l.Stats()[name]), func() bool { return l.Stats()[name] == want })
}

// peer is the test's own end of a connection, which speaks ZMTP by hand, or whatever else.
type peer struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func newPeer(t testing.TB, c net.Conn) *peer {
	t.Cleanup(func() { c.Close() })
	return &peer{c, t, bufio.NewReader(c)}
}

// connect dials a publisher.
func connect(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	return newPeer(t, c)
}

// say writes bytes as they are. A connection that was closed meanwhile is no fault.
func (p *peer) say(b ...byte) *peer {
	_, _ = p.Write(b)
	return p
}

// shake says greeting and READY, and takes the other's.
func (p *peer) shake(socketType string) error {
	p.say(opening(socketType)...)
	if _, err := p.r.Discard(zmtp.GreetingSize); err != nil {
		return err
	}
	_, _, err := p.frame()
	return err
}

// subscriber connects, shakes hands and subscribes.
func subscribed(t testing.TB, addr string, topics ...string) *peer {
	t.Helper()
	p := connect(t, addr)
	if err := p.shake("SUB"); err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		p.say(subscription(topic)...)
	}
	return p
}

func subscription(topic string) []byte { return zmtp.AppendSubscription(nil, topic) }
func cancellation(topic string) []byte { return zmtp.AppendCancellation(nil, topic) }

// greeting is that of ZMTP 3.0 with NULL, ready the READY of a socket of this type, and opening both.
var greeting = zmtp.AppendGreeting(nil, "NULL")

func ready(socketType string) []byte { return zmtp.AppendReady(nil, socketType) }

func opening(socketType string) []byte { return append(bytes.Clone(greeting), ready(socketType)...) }

var ping = zmtp.AppendCommand(nil, "PING", []byte("\x00\x0acontext"))

// takenIn returns once the link, and zmq4 behind it, have taken in all that was said. No message may be due.
func (p *peer) takenIn() *peer {
	p.t.Helper()
	p.say(ping...)
	flags, body, err := p.frame()
	if err == nil && bytes.HasSuffix(pingFrame, body) { // the link asks too, where places are few
		flags, body, err = p.frame()
	}
	if flags != zmtp.FlagCommand || string(body) != "\x04PONGcontext" || err != nil {
		p.t.Fatalf("got %#x %q %v, not a PONG", flags, body, err)
	}
	return p
}

// head is the head of a frame that announces a body of this size.
func head(flags byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | zmtp.FlagLong}, size)
}

// frame reads one frame.
func (p *peer) frame() (flags byte, body []byte, err error) {
	h, err := p.r.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	if h[0]&zmtp.FlagLong != 0 {
		if h, err = p.r.Peek(9); err != nil {
			return 0, nil, err
		}
	}
	flags, size, n := zmtp.Head(h)
	p.r.Discard(n)
	body = make([]byte, size)
	_, err = io.ReadFull(p.r, body)
	return flags, body, err
}

// message reads one message.
func (p *peer) message() (frames []string, err error) {
	for {
		flags, body, err := p.frame()
		if err != nil {
			return nil, err
		}
		frames = append(frames, string(body))
		if flags&zmtp.FlagMore == 0 {
			return frames, nil
		}
	}
}

// expect reads a message and wants it to be this one.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(patience))
	got, err := p.message()
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		p.t.Fatalf("got %.200q, %v; want %.200q", got, err, want)
	}
}

// hungUp waits until the other end has closed the connection.
func (p *peer) hungUp() {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, p.r); errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatal("the connection is still open")
	}
}

// joins reports whether an honest newcomer gets in, and its first message, within this time.
func joins(t testing.TB, addr, topic string, within time.Duration) error {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, within)
	if err != nil {
		return err
	}
	defer c.Close()
	p := &peer{c, t, bufio.NewReader(c)}
	p.SetDeadline(time.Now().Add(within))
	p.say(opening("SUB")...)
	p.say(subscription(topic)...)
	if _, err := p.r.Discard(zmtp.GreetingSize); err != nil {
		return err
	}
	if _, _, err := p.frame(); err != nil {
		return err
	}
	_, err = p.message()
	return err
}

// well checks that a link under attack still serves an honest newcomer.
func well(t testing.TB, l *Link) {
	t.Helper()
	if err := joins(t, l.Addr(Discovery).String(), "0", patience); err != nil {
		t.Fatalf("an honest newcomer is kept out: %v", err)
	}
}

// attacked opens a link whose newcomers are sent a beat, and whose events nobody needs to read.
func attacked(t testing.TB, cfg Config) (l *Link, addr string) {
	t.Helper()
	l = open(t, cfg)
	l.SetBeats([][]byte{[]byte("0"), []byte("beat")}, nil)
	discard(l)
	return l, l.Addr(Discovery).String()
}

// publishing listens as a publisher made by hand. serve gets every connection; where it returns, that is
// left open until the test ends.
func publishing(t testing.TB, serve func(*peer)) (addr string) {
	t.Helper()
	return nodetest.Listen(t, "127.0.0.1:0", func(c net.Conn) { serve(newPeer(t, c)) }).String()
}

func netipAddr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

var zmq4Null = null.Security()

// settled waits until so many connections of a publisher have subscribed to something, and the gate has taken in
// subscriptions to these topics.
func settled(t testing.TB, l *Link, p Port, n int, topics ...string) {
	t.Helper()
	g := l.pubs[p].gate
	eventually(t, fmt.Sprintf("%d subscribers", n), func() bool {
		var known []string
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, s := range g.served {
			known = append(known, s.topics...)
		}
		for _, topic := range topics {
			if !slices.Contains(known, topic) {
				return false
			}
		}
		return len(g.all) == n && g.strangers.Len() == 0
	})
}

// dialledBy is the connection that has an ID.
func (l *Link) dialledBy(id ID) *dialled {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialled[id]
}
