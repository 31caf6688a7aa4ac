package mesh

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hearsay/mesh/record"
	"hearsay/topics"
)

// broken returns what is wrong with a machine, whatever happened to it.
func (m *Machine) broken() error {
	flying, unheard, naive, found, asking := 0, 0, 0, 0, 0
	var count [states]int
	if err := m.brokenTies(); err != nil {
		return err
	}
	for i, p := range m.slots {
		if p == nil {
			continue
		}
		count[p.state]++
		if p.origin.source != nil {
			unheard++
		}
		if p.state == Alive && p.says.naive {
			naive++
		}
		if p.origin.found {
			found++
		}
		if p.reach.lookup != nil && p.reach.lookup.waiting {
			asking++
		}
		flying += len(p.reach.flying(0)) + len(p.reach.flying(1))
		if p.twins.dial != nil {
			flying++
		}
		if err := m.brokenPeer(p); err != nil {
			return fmt.Errorf("%s (%v): %w", p.name, p.state, err)
		}
		if p.slot != i || m.peers[p.key] != p {
			return fmt.Errorf("%s is not at home", p.name)
		}
	}
	if p := m.own.seat.peer; p != nil && p.twins.dial != nil { // it is in no table
		flying++
	}
	for id, d := range m.dials.started {
		if d.id != id || d.peer != nil && d != d.peer.twins.dial && !slices.Contains(d.peer.reach.flying(d.port), d) {
			return fmt.Errorf("dial %d is not at home", id)
		}
		if d.peer == nil {
			flying++
		}
	}
	lanes := 0
	for _, ring := range m.dials.rings {
		lanes += len(ring)
	}
	count[Unknown] = m.count[Unknown]
	switch {
	case count != m.count:
		return fmt.Errorf("counts %v, really %v", m.count, count)
	case found != m.found || found > maxFound:
		return fmt.Errorf("%d addresses found, really %d", m.found, found)
	case asking > m.asking || m.asking > maxLookups:
		return fmt.Errorf("%d look-ups under way, of %d names", m.asking, asking)
	case naive != m.naive:
		return fmt.Errorf("%d naive, really %d", m.naive, naive)
	case flying != m.dials.flying || flying != len(m.dials.started) || flying > maxFlying:
		return fmt.Errorf("%d dials, really %d", m.dials.flying, flying)
	case lanes != m.dials.waiting:
		return fmt.Errorf("%d lanes with dials that wait, really %d", m.dials.waiting, lanes)
	case unheard != m.sources.unheard || unheard > perTable:
		return fmt.Errorf("%d unheard, really %d", m.sources.unheard, unheard)
	case len(m.peers) > m.cfg.MaxPeers+len(m.seeds):
		return fmt.Errorf("%d peers", len(m.peers))
	}
	told := 0
	for _, p := range m.slots {
		if p != nil {
			told += p.telling.size
		}
	}
	if told != m.far.told || told > toldMost {
		return fmt.Errorf("%d names are told, counted %d", told, m.far.told)
	}
	return cmp.Or(m.brokenLinks(), m.brokenCalm())
}

