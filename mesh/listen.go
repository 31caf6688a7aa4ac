package mesh

import (
	"slices"
	"strings"

	"hearsay/topics"
)

// listener is one connection to our discovery publisher.
type listener struct {
	id    ListenerID
	addr  string
	due   Time        // until when it may say its name
	hello topics.Name // key of the name it says
	claim topics.Name // key of the peer that it counts for
	naive bool        // its time is over
}

// listeners are all of them.
type listeners struct {
	byID   map[ListenerID]*listener
	silent []*listener         // without a hello, in the order of due
	named  map[topics.Name]int // by hello
	naive  int
}

func (ls *listeners) init() {
	ls.byID = make(map[ListenerID]*listener)
	ls.named = make(map[topics.Name]int)
}

func (m *Machine) onListenerUp(ev ListenerUp) {
	if m.listeners.byID[ev.Listener] != nil {
		return
	}
	l := &listener{id: ev.Listener, addr: ev.Addr, due: m.now + m.cfg.HelloGrace}
	m.listeners.byID[l.id] = l
	m.listeners.silent = append(m.listeners.silent, l)
	m.sourceAt(l.addr).holders++
	m.at(l.due)
}

// onHello takes a listener's name as a hint. It gets one name; another one is refused and counted.
func (m *Machine) onHello(ev Hello) {
	l := m.listeners.byID[ev.Listener]
	if l == nil {
		return
	}
	key := ev.Name.Key()
	if l.hello != "" {
		if l.hello != key {
			m.stats.HelloRefused++
		}
		return
	}
	l.hello = key
	m.listeners.named[key]++
	m.unsilence(l)
	if key != m.key {
		m.meet(l, ev.Name)
	}
}

// meet follows up a hello. One that is over its address's quota waits for a place: many honest nodes may share
// an address.
func (m *Machine) meet(l *listener, name topics.Name) {
	s := m.sourceAt(l.addr)
	p := m.peers[l.hello]
	if p == nil {
		m.vacate(s)
		if p = m.learn(name, s); p == nil {
			m.putOff(s, refusal{l, name})
			return
		}
	}
	m.claim(l, p)
	p.helloAt, p.helloIP = m.now, l.addr
	m.share(p, s)
	m.summon(p, classHello)
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
		s.refused = slices.DeleteFunc(s.refused, func(o refusal) bool { return m.listeners.byID[o.l.id] != o.l })
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
		if m.listeners.byID[r.l.id] != r.l {
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
	m.unclaim(l)
	l.claim = p.key
	p.claims++
}

func (m *Machine) unclaim(l *listener) {
	if l.claim == "" {
		return
	}
	p := m.peers[l.claim]
	l.claim = ""
	if p != nil && p.claims > 0 {
		p.claims--
		m.dropUnclaimed(p)
	}
}

// unsilence takes a listener from those whose name is awaited or given up.
func (m *Machine) unsilence(l *listener) {
	if l.naive {
		l.naive = false
		m.listeners.naive--
		return
	}
	for i, o := range m.listeners.silent {
		if o == l {
			m.listeners.silent = append(m.listeners.silent[:i], m.listeners.silent[i+1:]...)
			return
		}
	}
}

func (m *Machine) onListenerDown(ev ListenerDown) {
	l := m.listeners.byID[ev.Listener]
	if l == nil {
		return
	}
	delete(m.listeners.byID, l.id)
	m.unsilence(l)
	if l.hello != "" {
		if m.listeners.named[l.hello]--; m.listeners.named[l.hello] == 0 {
			delete(m.listeners.named, l.hello)
		}
	}
	m.unclaim(l)
	m.sourceAt(l.addr).holders--
}

// guessNaive takes listeners that said no name for naive ones: whole lists go out as often as they need them,
// and their addresses are dialled, since a naive newcomer has no other way to be found.
func (m *Machine) guessNaive() {
	ls := &m.listeners
	for len(ls.silent) > 0 && ls.silent[0].due <= m.now {
		l := ls.silent[0]
		ls.silent = append(ls.silent[:0], ls.silent[1:]...)
		l.naive = true
		if ls.naive++; ls.naive == 1 {
			m.list.hurry(m.now + m.cfg.Interval)
		}
		m.guess(l)
	}
	if len(ls.silent) > 0 {
		m.at(ls.silent[0].due)
	}
}

// guess dials the address of a naive listener, unless somebody heard lives there.
func (m *Machine) guess(l *listener) {
	if m.hosts[l.addr] > 0 || m.mine[l.addr] {
		return
	}
	text := l.addr
	if strings.Contains(text, ":") {
		text = "[" + text + "]"
	}
	name, err := topics.ParseName(text)
	if err != nil {
		return // an address with a zone: nobody else could dial it
	}
	m.vacate(m.sourceAt(l.addr))
	p := m.learn(name, m.sourceAt(l.addr))
	if p == nil {
		return
	}
	m.claim(l, p)
	p.guessed = true
	m.summon(p, classHello)
}
