package mesh

import "iter"

// In a partial mesh nearly all peers are far members, and each node has as many of them as the mesh has nodes. So what is
// done each round, or each time that something is due, is done for the others alone.

// near are the peers in their order, without the far members where nobody hears everybody.
func (m *Machine) near() iter.Seq[*peer] {
	var not bitset
	if m.isPartial() {
		not = m.far.all
	}
	return func(yield func(*peer) bool) {
		for i, p := range m.slots {
			if p != nil && !not.has(i) && !yield(p) {
				return
			}
		}
	}
}

// wakeFar does what is due for far members, of a partial mesh.
func (m *Machine) wakeFar() {
	f := &m.far
	if !m.isPartial() {
		return
	}
	for _, p := range m.seeds {
		if p.state == Far {
			m.wake(p)
		}
	}
	if m.now >= f.wakeAt {
		f.wakeAt = never
		f.all.each(func(i int) {
			p := m.slots[i]
			if p == nil {
				return // it went with another one
			}
			m.wake(p)
			f.wakeAt = min(f.wakeAt, p.due, p.feed.due, p.reach.helloDue, p.reach.againDue)
		})
	}
	m.at(f.wakeAt)
}
