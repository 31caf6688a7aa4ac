package sim

import (
	"math"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// What has reached an observer: the lists of others, and refusals. It bounds how soon eviction may come (S4), and how
// many may be evicted (S6). What others have published since, and the network still holds, the observer cannot know.

// told is the last whole list of a subject's that was delivered to an observer.
type told struct {
	of       int64   // the incarnation that said it
	names    []int32 // subjects
	number   uint64
	stands   bool // the subject's last beat was of that list
	degraded bool // and said that the subject doubts itself
	has      set  // the same as names; nil: nobody has asked for it
}

// set is whom it has.
func (t *told) set() set {
	if t.has == nil {
		for _, j := range t.names {
			t.has.put(int(j), true)
		}
	}
	return t.has
}

// subjects are the numbers of the names in a list, except for those of nobody that only liars have said so far. The same
// slice of names is delivered to many.
func (a *watch) subjects(names []topics.Name) []int32 {
	first := &names[0]
	if ids, ok := a.lists[first]; ok {
		return ids
	}
	const most = 4096
	if len(a.lists) >= most {
		clear(a.lists)
	}
	ids := make([]int32, 0, min(len(names)-1, len(a.names)))
	for _, name := range names[1:] {
		j, ok := a.indices[name]
		if !ok {
			j, ok = a.indices[key(name)]
		}
		if ok {
			ids = append(ids, int32(j))
		}
	}
	a.lists[first] = ids
	return ids
}

// takeList notes a whole list that was delivered, and whom it has no more.
func (a *watch) takeList(i, k int, v *view, names []topics.Name, h *topics.Header) {
	now := a.subjects(names)
	was := v.told.names
	v.told = told{of: h.Incarnation, names: now, number: h.List, stands: true, degraded: h.Degraded}
	if slices.Equal(was, now) {
		return
	}
	has := func(list []int32, j int32) bool { return slices.Contains(list, j) }
	for _, j := range was {
		if x := a.view(i, int(j)); !has(now, j) && !slices.Contains(x.lostBy, k) {
			x.lostBy = append(x.lostBy, k)
		}
	}
	for _, j := range now {
		if x := a.view(i, int(j)); len(x.lostBy) > 0 {
			x.lostBy = slices.DeleteFunc(x.lostBy, func(o int) bool { return o == k })
		}
	}
}

// takeBeat notes what any beat says of the list before it.
func (v *view) takeBeat(h *topics.Header) {
	v.told.stands = v.told.stands && v.told.of == h.Incarnation && v.told.number == h.List
	v.told.degraded = h.Degraded
}

// confirmations returns how many of those that an observer hears have lost a subject too, at most, and of how many whose
// lists it knows, at least. A refusal is one more. Where hosts share addresses, and an address is one voter, nothing is
// known of the latter.
func (a *watch) confirmations(i, j int) (confirm, of int) {
	x := a.view(i, j)
	for k := range a.hosts {
		if k == j || k == i || k >= len(a.views[i]) {
			continue
		}
		v := &a.views[i][k]
		if v.state != mesh.Alive {
			continue
		}
		if slices.Contains(x.lostBy, k) {
			confirm++
		}
		if v.told.stands && v.told.of == v.inc && !v.told.degraded && a.roundsSince(i, v) <= 1 {
			of++
		}
	}
	if a.shared {
		of = 0
	}
	of = max(of, confirm)
	if x.refused >= x.heard {
		confirm, of = confirm+1, of+1
	}
	return confirm, of
}

// evictLimit is after how many missed beats a member may be evicted: Lifeguard's suspicion timeout.
func evictLimit(confirm, of int) int {
	of = min(of, fullConfirm)
	if confirm == 0 {
		return evictSlow
	}
	cut := (evictSlow - evictFast) * math.Log(float64(confirm+1)) / math.Log(float64(of+1))
	return max(evictFast, int(math.Ceil(evictSlow-cut)))
}

// lister finds a machine under test that the observer hears and whose last list, of those that have reached the
// observer, has the subject.
func (a *watch) lister(i, j int) int {
	for k := range a.hosts {
		if k == i || k == j || !a.running(k) || !a.observes(a.w.hosts[k]) || a.view(i, k).state != mesh.Alive {
			continue
		}
		v := a.view(i, k)
		if v.told.of == v.inc && slices.Contains(v.told.names, int32(j)) {
			return k
		}
	}
	return -1
}

// beatOf is how long a subject takes between two beats. A machine under test and a naive node say the truth. What
// another one says is believed up to a bound.
func (a *watch) beatOf(j int, v *view) time.Duration {
	beat := a.w.profile.Beat
	switch {
	case j >= a.hosts || a.observes(a.w.hosts[j]):
		return beat
	case a.w.hosts[j].kind == Naive:
		return a.w.profile.Interval
	}
	return min(v.beat, mostBeats*beat)
}
