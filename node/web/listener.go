package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// sendBuffer is what the system may hold for a client that does not read, in bytes: unbounded, it grows to megabytes each.
const sendBuffer = 64 << 10

// limited is a listener that gives each connection a place, or closes it: a crowd of clients may not take the file
// descriptors that the mesh needs.
type limited struct {
	net.Listener
	refused *atomic.Uint64

	mu     sync.Mutex
	places *places
}

func limit(ln net.Listener, most int, refused *atomic.Uint64) net.Listener {
	return &limited{Listener: ln, places: newPlaces(most), refused: refused}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(sendBuffer)
		}
		l.mu.Lock()
		in, out := l.places.enter(remoteOf(c), func() { c.Close() })
		l.mu.Unlock()
		if out != nil {
			out.end()
		}
		if in != nil {
			return &limitedConn{Conn: c, of: l, place: in}, nil
		}
		l.refused.Add(1)
		c.Close()
	}
}

// remoteOf is the address of the other end. What has none is in this process.
func remoteOf(c net.Conn) netip.Addr {
	if addr := addrOf(c.RemoteAddr().String()); addr.IsValid() {
		return addr
	}
	return netip.IPv6Loopback()
}

// addrOf is the address of a literal "ADDRESS:PORT", or none.
func addrOf(endpoint string) netip.Addr {
	ap, err := netip.ParseAddrPort(endpoint)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// limitedConn is a connection that frees its place when it is closed.
type limitedConn struct {
	net.Conn
	of    *limited
	place *place
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.of.mu.Lock()
	c.of.places.leave(c.place)
	c.of.mu.Unlock()
	return err
}

// answering keeps the place while a request is being answered, and returns what ends that.
func (c *limitedConn) answering() func() {
	c.of.mu.Lock()
	c.of.places.busy(c.place)
	c.of.mu.Unlock()
	return func() {
		c.of.mu.Lock()
		c.of.places.rest(c.place)
		c.of.mu.Unlock()
	}
}

// connKey is where a request's context has its connection.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// answering does the same for the connection of a request, if it has one of ours.
func answering(ctx context.Context) func() {
	if c, ok := ctx.Value(connKey{}).(*limitedConn); ok {
		return c.answering()
	}
	return func() {}
}
