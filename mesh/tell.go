package mesh

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

// A list names whom its speaker hears, so it shows what lies behind one bridge. What lies behind two is told: each node
// tells of its far members those that somebody who listens to it can know by nobody else, and by which way it knows them.
// Where everybody hears everybody, or one bridge joins two networks, nobody has anything to tell.
//
// A telling is a whole, with a number, as a list is: what is not in it is told no more. Its names are by its teller's word
// alone, whatever others tell, so that a liar vouches in its own name and makes nobody else's word less. Who stands in a way
// does not take it, or a word could go round in a circle and outlive what it is about.

const (
	toldMost   = 16 << 10               // names that all members together tell of: 16 full tellings
	tellGap    = 200 * time.Millisecond // between two tellings
	tellEach   = 300 * time.Microsecond // the same, where there is much to tell: for each name
	toldMisses = 3                      // beats that name another telling than the last that came, until it is asked for
)

// telling is whom a peer tells of that others hear.
type telling struct {
	number  uint64
	records []topics.Record
	has     bitset // by slot: those of its names that are in the table
	in      []int  // and in which record
	size    int    // names in all records
	rest    bool   // some names were not learned
	missed  int    // beats in a row that name another one
}

// way is by way of whom the peer knows another; nil if it does not tell of it.
func (t *telling) way(x *peer) []topics.Name {
	if !t.has.has(x.slot) {
		return nil
	}
	return t.records[t.in[x.slot]].Way
}

// forget takes a peer out that is dropped.
func (t *telling) forget(p *peer) {
	t.has.clear(p.slot)
}

// onTold takes what a peer tells. It counts while the peer is alive.
func (m *Machine) onTold(ev Told) {
	l := m.links[ev.Link]
	if l == nil || l.port != DiscoveryPort || !l.proven || labelOf(&ev.Header) != m.cfg.Mesh {
		m.stats.Stray++
		return
	}
	p := l.peer
	if l == p.twins.link || ev.Header.Incarnation != p.line.Incarnation() || ev.Header.Told == 0 {
		m.stats.Stray++
		return
	}
	m.clearTelling(p)
	t := &p.telling
	t.number = ev.Header.Told
	for _, r := range ev.Records {
		if slices.ContainsFunc(r.Way, func(name topics.Name) bool { return name.Key() == m.key }) {
			m.stats.Rumours += uint64(len(r.Hears)) // it has them from this node
			continue
		}
		if m.far.told+len(r.Hears) > toldMost && !m.hush(p, len(r.Hears)) {
			m.stats.Rumours += uint64(len(r.Hears))
			continue
		}
		t.records = append(t.records, r)
		t.size += len(r.Hears)
		m.far.told += len(r.Hears)
	}
	m.learnTelling(p)
}

// hush makes room for so many names of a telling at the cost of the one that has most, if that is more than this one has.
func (m *Machine) hush(p *peer, names int) bool {
	for m.far.told+names > toldMost {
		most := p
		for _, q := range m.slots {
			if q != nil && q.telling.size > most.telling.size {
				most = q
			}
		}
		if most.telling.size <= p.telling.size+names {
			return false
		}
		m.stats.Rumours += uint64(most.telling.size)
		number := most.telling.number
		m.clearTelling(most)
		most.telling.number = number // it is not asked for again
	}
	return true
}

// learnTelling looks the names of a telling up, and learns those that are new, as far as the quota of its teller goes.
func (m *Machine) learnTelling(p *peer) {
	t := &p.telling
	t.rest = false
	for i, r := range t.records {
		for _, name := range r.Hears {
			key := name.Key()
			if key == m.key {
				continue
			}
			q := m.peers[key]
			if q == nil {
				if q = m.learn(hint{name, byList, p.asSource()}); q == nil {
					t.rest = true
					continue
				}
			}
			if q != p && !t.has.has(q.slot) {
				t.take(q, i)
				m.far.mark(q)
				m.listed(p, q)
			}
		}
	}
}

// take notes that a name of a record is in the table.
func (t *telling) take(q *peer, record int) {
	t.has.set(q.slot)
	if q.slot >= len(t.in) {
		t.in = append(t.in, make([]int, q.slot+1-len(t.in))...)
	}
	t.in[q.slot] = record
	q.attest.tellers++
}