func (m *Machine) brokenPeer(p *peer) error {
	dialling := p.reach.waiting(0) != nil || len(p.reach.flying(0)) > 0
	linked := p.reach.link != nil
	switch {
	case m.roster.leaving:
	case p.due == never && !dialling && !linked:
		return fmt.Errorf("nothing is planned for it")
	case p.due == never && !dialling && p.state != Alive && p.state != Probation:
		return fmt.Errorf("nothing is planned for it, though it has a link")
	case p.reach.lookup != nil && p.reach.lookup.due < m.due:
		return fmt.Errorf("look-up due %v before Deadline %v", p.reach.lookup.due, m.due)
	case p.reach.lookup != nil && p.reach.lookup.due == never && !p.reach.lookup.waiting:
		return fmt.Errorf("it is not looked up any more")
	case min(p.due, p.feed.due, p.reach.helloDue, p.reach.againDue) < m.due:
		return fmt.Errorf("due %v, its messages %v, hello %v, again %v, before Deadline %v", p.due, p.feed.due, p.reach.helloDue, p.reach.againDue, m.due)
	}
	mentions, vouches, tellers := 0, 0, 0
	for _, q := range m.slots {
		if q != nil && q.row.has.has(p.slot) {
			mentions++
			if q.says.strict {
				vouches++
			}
		}
		if q != nil && q.telling.has.has(p.slot) {
			tellers++
			if q.telling.way(p) == nil {
				return fmt.Errorf("%s tells of it, and by no way", q.name)
			}
		}
	}
	switch {
	case mentions != int(p.column.mentions) || vouches != int(p.column.vouches):
		return fmt.Errorf("%d mentions, %d vouches, really %d, %d", p.column.mentions, p.column.vouches, mentions, vouches)
	case tellers != int(p.attest.tellers):
		return fmt.Errorf("%d tell of it, really %d", p.attest.tellers, tellers)
	case p.telling.number > 0 && p.reach.live() && !p.reach.link.follows:
		return fmt.Errorf("what it told stands, and it is not asked to tell")
	case m.score(p) < 0 || m.score(p) > record.MaxPenalty:
		return fmt.Errorf("penalty %v", m.score(p))
	case p.state == Alive && (!p.detector.met || m.missed(p) > suspectAfter):
		return fmt.Errorf("alive without beats: met %v, %d missed", p.detector.met, m.missed(p))
	case p.state.Member() && p.origin.source != nil:
		return fmt.Errorf("heard, and yet charged to a source")
	case (p.state != Far || !m.isPartial()) && m.nearAt > p.earliest():
		return fmt.Errorf("due %v, and those near are looked at from %v on", p.earliest(), m.nearAt)
	case p.state == Far && m.isPartial() && m.far.wakeAt > p.earliest():
		return fmt.Errorf("due %v, and far members are looked at from %v on", p.earliest(), m.far.wakeAt)
	case p.state == Far && (p.detector.met || p.origin.source != nil):
		return fmt.Errorf("far: met %v, charged %v", p.detector.met, p.origin.source != nil)
	case (p.state == Left || p.state.unheard() || p.state == Alias) && p.feed.link != nil && (p.state == Left || p.feed.due == never):
		return fmt.Errorf("a message link to it is open")
	case p.origin.own != nil && p.origin.own.unheard > perSource:
		return fmt.Errorf("named %d phantoms", p.origin.own.unheard)
	}
	return m.brokenWord(p)
}

// brokenWord returns what is wrong with the word by which a peer is a far member.
func (m *Machine) brokenWord(p *peer) error {
	if p.state != Far {
		return nil
	}
	if m.isPartial() && (m.far.due || p.attest.held > 0 || m.far.lingering.has(p.slot)) { // it is judged in a moment, or once no way can lead back here
		return nil
	}
	if len(p.attest.via) == 0 && !m.roster.leaving {
		return fmt.Errorf("far by nobody's word")
	}
	for _, v := range p.attest.via {
		if v.state != Alive && !m.far.silent.has(v.slot) || !v.row.has.has(p.slot) && !v.telling.has.has(p.slot) {
			return fmt.Errorf("far by the word of %q, of whom one is not heard, or neither lists it nor tells of it", p.viaText())
		}
	}
	return nil
}

func (m *Machine) brokenLinks() error {
	for id, l := range m.links {
		p := l.peer
		if l.id != id || m.peers[p.key] != p && p != m.own.seat.peer || l != p.reach.link && l != p.reach.next && l != p.feed.link && l != p.twins.link && !p.ends(l) {
			return fmt.Errorf("link %d of %s is not at home", id, p.name)
		}
		if m.linkOf(id) != l {
			return fmt.Errorf("link %d is not found", id)
		}
		if l.proven && m.addrs[l.addr] != p {
			return fmt.Errorf("%s is not what lives at %s", p.name, l.addr)
		}
	}
	for _, l := range m.front {
		if l != nil && m.links[l.id] != l {
			return fmt.Errorf("link %d is found, and not up", l.id)
		}
	}
	for a, p := range m.addrs {
		if p.reach.link != nil && p.reach.link.proven && p.reach.link.addr == a || p.reach.next != nil && p.reach.next.proven && p.reach.next.addr == a {
			continue
		}
		return fmt.Errorf("%s lives at %s without a link", p.name, a)
	}
	for _, l := range m.awaiting {
		if m.links[l.id] != l || l.alleged == "" {
			return fmt.Errorf("awaiting link %d", l.id)
		}
	}
	return nil
}

