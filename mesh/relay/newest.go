package relay

import (
	"slices"
	"time"

	"hearsay/topics"
)

// newest is what is told of the numbers of streams to those that spare this node.
type newest[T any] struct {
	at    time.Duration // when it was told last
	queue []*stream[T]  // whose numbers are to be told: those that did not fit
}

// Newest is what this node tells those that spare it: the newest numbers of the streams that went on since the last call, as
// many as fit, and the others the next time. It is called once or twice a beat, while anybody asks.
func (j *Judge[T]) Newest(now time.Duration) []byte {
	for i := range j.used {
		root := &j.used[i].root
		for s := root.older; s != nil && s != root && (s.came == 0 || s.came >= j.newest.at); s = s.older {
			if s.came > 0 && !s.queued && s.next > 1 {
				s.queued = true
				j.newest.queue = append(j.newest.queue, s)
			}
		}
	}
	j.newest.at = now
	var body []byte
	for i, s := range j.newest.queue {
		if j.streams[s.Stream] == s {
			var ok bool
			n := topics.Newer{Origin: s.Origin, Incarnation: s.Incarnation, Number: s.next - 1, Topic: s.Topic}
			if body, ok = n.Append(body); !ok {
				j.newest.queue = slices.Delete(j.newest.queue, 0, i)
				return body
			}
		}
		s.queued = false
	}
	clear(j.newest.queue)
	j.newest.queue = j.newest.queue[:0]
	return body
}

// Newer takes in what a member tells that is spared. Of an origin that it was asked to leave out, and of which it has what did
// not come here, it is asked for that: not at once, as a copy may be on its way.
func (j *Judge[T]) Newer(now time.Duration, via topics.Name, body string, out []Delivery[T]) []Delivery[T] {
	if j.spares.bytes[via] > 0 {
		j.spares.tells[via] = true
		j.stats.Digests++
	}
	n, body, ok := topics.CutNewer(body)
	for ; ok; n, body, ok = topics.CutNewer(body) {
		m := Stream{n.Origin.Key(), n.Incarnation, n.Topic}
		w := j.spares.ways[m.Origin]
		if m.Origin == j.cfg.Self || w == nil || !w.leftOut(now, via) || !j.Admits(m.Origin) || j.cfg.Wants != nil && !j.cfg.Wants(m.Topic) {
			continue
		}
		s := j.streams[m]
		if s == nil && !j.isLaterLife(m) { // it begins with what comes, and not with what somebody tells
			j.graft(now, m.Origin)
			continue
		}
		if s == nil {
			s, out = j.follow(now, m, 1, Relayed, out)
		}
		if s.next == 0 || n.Number < s.next {
			continue
		}
		if j.begin(now, s, tailGrace); !s.behindOthers() {
			s.hintAt = now
			if s.asked == "" && s.last == nil && !s.sweeping {
				s.order, s.turn, s.round = nil, 0, 0
			}
		}
		s.unhint(via)
		s.hints = append(s.hints, hint{via, n.Number})
	}
	return out
}

// isLaterLife reports whether a stream is of a later incarnation than those that are followed, which is wanted from its start. One
// of which nothing has come may be made up: there is no other one beside it.
func (j *Judge[T]) isLaterLife(m Stream) bool {
	later := false
	for _, s := range j.of(m.Origin) {
		switch {
		case s.Topic != m.Topic:
		case s.Incarnation >= m.Incarnation || s.came == 0:
			return false
		default:
			later = true
		}
	}
	return later
}

// hint is what one who is spared has told of a stream: there are no more than are asked for all.
type hint struct {
	by     topics.Name
	number uint64
}

// unhint forgets what a member has told.
func (s *stream[T]) unhint(by topics.Name) {
	s.hints = slices.DeleteFunc(s.hints, func(h hint) bool { return h.by == by })
}

// behindOthers reports whether somebody that is spared has told of a number that did not come.
func (s *stream[T]) behindOthers() bool {
	return slices.ContainsFunc(s.hints, func(h hint) bool { return h.number >= s.next })
}
