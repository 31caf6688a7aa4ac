package mesh

import (
	"math"
	"slices"
	"time"
)

// A large mesh that starts changes faster than its changes can be told: each node meets ever better neighbours, gives others
// up for them, and all that these told is gone, and told of as gone. So while it grows, what would be a sign of death at rest
// is none. Those that are heard stay neighbours until the mesh has doubled, few tell, no name is held, and a name of which
// nobody speaks any more stays. That ends a few rounds after the last large step, and later on a machine that is short of time:
// what comes at its end, new neighbours and words about all of them, would keep it so.
//
// The dead stay, too, and are told of meanwhile. So it takes a leap: newcomers that replace others a few at a time are none, or
// the dead of a deploy would be members until its end. Nor is one what a newcomer is told of a mesh that was there before.

const (
	growRounds = 2   // rounds in which a mesh that grows has
	growPart   = 16  // more than so small a part of its members come
	calmRounds = 7   // rounds after which the neighbours drawn then are heard, and what they tell is known
	leapPart   = 2   // a leap is more than such a part in so many rounds
	peakFades  = 256 // so small a part of the most that there were is forgotten in a round: half of it in three minutes
	lateRounds = 3   // rounds in a row that do not count on a machine that is short of time
	growTimes  = 2   // and all neighbours are drawn anew, once it is so many times as large
)

// lateLag is how late the ticks are of a machine that is short of time.
const lateLag = 100 * time.Millisecond

// growth is how many members there were at the ends of the last rounds, the newest first, and the most there were before. What
// was lost and comes back is no growth: words about the dead would go round.
type growth struct {
	last   [calmRounds + 1]int
	peak   int // in parts of peakFades, or the most of a few members would not fade
	rounds int // there were, as far as they matter
	late   int // in a row that were not noted
}

// note takes in how many there are at the end of a round.
func (g *growth) note(members int) {
	g.peak = max(g.peak-g.peak/peakFades, g.last[calmRounds]*peakFades)
	copy(g.last[1:], g.last[:])
	g.last[0] = members
	g.rounds = min(g.rounds+1, len(g.last))
}

// on reports whether there are many more now than growRounds ago, and before.
func (g *growth) on(members int) bool {
	was := max(g.peak/peakFades, slices.Max(g.last[growRounds:]))
	return members-was > was/growPart
}

// leaps reports whether there are so many more than a few rounds ago, or at the end of the first round, and before.
func (g *growth) leaps(members int) bool {
	if g.rounds == 0 {
		return false
	}
	was := max(g.peak/peakFades, g.last[g.rounds-1])
	return members-was > was/leapPart
}

// noteGrowth takes in how many members there are at the end of a round. After a leap a round in which this machine is short of
// time counts a quarter.
func (m *Machine) noteGrowth() {
	v, ok := m.view.(*partial)
	if ok && !v.growth.skips(m.lag > lateLag && m.unsettled()) {
		v.growth.note(m.Known())
	}
}

// skips reports whether a round is not noted, which may be one of many that are late.
func (g *growth) skips(late bool) bool {
	if late && g.late < lateRounds {
		g.late++
		return true
	}
	g.late = 0
	return false
}

// growing reports whether a partial mesh has many more members than a few rounds ago.
func (m *Machine) growing() bool {
	v, ok := m.view.(*partial)
	return ok && v.on && v.growth.on(m.Known())
}

// unsettled reports whether one leapt a moment ago: its neighbours are drawn anew then.
func (m *Machine) unsettled() bool {
	v, ok := m.view.(*partial)
	return ok && v.on && v.growth.leaps(m.Known())
}

// doubled reports whether one that grows is so much larger than at the last draw that neighbours are drawn anew at once.
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
	if m.unsettled() {
		return toldFirst
	}
	return toldBy
}

// lingers reports whether a far member stays one for now though nobody speaks of it. It is looked at again each round.
func (m *Machine) lingers(p *peer, w witness) bool {
	if m.far.lingering.clear(p.slot); !w.far || w.vouch > 0 || p.attest.held > 0 || w.barred || w.refuted || !m.unsettled() {
		return false
	}
	m.far.lingering.set(p.slot)
	return true
}

// anyWay has any way to a far member be as good as the nearest so far, while the mesh grows.
func (a *attest) anyWay() {
	if a.held == 0 {
		a.near = math.MaxInt32
	}
}