// storm feeds a machine whatever comes to mind: nothing may panic, get stuck or leave its bounds.
type storm struct {
	m     *Machine
	rng   *rand.Rand
	now   Time
	names []topics.Name
	dials []Dial
	asked []Lookup
	links []LinkID
	ids   uint64
	steps int
}

func (s *storm) name() topics.Name { return s.names[s.rng.IntN(len(s.names))] }

func (s *storm) header() *topics.Header {
	if s.rng.IntN(5) == 0 {
		return nil
	}
	return &topics.Header{
		Version: 1, Incarnation: 1 + s.rng.Int64N(4), Seq: s.rng.Uint64N(100), Beat: 10 + s.rng.IntN(5000),
		List: 1 + s.rng.Uint64N(4), Pulse: s.rng.IntN(2) == 0, Strict: s.rng.IntN(4) > 0,
		Complete: s.rng.IntN(4) > 0, Leaving: s.rng.IntN(30) == 0, Degraded: s.rng.IntN(8) == 0,
	}
}

// event invents one.
func (s *storm) input() Input {
	s.steps++
	if phase := s.steps / 150 % 3; phase == 2 || phase == 1 && s.rng.IntN(3) > 0 {
		s.now += time.Duration(s.rng.Int64N(int64(time.Second)))
		return Tick{} // silence
	}
	switch k := s.rng.IntN(20); {
	case k < 5 && len(s.dials) > 0:
		i := s.rng.IntN(len(s.dials))
		d := s.dials[i]
		s.dials = slices.Delete(s.dials, i, i+1)
		if s.rng.IntN(3) == 0 {
			return DialFailed{Dial: d, Reason: DialReason(1 + s.rng.IntN(5))}
		}
		s.ids++
		s.links = append(s.links, LinkID(s.ids))
		port := 20000 + 10000*int(d.Port)
		return LinkUp{LinkID(s.ids), d, fmt.Sprintf("10.0.0.%d:%d", s.rng.IntN(12), port)}
	case k < 11 && len(s.links) > 0:
		id := s.links[s.rng.IntN(len(s.links))]
		names := []topics.Name{s.name()}
		if l := s.m.links[id]; l != nil && s.rng.IntN(8) > 0 {
			names[0] = l.peer.name
			if l.peer.state == Alias && l.peer.origin.alias != nil {
				names[0] = l.peer.origin.alias.name
			}
		}
		for range s.rng.IntN(30) {
			names = append(names, s.name())
		}
		return Beat{id, names, s.header(), 0}
	case k == 19 && len(s.links) > 0:
		l := s.m.links[s.links[s.rng.IntN(len(s.links))]]
		if l == nil {
			return Heard{0}
		}
		told := Told{Link: l.id, Header: topics.Header{Version: 1, Incarnation: l.peer.line.Incarnation(), Told: s.rng.Uint64N(4), Beat: 1000}}
		if told.Change = s.rng.IntN(2) == 0; told.Change {
			told.Header.Told = l.peer.telling.number + uint64(s.rng.IntN(8)/7)*2 + 1 // mostly the next one
			told.Records = append(told.Records, topics.Record{Hears: []topics.Name{s.name(), s.name()}})
		}
		for range s.rng.IntN(4) {
			r := topics.Record{Way: []topics.Name{s.name()}}
			for range 1 + s.rng.IntN(9) {
				r.Hears = append(r.Hears, s.name())
			}
			told.Records = append(told.Records, r)
		}
		return told
	case k == 10 && len(s.asked)+len(s.dials) > 0:
		ev := Resolved{}
		if n := len(s.asked); n > 0 && (len(s.dials) == 0 || s.rng.IntN(2) == 0) {
			ev.Name, s.asked = s.asked[n-1].Name, s.asked[:n-1]
		} else {
			ev.Name, ev.Dial = s.dials[0].Target, s.dials[0].ID
		}
		for range s.rng.IntN(6) {
			ev.Addrs = append(ev.Addrs, fmt.Sprintf("10.0.0.%d", s.rng.IntN(12)))
		}
		return ev
	case k == 11 && len(s.links) > 0:
		i := s.rng.IntN(len(s.links))
		id := s.links[i]
		s.links = slices.Delete(s.links, i, i+1)
		return LinkDown{id, "storm"}
	case k == 12 && len(s.links) > 0:
		return Heard{s.links[s.rng.IntN(len(s.links))]}
	case k == 13:
		s.ids++
		return ListenerUp{ListenerID(s.rng.IntN(20)), fmt.Sprintf("10.0.0.%d", s.rng.IntN(12))}
	case k == 14:
		return Hello{ListenerID(s.rng.IntN(20)), s.name()}
	case k == 15:
		return ListenerDown{ListenerID(s.rng.IntN(20))}
	case k == 16 && s.rng.IntN(20) == 0:
		return Forget{s.name()}
	case k == 18 && s.rng.IntN(4) == 0:
		return Hint{s.name(), fmt.Sprintf("10.0.0.%d", s.rng.IntN(12)), fmt.Sprintf("10.0.0.%d", s.rng.IntN(12))}
	case k == 17 && s.rng.IntN(20) == 0:
		return Known{[]topics.Name{s.name(), s.name()}}
	}
	s.now += time.Duration(s.rng.Int64N(int64(400 * time.Millisecond)))
	if s.rng.IntN(500) == 0 {
		s.now += time.Duration(s.rng.Int64N(int64(20 * time.Minute)))
	}
	return Tick{}
}

