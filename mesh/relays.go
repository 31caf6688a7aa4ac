package mesh

import (
	"cmp"
	"slices"

	"hearsay/topics"
)

// Relays is what the rules about messages ask (package relay): whose messages come, and who could pass on those of others.
// It is as of one moment, and does not change with the machine. Names are keys.
type Relays struct {
	*index
	number uint64
	linked bitset // those that are heard, and whose messages come over a connection of their own
	known  bitset // those that are members by the word of others, in a partial mesh
	lacked bitset // those that some of them list and that are none of them
	rows   []listing
	few    bool // in a partial mesh
	sparse bool // some of those that are heard hear a few of many, or this node does
}

// index is all names of the table. It stands until another one comes, and is never written to: many looks have the same. One
// that went is in no set of theirs.
type index struct {
	names []topics.Name // by slot
	order []int32       // slots, by their names: a mesh that comes up has another index each second, and copies that faster than a map
}

// index returns that of now.
func (m *Machine) index() *index {
	if m.indexed == nil {
		x := &index{make([]topics.Name, len(m.slots)), slices.Clone(m.order)}
		for i, p := range m.slots {
			if p != nil {
				x.names[i] = p.key
			}
		}
		m.indexed = x
	}
	return m.indexed
}

// inOrder is where the slot of a name is, or would be, in the order of the names.
func (m *Machine) inOrder(key topics.Name) (at int, is bool) {
	return slices.BinarySearchFunc(m.order, key, func(slot int32, key topics.Name) int { return cmp.Compare(m.slots[slot].key, key) })
}

// listing is whom a linked peer lists, as a strict list of it says.
type listing struct {
	slot int
	has  bitset
}

// Relays returns that of now: the same one as before, where nothing of it has changed.
func (m *Machine) Relays() *Relays {
	r := &m.looked
	r.index, r.few = m.index(), m.isPartial()
	r.sparse = r.few
	r.linked, r.known, r.rows = r.linked[:0], nil, r.rows[:0]
	if r.few {
		r.known = m.far.all
	}
	for p := range m.near() {
		if !p.linked() {
			continue
		}
		r.linked.set(p.slot)
		r.sparse = r.sparse || m.hearsFew(p)
		if p.says.strict && p.row.known {
			r.rows = append(r.rows, listing{p.slot, p.row.has})
		}
	}
	r.lacked = append(r.lacked[:0], r.linked...) // and then those that are listed beside them
	for _, l := range r.rows {
		l.has.each(r.lacked.set)
	}
	for w := range r.linked {
		r.lacked[w] &^= r.linked[w]
	}
	r.lacked.each(func(i int) {
		if p := m.slots[i]; p.column.vouches == 0 || p.state == Alias || p.state == Left {
			r.lacked.clear(i)
		}
	})
	if m.relays == nil || !r.equals(m.relays) {
		number := uint64(1)
		if m.relays != nil {
			number += m.relays.number
		}
		m.relays = r.clone(number)
	}
	return m.relays
}

func (r *Relays) equals(other *Relays) bool {
	return r.index == other.index && r.few == other.few && r.sparse == other.sparse && r.linked.equals(other.linked) && r.known.equals(other.known) &&
		r.lacked.equals(other.lacked) && slices.EqualFunc(r.rows, other.rows, func(a, b listing) bool {
		return a.slot == b.slot && a.has.equals(b.has)
	})
}

// clone has nothing that the machine will write to.
func (r *Relays) clone(number uint64) *Relays {
	c := &Relays{index: r.index, number: number, few: r.few, sparse: r.sparse, rows: slices.Clone(r.rows)}
	c.linked, c.known, c.lacked = slices.Clone(r.linked), slices.Clone(r.known), slices.Clone(r.lacked)
	for i := range c.rows {
		c.rows[i].has = slices.Clone(c.rows[i].has)
	}
	return c
}

// Number is another one whenever anything else has changed.
func (r *Relays) Number() uint64 { return r.number }

func (p *peer) linked() bool { return p.state == Alive && p.feed.link != nil }

func (r *Relays) slot(name topics.Name) (int, bool) {
	i, ok := slices.BinarySearchFunc(r.order, name, func(slot int32, name topics.Name) int { return cmp.Compare(r.names[slot], name) })
	if !ok {
		return 0, false
	}
	return int(r.order[i]), true
}

// Linked reports whether a peer is heard and its messages come over a connection of their own.
func (r *Relays) Linked(name topics.Name) bool {
	i, ok := r.slot(name)
	return ok && r.linked.has(i)
}

// EachLinked calls f with every such peer.
func (r *Relays) EachLinked(f func(topics.Name)) { r.linked.each(func(i int) { f(r.names[i]) }) }

// Listers returns the linked peers whose strict list has a name.
func (r *Relays) Listers(name topics.Name) (listers []topics.Name) {
	i, ok := r.slot(name)
	for _, l := range r.rows {
		if ok && l.has.has(i) {
			listers = append(listers, r.names[l.slot])
		}
	}
	return listers
}

// Known reports whether a name is a member by the word of others, in a partial mesh.
func (r *Relays) Known(name topics.Name) bool {
	i, ok := r.slot(name)
	return ok && r.known.has(i)
}

// Partial reports whether this node hears a few of many, as all others do.
func (r *Relays) Partial() bool { return r.few }

// Sparse reports whether this node or a member that it hears listens to a few of many: requests to some take relays then.
func (r *Relays) Sparse() bool { return r.sparse }

// EachUnheard calls f with every name that some linked peer lists and that is not linked itself.
func (r *Relays) EachUnheard(f func(topics.Name)) { r.lacked.each(func(i int) { f(r.names[i]) }) }
