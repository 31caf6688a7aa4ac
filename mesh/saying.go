package mesh

import (
	"cmp"
	"slices"
	"time"

	"hearsay/topics"
)

// What this node tells is remembered name by name, and looked at anew where something has changed. Where that is little of
// much, the change alone is told. In a partial mesh so is what is much: who comes gets the whole, once the changes are as many.

const (
	wholeUpTo  = 64                    // names that are told whole, whatever has changed
	changeGap  = 50 * time.Millisecond // between two tellings of a partial mesh: it takes as long as that for each hop of a death
	rewordGap  = 5 * time.Second       // a way that is another one and no longer is told so much later: few depend on it
	mendGap    = 2 * holdTime          // a way that is none any more is mended so much later: whoever had a dead one by it has told so
	gatherLook = 20 * time.Millisecond // between two looks at far members there: words come from twelve neighbours
)

// saying is what this node tells.
type saying struct {
	number   uint64 // 0: it never told anything
	at       Time   // of the last time
	dirty    bitset // by slot: to whom the way may be another one
	later    bitset // by slot: to whom it is another one, and no longer
	gone     []topics.Name
	count    int    // names in it
	changes  int    // names in all changes since the last whole one
	last     int    // names in the last one, be it a change
	rewordAt Time   // when ways are told that are others and no longer; 0: there are none
	broken   bitset // by slot: to whom the way that is told is none any more, and there is a direct one
	ripe     bitset // by slot: to whom it was none a while ago
	mendAt   Time   // when the broken ones are ripe; 0: there are none
}

// forget takes in that a peer is dropped from the table.
func (s *saying) forget(p *peer) {
	if p.attest.said != nil {
		s.gone = append(s.gone, p.name)
		s.count--
	}
}

// postpone has a way told later that is another one and no longer, and sooner where it mends one.
func (s *saying) postpone(slot int, now Time, mends bool) {
	s.later.set(slot)
	if s.rewordAt == 0 {
		s.rewordAt = now + rewordGap
	}
	if mends {
		s.broken.set(slot)
		if s.mendAt == 0 {
			s.mendAt = now + mendGap
		}
	}
}

// ripen has those looked at whose way was none a while ago.
func (s *saying) ripen(now Time) {
	if s.mendAt > 0 && now >= s.mendAt {
		s.mendAt = 0
		s.broken.each(s.ripe.set)
		clear(s.broken)
		s.ripe.each(s.dirty.set)
	}
}

// tellWait is how long nothing is told after what was told last.
func (m *Machine) tellWait() time.Duration {
	if m.isPartial() {
		return max(changeGap, Time(m.far.said.last)*tellEach, gapPerLag*m.lag)
	}
	return max(tellGap, Time(m.count[Far])*tellEach)
}

// lookWait is how long far members are not looked at after the last look, within a round.
func (m *Machine) lookWait() time.Duration {
	if m.isPartial() {
		return max(gatherLook, Time(m.far.judged)*tellEach, gapPerLag*m.lag)
	}
	return 0
}

// tellFar tells of the far members, where something of it has changed.
func (m *Machine) tellFar() {
	s := &m.far.said
	m.far.tellAt = never
	if m.count[Far] == 0 && s.count == 0 && len(s.gone) == 0 {
		return
	}
	if gap := m.tellWait(); s.number > 0 && m.now < s.at+gap {
		if m.isPartial() {
			m.far.tellAt = s.at + gap
		}
		return
	}
	changed, gone := m.farChanges()
	names := len(changed) + len(gone)
	if names == 0 {
		return
	}
	few := s.changes+names <= s.count
	t := Tell{Change: s.count > wholeUpTo && (few || m.isPartial() && names <= s.count)}
	if s.changes += names; t.Change {
		t.Records = recordsOf(changed)
		if len(gone) > 0 {
			t.Records = slices.Insert(t.Records, 0, topics.Record{Hears: gone})
		}
	}
	switch {
	case !t.Change:
		names, t.Records = s.count, m.allSaid()
	case !few:
		t.Whole = m.allSaid()
	}
	s.number, s.at, s.last = s.number+1, m.now, names
	m.stats.Tellings++
	t.Header = m.header(true)
	m.do(t)
	if t.Change { // who comes is told to wait for it
		if m.roster.number > 0 {
			m.renew()
		}
		m.do(Keep{m.kept(m.header(false))})
	}
}

