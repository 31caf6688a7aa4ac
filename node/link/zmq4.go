package link

import (
	"context"
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
//   - Reader: one SUB does not tell over which connection a message came, copies each frame, and passes all through one
//     queue. So what is received does not go through it: the goroutine that zmq4 reads a connection in stays within Read
//     (dialled.report), reports what comes itself, and gives zmq4 the end.
//   - Writer: zmq4's PUB has one queue for all, without a bound, and takes 8 KiB of garbage for each message that finds it
//     empty; and its writer goroutine outlives the socket. So what is published does not go through it: the gate hands
//     runs to the outboxes of those who subscribed (gate.deliver). zmq4's PUB accepts them, has its goroutine read what
//     they say, and lets them go. The ender ends the writer.

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

// ender is the first subscriber of each of our publishers, and the only one that zmq4 ever writes to. It ends zmq4's writer:
// that goroutine outlives the socket, as nothing in zmq4 v0.17.0 tells it to stop, but it calls Write here.
type ender struct {
	unplugged

	mu      sync.Mutex
	changed *sync.Cond
	script  []byte
	ready   bool // the subscription has been taken in
	said    bool // zmq4's greeting has come
	ended   bool // zmq4's writer
	closed  bool
}

func newEnder() *ender {
	e := &ender{script: zmtp.AppendFrame(script, 0, []byte{1})}
	e.changed = sync.NewCond(&e.mu)
	return e
}

// Read subscribes to everything, and then waits for the end.
func (e *ender) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.script) > 0 {
		n := copy(p, e.script)
		e.script = e.script[n:]
		return n, nil
	}
	e.ready = true
	e.changed.Broadcast()
	for !e.closed {
		e.changed.Wait()
	}
	return 0, io.EOF
}

// Write takes zmq4's greeting. What comes after it is the end, and ends the goroutine that it is called by.
func (e *ender) Write(p []byte) (int, error) {
	e.mu.Lock()
	if !e.said {
		e.said = true
		e.mu.Unlock()
		return len(p), nil
	}
	e.ended = true
	e.changed.Broadcast()
	e.mu.Unlock()
	runtime.Goexit()
	return 0, nil
}

// waitReady returns once zmq4 counts the ender among its subscribers.
func (e *ender) waitReady() {
	e.mu.Lock()
	for !e.ready && !e.closed {
		e.changed.Wait()
	}
	e.mu.Unlock()
}

// end ends the writer of a PUB.
func (e *ender) end(pub zmq4.Socket) {
	_ = pub.Send(zmq4.NewMsgString(topicEnd)) // only ever queues
	e.mu.Lock()
	for !e.ended && !e.closed {
		e.changed.Wait()
	}
	e.mu.Unlock()
	e.Close()
}

// topicEnd is nothing that can be published.
const topicEnd = "\x00"

func (e *ender) Close() error {
	e.mu.Lock()
	e.closed = true
	e.changed.Broadcast()
	e.mu.Unlock()
	return nil
}

// unplugged is what connections have in common that lead to no network.
type unplugged struct{}

func (unplugged) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (unplugged) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (unplugged) SetDeadline(time.Time) error      { return nil }
func (unplugged) SetReadDeadline(time.Time) error  { return nil }
func (unplugged) SetWriteDeadline(time.Time) error { return nil }
