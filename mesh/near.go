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

// restless are those that are not calm, in their order.
func (m *Machine) restless() iter.Seq[*peer] {
	var not bitset
	if m.isPartial() {
		not = m.far.all
	}
	return func(yield func(*peer) bool) {
		slots := m.slots
		for i := m.calm.not.next(0, not); i >= 0 && i < len(slots); i = m.calm.not.next(i+1, not) {
			if p := slots[i]; p != nil && !yield(p) {
				return
			}
		}
	}
}

// restlessOrCalling are those as well who listen to this node, and those of whom it was told that they do in vain.
func (m *Machine) restlessOrCalling() iter.Seq[*peer] {
	not := m.isPartial()
	return func(yield func(*peer) bool) {
		slots := m.slots
		for i := m.calm.not.next(0, nil); i >= 0 && i < len(slots); i = m.calm.not.next(i+1, nil) {
			p := slots[i]
			if p != nil && (!not || p.state != Far || p.origin.claims > 0 || p.oneWay.told || p.stale.told > 0) && !yield(p) {
				return
			}
		}
	}
}

// wakeNear does what is due for those that are near.
func (m *Machine) wakeNear() {
	if m.now >= m.nearAt {
		m.nearAt = never
		for p := range m.near() {
			m.wake(p)
			m.nearAt = min(m.nearAt, p.earliest())
		}
	}
	m.at(m.nearAt)
}

// wakeFar does what is due for far members, of a partial mesh.
func (m *Machine) wakeFar() {
	f := &m.far
	if !m.isPartial() {
		return
	}
	if m.now >= f.wakeAt {
		f.wakeAt = never
		f.all.each(func(i int) {
			p := m.slots[i]
			if p == nil {
				return // it went with another one
			}
			m.wake(p)
			f.wakeAt = min(f.wakeAt, p.earliest())
		})
	}
	m.at(f.wakeAt)
}

// wordStays is how many beats the words of a suspect count in a partial mesh: hundreds of names hang on them, and most
// suspects on a machine that is short of time are heard again. One at which nobody answers is believed no more at once.
const wordStays = 2

// stillCounts reports whether the words of one that is silent count still.
func (m *Machine) stillCounts(p *peer) bool {
	return p.state == Suspect && m.isPartial() && !p.detector.refusal && m.now-p.since < wordStays*m.cfg.Beat
}

// lapse has the words of suspects looked at again that count no more.
func (m *Machine) lapse() {
	m.far.silent.each(func(i int) {
		if p := m.slots[i]; p == nil || !m.stillCounts(p) {
			m.far.silent.clear(i)
			if p != nil {
				m.far.due = true
				m.markWords(p)
			}
		}
	})
}
