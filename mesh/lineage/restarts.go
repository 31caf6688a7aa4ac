package lineage

import (
	"slices"
	"time"
)

const (
	RestartsMany = 4               // in RestartsSpan: one is a restart, two are a deploy that was taken back, three an operator who tries
	RestartsSpan = 2 * time.Minute // what starts a process again waits from nothing up to a minute

	maxRestarts = 64 // that are kept: one each two seconds
)

// Restarts are those of the process behind one name, as they came of late. A process that ends again and again, and that
// something starts again, shows by them. The zero value knows none.
type Restarts struct {
	last []restart // in the order in which they were heard
	many bool      // there were many, and the last one is not long ago
	over bool      // there were, and nobody was told yet that they ended
	hush Hush
}

// restart is a process that took the place of another.
type restart struct {
	incarnation int64
	at          time.Duration
	bye         bool // the other one had said goodbye
}

// Add takes in an incarnation that became the one that counts, and reports whether it is to be told that there are many. One
// that was taken in before is a second process of the name, which takes turns with another, and no restart.
func (r *Restarts) Add(incarnation int64, now time.Duration, bye bool) (tell bool) {
	r.expire(now)
	if slices.ContainsFunc(r.last, func(x restart) bool { return x.incarnation == incarnation }) {
		return false
	}
	if len(r.last) >= maxRestarts {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, restart{incarnation, now, bye})
	r.many = r.many || len(r.last) >= RestartsMany
	return r.many && r.hush.Tell(now)
}

// Many is how many there were of late, how many of them after a goodbye, what time passed from the first to the last, and since
// the last, where they are many: 0 if they are not. It ends when none came for a while.
func (r *Restarts) Many(now time.Duration) (times, byes int, in, ago time.Duration) {
	if r.expire(now); !r.many {
		return 0, 0, 0, 0
	}
	for _, one := range r.last {
		if one.bye {
			byes++
		}
	}
	last := r.last[len(r.last)-1].at
	return len(r.last), byes, last - r.last[0].at, now - last
}

// Ended reports, once, that there were many and none came for a while.
func (r *Restarts) Ended(now time.Duration) bool {
	r.expire(now)
	over := r.over && !r.many
	r.over = r.over && r.many
	return over
}

// None reports whether there were none of late, and there is nothing to be told of them.
func (r *Restarts) None() bool { return len(r.last) == 0 && !r.many && !r.over }

// Fresh reports whether they are as if there had been none, ever: it counts what was told, too.
func (r *Restarts) Fresh() bool { return r.None() && r.hush == Hush{} }

// End forgets them, and reports whether there were many and nobody was told that they ended.
func (r *Restarts) End() bool {
	told := r.many || r.over
	*r = Restarts{hush: r.hush}
	return told
}

// expire forgets those of long ago.
func (r *Restarts) expire(now time.Duration) {
	old := 0
	for old < len(r.last) && now-r.last[old].at > RestartsSpan {
		old++
	}
	if r.last = slices.Delete(r.last, 0, old); len(r.last) == 0 {
		r.last, r.many, r.over = nil, false, r.over || r.many
	}
}
