package relay

import (
	"cmp"
	"slices"
	"time"

	"hearsay/topics"
)

// repair is how far a stream's gap is asked for.
type repair struct {
	busy    bool
	catchUp bool          // what follows next may be missing too: it is asked for to the end
	tail    bool          // for no other reason than that it is quiet
	began   time.Duration // when the repair did
	since   time.Duration // when the gap began, or was last filled a little
	due     time.Duration // when there is something to do
	round   int
	itself  bool          // the origin was asked in this round
	silent  bool          // somebody who was has not answered
	waits   bool          // it was told that the origin's connection is waited for
	late    bool          // what is to be asked was put off, and that is counted
	cause   topics.Name   // who has it asked for, as it has brought what is behind the gap, or told of it; "": who began the stream
	over    bool          // what came after the gap was not held: it is one for sure
	known   uint64        // the last number that was known to be missing when since was set
	turn    int           // in order
	order   []topics.Name // whom to ask, in this round

	last     []topics.Name // whom to ask instead, each once, for the last words of an origin that is gone
	sweeping bool          // order is that
	owed     []topics.Name // whom to ask again, once a gap is filled or given up: more may come after it
	lastBy   time.Duration // when that ends

	hints  []hint        // of those who are spared, and have told of numbers that did not come
	hintAt time.Duration // when the first of these was told

	asked    topics.Name // who is to answer; "": nobody
	askedAt  time.Duration
	question string
	from, to uint64 // of the question; to 0: to the end
	before   uint64 // next, when it was asked
}

const (
	tailGrace  = 500 * time.Millisecond // without a message, until a number that a beat told is missing: beats overtake
	quietTime  = 2 * time.Second        // without a message by a relay, until it is asked whether there are more
	answerTime = 2 * time.Second        // without anything from who was asked: some round trips
	answerMost = 4 * time.Second        // in all: what was sent before the answer may take a while
	roundWait  = 500 * time.Millisecond // between two rounds: a message may be on its way to who was asked
	rounds     = 2                      // of asking everybody who may have it, and being told by all, the origin too, that they have not
	delayMost  = 6 * time.Minute        // for what a connection may still bring: TCP gives a message link up after five
	askedMost  = 5                      // that are asked in a round: the origin, its relay, and others in their places
	jitterMost = 20 * time.Millisecond  // before the first question: not all who miss a message ask in one instant
)

func (j *Judge[T]) jitter() time.Duration { return time.Duration(j.rng.Int64N(int64(jitterMost))) }

// begin sees to it that a stream is repaired, in a while.
func (j *Judge[T]) begin(now time.Duration, s *stream[T], wait time.Duration) {
	if !s.busy {
		s.repair = repair{busy: true, catchUp: s.catchUp, began: now, due: now + wait}
		s.renew(now)
		if !s.listed {
			s.listed = true
			j.busy = append(j.busy, s)
		}
	} else if s.asked == "" && s.round == 0 {
		s.due = min(s.due, now+wait)
	}
	s.plain = false
	j.due = min(j.due, s.due)
}

// renew lets the window begin anew: a gap has begun, or something has changed.
func (s *stream[T]) renew(now time.Duration) { s.since, s.known = now, s.told }

// tail has a relay asked, once it is quiet, whether there is more: no beat tells the last number. One that is spared may.
func (j *Judge[T]) tail(now time.Duration, s *stream[T]) {
	if !s.busy && s.next > 0 && s.vouched != s.next-1 {
		s.catchUp = true
		j.begin(now, s, quietTime)
		s.tail = true
	}
}

// anew asks everybody once more, the origin first: it can be asked now. It has as long for that as at the beginning.
func (j *Judge[T]) anew(now time.Duration, s *stream[T]) {
	if s.sweeping || now-s.began >= delayMost {
		return
	}
	s.order, s.turn, s.round, s.itself, s.silent = nil, 0, 0, false, false
	if s.renew(now); s.asked == "" {
		s.due = now
		if len(s.held) == 0 {
			s.due = max(now, s.began+tailGrace) // a beat may have overtaken what comes first over it
		}
		j.due = min(j.due, s.due)
	}
}

// rest ends a repair.
func (j *Judge[T]) rest(s *stream[T]) {
	j.silence(s)
	s.repair = repair{}
	s.settle()
	j.misses(s, 0)
}

// lags reports whether there may be something to ask for.
func (s *stream[T]) lags() bool {
	_, _, missing := s.gap()
	return missing || s.catchUp || s.behindOthers()
}

