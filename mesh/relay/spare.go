package relay

import (
	"maps"
	"slices"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// spares is which ways of an origin's messages are spared: in a partial mesh several members are asked for all that they are
// relayed, and one brings each message first. The others are asked to leave that origin out.
type spares struct {
	few   bool          // in a partial mesh
	due   time.Duration // when to look after them again
	ways  map[topics.Name]*ways
	count int                 // of what is spared
	bytes map[topics.Name]int // of what a member was asked to leave out
	rate  rate.Bucket         // of what is spared
}

// ways is how an origin's messages come.
type ways struct {
	first  topics.Name                   // who brought the last one that was new; the origin, where it does itself
	came   time.Duration                 // when any came last
	again  map[topics.Name]int           // copies in a row that a member brought, and somebody else had brought
	spared []topics.Name                 // who was asked to leave the origin out, in the order of asking
	needed map[topics.Name]time.Duration // who had what the way that was left did not bring, and when
}

const (
	spareAfter  = 3           // copies in a row: which of two ways is the quicker one varies
	spareForget = time.Minute // without a message of an origin, until it is as one that never spoke
	spareMost   = 16 << 10    // bytes that one member is asked to leave out: its relays and these fit what an older one heeds
	spareCost   = 64          // of an origin beside its topic, as its server counts
	waysMost    = 1024        // origins
)

// spareLimit bounds how often members are asked, all together: who has it asked and taken back again and again is not to make
// one of them hang up, which takes a hundred subscriptions, cancellations and questions a second.
var spareLimit = rate.Limit{Burst: waysMost, Tokens: 16, Period: time.Second}

func newSpares() spares {
	return spares{ways: make(map[topics.Name]*ways), bytes: make(map[topics.Name]int)}
}

// waysOf returns those of an origin; nil: none are spared here.
func (j *Judge[T]) waysOf(origin topics.Name) *ways {
	if !j.spares.few {
		return nil
	}
	w := j.spares.ways[origin]
	if w == nil && len(j.spares.ways) < waysMost {
		w = &ways{again: make(map[topics.Name]int), needed: make(map[topics.Name]time.Duration)}
		j.spares.ways[origin] = w
	}
	return w
}

// brought notes that a relay has brought something new of an origin.
func (j *Judge[T]) brought(now time.Duration, via, origin topics.Name) {
	w := j.waysOf(origin)
	if w == nil {
		return
	}
	if relay := j.plan.relayOf(origin); relay == "" || w.first != relay { // else that was a little later each time
		delete(w.again, via)
	}
	w.first, w.came = via, now
}

// copied notes that a member has brought what was there. Of a relay that was asked for the origin alone, and is a hop from it,
// it is the other one that is one too many. What has no number can be asked for nowhere: its copies are all that it has.
func (j *Judge[T]) copied(now time.Duration, via, origin topics.Name, far bool, number uint64) {
	if number == 0 {
		return
	}
	w := j.waysOf(origin)
	if w == nil {
		return
	}
	w.came = now
	switch {
	case origin == j.cfg.Self || j.speaks(now, origin):
		w.first = origin
	case w.first == "":
		return // nobody knows who brought it
	case !far && w.first != via:
		via, w.first = w.first, via
	}
	if _, needed := w.needed[via]; needed || via == w.first || j.plan.fars[via] != never || slices.Contains(w.spared, via) {
		return
	}
	if w.again[via]++; w.again[via] >= spareAfter && j.brings(w, origin) {
		j.spare(now, w, via, origin)
	}
}

// brings reports whether the first way of an origin is one that it was asked to come.
func (j *Judge[T]) brings(w *ways, origin topics.Name) bool {
	return w.first == origin || w.first == j.plan.relayOf(origin) ||
		j.plan.fars[w.first] == never && !slices.Contains(w.spared, w.first)
}

// spare asks a member to leave an origin out, and to tell which numbers it has.
func (j *Judge[T]) spare(now time.Duration, w *ways, via, origin topics.Name) {
	topic := topics.SparedTopic(origin)
	if j.spares.bytes[via]+len(topic)+spareCost > spareMost || !j.spares.rate.Take(now, spareLimit) {
		return
	}
	if !j.tells(via) {
		j.says = append(j.says, Say{To: via, Topic: topics.Newest})
	}
	j.spares.bytes[via] += len(topic) + spareCost
	j.says = append(j.says, Say{To: via, Topic: topic})
	w.spared = append(w.spared, via)
	j.spares.count++
	j.stats.Prunes++
	delete(w.again, via)
}

// unspare takes that back at one member.
func (j *Judge[T]) unspare(w *ways, via, origin topics.Name) {
	topic := topics.SparedTopic(origin)
	j.spares.count--
	w.spared = slices.DeleteFunc(w.spared, func(name topics.Name) bool { return name == via })
	j.says = append(j.says, Say{To: via, Topic: topic, Cancel: true})
	if j.spares.bytes[via] -= len(topic) + spareCost; j.spares.bytes[via] == 0 {
		if delete(j.spares.bytes, via); !j.tells(via) {
			j.says = append(j.says, Say{To: via, Topic: topics.Newest, Cancel: true})
		}
	}
}

// graft has an origin come by all ways again, until it is found out anew which is the quickest.
func (j *Judge[T]) graft(now time.Duration, origin topics.Name) {
	w := j.spares.ways[origin]
	if w == nil {
		return
	}
	if len(w.spared) > 0 {
		j.stats.Grafts++
		late := slices.Clone(w.spared)
		for len(w.spared) > 0 {
			j.unspare(w, w.spared[0], origin)
		}
		j.owe(now, origin, late)
	}
	clear(w.again)
	w.first = ""
}

// owe has those that were spared asked for what they left out of an origin: they may tell of it no more.
func (j *Judge[T]) owe(now time.Duration, origin topics.Name, by []topics.Name) {
	for _, s := range j.of(origin) {
		if s.next == 0 || s.came > 0 && now-s.came > goneTime {
			continue
		}
		if !s.busy {
			j.begin(now, s, j.jitter())
		}
		s.owed = union(s.owed, by)
		s.lastBy = now + sweepMost
		switch {
		case s.last != nil:
			s.last = union(s.last, by)
		case s.sweeping:
			s.order = union(s.order, by)
		}
	}
}

// paid has one not asked again.
func (s *stream[T]) paid(by topics.Name) {
	if slices.Contains(s.owed, by) {
		s.owed = slices.DeleteFunc(slices.Clone(s.owed), func(name topics.Name) bool { return name == by })
	}
	if len(s.owed) == 0 {
		s.owed = nil
	}
}

// union is a slice of its own with those of both, each once.
func union(a, b []topics.Name) []topics.Name {
	both := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(both, name) {
			both = append(both, name)
		}
	}
	return both
}

