package relay

import (
	"cmp"

	"hearsay/topics"
)

// links are the places of a stream in a circle.
type links[T any] struct{ newer, older *stream[T] }

const (
	byUse = iota // the circle of those that one class has
	byTier
)

// used is a list of streams by their last use, in a circle.
type used[T any] struct {
	root   stream[T]
	circle int
	count  int
}

func (u *used[T]) touch(s *stream[T]) {
	root, l := &u.root.links[u.circle], &s.links[u.circle]
	if root.newer == nil {
		root.newer, root.older = &u.root, &u.root
	}
	if l.newer != nil {
		u.unlink(s)
	} else {
		u.count++
	}
	l.older, l.newer = root.older, &u.root
	l.older.links[u.circle].newer, root.older = s, s
}

func (u *used[T]) unlink(s *stream[T]) {
	l := s.links[u.circle]
	l.older.links[u.circle].newer, l.newer.links[u.circle].older = l.newer, l.older
}

func (u *used[T]) remove(s *stream[T]) {
	u.unlink(s)
	s.links[u.circle] = links[T]{}
	u.count--
}

// oldest is the one that was not used for longest.
func (u *used[T]) oldest() *stream[T] { return u.root.links[u.circle].newer }

// newest is the one that was used last; nil: there is none.
func (u *used[T]) newest() *stream[T] { return u.before(&u.root) }

// before is the one that was used before another one; nil: none.
func (u *used[T]) before(s *stream[T]) *stream[T] {
	if older := s.links[u.circle].older; older != &u.root {
		return older
	}
	return nil
}

// share is the streams that one relay began. Those of the first tier give their places first: something may be missing in those of
// the others, and the last is of members.
type share[T any] struct {
	tiers [3]used[T]
	count int
}

// use notes that something has come of a stream.
func (j *Judge[T]) use(s *stream[T]) {
	j.used[s.class].touch(s)
	if j.last = s; s.class == 0 {
		return
	}
	if j.shares[s.by] == nil {
		j.shares[s.by] = &share[T]{tiers: [3]used[T]{{circle: byTier}, {circle: byTier}, {circle: byTier}}}
	}
	j.misses(s, 0)
}

// misses moves a stream that a relay began to the end of a tier.
func (j *Judge[T]) misses(s *stream[T], tier int) {
	b := j.shares[s.by]
	if s.class == 0 || b == nil {
		return
	}
	if s.links[byTier].newer != nil && s.tier != tier {
		b.tiers[s.tier].remove(s)
		b.count--
	}
	if s.links[byTier].newer == nil {
		b.count++
	}
	s.tier = tier
	b.tiers[tier].touch(s)
}

// unuse forgets a stream.
func (j *Judge[T]) unuse(s *stream[T]) {
	j.used[s.class].remove(s)
	if b := j.shares[s.by]; s.class == 1 {
		b.tiers[s.tier].remove(s)
		if b.count--; b.count == 0 {
			delete(j.shares, s.by)
		}
	}
	if j.last == s {
		j.last = nil
	}
}

// victim is the stream that gives its place for another one of its class. Of those that relays began, that is one of the relay that
// began most: so what one makes up takes no places of what others brought, beyond an equal share.
func (j *Judge[T]) victim(s *stream[T]) *stream[T] {
	if s.class == 0 {
		return j.used[0].oldest()
	}
	var by topics.Name
	most := 0
	for name, b := range j.shares {
		if n := 2*b.count + one(name == s.by); n > most || n == most && name < by { // of two that have as many, it is the own one
			by, most = name, n
		}
	}
	b := j.shares[by]
	for b.tiers[0].count > 0 {
		oldest := b.tiers[0].oldest()
		if oldest.missing() == 0 {
			return oldest
		}
		j.misses(oldest, 1+one(j.isMember(oldest.Origin)))
		if j.last == oldest {
			j.last = nil // else what comes of it does not move it back
		}
	}
	if b.tiers[1].count > 0 {
		return b.tiers[1].oldest()
	}
	return b.tiers[2].oldest()
}

// overShare is the stream of an origin that gives its place for another one of the same, where it has so many: that of which nothing
// came for longest, of the relay that began most of them, and where none is missing of it if there is one. So nobody takes the places
// of all others.
func (j *Judge[T]) overShare(s *stream[T], share int) (oldest *stream[T]) {
	n := 0
	for _, other := range j.by[s.Origin] {
		n += one(other.class == s.class)
	}
	if n < share {
		return nil
	}
	began := make(map[topics.Name]int)
	for _, other := range j.by[s.Origin] {
		began[other.by] += one(other.class == s.class)
	}
	began[s.by]++
	for _, other := range j.by[s.Origin] {
		if other.class == s.class && (oldest == nil || cmp.Or(
			cmp.Compare(began[oldest.by], began[other.by]), cmp.Compare(other.missing(), oldest.missing()),
			cmp.Compare(other.came, oldest.came), cmp.Compare(other.Incarnation, oldest.Incarnation)) < 0) {
			oldest = other
		}
	}
	return oldest
}

// missing is 1 where something is, and else 0.
func (s *stream[T]) missing() int {
	_, _, missing := s.gap()
	return one(missing)
}
