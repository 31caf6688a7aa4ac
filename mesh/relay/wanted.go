package relay

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

// birth is when an incarnation was found to have started after this node.
type birth struct {
	incarnation int64
	at          time.Duration
	forgotten   *forgotten
}

// forgotten is of which topics of one life it is known no more where they begin, as they gave their places.
type forgotten struct {
	of  map[string]bool
	all bool // there are too many of them
}

// forgottenMost is how many topics of one life are known for that.
const forgottenMost = 16

func (f *forgotten) add(topic string) {
	if f.of == nil {
		f.of = make(map[string]bool)
	}
	if f.all = f.all || len(f.of) >= forgottenMost && !f.of[topic]; !f.all {
		f.of[strings.Clone(topic)] = true
	}
}

func (f *forgotten) has(topic string) bool { return f.all || f.of[topic] }

// Born notes that an incarnation of an origin started after this node, so that everything it says is wanted.
func (j *Judge[T]) Born(now time.Duration, origin topics.Name, incarnation int64) {
	b, known := j.born[origin]
	if known && b.incarnation == incarnation || !j.Admits(origin) {
		return
	}
	j.succeeded(now, origin, incarnation)
	if len(j.born) >= bornMost && !known {
		clear(j.born)
	}
	j.born[origin] = birth{incarnation, now, new(forgotten)}
}

// meeting is what an incarnation of an origin said of its numbers when it was first heard.
type meeting struct {
	incarnation int64
	at          time.Duration
	first       string
	forgotten   forgotten
	asked       bool          // for what it said before
	heard       time.Duration // when it said anything last
}

// meet takes in what a beat says.
func (j *Judge[T]) meet(now time.Duration, origin topics.Name, incarnation int64, last string) {
	o := j.met[origin]
	if o == nil || o.incarnation != incarnation {
		j.succeeded(now, origin, incarnation)
		if o == nil && len(j.met) >= bornMost {
			clear(j.met)
		}
		o = &meeting{incarnation: incarnation, at: now, first: last}
		j.met[origin] = o
		j.metAt = now
	}
	o.heard = now
	for topic, since := range j.since {
		m := Stream{origin, incarnation, topic}
		if _, known := j.bases[m]; !known && now > since && since > o.at && j.streams[m] == nil && !o.forgotten.has(topic) {
			j.bases[m] = after(last, topic)
		}
	}
}

// base is the first number of a stream that is wanted; 0: nobody can say. It is 1 where the origin started after this node,
// or after another life of it was heard here, and else the one after the last that the origin had said when it was first heard, or
// first after the topic was subscribed to.
func (j *Judge[T]) base(m Stream) uint64 {
	if p := j.pasts[m]; p.next > 0 {
		return p.next
	}
	if base := j.bases[m]; base > 0 {
		return base
	}
	if b, is := j.born[m.Origin]; is && b.incarnation == m.Incarnation && j.wantedSince(m.Topic) <= b.at && !b.forgotten.has(m.Topic) {
		return 1
	}
	o := j.met[m.Origin]
	if o != nil && o.incarnation != m.Incarnation {
		o = nil
	}
	switch {
	case j.isNextLife(m, o):
		return 1
	case o == nil || o.forgotten.has(m.Topic) || j.wantedSince(m.Topic) > o.at:
		return 0
	}
	return after(o.first, m.Topic)
}

// beginning is the number with which a stream begins, of which one has come.
func (j *Judge[T]) beginning(m Stream, number uint64) uint64 {
	if base := j.base(m); base > 0 {
		return min(base, number)
	}
	return number
}

// isNextLife reports whether something of an earlier incarnation came here: the one of a stream started later, so that all that it
// says is wanted. Where it is heard itself, that came before it was met.
func (j *Judge[T]) isNextLife(m Stream, o *meeting) bool {
	return slices.ContainsFunc(j.by[m.Origin], func(s *stream[T]) bool {
		return s.Topic == m.Topic && s.Incarnation < m.Incarnation && s.came > 0 && (o == nil || s.at <= o.at) &&
			(s.heir == 0 || m.Incarnation < s.heir)
	})
}

