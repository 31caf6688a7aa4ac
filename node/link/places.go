package link

import (
	"time"

	"hearsay/topics"
)

// A gate decides which connection gets a place, and which one gives its place up. A place is a connection, and so a
// file descriptor and memory.
//
// With the strangers over their number, a stranger has to go. With everybody over theirs, a stranger goes if there is
// one, else somebody from the address that holds most, else the newcomer. So whoever opens connections without end takes
// places from himself, and a newcomer from another address finds room. A listener that does not answer when it is asked
// is a stranger (questions.go), so a newcomer finds room among the connections of its own address too, unless these are
// all in use.

// admit finds s a place, and returns who has to go for it.
func (g *gate) admit(s *subscriber) (in bool, out *subscriber) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing() {
		return false, nil
	}
	cfg := &g.link.cfg
	g.askLocked(time.Now())
	if !s.wired() && g.strangers.Len() >= cfg.MaxStrangers || len(g.all) >= cfg.MaxSubscribers {
		if out = g.givesWay(s); out == nil {
			return false, nil
		}
		g.forgetLocked(out)
	}
	g.wg.Add(1) // under g.mu, so never after stop
	g.all[s] = struct{}{}
	g.strangeLocked(s)
	if s.wired() {
		g.link.wires.Add(1)
	} else {
		g.held.Add(s.host())
	}
	return true, out
}

// givesWay chooses who has to go for s; nil: s itself.
func (g *gate) givesWay(s *subscriber) *subscriber {
	if g.strangers.Len() > 0 {
		return g.strangerFor(s.host())
	}
	if from, ok := g.held.Yields(s.host()); ok {
		return g.lastOf(from)
	}
	return nil
}

// strangerFor returns the stranger that has to go for a newcomer from an address: the oldest one of the address that
// has more strangers than others, else of the newcomer's own, else of all.
func (g *gate) strangerFor(addr string) *subscriber {
	from, fair := g.unheld.Yields(addr)
	if !fair && g.unheld.Held(addr) > 0 {
		from, fair = addr, true
	}
	for e := g.strangers.Front(); e != nil; e = e.Next() {
		if s := e.Value.(*subscriber); !fair || s.host() == from {
			return s
		}
	}
	return nil
}

// lastOf returns the connection from an address that is the least missed: one without a name, else the newest.
func (g *gate) lastOf(addr string) (last *subscriber) {
	for s := range g.all {
		if s.wired() || s.host() != addr {
			continue
		}
		if last == nil || last.named && !s.named || last.named == s.named && s.id > last.id {
			last = s
		}
	}
	return last
}

// settled notes that a connection has subscribed to something that the port carries.
func (g *gate) settled(s *subscriber) {
	g.mu.Lock()
	g.settledLocked(s)
	g.mu.Unlock()
}

// introduced notes that a connection has said a name.
func (g *gate) introduced(s *subscriber, name topics.Name) {
	g.mu.Lock()
	s.name, s.named = name, true
	g.mu.Unlock()
}

// gone gives up the place of a connection that has ended, or never got through, and tells of a listener that is lost.
func (g *gate) gone(s *subscriber) {
	g.mu.Lock()
	g.forgetLocked(s)
	s.noteRelays(-1, s.topics...)
	s.topics = nil
	g.mu.Unlock()
	if s.listens && !s.reader {
		s.listens = false
		g.link.emit(Event{Kind: ListenerDown, ID: s.id, Port: s.port, Addr: s.remote, Err: reason(s.ended())})
	}
}

// host is the address that a connection came from.
func (s *subscriber) host() string { return s.remote.Addr().String() }

func (g *gate) forgetLocked(s *subscriber) {
	if _, in := g.all[s]; !in {
		return
	}
	g.settledLocked(s)
	delete(g.all, s)
	g.unserveLocked(s)
	if !s.wired() {
		g.held.Remove(s.host())
	}
}

// strangeLocked counts s among the strangers.
func (g *gate) strangeLocked(s *subscriber) {
	s.at = g.strangers.PushBack(s)
	if !s.wired() {
		g.unheld.Add(s.host())
	}
}

// settledLocked takes s out of them.
func (g *gate) settledLocked(s *subscriber) {
	if s.at == nil {
		return
	}
	g.strangers.Remove(s.at)
	s.at = nil
	if !s.wired() {
		g.unheld.Remove(s.host())
	}
}
