package mesh

import "math"

// A large mesh that starts changes faster than its changes can be told: each node meets ever better neighbours, gives others up
// for them, and all that these told is gone, and told of as gone. So while it grows, what would be a sign of death at rest is none.
// Those that are heard stay neighbours until the mesh has doubled, few tell, no name is held, and a name of which nobody speaks any
// more stays. That ends a few rounds after the last large step.

const (
	growRounds = 2  // rounds in which a mesh that grows has
	growPart   = 16 // more than so small a part of its members come
	growTimes  = 2  // and all neighbours are drawn anew, once it is so many times as large
)

// growth is how many members there were at the ends of the last rounds, the newest first.
type growth [growRounds + 1]int

// note takes in how many there are at the end of a round.
func (g *growth) note(members int) {
	copy(g[1:], g[:])
	g[0] = members
}

// on reports whether there are many more now.
func (g *growth) on(members int) bool {
	was := g[growRounds]
	return members-was > was/growPart
}

// noteGrowth takes in how many members there are at the end of a round.
func (m *Machine) noteGrowth() {
	if v, ok := m.view.(*partial); ok {
		v.growth.note(m.Known())
	}
}

// growing reports whether a partial mesh has many more members than a few rounds ago.
func (m *Machine) growing() bool {
	v, ok := m.view.(*partial)
	return ok && v.on && v.growth.on(m.Known())
}

// doubled reports whether one that grows is so much larger than at the last draw that the neighbours are to be drawn anew at once.
func (m *Machine) doubled(v *partial) bool {
	return v.on && v.sure && m.Known() >= growTimes*v.drawn && m.growing()
}

// settleDraw says whether those that are heard stay neighbours at the next draw.
func (m *Machine) settleDraw(v *partial) {
	if v.sticky = m.growing() && m.Known() < growTimes*v.drawn; !v.sticky {
		v.drawn = max(m.Known(), v.most)
	}
}

// tellersWanted is how many neighbours are to tell of others.
func (m *Machine) tellersWanted() int {
	if m.growing() {
		return toldFirst
	}
	return toldBy
}

// lingers reports whether a far member stays one for now though nobody speaks of it. It is looked at again each round.
func (m *Machine) lingers(p *peer, w witness) bool {
	if m.far.lingering.clear(p.slot); !w.far || w.vouch > 0 || p.attest.held > 0 || w.barred || w.refuted || !m.growing() {
		return false
	}
	m.far.lingering.set(p.slot)
	return true
}

// anyWay has any way to a far member be as good as the nearest so far, while the mesh grows.
func (a *attest) anyWay() {
	if a.held == 0 {
		a.near = math.MaxInt
	}
}
