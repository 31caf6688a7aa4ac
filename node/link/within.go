package link

import (
	"net/netip"
	"slices"
	"sync"

	"hearsay/topics"
)

// A dial to a publisher of this process needs no socket: the gate takes a subscriber that is the end of a wire (wire.go).

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

// Join is Dial to a publisher of this process that has room and no keys, and waits for nothing: not for the reader of either
// link's events. It reports whether it has connected. Where it has not, nothing was tried, and Dial says why.
func (l *Link) Join(port Port, addr netip.AddrPort, name topics.Name, target string, aside bool) bool {
	g := l.within(port, addr)
	if g == nil || l.ring() != nil || g.link.ring() != nil || !g.roomy() {
		return false
	}
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.dials.Add(1)
	}
	l.mu.Unlock()
	if closed {
		return false
	}
	defer l.dials.Done()
	return l.join(g, port, addr, name, target, aside) == nil
}

// roomy reports whether nobody has to give way for a connection from within.
func (g *gate) roomy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.all) < g.link.cfg.MaxSubscribers
}

// within is the publisher of this process at an address that is reached through memory; nil: there is none.
func (l *Link) within(port Port, addr netip.AddrPort) *gate {
	if g := local.at(addr); g != nil && g.port == port && !l.cfg.OverTCP {
		return g
	}
	return nil
}

// join lets in a connection from within this process, which subscribes to these topics. What is ours at both ends
// needs no judgement.
func (g *gate) join(s *subscriber, h topics.Hello, wanted []string) error {
	if h.Name != "" && !s.mayBe(h.Name) {
		return errMisnamed
	}
	if !g.enter(s) {
		return errFull
	}
	s.noteRelays(1, wanted...)
	said := h != topics.Hello{}
	s.belongs.Store(h.Mesh == g.link.cfg.Mesh)
	g.mu.Lock()
	s.watchLocked(true, wanted...)
	s.topics, s.name, s.hasHello = wanted, h.Name, h.Name != ""
	if s.belongs.Load() {
		g.settledLocked(s)
	}
	s.named = s.hasHello
	s.introduced.Store(s.belongs.Load() && h != topics.Hello{})
	g.serveLocked(s)
	g.mu.Unlock()
	listens := slices.ContainsFunc(wanted, s.covers)
	go func() { // the reader of our events may take its time
		defer g.wg.Done()
		defer close(s.welcomed)
		if !s.belongs.Load() {
			s.label()
		}
		switch {
		case said && !s.belongs.Load():
			s.parts(h)
		case listens:
			s.welcome()
		}
	}()
	return nil
}

// wired reports whether a subscriber is in this process, at the end of a wire.
func (s *subscriber) wired() bool { return s.welcomed != nil }

// leave forgets a subscriber within this process whose wire has ended.
func (s *subscriber) leave() {
	defer s.link.wires.Done()
	<-s.welcomed
	s.gate.gone(s)
}