// needs notes that one that is spared had what the way that is left did not bring: it stays, for a while.
func (j *Judge[T]) needs(now time.Duration, via, origin topics.Name) {
	if w := j.spares.ways[origin]; w != nil && j.plan.fars[via] == never {
		w.needed[via] = now
	}
}

// sparing are the origins of which ways are known, in a fixed order.
func (j *Judge[T]) sparing() []topics.Name { return slices.Sorted(maps.Keys(j.spares.ways)) }

// lookSpares takes back what was asked of those that are no ways any more, and of all ways where the one that is left is none.
func (j *Judge[T]) lookSpares(now time.Duration, view View) {
	if now < j.spares.due {
		return
	}
	j.spares.due = now + j.cfg.Beat/4
	for _, origin := range j.sparing() {
		w := j.spares.ways[origin]
		if j.direct[origin] {
			w.came = max(w.came, j.from[origin])
		}
		if !j.spares.few || now-w.came > spareForget {
			j.graft(now, origin)
			delete(j.spares.ways, origin)
			continue
		}
		maps.DeleteFunc(w.needed, func(_ topics.Name, at time.Duration) bool { return now-at > spareForget })
		maps.DeleteFunc(w.again, func(via topics.Name, _ int) bool { return j.plan.fars[via] != never })
		for _, via := range slices.Clone(w.spared) {
			if j.plan.fars[via] != never || !view.Linked(via) {
				j.unspare(w, via, origin)
				j.owe(now, origin, []topics.Name{via})
			}
		}
		if len(w.spared) > 0 && !j.stands(w, origin, view) {
			j.graft(now, origin)
		}
	}
}

// stands reports whether the way that is left of an origin is one still.
func (j *Judge[T]) stands(w *ways, origin topics.Name, view View) bool {
	if origin == j.cfg.Self {
		return true
	}
	return view.Linked(w.first) && j.brings(w, origin) && (w.first != origin || !j.starved[origin])
}

// unspareAt forgets what a member was asked to leave out: it has, with its connection. Where it is a way that is left, all others
// are asked again.
func (j *Judge[T]) unspareAt(now time.Duration, member topics.Name) {
	for _, origin := range j.sparing() {
		w := j.spares.ways[origin]
		if slices.Contains(w.spared, member) {
			j.unspare(w, member, origin)
		}
		if w.first == member && len(w.spared) > 0 {
			j.graft(now, origin)
		}
	}
}
