package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// Where nobody hears everybody (view.go), a member is heard by its neighbours and known by their word to all others. This is
// how one becomes the other.

// isPartial reports whether this node listens to a few of many.
func (m *Machine) isPartial() bool {
	v, ok := m.view.(*partial)
	return ok && v.on
}

// hearsFew reports whether it is no fault of a link that a member does not list this node: one of the two listens to a few of many.
// A node with another Config.FullMesh, or started after the mesh had shrunk a little, listens to all of those who do. They show it:
// they tell of others, which in a full mesh nobody has to, doubt nothing, and list less than half of those that are known here.
func (m *Machine) hearsFew(p *peer) bool {
	return m.isPartial() || p.telling.stands > 0 && p.row.complete && !p.says.degraded &&
		m.Known() >= leastMesh-leastMesh/fullAgain && 2*p.row.has.count() <= m.Known()
}

// heardEnough reports whether one which is heard and does not list this node is to be left at that.
func (m *Machine) heardEnough(p *peer) bool { return m.voice.hear >= audienceOf && m.hearsFew(p) }

// heardAny reports whether this node's messages reach others though those by whose word they are members may not hear it.
func (m *Machine) heardAny() bool { return m.isPartial() && m.voice.hear > 0 }

// hearsByOthers reports whether a neighbour that does not hear this node gets its messages all the same, by a relay: it has
// as many neighbours as it takes.
func (m *Machine) hearsByOthers(p *peer) bool {
	return p.feed.carries() && !p.row.hearsMe && p.row.complete && m.voice.hear > 0 && m.hearsFew(p)
}

// lookView draws the neighbours anew, and at the end of a round gives those up that are too many.
func (m *Machine) lookView(round bool) {
	v, ok := m.view.(*partial)
	if !ok {
		return
	}
	if v.size(m.count[Alive]+m.count[Far], m.count[Candidate]) {
		m.linkAll()
	}
	if m.far.eager != v.on {
		m.far.eager = v.on
		m.markFar()
		m.nearAt = 0 // others are near
		m.stirAll()
	}
	if v.on {
		m.settleDraw(v)
		m.drawNeighbours(v, round)
	}
}

// growView makes the mesh a partial one within a round where so many names are met, and draws anew once it has doubled.
func (m *Machine) growView() {
	v, ok := m.view.(*partial)
	if ok && (!v.on && m.Known()+m.count[Candidate] > v.most || m.doubled(v)) {
		m.lookView(false)
	}
}

// heed has a neighbour tell of others, and nobody else: in a partial mesh a telling has nearly all names, and many are heard
// for a moment.
func (m *Machine) heed(p *peer) {
	l := p.reach.link
	if l == nil || !l.proven {
		return
	}
	if wanted := m.heeds(p); l.follows != wanted {
		l.follows = wanted
		m.do(Follow{Link: l.id, Cancel: !wanted})
	}
	if !l.follows && p.telling.number > 0 {
		m.clearTelling(p) // it may have come over a former link, and nobody says any more what changes
	}
}

// heeds reports whether a peer is to tell of others: any in a full mesh, and as many neighbours as it takes. One that is
// leaving keeps none of the others from it.
func (m *Machine) heeds(p *peer) bool {
	v, ok := m.view.(*partial)
	if !ok || !v.on || !v.chosen.has(p.slot) {
		return m.view.links(p)
	}
	if p.reach.link != nil && p.reach.link.follows {
		return true
	}
	others := 0
	v.chosen.each(func(i int) {
		if q := m.slots[i]; q != p && (!v.parting.has(i) || v.parting.has(p.slot)) && q.reach.link != nil && q.reach.link.follows {
			others++
		}
	})
	return others < m.tellersWanted()
}

// takeIn has one that is heard from now on be a neighbour until the next draw, where few of the drawn ones are heard as yet.
func (m *Machine) takeIn(p *peer) {
	v, ok := m.view.(*partial)
	if !ok || !v.on || v.chosen.has(p.slot) {
		return
	}
	heard := 0
	v.chosen.each(func(i int) {
		if m.slots[i].state == Alive {
			heard++
		}
	})
	if heard < drawnMost {
		v.chosen.set(p.slot)
		v.parting.set(p.slot)
	}
}

