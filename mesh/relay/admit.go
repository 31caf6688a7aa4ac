package relay

import (
	"slices"
	"time"

	"hearsay/topics"
)

// Admit says whose messages are wanted from now on, where names are bound to keys. Without a call of it everybody's are.
// Those of others are refused, over whatever way they come, and are not missed: not those that are held, not those that a
// beat has told of, and not those that are said until the origin is admitted again.
func (j *Judge[T]) Admit(now time.Duration, origins []topics.Name) {
	j.viewed, j.presentOf = 0, 0
	first := j.admitted == nil
	before := j.admitted
	j.admitted = make(map[topics.Name]time.Duration, len(origins))
	for _, origin := range origins {
		at, was := before[origin]
		switch {
		case first:
			at = -never / 2
		case !was:
			at = now
		}
		j.admitted[origin] = at
	}
	for _, origin := range j.known() {
		if !j.Admits(origin) {
			j.withdraw(now, origin)
		}
	}
}

// Admits reports whether an origin's messages are wanted.
func (j *Judge[T]) Admits(origin topics.Name) bool {
	if j.admitted == nil {
		return true
	}
	_, ok := j.admitted[origin]
	return ok
}

// Late reports whether an origin was admitted after this node's start, and for how long it has been.
func (j *Judge[T]) Late(now time.Duration, origin topics.Name) (since time.Duration, late bool) {
	at, ok := j.admitted[origin]
	return now - at, ok && at >= 0
}

// known are the origins of which something is remembered, in a fixed order.
func (j *Judge[T]) known() (origins []topics.Name) {
	for m := range j.streams {
		origins = append(origins, m.Origin)
	}
	for origin := range j.met {
		origins = append(origins, origin)
	}
	for origin := range j.born {
		origins = append(origins, origin)
	}
	for m := range j.pasts {
		origins = append(origins, m.Origin)
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

// withdraw forgets what is known of an origin, but for what was delivered of it.
func (j *Judge[T]) withdraw(now time.Duration, origin topics.Name) {
	for _, s := range j.of(origin) {
		j.drop(s, func(held[T]) bool { return true })
		j.floor(s.Stream, s.next)
		_ = j.leave(now, s, nil)
	}
	for m, p := range j.pasts {
		if m.Origin == origin {
			j.floor(m, p.next)
			j.forgetPast(m)
		}
	}
	for m := range j.bases {
		if m.Origin == origin {
			delete(j.bases, m)
		}
	}
	delete(j.met, origin)
	delete(j.born, origin)
	delete(j.starved, origin)
	delete(j.gone, origin)
}

// floor notes below which number a stream does not begin.
func (j *Judge[T]) floor(m Stream, next uint64) {
	if len(j.floors) >= bornMost {
		clear(j.floors)
	}
	j.floors[m] = max(j.floors[m], next)
}

// admitted is a view in which nobody is lacked whose messages are not wanted.
type admitted struct {
	View
	admits func(topics.Name) bool
}

func (v admitted) EachUnheard(f func(topics.Name)) {
	v.View.EachUnheard(func(name topics.Name) {
		if v.admits(name) {
			f(name)
		}
	})
}
