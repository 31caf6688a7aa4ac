package relay

import (
	"maps"
	"slices"
	"time"

	"hearsay/topics"
)

// watch is that a member was newly asked to relay, in a partial mesh. It tells which numbers it has, for watchTime after it was
// asked last to relay something new, or came up again: what it was said before that it does not pass on, and of whoever says
// nothing more no message shows what is missing.
type watch struct {
	due   bool          // it is to be asked which numbers it has
	on    bool          // it was, and tells them
	at    time.Duration // when it was asked last
	tryAt time.Duration // when to ask it again, as it was asked too much
	waits []wanted      // what it has told of, and cannot be asked for as yet
}

// wanted is what one that is watched has told.
type wanted struct {
	Stream
	number uint64
}

const (
	watchTime   = 5 * time.Second // that one is watched: on a machine that is short of time it answers after some seconds
	watchForget = time.Minute     // after which one may have pasts asked for again
	watchMost   = 1024            // streams that wait: as many as a list has names
	watchAtOnce = farOpenings / 4 // that one is asked for at a time: who makes them up leaves room for the others
	watchesMost = 256             // members that are watched: more than anybody in a partial mesh hears
)

// lookFew takes in whether the mesh is a partial one. Where it has become one, all that are asked to relay are
// watched: in a full mesh each of them is asked for all that it is relayed.
func (j *Judge[T]) lookFew(now time.Duration, view View) {
	switch few := view.Partial(); {
	case few == j.spares.few:
		return
	case !few:
		for _, member := range slices.Sorted(maps.Keys(j.watches)) {
			j.unwatch(member)
		}
		clear(j.watches)
	}
	j.spares.few = view.Partial()
	for name, until := range j.plan.fars {
		if until == never {
			j.watch(now, name)
		}
	}
}

// watch has a member asked which numbers it has.
func (j *Judge[T]) watch(now time.Duration, member topics.Name) {
	if !j.spares.few {
		return
	}
	w := j.watches[member]
	if w == nil {
		if len(j.watches) >= watchesMost {
			return
		}
		w = &watch{at: now - j.cfg.Beat}
		j.watches[member] = w
	}
	w.due = true
}

// tells reports whether a member was asked to tell which numbers it has.
func (j *Judge[T]) tells(member topics.Name) bool {
	w := j.watches[member]
	return w != nil && w.on || j.spares.bytes[member] > 0
}

// watchesThat returns those members whose watch is so, in a fixed order. At rest there are a dozen, and none.
func (j *Judge[T]) watchesThat(are func(*watch) bool) (members []topics.Name) {
	for member, w := range j.watches {
		if are(w) {
			members = append(members, member)
		}
	}
	slices.Sort(members)
	return members
}

// lookWatches asks those that are to be watched, once a beat at most, and ends what has gone on for long enough.
func (j *Judge[T]) lookWatches(now time.Duration, view View) {
	for _, member := range j.watchesThat(func(w *watch) bool { return w.due || w.on || len(w.waits) > 0 || now-w.at > watchForget }) {
		w := j.watches[member]
		switch linked := view.Linked(member); {
		case linked && w.due && now-w.at >= j.cfg.Beat:
			if j.tells(member) { // it tells all of late to who asks anew
				j.says = append(j.says, Say{To: member, Topic: topics.Newest, Cancel: true})
			}
			j.says = append(j.says, Say{To: member, Topic: topics.Newest})
			w.due, w.on, w.at = false, true, now
		case w.on && (!linked || now-w.at > watchTime):
			j.unwatch(member)
		case now-w.at > watchForget:
			delete(j.watches, member)
		}
		if !w.on && now-w.at > watchTime+openTime {
			for _, r := range w.waits {
				if !j.speaks(now, r.Origin) {
					j.stats.Overasked++
				}
			}
			w.waits = nil
		}
	}
}

// unwatch ends that one tells, unless it does as it is spared.
func (j *Judge[T]) unwatch(member topics.Name) {
	w := j.watches[member]
	before := w.on
	if w.on = false; before && !j.tells(member) {
		j.says = append(j.says, Say{To: member, Topic: topics.Newest, Cancel: true})
	}
}

