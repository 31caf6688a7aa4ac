package relay

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"hearsay/topics"
)

// look takes in who is linked, and changes what is asked of relays.
func (j *Judge[T]) look(now time.Duration, view View) {
	j.began, j.view = min(j.began, now), view
	j.lookPresent(now, view)
	j.lookFew(now, view)
	for name := range j.starved {
		if !view.Linked(name) {
			delete(j.starved, name)
		}
	}
	if n := view.Number(); n == 0 || n != j.viewed || !j.plan.settled || len(j.starved) > 0 {
		j.lookPlan(now, view)
		j.viewed = n
	}
	j.forgetPasts(now)
	j.lookBudgets(now)
	j.lookSpares(now, view)
	j.lookMet(now, view)
	j.lookWatches(now, view)
	for name, at := range j.from {
		if now-at > fromTime {
			delete(j.from, name)
		}
	}
}

// lookPlan changes what is asked of relays.
func (j *Judge[T]) lookPlan(now time.Duration, view View) {
	said := len(j.says)
	j.says = j.plan.update(now, view, j.starved, j.says)
	for _, s := range j.says[said:] {
		if !s.Cancel {
			j.watch(now, s.To)
		}
	}
	for _, origin := range j.plan.turned {
		j.turned(now, origin)
		if _, ok := j.numberless[origin]; ok {
			j.says = append(j.says, Say{To: origin, Cancel: true})
		}
	}
	j.lookDirect(now, view)
}

// lookDirect takes in whose messages come over their own connections. It matters only while relays are asked.
func (j *Judge[T]) lookDirect(now time.Duration, view View) {
	before := j.direct
	j.direct = make(map[topics.Name]bool)
	if j.plan.idle() {
		return
	}
	var again []topics.Name
	view.EachLinked(func(name topics.Name) {
		j.direct[name] = true
		if !before[name] {
			again = append(again, name)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if !j.direct[name] {
			j.unlinked(now, name)
		}
	}
	if len(before) == 0 {
		return // relays are asked for the first time
	}
	for _, name := range again {
		j.heardItself(now, name)
	}
}

// unlinked asks for what an origin said last whose own connection has ended: copies of it were not taken while that brought it, and
// where nobody lists the origin no relay is asked for it anew.
func (j *Judge[T]) unlinked(now time.Duration, origin topics.Name) {
	for _, s := range j.of(origin) {
		j.tail(now, s)
	}
}

// heardItself drops what relays have said of an origin and is held: it is asked for itself. A stream that has not begun keeps it:
// nobody knows where to ask from, and the origin's connection may end before it says anything. There it is dropped when the origin
// has answered (opens).
func (j *Judge[T]) heardItself(now time.Duration, origin topics.Name) {
	for _, s := range j.of(origin) {
		if s.next == 0 {
			continue
		}
		if s.relayed || s.held.any(func(h held[T]) bool { return h.relayed }) {
			j.doubt(now, s)
		}
	}
}

// fromTime is how long it is remembered when something came from a member: longer than an answer is awaited.
const fromTime = 2 * answerTime

// turned asks for what an origin said before its relay was asked to relay.
func (j *Judge[T]) turned(now time.Duration, origin topics.Name) {
	j.replayByRelay(now, origin)
	for _, s := range j.of(origin) {
		if s.next > 0 {
			s.catchUp = true
			j.begin(now, s, 0)
		}
	}
}

// of returns the streams of an origin, in a fixed order.
func (j *Judge[T]) of(origin topics.Name) []*stream[T] {
	streams := slices.Clone(j.by[origin])
	slices.SortFunc(streams, func(a, b *stream[T]) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return streams
}
