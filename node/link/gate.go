package link

import (
	"container/list"
	"fmt"
	"net"
	"sync"
	"time"

	"hearsay/mesh/shares"
)

// gate is the door of one publisher. zmq4's accept loop meets only connections that have been through it, and so answer at
// once. Its jobs have a file each: accepting (accept.go), handshakes (handshakes.go), who has a place and who gives its up
// (places.go), questions to those that may be dead (questions.go), and what comes from within the process (within.go).
//
// A connection that has not subscribed to anything that the port carries is a stranger, whatever name it said. Strangers
// are the first to go when there are too many of them, too many connections, or too few file descriptors; an honest one
// stops being a stranger within a round trip. Among equals, the address that holds most gives way (places.go).
type gate struct {
	link  *Link
	port  Port
	ln    net.Listener
	ready chan *subscriber // shaken hands with, for zmq4 to accept
	done  chan struct{}    // no more are accepted
	over  chan struct{}    // zmq4 has closed its end
	wg    sync.WaitGroup   // accept loop and handshakes

	mu        sync.Mutex
	first     net.Conn // what zmq4 accepts before all others: the ender
	all       map[*subscriber]struct{}
	strangers *list.List    // of *subscriber, oldest first
	held      shares.Shares // of all, by address; what is within this process is not counted
	unheld    shares.Shares // the same of strangers
	served    []*subscriber // of all, those that have subscribed to something
	looked    time.Time     // when those who were asked something were looked at last
}

func newGate(l *Link, port Port, addr string) (*gate, error) {
	t := termsOf(port, false)
	lc := net.ListenConfig{Control: t.setUp, KeepAliveConfig: t.keepAlive()}
	lc.SetMultipathTCP(false) // what such a listener accepts inherits no TCP_USER_TIMEOUT on Linux
	ln, err := lc.Listen(l.ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s publisher: %w", port, err)
	}
	return &gate{
		link: l, port: port, ln: ln,
		ready:     make(chan *subscriber),
		done:      make(chan struct{}),
		over:      make(chan struct{}),
		all:       make(map[*subscriber]struct{}),
		strangers: list.New(),
	}, nil
}

func (g *gate) start() {
	g.wg.Add(1)
	go g.accept()
	if addr := addrPort(g.ln.Addr()); !addr.Addr().IsUnspecified() {
		local.add(addr, g)
	}
}

func (g *gate) closing() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// zmq4's end of the gate.

// Accept gives zmq4 first the ender, then every connection that is ready.
func (g *gate) Accept() (net.Conn, error) {
	g.mu.Lock()
	first := g.first
	g.first = nil
	g.mu.Unlock()
	if first != nil {
		return first, nil
	}
	select {
	case s := <-g.ready:
		return s, nil
	case <-g.over:
		return nil, net.ErrClosed
	}
}

func (g *gate) Addr() net.Addr { return g.ln.Addr() }

// Close is called by zmq4 once its accept loop has been told to end; before that the loop would spin.
func (g *gate) Close() error {
	close(g.over)
	return nil
}

// stop closes the door, and waits for the handshakes under way.
func (g *gate) stop() {
	local.remove(addrPort(g.ln.Addr()), g)
	g.mu.Lock()
	close(g.done)
	g.mu.Unlock()
	g.ln.Close()
	g.wg.Wait()
}

// subscribers returns all who are connected.
func (g *gate) subscribers() []*subscriber {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*subscriber, 0, len(g.all))
	for s := range g.all {
		all = append(all, s)
	}
	return all
}
