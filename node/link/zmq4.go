package link

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
	"github.com/go-zeromq/zmq4/transport"

	"hearsay/node/link/zmtp"
)

// This file is all that zmq4 v0.17.0 has to be told so that it can carry a mesh. Each part answers one fault of it:
//
//   - Transport: zmq4 dials and accepts by itself, one connection at a time, and cannot be stopped. So it is given
//     connections that are there already, and a gate whose Accept returns only those.
//   - Played greeting: a peer's first bytes can stop or end zmq4 (a silent client, a malformed READY). So the first
//     thing that zmq4 reads of any connection is a greeting of our own making.
//   - Judged READY: the same for the READY, which the security mechanism exchanges. Ours exchanges nothing. It costs
//     no memory either: four of ten bytes that a dial allocated were zmq4's READY (BenchmarkDialTCP).
//   - Postmark: one SUB does not tell over which connection a message came. So each message that zmq4 reads begins
//     with the connection's ID.
//   - Writer: zmq4 writes the head of a frame and its body apart. zmq4Writer puts them together again.
//   - Meter: zmq4's queue has no bound, and its writer goroutine outlives the socket. The meter counts what has been
//     written, and ends the goroutine.
//   - Nudge: the meter acts when zmq4 writes to it. A nudge makes zmq4 write.

// zmq4 reaches the network only through this transport. An endpoint is "hearsay://TOKEN", and the token
// stands for a connection whose handshake is done, or for a gate.
const scheme = "hearsay"

func init() {
	if err := zmq4.RegisterTransport(scheme, handover{}); err != nil {
		panic(err) // two copies of this package in one program
	}
}

var (
	tokens    sync.Map // of string to net.Conn or net.Listener, until zmq4 has fetched it
	lastToken atomic.Uint64
)

// offer registers a connection or a gate, and returns the endpoint under which zmq4 gets it, once.
func offer(v any) (endpoint string) {
	token := strconv.FormatUint(lastToken.Add(1), 10)
	tokens.Store(token, v)
	return scheme + "://" + token
}

type handover struct{}

func (handover) Dial(_ context.Context, _ transport.Dialer, token string) (net.Conn, error) {
	if v, ok := tokens.LoadAndDelete(token); ok {
		return v.(net.Conn), nil
	}
	return nil, fmt.Errorf("no connection %s", token)
}

func (handover) Listen(_ context.Context, token string) (net.Listener, error) {
	if v, ok := tokens.LoadAndDelete(token); ok {
		return v.(net.Listener), nil
	}
	return nil, fmt.Errorf("no gate %s", token)
}

func (handover) Addr(endpoint string) (string, error) { return endpoint, nil }

func zmq4Options() []zmq4.Option {
	return []zmq4.Option{
		zmq4.WithSecurity(judged{null.Security()}),
		zmq4.WithDialerMaxRetries(0),
		zmq4.WithLogger(log.New(io.Discard, "", 0)), // the gate counts and says what zmq4 would log
	}
}

// script is what zmq4 reads first of any connection: a greeting of ours, in place of the peer's. Never written to.
var script = zmtp.AppendGreeting(nil, zmtp.Null.Name())[:zmtp.GreetingSize:zmtp.GreetingSize]

// judged is the NULL mechanism for connections whose READYs have been exchanged, and judged, before zmq4 gets them.
// What is left to do is to note the other side's socket type.
type judged struct{ zmq4.Security }

func (judged) Handshake(c *zmq4.Conn, _ bool) error {
	if c.Meta[zmtp.TypeProperty] == string(zmq4.Pub) {
		c.Peer.Meta = subscriberMeta
	} else {
		c.Peer.Meta = publisherMeta
	}
	return nil
}

// What a peer says of itself in its READY. zmq4 only reads it, so one does for all connections.
var (
	publisherMeta  = zmq4.Metadata{zmtp.TypeProperty: string(zmq4.Pub)}
	subscriberMeta = zmq4.Metadata{zmtp.TypeProperty: string(zmq4.Sub)}
)

// zmq4 sees every run as a message of two frames: the postmark (who it came from) and the run.
const postmarkSize = 8

func appendPostmarked(dst []byte, id ID, runSize int) []byte {
	dst = append(dst, zmtp.FlagMore, postmarkSize)
	dst = binary.BigEndian.AppendUint64(dst, uint64(id))
	if runSize <= zmtp.ShortFrame {
		return append(dst, 0, byte(runSize))
	}
	dst = append(dst, zmtp.FlagLong)
	return binary.BigEndian.AppendUint64(dst, uint64(runSize))
}

