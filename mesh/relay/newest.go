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
// many as fit, and the others the next time. It is called once a beat, while anybody asks.
func (j *Judge[T]) Newest(now time.Duration) []byte {
	for i := range j.used {
		root := &j.used[i].root
		for s := root.older; s != nil && s != root && s.came >= j.newest.at; s = s.older {
			if !s.queued && s.next > 1 {
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
		if m.Origin == j.cfg.Self || w == nil || !slices.Contains(w.spared, via) || !j.Admits(m.Origin) || j.cfg.Wants != nil && !j.cfg.Wants(m.Topic) {
			continue
		}
		s := j.streams[m]
		if s == nil {
			s, out = j.begun(now, m, n.Number, out)
		}
		if s.next == 0 || n.Number < s.next {
			continue
		}
		if j.begin(now, s, tailGrace); !s.behindOthers() {
			s.hint, s.hintAt = via, now
			if s.asked == "" && s.last == nil && !s.sweeping {
				s.order, s.turn, s.round = nil, 0, 0
			}
		}
		s.hinted = max(s.hinted, n.Number)
	}
	return out
}

// begun begins a stream of which nothing came. One of a later incarnation than is known of its origin is wanted from its start.
func (j *Judge[T]) begun(now time.Duration, m Stream, number uint64, out []Delivery[T]) (*stream[T], []Delivery[T]) {
	for _, s := range j.of(m.Origin) {
		if s.Incarnation < m.Incarnation && s.Topic == m.Topic {
			number = 1
		}
	}
	return j.follow(now, m, number, Relayed, out)
}

// behindOthers reports whether somebody that is spared has told of a number that did not come.
func (s *stream[T]) behindOthers() bool { return s.hint != "" && s.hinted >= s.next }
