package mesh

import (
	"slices"
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
	number    uint64
	stands    uint64 // the number that its last beat had
	ways      []path
	sums      []uint32 // of their names: most that are looked for are found by theirs
	has       bitset   // by slot: those of its names that are in the table
	in        []int32  // and which way leads to each
	unlearned []toldName
	size      int // names in all
	missed    int // beats in a row that name another one
}

// path is one that leads to some of the names of a telling.
type path struct {
	names []topics.Name
	used  int // by so many of them
}

// toldName is a name of a telling that is not in the table.
type toldName struct {
	name topics.Name
	way  int32
}

// way is by way of whom the peer knows another; nil if it does not tell of it.
func (t *telling) way(x *peer) []topics.Name {
	if !t.has.has(x.slot) {
		return nil
	}
	return t.ways[t.in[x.slot]].names
}

// wayOf is the number of a way. Known says that it may have one.
func (t *telling) wayOf(names []topics.Name, known bool) int32 {
	sum := sumOf(names)
	if known {
		for i, s := range t.sums {
			if s == sum && slices.Equal(t.ways[i].names, names) {
				return int32(i)
			}
		}
		if i := slices.IndexFunc(t.ways, func(w path) bool { return w.used == 0 }); i >= 0 {
			t.ways[i].names, t.sums[i] = names, sum
			return int32(i)
		}
	}
	t.ways, t.sums = append(t.ways, path{names: names}), append(t.sums, sum)
	return int32(len(t.ways) - 1)
}

// sumOf is the FNV-1a sum of the letters of names.
func sumOf(names []topics.Name) uint32 {
	sum := uint32(2166136261)
	for _, name := range names {
		for i := range len(name) {
			sum = (sum ^ uint32(name[i])) * 16777619
		}
	}
	return sum
}

// forget takes a peer out that is dropped: it is to be learned again.
func (t *telling) forget(p *peer) {
	if t.has.has(p.slot) {
		t.has.clear(p.slot)
		t.unlearned = append(t.unlearned, toldName{p.name, t.in[p.slot]})
	}
}

