package relay

import (
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

// stream is what a judge knows of one count of numbers.
type stream[T any] struct {
	Stream
	next    uint64        // the number to be delivered next; 0: it has not begun
	told    uint64        // the highest number that is known of, if it is not below next
	came    time.Duration // when a message of it came last
	plain   bool          // nothing is held, told, missed, relayed or under repair: the next number is delivered at once
	relayed bool          // some of it came by a relay of late, and its uids are kept
	relayAt time.Duration // when the last of them did
	sure    uint64        // what next was when the origin itself had last confirmed all before it
	ahead   uint64        // a number beyond what the origin said in a beat, which it has to say by the next one; 0: none
	aheadAt time.Duration
	low     uint64        // the lowest number that came from the origin itself since, and was taken for a duplicate; 0: none
	listed  bool          // it is in busy
	queued  bool          // its newest number is to be told
	vouched uint64        // what one that is spared has told last
	rumour  bool          // it began with that
	at      time.Duration // when it was followed
	heir    int64         // the first of the later incarnations of which something came, and that are forgotten; 0: none
	held    behind[T]     // a gap
	missed  uint64        // given up since the last delivery
	repair

	class int         // 0: its origin began it; 1: a relay did
	by    topics.Name // that relay
	tier  int         // among those that it began
	links [2]links[T] // in used, and among those
}

type held[T any] struct {
	relayed bool // somebody else than its origin said it
	number  uint64
	uid     string
	size    int
	message T
}

// heldCost is what a held message costs beside its own size: its uid, and its place, of which half may be empty.
const heldCost = 192

// follow returns a stream, which begins with a number, as somebody says, if it is new. Another one gives its place for it.
func (j *Judge[T]) follow(now time.Duration, m Stream, number uint64, by topics.Name, out []Delivery[T]) (*stream[T], []Delivery[T]) {
	s := j.streams[m]
	if s == nil {
		s = &stream[T]{Stream: m, at: now}
		most := j.cfg.Streams
		if by != m.Origin {
			s.class, s.by = 1, by
			most /= relayPart
		}
		s.next = j.beginning(m, number)
		s.sure = s.next
		isNew := !j.wasHere(m)
		if p := j.pasts[m]; p.next > 0 {
			s.next, s.sure, s.missed, s.relayed, s.relayAt = p.next, p.sure, p.missed, p.relayed, now
		}
		if floor, ok := j.floors[m]; ok {
			s.next, s.sure = max(s.next, floor), max(s.sure, floor)
			delete(j.floors, m)
		}
		if own := j.overShare(s, max(1, most/shareMost)); own != nil {
			out = j.evict(now, own, out)
		}
		for j.used[s.class].count >= most {
			out = j.evict(now, j.victim(s), out)
		}
		if isNew && j.isOpening(m) { // as it is now: who gave its place may have ended the wait
			s.next = 0
		}
		s.settle()
		j.streams[m] = s
		j.by[m.Origin] = append(j.by[m.Origin], s)
	}
	j.use(s)
	return s, out
}

// evict forgets a stream that gives its place. Where it was is known for a while.
func (j *Judge[T]) evict(now time.Duration, s *stream[T], out []Delivery[T]) []Delivery[T] {
	j.stats.Evicted++
	for question, ok := j.openingOf(s.Stream); ok; question, ok = j.openingOf(s.Stream) { // its past would come after it
		out = j.open(now, question, out)
	}
	if j.streams[s.Stream] != s {
		return out
	}
	j.forgetBase(s.Stream)
	if out = j.deliverHeld(now, s, out); s.came == 0 {
		j.keepPast(now, s)
	}
	return j.leave(now, s, out)
}

// deliverHeld gives up what is missing before what is held.
func (j *Judge[T]) deliverHeld(now time.Duration, s *stream[T], out []Delivery[T]) []Delivery[T] {
	for len(s.held) > 0 {
		out = j.giveUp(now, s, s.told, out)
	}
	return out
}

// leave forgets a stream. What it holds is delivered.
func (j *Judge[T]) leave(now time.Duration, s *stream[T], out []Delivery[T]) []Delivery[T] {
	out = j.deliverHeld(now, s, out)
	j.silence(s)
	s.busy = false
	if s.came > 0 {
		j.keepPast(now, s)
		j.forgetLife(s.Stream)
	}
	delete(j.streams, s.Stream)
	if j.by[s.Origin] = without(j.by[s.Origin], s); len(j.by[s.Origin]) == 0 {
		delete(j.by, s.Origin)
	}
	j.unuse(s)
	return out
}

// without takes one of a slice out, whose order does not matter.
func without[T comparable](of []T, one T) []T {
	last := len(of) - 1
	if i := slices.Index(of, one); i >= 0 {
		var none T
		of[i], of[last] = of[last], none
		of = of[:last]
	}
	return of
}

// number judges a message by its number.
func (j *Judge[T]) number(now time.Duration, s *stream[T], number uint64, uid string, way Way, v T, size int, out []Delivery[T]) (fresh bool, _ []Delivery[T]) {
	s.came = now
	if s.next == 0 && len(s.held) == 0 && !j.fits(size) { // it cannot wait for the past
		s.next = j.beginning(s.Stream, number)
		s.sure = s.next
	}
	switch {
	case s.next > 0 && number < s.next:
		j.stats.Duplicates++
		if way == Direct && s.ahead > 0 && (s.low == 0 || number < s.low) {
			s.low = number
		}
		return false, out
	case s.next == 0 || number > s.next:
		return j.hold(now, s, number, uid, way, v, size), out
	}
	j.mark(now, s, way)
	s.renew(now)
	fresh, out = j.deliver(now, s, uid, v, out)
	out = j.release(now, s, out)
	if s.busy && !s.lags() && s.owed == nil {
		j.rest(s)
	}
	s.settle()
	return fresh, out
}

// deliver delivers the next message, unless it was delivered before a relay's numbers were found to be lies.
func (j *Judge[T]) deliver(now time.Duration, s *stream[T], uid string, v T, out []Delivery[T]) (fresh bool, _ []Delivery[T]) {
	s.next++
	if s.relayed && !j.seen.add(now, s.Origin, uid) {
		j.stats.Duplicates++
		return false, out
	}
	out = append(out, Delivery[T]{v, s.missed})
	s.missed = 0
	return true, out
}

// settle sees whether the next number can be delivered without another look.
func (s *stream[T]) settle() {
	s.plain = s.next > 0 && len(s.held) == 0 && s.told < s.next && s.missed == 0 && !s.relayed && !s.busy
}

// relayedTime is how long after its last relayed message a stream's uids are kept, while the origin's own messages come.
const relayedTime = 10 * time.Second

// mark notes whether the uids of a stream are to be kept: its messages come, or may come, over several ways.
func (j *Judge[T]) mark(now time.Duration, s *stream[T], way Way) {
	switch {
	case way == Relayed:
		if !s.relayed && s.next > 0 {
			s.sure = s.next // all before came from the origin
		}
		s.relayed, s.relayAt = true, now
	case way == Direct && now-s.relayAt > relayedTime && s.ahead == 0:
		s.relayed = false
	}
}

// confirm holds what an origin says of its last number against what relays have said. They may be ahead of a beat, but
// not of the one after it: then they have lied, and all since the origin last confirmed it is asked for again.
func (j *Judge[T]) confirm(now time.Duration, s *stream[T], last uint64) {
	switch {
	case !s.relayed || s.next == 0:
	case last+1 >= s.next:
		s.sure, s.ahead, s.low = s.next, 0, 0
	case s.ahead == 0 || last >= s.ahead:
		s.ahead, s.aheadAt = s.next-1, now
	case now-s.aheadAt >= j.cfg.Beat/2:
		j.contradict(now, s, last)
	}
}

// doubt drops what relays have said and was not delivered yet: from now on the origin says it itself, and is asked.
func (j *Judge[T]) doubt(now time.Duration, s *stream[T]) {
	j.silence(s)
	j.drop(s, func(h held[T]) bool { return h.relayed })
	if s.told, s.catchUp = 0, s.next > 0; s.catchUp {
		j.begin(now, s, 0)
	}
}

// drop forgets some of what is held. A stream that has not begun is one of which nothing has come, where that was all.
func (j *Judge[T]) drop(s *stream[T], which func(held[T]) bool) {
	s.held.drop(func(h held[T]) bool {
		if which(h) {
			j.stats.Holding -= h.size
			return true
		}
		return false
	})
	if s.next == 0 && len(s.held) == 0 {
		s.came = 0
	}
}

// contradict goes back to what the origin has confirmed. What is held may be lies too.
func (j *Judge[T]) contradict(now time.Duration, s *stream[T], last uint64) {
	j.stats.Conflicts++
	j.silence(s)
	j.drop(s, func(held[T]) bool { return true })
	s.missed, s.catchUp = 0, false
	s.next = min(s.sure, last+1)
	if s.low > 0 {
		s.next = min(s.next, s.low)
	}
	s.told, s.ahead, s.low = last, 0, 0
	s.relayed, s.relayAt = true, now
	j.begin(now, s, 0)
}

// hold keeps a message until those before it have come, or are given up.
func (j *Judge[T]) hold(now time.Duration, s *stream[T], number uint64, uid string, way Way, v T, size int) (fresh bool) {
	row, at, found := s.held.find(number)
	if found {
		j.stats.Duplicates++
		if h := &s.held[row][at]; way != Relayed && h.relayed && j.fits(size-h.size) { // what its origin says itself is believed
			j.stats.Holding += size + heldCost - h.size
			*h = held[T]{false, number, strings.Clone(uid), size + heldCost, j.own(v)}
		}
		return false
	}
	s.plain = false
	fits := j.fits(size)
	size += heldCost
	if !fits {
		j.stats.Overheld++
		s.told = max(s.told, number)
	} else {
		j.stats.Holding += size
		s.held.put(row, at, held[T]{way == Relayed, number, strings.Clone(uid), size, j.own(v)})
		j.mark(now, s, way)
		fresh = true
	}
	if s.next > 0 {
		j.begin(now, s, j.jitter())
		s.over = s.over || !fresh
	}
	return fresh
}

// own is what a message is held as.
func (j *Judge[T]) own(v T) T {
	if j.keep != nil {
		return j.keep(v)
	}
	return v
}

// fits reports whether there is room to hold a message.
func (j *Judge[T]) fits(size int) bool { return j.stats.Holding+size+heldCost <= j.cfg.Held }

// release delivers what is held and next.
func (j *Judge[T]) release(now time.Duration, s *stream[T], out []Delivery[T]) []Delivery[T] {
	for len(s.held) > 0 && s.held.first().number == s.next {
		n := 0
		for r := s.held[0]; n < len(r) && r[n].number == s.next; n++ {
			_, out = j.deliver(now, s, r[n].uid, r[n].message, out)
			j.stats.Holding -= r[n].size
		}
		s.held.pass(n)
	}
	return out
}

// gap is the first row of numbers that is missing.
func (s *stream[T]) gap() (from, to uint64, ok bool) {
	switch {
	case s.next == 0:
		return 0, 0, false
	case len(s.held) > 0:
		return s.next, s.held.first().number - 1, true
	case s.told >= s.next:
		return s.next, s.told, true
	}
	return 0, 0, false
}

// lastMissing is the highest number that is missing, if any is.
func (s *stream[T]) lastMissing() uint64 {
	if len(s.held) == 0 || s.told > s.held.last().number {
		return s.told
	}
	return s.held.lastMissing()
}

// giveUp tells the first gap, and delivers what comes after it. Where nothing does it tells of it up to last.
func (j *Judge[T]) giveUp(now time.Duration, s *stream[T], last uint64, out []Delivery[T]) []Delivery[T] {
	if s.next == 0 && len(s.held) > 0 {
		s.next = j.beginning(s.Stream, s.held.first().number)
		s.sure = s.next
		return j.release(now, s, out)
	}
	from, to, ok := s.gap()
	if len(s.held) == 0 {
		to = min(to, last)
	}
	if !ok || to < from {
		return out
	}
	j.gaps = append(j.gaps, Gap{s.Stream, from, to})
	if !j.carries(s.Topic) && s.Topic != j.cfg.Own {
		j.stats.Missed += to - from + 1
	}
	s.missed += to - from + 1
	s.next = to + 1
	return j.release(now, s, out)
}
