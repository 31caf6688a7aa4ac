package relay

import (
	"slices"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// newest is what is told of the numbers of streams to those that spare this node.
type newest[T any] struct {
	at    time.Duration // when it was told last
	queue []*stream[T]  // whose numbers are to be told: those that did not fit
}

// tellAgain is after how long a number is told once more: by then a reader that was stopped has read on, or was hung up, and
// what it lost is still kept.
const tellAgain = 40 * time.Second

// Newest is what this node tells those that spare it: the newest numbers of the streams that went on since the last call, and
// once more of those that did tellAgain ago, as many as fit, and the others the next time. It is called once or twice a beat,
// while anybody asks.
func (j *Judge[T]) Newest(now time.Duration) []byte {
	before := j.newest.at
	for i := range j.used {
		u := &j.used[i]
		for s := u.newest(); s != nil && (s.came == 0 || s.came >= before-tellAgain); s = u.before(s) {
			if again := s.came + tellAgain; s.came < before && (again < before || again >= now) {
				continue
			}
			j.enqueue(s)
		}
	}
	j.newest.at = now
	var body []byte
	full, fits := false, false
	j.newest.queue = slices.DeleteFunc(j.newest.queue, func(s *stream[T]) bool {
		switch {
		case full:
			return false
		case j.streams[s.Stream] != s || s.next == 1:
		case s.next == 0: // it is told when it has begun
			return false
		default:
			n := topics.Newer{Origin: s.Origin, Incarnation: s.Incarnation, Number: s.next - 1, Topic: s.Topic}
			if body, fits = n.Append(body); !fits {
				full = true
				return false
			}
		}
		s.queued = false
		return true
	})
	return body
}

// digestLimit is how many numbers one that tells them is listened to: an honest one tells some thousand in a second at most, after
// it was asked, and what a stopped reader has waiting is no more than half of a minute.
var digestLimit = rate.Limit{Burst: 64 << 10, Tokens: 8 << 10, Period: time.Second}

// enqueue has the newest number of a stream told.
func (j *Judge[T]) enqueue(s *stream[T]) {
	if s.came > 0 && !s.queued && s.next != 1 {
		s.queued = true
		j.newest.queue = append(j.newest.queue, s)
	}
}

// released has it told of a stream that goes on though nothing came of it, if anybody was told of late.
func (j *Judge[T]) released(now time.Duration, s *stream[T]) {
	if j.newest.at > 0 && now-j.newest.at < tellAgain {
		j.enqueue(s)
	}
}

// Newer takes in what a member tells that is spared, or that is watched. Of an origin that it was asked to leave out, or may have
// had before it was asked, and of which it has what did not come here, it is asked for that: not at once, as a copy may be on its way.
func (j *Judge[T]) Newer(now time.Duration, via topics.Name, body string, out []Delivery[T]) []Delivery[T] {
	if !j.tells(via) {
		return out
	}
	j.stats.Digests++
	heard := j.digests[via]
	if heard == nil {
		heard = new(rate.Bucket)
		j.digests[via] = heard
	}
	n, body, ok := topics.CutNewer(body)
	for ; ok; n, body, ok = topics.CutNewer(body) {
		if !heard.Take(now, digestLimit) {
			j.stats.Overtold++
			return out
		}
		m := Stream{n.Origin.Key(), n.Incarnation, n.Topic}
		if m.Origin == j.cfg.Self || !j.Admits(m.Origin) || j.cfg.Wants != nil && !j.cfg.Wants(m.Topic) {
			continue
		}
		if w := j.spares.ways[m.Origin]; w == nil || !slices.Contains(w.spared, via) {
			if j.heeds(via, m.Origin) {
				out = j.watched(now, via, m, n.Number, out)
			}
			continue
		}
		s := j.streams[m]
		if s == nil {
			if s, out = j.rumour(now, via, m.clone(), n.Number, out); s == nil {
				continue
			}
		}
		s.vouched = n.Number
		j.confirmed(s)
		j.takeHint(now, s, via, n.Number)
	}
	return out
}

// takeHint notes that somebody has told of a number that did not come.
func (j *Judge[T]) takeHint(now time.Duration, s *stream[T], by topics.Name, number uint64) {
	if s.next == 0 || number < s.next {
		return
	}
	if j.begin(now, s, tailGrace); !s.behindOthers() {
		if s.hintAt = now; s.missing() == 0 {
			s.cause = by
		}
		if s.asked == "" && s.last == nil && !s.sweeping {
			s.order, s.turn, s.round = nil, 0, 0
		}
	}
	s.unhint(by)
	s.hints = append(s.hints, hint{by, number})
}

// confirmed ends the wait for a question whether there is more, where one that is spared has told what came last.
func (j *Judge[T]) confirmed(s *stream[T]) {
	if s.tail && s.asked == "" && s.vouched == s.next-1 {
		if s.tail, s.catchUp = false, false; !s.lags() && s.owed == nil {
			j.rest(s)
		}
	}
}

// Recent is what this node tells who asks for the newest numbers, at first: those of the streams of which something came
// lately, in as many bodies as it takes, recentMost of them at most, those first that were used last. What is held behind a
// gap was passed on, and counts. A stream that has not begun is told with the newest, when it has.
func (j *Judge[T]) Recent(now time.Duration) (bodies [][]byte) {
	var body []byte
	for i := range j.used {
		u := &j.used[i]
		for s := u.newest(); s != nil && (s.came == 0 || now-s.came <= j.lately()); s = u.before(s) {
			number := max(s.next, 1) - 1
			if len(s.held) > 0 {
				number = s.held.last().number
			}
			if s.came == 0 || s.next == 0 || number == 0 {
				continue
			}
			n := topics.Newer{Origin: s.Origin, Incarnation: s.Incarnation, Number: number, Topic: s.Topic}
			var ok bool
			if body, ok = n.Append(body); !ok {
				if bodies = append(bodies, body); len(bodies) == recentMost {
					return bodies
				}
				body, _ = n.Append(nil)
			}
		}
	}
	if len(body) > 0 {
		bodies = append(bodies, body)
	}
	return bodies
}

// recentMost is how many bodies of 8 KiB one that asks for the newest numbers gets at first: some thousand streams are in them.
const recentMost = 8

// rumour is told of a stream that is not followed. One of a later incarnation than those that are is wanted from its start, and one
// that is forgotten from where it was: they are returned. Any other one begins with what comes, and not with what somebody tells.
func (j *Judge[T]) rumour(now time.Duration, via topics.Name, m Stream, number uint64, out []Delivery[T]) (*stream[T], []Delivery[T]) {
	later, known := j.isLaterLife(now, via, m)
	if later {
		s, out := j.follow(now, m, 1, via, out)
		s.rumour = true
		return s, out
	}
	j.graft(now, m.Origin)
	switch p := j.pasts[m]; {
	case known:
	case p.next > 0:
		if number >= p.next {
			return j.follow(now, m, p.next, via, out)
		}
	case !j.had(now, via, m):
		if !j.begins(now, via, m, 0) {
			j.stats.Overasked++
		}
	}
	return nil, out
}

// isLaterLife reports whether a stream is of a later incarnation than those that are followed, and whether any is. One of which
// nothing has come may be made up: there is no other one beside it that the same member has told of.
func (j *Judge[T]) isLaterLife(now time.Duration, via topics.Name, m Stream) (later, known bool) {
	later = true
	for i := len(j.by[m.Origin]) - 1; i >= 0; i-- { // who is left is replaced by one that was looked at
		switch s := j.by[m.Origin][i]; {
		case s.Topic != m.Topic:
		case s.rumour && s.came == 0 && !s.busy: // nobody had anything of it
			_ = j.leave(now, s, nil)
		case s.rumour && s.came == 0 && !s.hinted(via):
		case s.Incarnation >= m.Incarnation || s.came == 0:
			later, known = false, true
		default:
			known = true
		}
	}
	return later && known, known
}

// begins asks one that is spared for what it left out of a stream that has not begun, as the way that is left may not bring it:
// who does not receive a channel relays nothing of it. One that is watched is asked for what is before the number that it has
// told, too. It reports whether there was room.
func (j *Judge[T]) begins(now time.Duration, via topics.Name, m Stream, told uint64) bool {
	within := j.lateTime(now, m)
	if within < time.Millisecond || j.isOpening(m) {
		return true
	}
	return j.openings.hasRoom(via) && j.asksPast(now, via, topics.Question{Origin: m.Origin, Incarnation: m.Incarnation, Topic: m.Topic, Within: within.Milliseconds()}, told)
}

// hint is what one who is spared has told of a stream: there are no more than are asked for all.
type hint struct {
	by     topics.Name
	number uint64
}

// hinted reports whether a member has told of a number that did not come.
func (s *stream[T]) hinted(by topics.Name) bool {
	return slices.ContainsFunc(s.hints, func(h hint) bool { return h.by == by })
}

// unhint forgets what a member has told.
func (s *stream[T]) unhint(by topics.Name) {
	s.hints = slices.DeleteFunc(s.hints, func(h hint) bool { return h.by == by })
}

// behindOthers reports whether somebody that is spared has told of a number that did not come.
func (s *stream[T]) behindOthers() bool {
	return slices.ContainsFunc(s.hints, func(h hint) bool { return h.number >= s.next })
}
