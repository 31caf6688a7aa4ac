package link

import (
	"container/list"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"hearsay/topics"
)

// gate accepts connections for one publisher and shakes hands with each in a goroutine of its own, so that
// zmq4's accept loop meets only connections that answer at once.
//
// A connection that has not subscribed to anything yet is a stranger. Strangers are the first to go when
// there are too many of them, too many connections, or too few file descriptors; an honest one stops being a
// stranger within a round trip.
type gate struct {
	link  *Link
	port  Port
	ln    net.Listener
	ready chan *subscriber // shaken hands with, for zmq4 to accept
	done  chan struct{}    // no more are accepted
	over  chan struct{}    // zmq4 has closed its end
	wg    sync.WaitGroup   // accept loop and handshakes

	mu        sync.Mutex
	meter     *meter
	all       map[*subscriber]struct{}
	strangers *list.List    // of *subscriber, oldest first
	within    []*subscriber // of all, those at the end of a wire
}

func newGate(l *Link, port Port, addr string) (*gate, error) {
	ln, err := net.Listen("tcp", addr)
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

// accept takes connections until the gate closes. Errors (no file descriptors left, mostly) are waited out.
func (g *gate) accept() {
	defer g.wg.Done()
	wait := time.Duration(0)
	for {
		raw, err := g.ln.Accept()
		if err == nil {
			wait = 0
			if s := g.newSubscriber(raw); g.enter(s) {
				go g.shake(s)
			} else {
				s.hangUp(errFull)
			}
			continue
		}
		if g.closing() {
			return
		}
		g.link.counters.add(acceptErrors, 1)
		g.hangUpStranger()
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(wait):
		case <-g.done:
			return
		}
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

func (g *gate) newSubscriber(raw net.Conn) *subscriber {
	return &subscriber{conn: g.link.newConn(raw, g.port), gate: g}
}

// enter makes room for a connection, and tells whether there is any.
func (g *gate) enter(s *subscriber) bool {
	g.link.counters.add(accepted, 1)
	in, out := g.admit(s)
	if out != nil {
		g.link.counters.add(shed, 1)
		out.hangUp(errShed)
	}
	if !in {
		g.link.counters.add(refusedFull, 1)
	}
	return in
}

var (
	errShed = errors.New("closed to make room")
	errFull = errors.New("too many connections")
)

// admit finds s a place: with the strangers over their number, or everybody over theirs, the oldest stranger
// has to go out; failing one, some listener that never said its name.
func (g *gate) admit(s *subscriber) (in bool, out *subscriber) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing() {
		return false, nil
	}
	cfg := &g.link.cfg
	if !s.wired() && g.strangers.Len() >= cfg.MaxStrangers || len(g.all) >= cfg.MaxSubscribers {
		if out = g.oldestStranger(); out == nil {
			out = g.someNameless()
		}
		if out == nil {
			return false, nil
		}
		g.forgetLocked(out)
	}
	g.wg.Add(1) // under g.mu, so never after stop
	if s.wired() {
		g.link.wires.Add(1)
	}
	g.all[s] = struct{}{}
	s.at = g.strangers.PushBack(s)
	return true, out
}

func (g *gate) oldestStranger() *subscriber {
	if front := g.strangers.Front(); front != nil {
		return front.Value.(*subscriber)
	}
	return nil
}

func (g *gate) someNameless() *subscriber {
	for s := range g.all {
		if !s.named {
			return s
		}
	}
	return nil
}

// hangUpStranger gives a file descriptor back. Listeners are left alone: they are limited to half of the
// descriptors, so it is not they who took the last.
func (g *gate) hangUpStranger() {
	g.mu.Lock()
	s := g.oldestStranger()
	if s != nil {
		g.forgetLocked(s)
	}
	g.mu.Unlock()
	if s != nil {
		g.link.counters.add(shed, 1)
		s.hangUp(errShed)
	}
}

func (g *gate) forgetLocked(s *subscriber) {
	delete(g.all, s)
	g.settledLocked(s)
	if s.wired() {
		g.within = slices.DeleteFunc(g.within, func(other *subscriber) bool { return other == s })
	}
}

func (g *gate) settledLocked(s *subscriber) {
	if s.at != nil {
		g.strangers.Remove(s.at)
		s.at = nil
	}
}

// settled: s has subscribed to something. named: it has said who it is.
func (g *gate) settled(s *subscriber) {
	g.mu.Lock()
	g.settledLocked(s)
	g.mu.Unlock()
}

func (g *gate) introduced(s *subscriber) {
	g.mu.Lock()
	s.named = true
	g.mu.Unlock()
}

// gone: s has ended, or never got through.
func (g *gate) gone(s *subscriber) {
	g.mu.Lock()
	g.forgetLocked(s)
	g.mu.Unlock()
	if s.listens {
		s.listens = false
		g.link.emit(Event{Kind: ListenerDown, ID: s.id, Port: s.port, Addr: s.remote, Err: reason(s.ended())})
	}
}

// shake judges the other side of a connection that has entered.
func (g *gate) shake(s *subscriber) {
	defer g.wg.Done()
	err := s.conn.shake(g.link.ctx, g.link.cfg.HandshakeTimeout, "PUB", "SUB", "XSUB")
	if err != nil {
		switch {
		case s.ended() != nil, g.link.ctx.Err() != nil: // shed, or we are closing
		case errors.Is(err, os.ErrDeadlineExceeded):
			g.link.counters.add(handshakeTimeouts, 1)
		default:
			g.link.counters.add(handshakeRejects, 1)
		}
		s.hangUp(err)
		g.gone(s)
		return
	}
	g.pass(s)
}

// pass gives a connection to zmq4.
func (g *gate) pass(s *subscriber) {
	s.script = script
	s.hand()
	select {
	case g.ready <- s:
	case <-g.done:
		s.Close()
		g.gone(s)
	}
}

// join lets in a connection from within this process, which subscribes to these topics. What is ours at both ends
// needs no judgement.
func (g *gate) join(s *subscriber, hello topics.Name, wanted []string) error {
	if !g.enter(s) {
		return errFull
	}
	s.topics, s.name, s.hasHello = wanted, hello, hello != "" && g.port == Discovery
	g.mu.Lock()
	g.settledLocked(s)
	s.named = s.hasHello
	g.within = append(g.within, s)
	g.mu.Unlock()
	go func() { // the reader of our events may take its time
		defer g.wg.Done()
		defer close(s.welcomed)
		if g.port == Discovery {
			s.welcome()
		}
	}()
	return nil
}

// wired tells whether a subscriber is in this process, at the end of a wire.
func (s *subscriber) wired() bool { return s.welcomed != nil }

// leave forgets a subscriber within this process whose wire has ended.
func (s *subscriber) leave() {
	defer s.link.wires.Done()
	<-s.welcomed
	s.gate.gone(s)
}

// deliver hands a run to the subscribers within this process, as zmq4 does to all others.
func (g *gate) deliver(run Run) {
	_, size, head := frameHead(run)
	topic := string(run[head : head+int(size)]) // of all its messages
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.within {
		if slices.ContainsFunc(s.topics, func(wanted string) bool { return strings.HasPrefix(topic, wanted) }) {
			s.send(run)
		}
	}
}

// zmq4's end of the gate.

// Accept gives zmq4 first the meter, then every connection that is ready.
func (g *gate) Accept() (net.Conn, error) {
	g.mu.Lock()
	m := g.meter
	g.meter = nil
	g.mu.Unlock()
	if m != nil {
		return m, nil
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

// localGates are the publishers of this process by address: a dial to one of them needs no socket.
type localGates struct {
	mu     sync.Mutex
	byAddr map[netip.AddrPort]*gate
}

var local = localGates{byAddr: make(map[netip.AddrPort]*gate)}

func (lg *localGates) add(addr netip.AddrPort, g *gate) {
	lg.mu.Lock()
	lg.byAddr[addr] = g
	lg.mu.Unlock()
}

func (lg *localGates) remove(addr netip.AddrPort, g *gate) {
	lg.mu.Lock()
	if lg.byAddr[addr] == g {
		delete(lg.byAddr, addr)
	}
	lg.mu.Unlock()
}

// at returns the publisher at an address, if it is open.
func (lg *localGates) at(addr netip.AddrPort) *gate {
	lg.mu.Lock()
	g := lg.byAddr[addr]
	lg.mu.Unlock()
	if g == nil || g.closing() {
		return nil
	}
	return g
}