// heeds reports whether a member that is watched is believed to have numbers of an origin.
func (j *Judge[T]) heeds(via, origin topics.Name) bool {
	w := j.watches[via]
	return w != nil && w.on && j.relaysOf(via, origin)
}

// relaysOf reports whether a member was asked to relay an origin.
func (j *Judge[T]) relaysOf(via, origin topics.Name) bool {
	return j.plan.fars[via] == never || j.plan.relayOf(origin) == via
}

// watched takes in what one that is watched tells of a stream.
func (j *Judge[T]) watched(now time.Duration, via topics.Name, m Stream, number uint64, out []Delivery[T]) []Delivery[T] {
	w := j.watches[via]
	waits, out := j.consider(now, via, m, number, out)
	if waits && !slices.ContainsFunc(w.waits, func(r wanted) bool { return r.Stream == m }) {
		if len(w.waits) < watchMost {
			w.waits = append(w.waits, wanted{m.clone(), number})
		} else {
			j.stats.Overasked++
		}
	}
	return out
}

// consider has one asked for what did not come, and reports whether that has to wait.
func (j *Judge[T]) consider(now time.Duration, via topics.Name, m Stream, number uint64, out []Delivery[T]) (waits bool, _ []Delivery[T]) {
	if j.isOpening(m) {
		return true, out // what is asked already may not be all, or its answer may not come
	}
	if j.speaks(now, m.Origin) {
		return j.streams[m] == nil && number >= j.base(m) && !j.wasHere(m), out // its connection may end before it says that
	}
	s := j.streams[m]
	if s == nil {
		m = m.clone()
		switch later, known := j.isLaterLife(now, via, m); {
		case later:
			s, out = j.follow(now, m, 1, via, out)
			s.rumour = true
		case known && j.hasEarlier(m): // a life between others may be made up, and one after them begins with what comes
			return false, out
		case !j.begun(now, m):
			return j.wantsPast(now, via, m, number), out
		case number < j.base(m):
			return false, out
		default:
			s, out = j.follow(now, m, j.base(m), via, out)
		}
	}
	j.takeHint(now, s, via, number)
	return false, out
}

// hasEarlier reports whether a stream is followed that is of an earlier life of the same origin.
func (j *Judge[T]) hasEarlier(m Stream) bool {
	return slices.ContainsFunc(j.by[m.Origin], func(s *stream[T]) bool { return s.Topic == m.Topic && s.Incarnation < m.Incarnation })
}

// wantsPast has one asked for the past of a stream, and reports whether that has to wait.
func (j *Judge[T]) wantsPast(now time.Duration, via topics.Name, m Stream, number uint64) (waits bool) {
	switch {
	case j.had(now, via, m):
		return false
	case !j.hasRoom(via) || now < j.watches[via].tryAt:
		return true
	case j.replays():
		waits = !j.asksPast(now, via, j.past(now, m), 0)
	default:
		waits = !j.begins(now, via, m, number)
	}
	if waits {
		j.watches[via].tryAt = now + putOff
	}
	return waits
}

// hasRoom reports whether one more question for a past can be under way, to one that is watched.
func (j *Judge[T]) hasRoom(via topics.Name) bool {
	return j.openings.under[via] < watchAtOnce && j.openings.hasRoom(via)
}

// lookWanted asks for what had to wait.
func (j *Judge[T]) lookWanted(now time.Duration, out []Delivery[T]) []Delivery[T] {
	for _, member := range j.watchesThat(func(w *watch) bool { return len(w.waits) > 0 && now >= w.tryAt }) {
		w := j.watches[member]
		waiting := w.waits
		w.waits = nil
		for i, r := range waiting {
			if !j.hasRoom(member) || now < w.tryAt {
				w.waits = append(w.waits, waiting[i:]...)
				break
			}
			waits := false
			if j.relaysOf(member, r.Origin) && j.Admits(r.Origin) && (j.cfg.Wants == nil || j.cfg.Wants(r.Topic)) {
				waits, out = j.consider(now, member, r.Stream, r.number, out)
			}
			if waits {
				w.waits = append(w.waits, r)
			}
		}
	}
	return out
}