// allSaid is all that this node tells.
func (m *Machine) allSaid() []topics.Record {
	var all []*peer
	for _, p := range m.slots {
		if p != nil && p.attest.said != nil {
			all = append(all, p)
		}
	}
	records := recordsOf(all)
	m.far.said.changes = 0
	_, m.stats.Untold = topics.AppendRecords(nil, records)
	return records
}

// farChanges finds whom this node is to tell of, by another way or for the first time, and of whom no more.
func (m *Machine) farChanges() (changed []*peer, gone []topics.Name) {
	s := &m.far.said
	gone, s.gone = s.gone, nil
	few := m.isPartial()
	if s.rewordAt > 0 && m.unsettled() {
		s.rewordAt = max(s.rewordAt, m.now+rewordGap/2)
	}
	reword := s.rewordAt > 0 && m.now >= s.rewordAt
	if reword {
		s.rewordAt = 0
		s.later.each(s.dirty.set)
		clear(s.later)
	}
	s.ripen(m.now)
	if !few {
		m.far.look(m)
	}
	look := func(p *peer) {
		if p == nil || p.state != Far && p.attest.said == nil {
			return
		}
		if few && p.state == Far && m.far.dirty.has(p.slot) {
			return // by whose word it is one is not known until the next look
		}
		s.dirty.clear(p.slot)
		way, said := m.wordOn(p), p.attest.said
		switch {
		case slices.Equal(way, said):
		case few && !reword && !(s.ripe.has(p.slot) && m.mends(way, said, p)) && way != nil && (len(way) <= len(said) || said != nil && m.unsettled()):
			// a mesh that starts finds ever shorter ones
			s.postpone(p.slot, m.now, m.mends(way, said, p) && !m.unsettled())
		case way == nil:
			gone = append(gone, p.name)
			s.count--
			p.attest.said = nil
		case said == nil && s.count >= topics.MaxNames:
			s.dirty.set(p.slot)
		default:
			changed = append(changed, p)
			if said == nil {
				s.count++
			}
			p.attest.said = slices.Clone(way)
		}
	}
	if few {
		s.dirty.each(func(i int) { look(m.slots[i]) })
	} else {
		for _, p := range m.slots {
			look(p)
		}
	}
	for w := range s.ripe { // those that wait for the next look are ripe then still
		if s.ripe[w] &= s.dirty.word(w) & m.far.dirty.word(w); !few {
			s.ripe[w] = 0
		}
	}
	for _, at := range []Time{s.mendAt, s.rewordAt} {
		if at > 0 {
			m.far.tellAt = min(m.far.tellAt, at)
		}
	}
	return changed, gone
}

// wordOn is the way by which this node tells of a peer, until the next call; nil: it does not. In a partial mesh there is
// always somebody who cannot know it by its own neighbours.
func (m *Machine) wordOn(p *peer) []topics.Name {
	switch {
	case p.state != Far:
		return nil
	case m.far.lingering.has(p.slot):
		return p.attest.said
	}
	way := m.wayTo(p)
	if len(way) == 0 || len(way) > topics.MaxWay || !m.isPartial() && !m.newsFor(p, way) {
		return nil
	}
	return way
}

// mends reports whether a way that leads directly to a far member is to take the place of one that is told, and is none any more:
// the first on that says nothing of the name, and may be who needs it. Longer ones may lead round to where they were told.
func (m *Machine) mends(way, said []topics.Name, p *peer) bool {
	if len(way) != 1 || len(said) == 0 {
		return false
	}
	first := m.peers[said[0].Key()]
	if first == nil {
		return true
	}
	_, speaks := first.speaksOf(p)
	return !speaks
}

// recordsOf are the ways that some peers are told by.
func recordsOf(peers []*peer) (records []topics.Record) {
	index := make(map[string]int)
	var text []byte
	for _, p := range peers {
		way := p.attest.said
		text = text[:0]
		for _, name := range way {
			text = append(append(text, name...), ',')
		}
		i, ok := index[string(text)]
		if !ok {
			i = len(records)
			index[string(text)] = i
			records = append(records, topics.Record{Way: way})
		}
		records[i].Hears = append(records[i].Hears, p.name)
	}
	slices.SortStableFunc(records, func(a, b topics.Record) int {
		return cmp.Or(cmp.Compare(len(a.Way), len(b.Way)), slices.Compare(a.Way, b.Way))
	})
	return records
}