// onTold takes what a peer tells. It counts while the peer is alive.
func (m *Machine) onTold(ev Told) {
	l := m.links[ev.Link]
	if l == nil || l.port != DiscoveryPort || !l.proven || labelOf(&ev.Header) != m.cfg.Mesh {
		m.stats.Stray++
		return
	}
	p := l.peer
	if l == p.twins.link || !l.follows || ev.Header.Incarnation != p.line.Incarnation() || ev.Header.Told == 0 {
		m.stats.Stray++
		return
	}
	t := &p.telling
	switch {
	case !ev.Change:
		m.clearTelling(p)
	case ev.Header.Told <= t.number:
		return // it came with the whole
	case t.number == 0 || ev.Header.Told != t.number+1:
		m.stats.Stray++
		t.missed = max(t.missed, toldMisses-1)
		return
	default:
		m.far.due = true
		m.untell(p, ev.Records)
	}
	t.number = ev.Header.Told
	waiting := len(t.unlearned) > 0
	behind := t.number < t.stands // it is of some time ago, and what has changed since follows
	for _, r := range ev.Records {
		if len(r.Way) == 0 {
			continue
		}
		if slices.ContainsFunc(r.Way, func(name topics.Name) bool { return name.Key() == m.key }) {
			m.stats.Rumours += uint64(len(r.Hears)) // it has them from this node
			continue
		}
		if m.far.told+len(r.Hears) > toldMost && !m.hush(p, len(r.Hears)) {
			m.stats.Rumours += uint64(len(r.Hears))
			continue
		}
		w := t.wayOf(r.Way, ev.Change)
		t.ways[w].used += len(r.Hears)
		t.size += len(r.Hears)
		m.far.told += len(r.Hears)
		for _, name := range r.Hears {
			if u := (toldName{name, w}); behind || !m.learnOne(p, u) {
				t.unlearned = append(t.unlearned, u)
			}
		}
	}
	if !behind && waiting {
		m.learnTelling(p)
	}
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

// learnTelling goes on with the names of a telling that are not in the table.
func (m *Machine) learnTelling(p *peer) {
	t := &p.telling
	rest := t.unlearned[:0]
	for _, u := range t.unlearned {
		if !m.learnOne(p, u) {
			rest = append(rest, u)
		}
	}
	if t.unlearned = rest; len(rest) == 0 {
		t.unlearned = nil
	}
}

// learnOne looks a name of a telling up, and learns it as far as the quota of its teller goes. It reports whether it is done
// with it.
func (m *Machine) learnOne(p *peer, u toldName) bool {
	t := &p.telling
	q := m.peers[u.name]
	if q == nil {
		key := u.name.Key()
		if key != u.name {
			q = m.peers[key]
		}
		if q == nil && key != m.key {
			if !m.affords(p.asSource()) {
				m.stats.OverQuota++
				return false
			}
			if q = m.learn(hint{u.name, byList, p.asSource()}); q == nil {
				return false
			}
		}
	}
	if q == nil || q == p || t.has.has(q.slot) {
		m.unsay(t, u.way) // of whoever is told of here
		return true
	}
	t.take(q, u.way)
	m.far.mark(q)
	m.listed(p, q)
	return true
}

// take notes that a name is in the table.
func (t *telling) take(q *peer, way int32) {
	t.has.set(q.slot)
	if q.slot >= len(t.in) {
		t.in = append(t.in, make([]int32, q.slot+1-len(t.in))...)
	}
	t.in[q.slot] = way
	q.attest.tellers++
}

// unsay counts one name less.
func (m *Machine) unsay(t *telling, way int32) {
	t.ways[way].used--
	t.size--
	m.far.told--
}

// untell takes names out of a telling that are told no more, or by another way.
func (m *Machine) untell(p *peer, records []topics.Record) {
	t := &p.telling
	var others map[topics.Name]bool // that are not in the table
	if len(t.unlearned) > 0 {
		others = make(map[topics.Name]bool)
	}
	for _, r := range records {
		for _, name := range r.Hears {
			q := m.peers[name]
			if q == nil {
				q = m.peers[name.Key()]
			}
			switch {
			case q != nil && t.has.has(q.slot):
				t.has.clear(q.slot)
				q.attest.tellers--
				m.far.mark(q)
				m.unsay(t, t.in[q.slot])
			case others != nil:
				others[name.Key()] = true
			}
		}
	}
	t.unlearned = slices.DeleteFunc(t.unlearned, func(u toldName) bool {
		out := others[u.name.Key()]
		if out {
			m.unsay(t, u.way)
		}
		return out
	})
}

// learnTold goes on with the names for which there was no room. It reports whether there was some for any.
func (m *Machine) learnTold() (some bool) {
	for p := range m.near() {
		if n := len(p.telling.unlearned); n > 0 && p.telling.number >= p.telling.stands && p.state == Alive && m.affords(p.asSource()) {
			m.learnTelling(p)
			some = some || len(p.telling.unlearned) < n
		}
	}
	return some
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
	*t = telling{stands: t.stands, has: t.has[:0], in: t.in}
}

// whole reports whether it is what the peer's last beat said that it tells.
func (t *telling) whole() bool { return t.number == t.stands && t.missed == 0 }

// missesTelling asks for a telling that did not come, as for a list: who subscribes anew is told it.
func (m *Machine) missesTelling(p *peer, h *topics.Header) {
	t := &p.telling
	if l := p.reach.link; h.Told == t.number || l != nil && !l.follows {
		t.missed = 0
		return
	}
	if t.missed++; t.missed >= toldMisses {
		t.missed = 0
		m.askList(p)
	}
}

// wayTo is the way to a far member: over the one of those by whose word it is one that comes first by name. It stands until the
// next call.
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
		m.far.way = append(m.far.way[:0], first.name)
		return m.far.way
	}
	way := first.telling.way(p)
	if way == nil {
		return nil
	}
	m.far.way = append(append(m.far.way[:0], first.name), way...)
	return m.far.way
}

// newsFor reports whether some member does not hear a far one, nor the first of the way to it, who would tell it too.
func (m *Machine) newsFor(x *peer, way []topics.Name) bool {
	first := m.peers[way[0].Key()]
	for p := range m.near() {
		if p == first || p.state != Alive || !p.says.strict || !p.row.known || p.row.has.has(x.slot) {
			continue
		}
		if !p.row.has.has(first.slot) && !slices.ContainsFunc(way, func(name topics.Name) bool { return name.Key() == p.key }) {
			return true
		}
	}
	return false
}