// check checks effects.
func (s *storm) check(effects []Effect) error {
	for _, e := range effects {
		switch e := e.(type) {
		case Dial:
			if e.Target.Key() == s.m.key {
				return fmt.Errorf("dials itself")
			}
			s.dials = append(s.dials, e)
		case Lookup:
			s.asked = append(s.asked, e)
		case Publish:
			if e.Names[0] != "self" || e.Header.Pulse != (len(e.Names) == 1) && e.Header.Pulse {
				return fmt.Errorf("publishes %v", e)
			}
			if err := cmp.Or(replayed(e.Kept), s.listed(e.Names)); err != nil {
				return err
			}
		case Keep:
			if err := cmp.Or(replayed(e.Edition), s.listed(e.Names)); err != nil {
				return err
			}
		}
	}
	return nil
}

// replayed checks what new listeners get: a whole list that says it was said before, in both versions.
func replayed(e Edition) error {
	for _, said := range []*Said{&e.Said, e.Nameless} {
		if said != nil && (said.Header.Pulse || !said.Header.Replay || said.Header.Seq != e.Header.Seq) {
			return fmt.Errorf("keeps %+v", said.Header)
		}
	}
	return nil
}

// listed checks a list that goes to anybody.
func (s *storm) listed(names []topics.Name) error {
	for _, n := range names[1:] {
		if p := s.m.peers[n.Key()]; p == nil || p.state != Alive {
			return fmt.Errorf("lists %s, whom it does not hear", n)
		}
	}
	return nil
}

func TestStorm(t *testing.T) {
	t.Parallel()
	const steps = 4000
	for seed := range uint64(12) {
		s := &storm{rng: rand.New(rand.NewPCG(seed, 9)), names: []topics.Name{"self", "a:21000", "10.0.0.3"}}
		for i := range 4 + int(seed)*20 {
			s.names = append(s.names, topics.Name(fmt.Sprintf("n%d", i)))
		}
		c := Config{Self: "self", Incarnation: 2, Seed: seed, Seeds: []topics.Name{"n1", "n2"}, MaxPeers: 64 + int(seed)*8}
		if seed%2 == 1 {
			c.FullMesh = leastMesh
		}
		s.m = New(c)
		if v, ok := s.m.view.(*partial); ok {
			v.most = 0 // whatever is left of it, it is a partial mesh
		}
		for i := range steps {
			ev := s.input()
			if err := s.check(s.m.Step(s.now, ev)); err != nil {
				t.Fatalf("seed %d, step %d, %#v: %v", seed, i, ev, err)
			}
			if seed > 2 && i%16 != 0 {
				continue // it looks at every pair of a large table
			}
			if err := s.m.broken(); err != nil {
				t.Fatalf("seed %d, step %d, %#v: %v", seed, i, ev, err)
			}
		}
	}
}