// forgetLife sees to it that a stream which is forgotten is not taken for one that has just begun, should it come again.
func (j *Judge[T]) forgetLife(m Stream) {
	for _, s := range j.by[m.Origin] {
		if s.Topic == m.Topic && s.Incarnation < m.Incarnation {
			s.heir = min(cmp.Or(s.heir, m.Incarnation), m.Incarnation)
		}
	}
}

// after is the number after the last one of a topic, as a beat tells it: 1, if the beat would have told of any; else 0.
func after(last, topic string) uint64 {
	room := len(last) <= topics.MaxLast-lastEntry
	for last != "" {
		said, number, rest := topics.CutLast(last)
		if said == topic {
			return number + 1
		}
		last = rest
	}
	if room {
		return 1
	}
	return 0
}

// lastEntry is the longest entry of what beats tell: what is shorter by that leaves nothing out.
const lastEntry = topics.MaxChannel + len(topics.ChannelPrefix) + len(",:") + len("9007199254740991")

// forgetBase sees to it that a stream which is forgotten begins with what comes, should it come again.
func (j *Judge[T]) forgetBase(m Stream) {
	delete(j.bases, m)
	if b, is := j.born[m.Origin]; is && b.incarnation == m.Incarnation {
		b.forgotten.add(m.Topic)
	}
	if o := j.met[m.Origin]; o != nil && o.incarnation == m.Incarnation {
		o.forgotten.add(m.Topic)
	}
}

// Subscribed notes that a topic is received from now on.
func (j *Judge[T]) Subscribed(now time.Duration, topic string) {
	j.since[topic] = now
	for m, s := range j.streams {
		if m.Topic == topic { // it was carried, and that was no loss of this node
			s.missed = 0
			s.settle()
		}
	}
	for _, origin := range j.plan.origins() {
		if relay := j.plan.relayOf(origin); relay != "" {
			j.Replay(now, relay, origin, topic)
		}
	}
}

// Unsubscribed forgets what is known of a topic. What is held of it is not wanted any more. Who subscribes again, and wants what was
// said before (Replay), has that delivered again.
func (j *Judge[T]) Unsubscribed(now time.Duration, topic string) {
	if delete(j.since, topic); j.carried != never {
		j.carried = now // what was said on it before is not asked for
	}
	for m := range j.bases {
		if m.Topic == topic {
			delete(j.bases, m)
		}
	}
	for _, origin := range slices.Sorted(maps.Keys(j.by)) {
		for _, s := range j.of(origin) {
			if s.Topic == topic {
				j.drop(s, func(held[T]) bool { return true })
				_ = j.leave(now, s, nil)
			}
		}
	}
	for m := range j.pasts {
		if m.Topic == topic {
			j.forgetPast(m)
		}
	}
}

// Carry notes that all topics are wanted from now on, for those that ask for them: those that are received already as before. What
// was said a moment before is wanted, too: nodes find out one after the other that they are to carry, and what somebody said whose
// neighbours had not as yet would reach nobody else.
func (j *Judge[T]) Carry(now time.Duration) { j.carried = max(0, now-j.lately()/2) }

// CarryNoMore forgets what is known of topics that are not received.
func (j *Judge[T]) CarryNoMore(now time.Duration) {
	j.carried = never
	carried := make(map[string]bool)
	for m := range j.streams {
		carried[m.Topic] = true
	}
	for m := range j.pasts {
		carried[m.Topic] = true
	}
	for _, topic := range append(j.topics(), j.cfg.Own) {
		delete(carried, topic)
	}
	for _, topic := range slices.Sorted(maps.Keys(carried)) {
		j.Unsubscribed(now, topic)
	}
}

// wantedSince is from when on a topic is wanted: 0 is from the start.
func (j *Judge[T]) wantedSince(topic string) time.Duration {
	if j.carries(topic) {
		return j.carried
	}
	return j.since[topic]
}

// carries reports whether a topic is wanted for others alone.
func (j *Judge[T]) carries(topic string) bool {
	return j.carried != never && topic != j.cfg.Own && !slices.Contains(j.topics(), topic)
}

// Holding is the bytes that are held.
func (j *Judge[T]) Holding() int { return j.stats.Holding }