// silence takes back a question.
func (j *Judge[T]) silence(s *stream[T]) {
	if s.asked != "" {
		j.says = append(j.says, Say{To: s.asked, Topic: s.question, Cancel: true})
		delete(j.asked, s.question)
		s.asked, s.question = "", ""
	}
}

// ended takes in that a question was answered to the end.
func (j *Judge[T]) ended(now time.Duration, s *stream[T]) {
	by := s.asked
	j.silence(s)
	if s.next == s.before {
		s.turn++
		s.unhint(by) // it has not what it told of
		if _, _, missing := s.gap(); !missing && !s.sweeping && s.last == nil {
			s.catchUp = false // there is no more
		}
	}
	s.due = now
	j.due = min(j.due, now)
}

// mend does what is due for a stream.
func (j *Judge[T]) mend(now time.Duration, s *stream[T], view View, out []Delivery[T]) []Delivery[T] {
	out = j.mendNow(now, s, view, out)
	s.due = min(s.due, s.since+j.cfg.Window)
	return out
}

func (j *Judge[T]) mendNow(now time.Duration, s *stream[T], view View, out []Delivery[T]) []Delivery[T] {
	for s.busy {
		_, _, missing := s.gap()
		switch {
		case !s.lags() && s.owed != nil: // the gap hid what came after it
			s.renew(now)
			s.last, s.owed, s.catchUp, s.due = s.owed, nil, true, now
		case !s.lags():
			j.rest(s)
			return out
		case s.asked != "" && !view.Linked(s.asked):
			j.silence(s)
			s.turn++
			s.silent = true
		case now < s.due:
			return out
		case now-s.since >= j.cfg.Window && j.young(s):
			s.renew(now)
			continue
		case now-s.since >= j.cfg.Window && j.delayed(now, s, view):
			if s.renew(now); !s.waits {
				s.waits = true
				j.waits = append(j.waits, s.Stream)
			}
			continue // as before: somebody may be asked
		case now-s.since >= j.cfg.Window:
			out = j.giveUpDue(now, s, s.known, out)
			continue
		case s.asked != "":
			if !j.overdue(now, s) {
				return out
			}
		case j.early(now, s, missing):
			return out
		}
		if j.awaitsReplay(now, s, view) {
			return j.leave(now, s, out) // beats go on to tell of it
		}
		if !j.ask(now, s, view) {
			if s.itself && !s.silent {
				s.round++ // else the origin may come, and who is silent may answer yet
			}
			s.itself, s.silent = false, false
			if s.round >= rounds && j.former[s.Origin] {
				s.round, s.due = 0, now+answerTime
				return out
			}
			if s.round >= rounds {
				out = j.giveUpDue(now, s, s.told, out)
				continue
			}
			s.due = now + roundWait
			return out
		}
	}
	return out
}

// giveUpDue gives the first gap up, or that there may be more, and goes on with the next gap. Of what nothing came after it
// is that up to last.
func (j *Judge[T]) giveUpDue(now time.Duration, s *stream[T], last uint64, out []Delivery[T]) []Delivery[T] {
	j.silence(s)
	s.catchUp, s.hints = false, nil
	_, _, missing := s.gap()
	before := len(out)
	if out = j.giveUp(now, s, last, out); len(out) > before {
		j.released(now, s)
	}
	s.renew(now)
	s.due, s.round, s.turn, s.order, s.itself, s.silent = now, 0, 0, nil, false, false
	s.last, s.sweeping = nil, false
	if missing {
		s.lastBy = now + sweepMost
	} else {
		s.owed = nil
	}
	return out
}

// delayed reports whether what is missing may still come by itself. A network that carried nothing for long is waited for
// by TCP for as long again: beats come over a new connection, and the old one, which is up, brings all that was sent, or
// breaks. An origin of which no connection is up may have one again, and has what its beats tell of. Nothing waits behind
// that, and nobody else had it.
func (j *Judge[T]) delayed(now time.Duration, s *stream[T], view View) bool {
	waits := j.starved[s.Origin] && view.Linked(s.Origin) || j.former[s.Origin] || j.apart(now, s, view)
	return len(s.held) == 0 && waits && now-s.began < delayMost
}

// apart reports whether an origin is heard, and has no connection for messages.
func (j *Judge[T]) apart(now time.Duration, s *stream[T], view View) bool {
	o := j.met[s.Origin]
	return o != nil && o.incarnation == s.Incarnation && now-o.heard < j.cfg.Window && !view.Linked(s.Origin)
}