// drawNeighbours draws them anew, and at the end of a round gives those up that are too many.
func (m *Machine) drawNeighbours(v *partial, round bool) {
	var extra []*peer
	peers := make([]*peer, 0, len(m.lotted))
	for _, l := range m.lotted { // in their order already: to sort them costs next to nothing
		p := m.slots[l.slot]
		if p.state == Alive || p.state == Far || p.state == Candidate && p.reach.tries == 0 && p.named() {
			peers = append(peers, p)
		}
	}
	old := slices.Clone(v.chosen)
	found := v.draw(peers, m.voice.hear)
	v.keep(old, peers)
	old.each(func(i int) {
		if p := m.slots[i]; m.stillCounts(p) {
			v.chosen.set(i) // what it said is to count still when it is heard again
		}
	})
	turn := func(i int) {
		if p := m.slots[i]; p.state == Alive {
			m.far.due = true
			m.markWords(p)
		}
	}
	v.chosen.diff(old, turn, turn)
	for _, p := range found {
		if p.state != Alive {
			m.want(p, due, max(classVouched, p.classOf()))
		}
	}
	for _, p := range peers {
		if p.state == Alive && !v.chosen.has(p.slot) {
			m.heed(p)
		}
	}
	for _, p := range peers {
		if p.state == Alive {
			m.heed(p)
		}
		if p.state != Alive && p.reach.waiting(DiscoveryPort) != nil && !v.links(p) {
			m.spare(p)
		}
		if round && p.state == Alive && !v.links(p) && len(p.reach.flying(DiscoveryPort)) == 0 {
			extra = append(extra, p)
		}
	}
	slices.SortFunc(extra, func(a, b *peer) int { return cmp.Compare(b.lot, a.lot) })
	m.far.look(m)
	most := (len(extra) + partShare - 1) / partShare
	for _, p := range extra { // one that no neighbour hears stays, and holds none of the others up
		if most > 0 && m.part(p, func(by *peer) bool { return by.state == Alive && v.links(by) }, "no neighbour") {
			most--
		}
	}
}

// placeOf is where a peer stands in that order.
func (m *Machine) placeOf(p *peer) int {
	i, _ := slices.BinarySearchFunc(m.lotted, p.lot, func(l lotted, lot uint64) int { return cmp.Compare(l.lot, lot) })
	return i
}

// spare takes the dial back of one that need not be heard, which is dialled as the far members are.
func (m *Machine) spare(p *peer) {
	m.unqueue(p)
	many := max(m.count[Far], m.cfg.FullMesh) // there will be as many at least
	m.schedule(p, m.now+Time(m.rng.Float64()*float64(farWait(1, many, true, &m.cfg))))
}

// linkAll listens to everybody again.
func (m *Machine) linkAll() {
	for _, p := range m.slots {
		if p != nil && (p.state == Far || p.state == Candidate && p.due != never) {
			m.want(p, due, max(classVouched, p.classOf()))
		}
	}
}

// part makes a member a far one, where one of those that are heard, and that are good for it, hears it. It reports whether
// it did.
func (m *Machine) part(p *peer, good func(by *peer) bool, why string) bool {
	a := &p.attest
	via, _, short := m.vouchers(p, nil)
	if via = slices.DeleteFunc(via, func(by *peer) bool { return !good(by) }); len(via) == 0 {
		return false
	}
	a.via, a.rounds = via, farPatience
	a.meet(short, m.now)
	return m.fire(p, parted, why+strings.TrimPrefix(m.wordFor(p), "not heard here"))
}

// partSuspect gives up one that only this node does not hear: others are heard instead.
func (m *Machine) partSuspect(p *peer) bool {
	if !m.isPartial() || p.state != Suspect || m.now-p.since < settleRounds*m.cfg.Beat {
		return false
	}
	m.far.look(m)
	return m.part(p, m.current, "silent here")
}

// enterParted hangs up on one that becomes a far member. What was heard of it belongs to the time before.
func (m *Machine) enterParted(p *peer) {
	m.endWords(p)
	m.cutLists(p)
	m.unqueue(p)
	m.clearList(p)
	p.detector, p.reach.tries = detector{}, 0
	p.feed.due = m.now + feedStays*m.cfg.Beat
	m.wakeBy(p, p.feed.due)
	m.flow(p)
	m.schedule(p, m.after(farWait(1, m.count[Far], m.isPartial(), &m.cfg)))
}

// verified notes that a far member was heard, and hangs up: it is no neighbour.
func (m *Machine) verified(p *peer) {
	m.cutLists(p)
	m.clearList(p)
	p.detector, p.reach.tries, p.reach.failed = detector{}, 0, nil
	m.schedule(p, m.after(farWait(1, m.count[Far], m.isPartial(), &m.cfg)))
}
