package dns

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh/rate"
	"hearsay/mesh/shares"
)

var (
	otherLimit = rate.Limit{Burst: 100, Tokens: 50, Period: time.Second}    // of another machine: a person, or a page that loads
	ownLimit   = rate.Limit{Burst: 4000, Tokens: 2000, Period: time.Second} // of this one: a resolver asks for all its clients
	restLimit  = rate.Limit{Burst: 1000, Tokens: 1000, Period: time.Second} // of all addresses together that are not told apart
)

const (
	maxAskers = 4096 // addresses that are told apart: some 400 KiB
	maxConns  = 64   // over TCP at once: answers that are too large for UDP
)

// gate decides whose queries are answered.
type gate struct {
	start   time.Time
	dropped atomic.Uint64

	mu     sync.Mutex
	askers map[netip.Addr]*rate.Bucket
	rest   rate.Bucket
	swept  time.Duration // when those that have all their tokens were forgotten
}

func newGate() *gate { return &gate{start: time.Now(), askers: make(map[netip.Addr]*rate.Bucket)} }

// admit reports whether an address may ask now.
func (g *gate) admit(from netip.Addr) bool { return g.admitAt(from, time.Since(g.start)) }

func (g *gate) admitAt(from netip.Addr, now time.Duration) bool {
	limit := otherLimit
	if onThisMachine(from) {
		limit = ownLimit
	} else if from.Is6() {
		from = netip.PrefixFrom(from.WithZone(""), 64).Masked().Addr() // whoever has one has all of them
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.askers[from]
	if b == nil && len(g.askers) >= maxAskers && now-g.swept >= time.Second {
		g.swept = now
		g.sweep(now)
	}
	switch {
	case b != nil:
	case len(g.askers) < maxAskers:
		b = &rate.Bucket{}
		g.askers[from] = b
	default:
		b, limit = &g.rest, restLimit
	}
	if b.Take(now, limit) {
		return true
	}
	g.dropped.Add(1)
	return false
}

// sweep forgets those that have all their tokens again.
func (g *gate) sweep(now time.Duration) {
	for a, b := range g.askers {
		if b.Full(now, otherLimit) {
			delete(g.askers, a)
		}
	}
}

// limited is a listener with so many connections at most. Once all are taken, the address that holds most gives way, by its
// oldest one.
type limited struct {
	net.Listener
	most    int
	refused *atomic.Uint64

	mu    sync.Mutex
	held  shares.Shares
	conns map[string][]*conn // by address, the oldest first
	open  int
}

func limit(ln net.Listener, most int, refused *atomic.Uint64) *limited {
	return &limited{Listener: ln, most: most, refused: refused, conns: make(map[string][]*conn)}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		in := &conn{Conn: c, of: l, from: addrOf(c.RemoteAddr()).String()}
		if l.enter(in) {
			return in, nil
		}
		l.refused.Add(1)
		c.Close()
	}
}

// enter finds a place.
func (l *limited) enter(in *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most {
		from, ok := l.held.Yields(in.from)
		if !ok {
			return false
		}
		l.refused.Add(1)
		out := l.conns[from][0]
		out.Conn.Close()
		l.remove(out)
	}
	l.open++
	l.held.Add(in.from)
	l.conns[in.from] = append(l.conns[in.from], in)
	return true
}

func (l *limited) remove(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	l.open--
	l.held.Remove(c.from)
	l.conns[c.from] = slices.DeleteFunc(l.conns[c.from], func(o *conn) bool { return o == c })
	if len(l.conns[c.from]) == 0 {
		delete(l.conns, c.from)
	}
}

// conn frees its place when it is closed.
type conn struct {
	net.Conn
	of   *limited
	from string
	gone bool
}

func (c *conn) Close() error {
	c.of.mu.Lock()
	c.of.remove(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// addrOf is the address of the other end, the unspecified one where it has none.
func addrOf(a net.Addr) netip.Addr {
	if a == nil {
		return netip.IPv4Unspecified()
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return ap.Addr().Unmap()
}
