package mesh

import (
	"slices"

	"hearsay/topics"
)

func (m *Machine) onListenerUp(ev ListenerUp) {
	if l := m.listeners.up(ev.Listener, ev.Addr, m.now+m.cfg.HelloGrace); l != nil {
		m.sourceAt(l.addr).holders++
		m.at(l.due)
	}
}

// onHello takes a listener's name as a hint. It gets one name; another one is refused and counted.
func (m *Machine) onHello(ev Hello) {
	key := ev.Name.Key()
	l, other := m.listeners.says(ev.Listener, key)
	if other {
		m.stats.HelloRefused++
	}
	if l == nil {
		return
	}
	m.pulseSoon()
	if key == m.key {
		m.own.calls.from(l.addr, m.now+2*m.cfg.Beat)
		return
	}
	m.meet(l, ev.Name)
}

// meet follows up a hello. One that is over its address's quota waits for a place: many honest nodes may share
// an address.
func (m *Machine) meet(l *listener, name topics.Name) {
	s := m.sourceAt(l.addr)
	p := m.peers[l.hello]
	if p == nil {
		if p = m.learn(hint{name, byHello, s}); p == nil {
			m.putOff(s, refusal{l, name})
			return
		}
	}
	m.claim(l, p)
	wasBack := p.isBack()
	p.origin.helloAt, p.origin.helloIP = m.now, l.addr
	if p.isBack() && !wasBack { // what was dialled before tells nothing of it
		p.reach.tries = 0
		m.schedule(p, m.tombstoneWait(p))
	}
	p.callers.from(joinEndpoint(l.addr, p.name.Port()))
	m.share(p, s)
	m.want(p, signed, classHello)
}

// refusal is a hello that had to wait.
type refusal struct {
	l    *listener
	name topics.Name
}

// maxRefused bounds the hellos that wait at one address.
const maxRefused = 1024

// putOff lets a hello wait. Those whose listeners are gone make room for it.
func (m *Machine) putOff(s *source, r refusal) {
	if len(s.refused) >= maxRefused {
		s.refused = slices.DeleteFunc(s.refused, func(o refusal) bool { return !m.listeners.holds(o.l) })
	}
	if len(s.refused) < maxRefused {
		s.refused = append(s.refused, r)
	}
}

// meetRefused gives the places that became free at an address to those who wait there.
func (m *Machine) meetRefused(s *source) {
	waiting := s.refused
	s.refused = nil
	for i, r := range waiting {
		if !m.listeners.holds(r.l) {
			continue
		}
		m.meet(r.l, r.name)
		if len(s.refused) > 0 { // it has to wait again
			s.refused = waiting[i:]
			return
		}
	}
}

// claim counts a listener for a peer.
func (m *Machine) claim(l *listener, p *peer) {
	if l.claim == p {
		return // nor drop it in between: who was guessed from an address may say that very name
	}
	m.unclaim(l)
	l.claim = p
	p.origin.claims++
}

func (m *Machine) unclaim(l *listener) {
	p := l.claim
	l.claim = nil
	if p != nil && m.peers[p.key] == p {
		p.origin.claims--
		m.dropUnclaimed(p)
	}
}

func (m *Machine) onListenerDown(ev ListenerDown) {
	if l := m.listeners.down(ev.Listener); l != nil {
		m.unclaim(l)
		m.helloWithdrawn(l)
		m.sourceAt(l.addr).holders--
	}
}

// guessNaive takes listeners that said no name for naive ones: whole lists go out as often as they need them,
// and their addresses are dialled, since a naive newcomer has no other way to be found.
func (m *Machine) guessNaive() {
	for l := m.listeners.overdue(m.now); l != nil; l = m.listeners.overdue(m.now) {
		m.guess(l)
	}
	m.at(m.listeners.due())
}

// guess dials the address of a naive listener, unless somebody heard lives there. A mesh with a label has no naive nodes.
func (m *Machine) guess(l *listener) {
	if m.cfg.Mesh != "" || m.hosts[l.addr] > 0 || m.isOurs(l.addr) {
		return
	}
	name, ok := literal(l.addr, topics.DiscoveryPort)
	if !ok {
		return
	}
	p := m.learn(hint{name, byAddress, m.sourceAt(l.addr)})
	if p == nil {
		return
	}
	m.claim(l, p)
	p.origin.guessed = true
	m.want(p, signed, classHello)
}
