package link

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/transport"
)

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

// judged is the NULL mechanism for connections whose READYs have been exchanged, and judged, before zmq4 gets them.
// What is left to do is to note the other side's socket type.
type judged struct{ zmq4.Security }

func (judged) Handshake(c *zmq4.Conn, _ bool) error {
	if c.Meta[typeProperty] == string(zmq4.Pub) {
		c.Peer.Meta = subscriberMeta
	} else {
		c.Peer.Meta = publisherMeta
	}
	return nil
}

// What a peer says of itself in its READY. zmq4 only reads it, so one does for all connections.
var (
	publisherMeta  = zmq4.Metadata{typeProperty: string(zmq4.Pub)}
	subscriberMeta = zmq4.Metadata{typeProperty: string(zmq4.Sub)}
)

// script is what zmq4 reads first of any connection: a greeting of ours, in place of the peer's.
var script = greeting[:greetingSize:greetingSize]

// unplugged is what connections have in common that lead to no network.
type unplugged struct{}

func (unplugged) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (unplugged) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (unplugged) SetDeadline(time.Time) error      { return nil }
func (unplugged) SetReadDeadline(time.Time) error  { return nil }
func (unplugged) SetWriteDeadline(time.Time) error { return nil }