// young reports whether what is missing is known of for less than the window.
func (j *Judge[T]) young(s *stream[T]) bool {
	return len(s.held) == 0 && s.told >= s.next && s.known < s.next
}

// early puts off a question about messages that may still be on their way.
func (j *Judge[T]) early(now time.Duration, s *stream[T], missing bool) bool {
	since, wait := s.came, tailGrace
	switch {
	case len(s.held) > 0 || s.over || s.round > 0 || s.turn > 0 || s.sweeping || s.last != nil:
		return false
	case missing:
	case s.behindOthers():
		since = max(since, s.hintAt) // it is the slower way that was spared, and not always
	case s.relayed:
		wait = quietTime
	}
	if s.order != nil || since == 0 || now-since >= wait {
		return false
	}
	s.due = since + wait
	return true
}

// overdue gives up waiting for an answer, unless something came from there of late: the answer waits behind it.
func (j *Judge[T]) overdue(now time.Duration, s *stream[T]) bool {
	came := j.from[s.asked]
	if by := min(max(s.askedAt, came)+answerTime, s.askedAt+answerMost); now < by {
		s.due = by
		return false
	}
	if s.asked == s.Origin && came <= s.askedAt {
		if !j.starved[s.Origin] {
			j.hungry = append(j.hungry, s.Origin)
		}
		j.starved[s.Origin] = true
	}
	j.silence(s)
	s.turn++
	s.silent = true
	return true
}

// ask says the question to the next in turn, or later, if that one is asked too much already. It reports whether there is one.
func (j *Judge[T]) ask(now time.Duration, s *stream[T], view View) bool {
	switch {
	case s.last != nil:
		s.order, s.turn, s.last, s.owed, s.sweeping = s.last, 0, nil, s.last, true
	case s.order == nil:
		s.order, s.turn = j.candidates(s, view), 0
	}
	for s.turn < len(s.order) && !view.Linked(s.order[s.turn]) {
		s.turn++
	}
	if s.turn >= len(s.order) || s.sweeping && now > s.lastBy {
		s.order, s.turn = nil, 0
		if s.sweeping {
			s.sweeping, s.catchUp = false, false // all have said what they have
			if _, _, missing := s.gap(); !missing || now > s.lastBy {
				s.owed = nil
			}
		}
		return false
	}
	if !j.affords(now, s.order[s.turn], cmp.Or(s.cause, s.by, s.Origin), s.Origin) {
		if s.due = now + putOff; !s.late {
			s.late = true
			j.stats.Overasked++
		}
		return true
	}
	s.late = false
	q := topics.Question{Origin: s.Origin, Incarnation: s.Incarnation, Topic: s.Topic, From: s.next}
	_, _, missing := s.gap()
	if missing || s.behindOthers() {
		j.graft(now, s.Origin)
	}
	if missing && !s.catchUp {
		q.To = s.lastMissing() // with what is held in between: one question, however many gaps
	} else if !s.sweeping {
		s.paid(s.order[s.turn]) // it says all that it has
	}
	s.asked, s.askedAt, s.question, s.from, s.to, s.before = s.order[s.turn], now, q.String(), q.From, q.To, s.next
	s.due = now + answerTime
	s.itself = s.itself || s.asked == s.Origin
	j.asked[s.question] = s
	j.says = append(j.says, Say{To: s.asked, Topic: s.question})
	j.stats.Questions++
	return true
}

// candidates are those who may have what is missing: the origin, the relay that is asked for it, and some that list it, or
// some of all where nobody does any more.
func (j *Judge[T]) candidates(s *stream[T], view View) []topics.Name {
	order := make([]topics.Name, 0, askedMost)
	for _, h := range s.hints {
		if h.number >= s.next && len(order) < askedMost-2 { // there is room for the origin and its relay
			order = append(order, h.by)
		}
	}
	if view.Linked(s.Origin) && !j.starved[s.Origin] && !slices.Contains(order, s.Origin) {
		order = append(order, s.Origin)
	}
	relay := j.plan.relayOf(s.Origin)
	if relay != "" && !slices.Contains(order, relay) {
		order = append(order, relay)
	}
	others := view.Listers(s.Origin)
	if len(others) == 0 {
		others = j.plan.far(view)
	}
	if len(others) == 0 { // it is gone: whoever heard it may have kept it
		view.EachLinked(func(name topics.Name) { others = append(others, name) })
	}
	rank(s.Origin, j.cfg.Self, others)
	for _, name := range others {
		if len(order) >= askedMost {
			break
		}
		if name != s.Origin && !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	return order
}
