package sim

import (
	"time"

	"hearsay/mesh"
)

// What a machine costs others and itself: dials, lists, and entries of its table. A hello is a dial, too.

const (
	flyingMost  = 64 // S8: dials under way
	unheardMost = 1024
	pairBurst   = 24 // dials of one port of one name at once: two budgets of signs of life, what they led to, and as much again
	pairEvery   = 1  // and then one in so many beats, beside one for each hello in its name
	restBurst   = 16 // dials of all when nothing has gone wrong for a while
	restPerBeat = 2
	restAfter   = time.Minute // is that while, in which nobody was lost and nobody came back either
	gravesLeast = 16          // S13: the departed that are remembered
	gravesEach  = 2           // and for each member
	forgiven    = 1.25        // not counting those with a worse past than this
	early       = 0.9         // S14: of the time between two lists, as it is drawn
)

// leaky is a bucket that leaks: what is in it came too fast.
type leaky struct {
	level float64
	at    time.Duration
}

// add pours one in, and returns how many there are.
func (b *leaky) add(now, every time.Duration) float64 {
	b.level = max(0, b.level-float64(now-b.at)/float64(every)) + 1
	b.at = now
	return b.level
}

// checkDial is a part of S8: dials under way are bounded, and so are those of one name, and all of them at rest.
func (a *watch) checkDial(p *process, d mesh.Dial) {
	i, j := p.host.id, a.index(d.Target)
	e, v, beat := &a.eyes[i], a.view(i, j), a.w.profile.Beat
	if e.flying++; e.flying > flyingMost {
		a.w.violate("S8", i, -1, "%d dials under way", e.flying)
	}
	if n := v.dials[d.Port].add(a.w.now, pairEvery*beat); n > pairBurst {
		a.w.violate("S8", i, j, "dialled %.0f times more than once in %v", n, pairEvery*beat)
	}
	if a.w.now < max(a.w.calm, a.turned)+restAfter {
		e.rest = leaky{}
	} else if n := e.rest.add(a.w.now, beat/restPerBeat); n > restBurst {
		a.w.violate("S8", i, j, "%.0f dials more than one in %v, though nothing happens", n, beat/restPerBeat)
	}
}

// checkLists is S14: a whole list goes out to all when who is alive has changed, and else once in a Refresh.
func (a *watch) checkLists(p *process) {
	e := &a.eyes[p.host.id]
	e.lists++
	owed := 1 + e.turns + int(float64(p.clock())/(early*float64(a.w.profile.Refresh)))
	if e.lists > owed {
		a.w.violate("S14", p.host.id, -1, "%d whole lists, where %d were owed", e.lists, owed)
	}
}

// checkTable is the other part of S8, and S13: names never heard are bounded, and so are the departed that nobody lists
// and that have no past to keep, whenever a round has judged them.
func (a *watch) checkTable(p *process, m Accounts, members []mesh.Member) {
	i := p.host.id
	if s := m.Stats(); s.Candidates > unheardMost || s.Peers > a.w.profile.MaxPeers {
		a.w.violate("S8", i, -1, "%d peers, %d of them never heard", s.Peers, s.Candidates)
	}
	stay, gone := 0, 0
	for _, x := range members {
		switch {
		case x.State.Member():
			stay++
		case x.State != mesh.Left && x.State != mesh.Quarantined, x.Seed, x.Addr != "", x.Listed, x.Penalty > forgiven:
		default:
			gone++
		}
	}
	if most := max(gravesLeast, gravesEach*stay); a.eyes[i].judged && gone > most {
		a.w.violate("S13", i, -1, "%d departed are remembered by one of %d members, at most %d may be", gone, stay, most)
	}
}
