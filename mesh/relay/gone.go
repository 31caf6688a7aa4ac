package relay

import (
	"slices"
	"time"

	"hearsay/topics"
)

// gone is an origin that is there no more, or not in that incarnation: what it said last may be with others alone, and no
// beat tells of it.
type gone struct {
	since       time.Duration
	incarnation int64
	begins      []begin       // of streams that nothing has come of
	sweeps      int           // that were begun
	due         time.Duration // it need not be looked at before, while the members are the same
}

// begin is where a stream is wanted from.
type begin struct {
	Stream
	number uint64
}

const (
	collectors  = 2                // that ask everybody for the last words of an origin; the others ask these alone
	collectTime = time.Second      // that they have for it, before they are asked
	sweeps      = 2                // times that it is done: a member that was frozen, or not connected yet, may have more
	sweepEvery  = 3 * time.Second  // between them
	sweepMost   = 30 * time.Second // that a stream is asked for in one of them, however much comes
	goneTime    = time.Minute      // after which nobody keeps what an origin said
	goneMost    = 4096             // origins: as many as a table of peers has
)

// lookPresent notes who is heard, itself or by what others list, and who is no more. One that is a member still, by the word of
// others, is not gone.
func (j *Judge[T]) lookPresent(now time.Duration, view View) {
	if now < j.presentDue {
		return
	}
	j.presentDue = now + j.cfg.Beat/4
	if n := view.Number(); n > 0 && n == j.presentOf {
		return
	}
	j.presentOf = view.Number()
	j.round++
	note := func(name topics.Name) { j.present[name] = j.round }
	view.EachLinked(note)
	view.EachUnheard(note)
	for origin, round := range j.present {
		if round != j.round && !view.Known(origin) {
			delete(j.present, origin)
			j.lost(now, origin)
		}
	}
}

// succeeded notes that an origin is heard in an incarnation: the one before will say nothing any more, and what it said the
// origin does not have.
func (j *Judge[T]) succeeded(now time.Duration, origin topics.Name, incarnation int64) {
	o, g := j.met[origin], j.gone[origin]
	if o != nil && o.incarnation < incarnation && (g == nil || g.incarnation != o.incarnation) {
		j.lost(now, origin)
	}
}

// lost notes that an origin is gone, in the incarnation in which it was heard last.
func (j *Judge[T]) lost(now time.Duration, origin topics.Name) {
	if origin == j.cfg.Self || !j.Admits(origin) || len(j.gone) >= goneMost {
		return
	}
	g := &gone{since: now}
	if o := j.met[origin]; o != nil {
		g.incarnation = o.incarnation
		for _, topic := range j.topics() {
			m := Stream{origin, o.incarnation, topic}
			if base := j.base(m); base > 0 && j.streams[m] == nil {
				g.begins = append(g.begins, begin{m, base})
			}
		}
	}
	j.gone[origin] = g
}

// topics are those that are received.
func (j *Judge[T]) topics() []string {
	if j.cfg.Topics == nil {
		return []string{topics.Message}
	}
	return j.cfg.Topics()
}

// lookGone has others asked for what those that are gone have said last.
func (j *Judge[T]) lookGone(now time.Duration, view View, out []Delivery[T]) []Delivery[T] {
	j.goneDue = never
	if len(j.gone) == 0 {
		return out
	}
	members := make([]topics.Name, 0, len(j.askable))
	view.EachLinked(func(name topics.Name) { members = append(members, name) })
	same := slices.Equal(members, j.askable)
	j.askable = members
	var origins []topics.Name
	for origin, g := range j.gone {
		if same && g.due > now && now-g.since <= goneTime { // who is to ask is the same as at the last look
			j.goneDue = min(j.goneDue, g.due)
			continue
		}
		origins = append(origins, origin)
	}
	slices.Sort(origins)
	for _, origin := range origins {
		g := j.gone[origin]
		if view.Partial() && len(g.begins) == 0 && len(j.of(origin)) == 0 {
			delete(j.gone, origin) // nothing came of it, as of most that those who are heard list no more
			continue
		}
		others := slices.DeleteFunc(slices.Clone(members), func(name topics.Name) bool { return name == origin })
		if now-g.since > goneTime || g.sweeps >= sweeps {
			delete(j.gone, origin)
			continue
		}
		due := g.since + j.cfg.Beat + time.Duration(g.sweeps)*sweepEvery
		order, collects := j.sweepers(origin, others)
		if !collects {
			due += collectTime
		}
		g.due = 0
		switch {
		case now < due:
			g.due = due
		case len(order) == 0: // it hears nobody, as yet
			due = now + j.cfg.Beat
		default:
			out = j.sweep(now, origin, g, order, out)
			due = now + sweepEvery
		}
		j.goneDue = min(j.goneDue, due)
	}
	return out
}

// sweepers are whom to ask for the last words of an origin, in their order. Somebody has the most of them, and nobody knows
// who: so a few, the same ones for all, ask everybody, and all others ask these.
func (j *Judge[T]) sweepers(origin topics.Name, others []topics.Name) (order []topics.Name, collects bool) {
	first := append(slices.Clone(others), j.cfg.Self)
	rank(origin, "", first)
	first = first[:min(collectors, len(first))]
	if slices.Contains(first, j.cfg.Self) {
		rank(origin, j.cfg.Self, others)
		return others, true
	}
	return first, false
}

// sweep has some asked once for what follows the last message of each stream of an origin.
func (j *Judge[T]) sweep(now time.Duration, origin topics.Name, g *gone, order []topics.Name, out []Delivery[T]) []Delivery[T] {
	g.sweeps++
	for _, b := range g.begins {
		_, out = j.follow(now, b.Stream, b.number, origin, out)
	}
	g.begins = nil
	_, present := j.present[origin]
	for _, s := range j.of(origin) {
		switch {
		case s.next == 0 || s.came > 0 && now-s.came > goneTime:
		case present && (j.met[origin] == nil || s.Incarnation >= j.met[origin].incarnation): // it says the rest itself
		default:
			s.catchUp = true
			j.begin(now, s, j.jitter())
			s.renew(now)
			s.catchUp, s.last, s.lastBy = true, order, now+sweepMost
		}
	}
	return out
}