// zmq4Writer reads what zmq4 writes. zmq4 writes the head of a frame and its body apart, and the greeting in
// one piece.
type zmq4Writer struct {
	greeted bool
	body    bool // a body of this many bytes comes next:
	size    uint64
	flags   byte
}

// write returns the second frame of a message when p completes it, else nil.
func (w *zmq4Writer) write(p []byte) []byte {
	switch {
	case !w.greeted:
		w.greeted = true
	case !w.body:
		if flags, size, n := zmtp.Head(p); n > 0 {
			w.flags, w.size, w.body = flags, size, size > 0
		}
	case uint64(len(p)) == w.size:
		w.body = false
		if w.flags&(zmtp.FlagMore|zmtp.FlagCommand) == 0 {
			return p
		}
	}
	return nil
}

// A nudge is a message of one empty frame: nothing that can be published.
const (
	topicNudge = "\x00"
	runNudge   = "\x00\x00"
)

// meter is the first subscriber of each of our publishers: it subscribes to everything and counts what zmq4
// has written. So publish knows how much zmq4 still holds in its queue, which has no bound of its own. Subscribers
// within this process get it from here.
//
// It also ends zmq4's writer: that goroutine outlives the socket, as nothing in zmq4 v0.17.0 tells it to
// stop, but it calls Write here.
type meter struct {
	unplugged
	gate   *gate         // of the publisher
	passed *atomic.Int64 // bytes that the publisher has published, and not all subscribers have
	writer zmq4Writer

	mu      sync.Mutex
	changed *sync.Cond
	script  []byte
	ready   bool // the subscription has been taken in
	closed  bool
	written int  // runs
	nudged  int  // nudges
	last    int  // bytes of the last run: it is with all subscribers once something else is written
	ending  bool // the next run is the last
	ended   bool
}

func newMeter(g *gate, passed *atomic.Int64) *meter {
	m := &meter{gate: g, passed: passed, script: zmtp.AppendFrame(script, 0, []byte{1})}
	m.changed = sync.NewCond(&m.mu)
	return m
}

// Read subscribes to everything, and then waits for the end.
func (m *meter) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.script) > 0 {
		n := copy(p, m.script)
		m.script = m.script[n:]
		return n, nil
	}
	m.ready = true
	m.changed.Broadcast()
	for !m.closed {
		m.changed.Wait()
	}
	return 0, io.EOF
}

// Write counts runs, and passes them on to the subscribers within this process. It is called by zmq4's writer
// goroutine, and ends it when that is due.
func (m *meter) Write(p []byte) (int, error) {
	run := m.writer.write(p)
	if run == nil {
		return len(p), nil
	}
	nudge := string(run) == runNudge
	if !nudge {
		m.gate.now = &shared{size: len(run)}
		m.gate.deliver(run)
	}
	m.mu.Lock()
	m.passed.Add(-int64(m.last))
	if nudge {
		m.nudged++
		m.last = 0
	} else {
		m.written++
		m.last = len(run)
	}
	ending := m.ending
	m.ended = ending
	m.changed.Broadcast()
	m.mu.Unlock()
	if ending {
		runtime.Goexit()
	}
	return len(p), nil
}

// waitReady returns once zmq4 counts the meter among its subscribers.
func (m *meter) waitReady() {
	m.mu.Lock()
	for !m.ready && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

// wait returns once n runs have been written, or the meter is closed.
func (m *meter) wait(n int) {
	m.mu.Lock()
	for m.written < n && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

// waitNudge returns once the nudge with this number has been written, or the meter is closed.
func (m *meter) waitNudge(n int) {
	m.mu.Lock()
	for m.nudged < n && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

// end makes the next run zmq4's writer's last.
func (m *meter) end() {
	m.mu.Lock()
	m.ending = true
	m.mu.Unlock()
}

// waitEnded returns once zmq4's writer has ended.
func (m *meter) waitEnded() {
	m.mu.Lock()
	for !m.ended && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

func (m *meter) Close() error {
	m.mu.Lock()
	m.closed = true
	m.changed.Broadcast()
	m.mu.Unlock()
	return nil
}

// unplugged is what connections have in common that lead to no network.
type unplugged struct{}

func (unplugged) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (unplugged) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (unplugged) SetDeadline(time.Time) error      { return nil }
func (unplugged) SetReadDeadline(time.Time) error  { return nil }
func (unplugged) SetWriteDeadline(time.Time) error { return nil }