// learnTold goes on with the names for which there was no room.
func (m *Machine) learnTold() {
	for _, p := range m.slots {
		if p != nil && p.telling.rest && p.state == Alive && m.affords(p.asSource()) {
			m.learnTelling(p)
		}
	}
}

// clearTelling forgets what a peer told.
func (m *Machine) clearTelling(p *peer) {
	m.far.due = true
	t := &p.telling
	if t.number == 0 {
		return
	}
	t.has.each(func(i int) {
		m.slots[i].attest.tellers--
		m.far.mark(m.slots[i])
	})
	m.far.told -= t.size
	*t = telling{}
}

// missesTelling asks for a telling that did not come, as for a list: who subscribes anew is told it.
func (m *Machine) missesTelling(p *peer, h *topics.Header) {
	t := &p.telling
	if h.Told == t.number {
		t.missed = 0
		return
	}
	if t.missed++; t.missed >= toldMisses {
		t.missed = 0
		m.askList(p)
	}
}

// saying is what this node tells.
type saying struct {
	number  uint64 // 0: it never told anything
	records []topics.Record
	at      Time
}

// tellFar tells of the far members, where something of it has changed.
func (m *Machine) tellFar() {
	s := &m.far.said
	if m.count[Far] == 0 && len(s.records) == 0 {
		return
	}
	if gap := max(tellGap, m.farGap()); m.now < s.at+gap {
		if m.isPartial() {
			m.far.tellAt = s.at + gap
		}
		return
	}
	m.far.tellAt = never
	records := m.farRecords()
	if slices.EqualFunc(records, s.records, sameRecord) {
		return
	}
	*s = saying{s.number + 1, records, m.now}
	m.stats.Tellings++
	_, m.stats.Untold = topics.AppendRecords(nil, records)
	m.do(Tell{records, m.header(true)})
}

func sameRecord(a, b topics.Record) bool {
	return slices.Equal(a.Way, b.Way) && slices.Equal(a.Hears, b.Hears)
}

// farRecords are the far members that somebody here can know by this node alone, by the way that it knows them.
func (m *Machine) farRecords() (records []topics.Record) {
	index := make(map[string]int)
	for _, p := range m.slots {
		if p == nil || p.state != Far {
			continue
		}
		way := m.wayTo(p)
		if len(way) == 0 || len(way) > topics.MaxWay || !m.newsFor(p, way) {
			continue
		}
		text := strings.Join(namesOf(way), ",")
		i, ok := index[text]
		if !ok {
			i = len(records)
			index[text] = i
			records = append(records, topics.Record{Way: way})
		}
		records[i].Hears = append(records[i].Hears, p.name)
	}
	slices.SortStableFunc(records, func(a, b topics.Record) int {
		return cmp.Or(cmp.Compare(len(a.Way), len(b.Way)), slices.Compare(a.Way, b.Way))
	})
	return records
}

func namesOf(way []topics.Name) (out []string) {
	for _, name := range way {
		out = append(out, string(name))
	}
	return out
}

// wayTo is the way to a far member: over the one of those by whose word it is one that comes first by name.
func (m *Machine) wayTo(p *peer) []topics.Name {
	if p.attest.held > 0 {
		return nil
	}
	var first *peer
	for _, v := range p.attest.via {
		if first == nil || v.key < first.key {
			first = v
		}
	}
	switch {
	case first == nil:
		return nil
	case first.row.has.has(p.slot):
		return []topics.Name{first.name}
	}
	return append([]topics.Name{first.name}, first.telling.way(p)...)
}

// newsFor reports whether some member does not hear a far one, nor the first of the way to it, who would tell it too.
func (m *Machine) newsFor(x *peer, way []topics.Name) bool {
	first := m.peers[way[0].Key()]
	for _, p := range m.slots {
		if p == nil || p == first || p.state != Alive || !p.says.strict || !p.row.known || p.row.has.has(x.slot) {
			continue
		}
		if !p.row.has.has(first.slot) && !slices.ContainsFunc(way, func(name topics.Name) bool { return name.Key() == p.key }) {
			return true
		}
	}
	return false
}
