package relay

import (
	"maps"
	"slices"
	"time"

	"hearsay/topics"
)

// opening is a question for what was said before this node came. Streams that it is about begin when it is answered.
type opening struct {
	Stream // of incarnation 0: all lives
	peer   topics.Name
	until  time.Duration
	first  uint64 // the number that came, and has the past asked for; 0: none, or Config wants it anyway
	ended  bool   // the answer did, and brought nothing before that
	late   bool   // what it asks for is asked for as what was said of late
}

// openTime bounds the wait for an answer: streams that are not begun hold all that comes.
const openTime = 3 * time.Second

// lateWait is how long a stream waits for what is before its first message once the relay that is asked has answered that it
// has none: it may have asked for that itself, and passes it on as soon as it comes.
const lateWait = 300 * time.Millisecond

// replays reports whether what was said before this node came is wanted.
func (j *Judge[T]) replays() bool { return j.cfg.ReplayCount > 0 || j.cfg.ReplayWithin > 0 }

// Replay asks a member for the last messages of an origin on a topic, if the Config says so. It is called when the
// member's messages begin to come, for each topic that is subscribed to. A relay that is asked for an origin is asked in place
// of the origin, and the origin in place of a relay once its messages come.
func (j *Judge[T]) Replay(now time.Duration, peer, origin topics.Name, topic string) {
	if j.replays() {
		j.askPast(now, peer, j.past(now, Stream{Origin: origin, Topic: topic}), 0)
	}
}

// past is the question for what the Config wants of a stream, of incarnation 0 that of the last life which the one that is asked knows.
// Where that is less than what is wanted of late, it is that: nothing may have been said since.
func (j *Judge[T]) past(now time.Duration, m Stream) topics.Question {
	within := j.cfg.ReplayWithin
	if within > 0 {
		within = max(within, j.late(now, m))
	}
	return topics.Question{Origin: m.Origin, Incarnation: m.Incarnation, Topic: m.Topic, Count: j.cfg.ReplayCount, Within: within.Milliseconds()}
}

// covers reports whether another stream is the same one, or one of any incarnation where that is 0.
func (m Stream) covers(other Stream) bool {
	return m.Origin == other.Origin && m.Topic == other.Topic && (m.Incarnation == 0 || m.Incarnation == other.Incarnation)
}

// askPast asks a member for what an origin said before, unless that is known or asked for. What is not asked for, as too many are,
// is counted.
func (j *Judge[T]) askPast(now time.Duration, peer topics.Name, q topics.Question, first uint64) {
	if !j.asksPast(now, peer, q, first) {
		j.stats.Overasked++
	}
}

// asksPast is askPast, and reports whether there was room.
func (j *Judge[T]) asksPast(now time.Duration, peer topics.Name, q topics.Question, first uint64) bool {
	if peer == "" {
		return true
	}
	question, m := q.String(), Stream{q.Origin, q.Incarnation, q.Topic}
	others := j.openingsOf(m)
	if len(others) == 0 && !j.forgetTold(now, m) {
		return true // it is known, and what is missing is repaired
	}
	if slices.ContainsFunc(others, func(other string) bool { return j.openings.all[other].peer == peer }) {
		return true // it is asked already
	}
	if len(j.openings.all) >= openMost || !j.affords(now, peer, peer, m.Origin) {
		return false
	}
	for _, other := range others {
		j.says = append(j.says, Say{To: j.openings.all[other].peer, Topic: other, Cancel: true})
		j.openings.remove(other)
	}
	late := j.replays() && q.Within > j.cfg.ReplayWithin.Milliseconds()
	j.openings.put(question, opening{Stream: m, peer: peer, until: now + openTime, first: first, late: late})
	j.says = append(j.says, Say{To: peer, Topic: question})
	j.stats.Questions++
	j.due = min(j.due, now+openTime)
	return true
}

// replayAgain asks a member once more for what it was asked for, as it has forgotten that with a connection.
func (j *Judge[T]) replayAgain(now time.Duration, member topics.Name) {
	for _, question := range slices.Sorted(maps.Keys(j.openings.all)) {
		if o := j.openings.all[question]; o.peer == member {
			j.openings.remove(question)
			if !j.replays() || o.late { // more is of late than was then
				q := topics.Question{Origin: o.Origin, Incarnation: o.Incarnation, Topic: o.Topic, Within: max(1, j.lateTime(now, o.Stream).Milliseconds())}
				question = q.String()
			}
			o.until, o.ended = now+openTime, false
			j.openings.put(question, o)
			j.says = append(j.says, Say{To: member, Topic: question})
			j.stats.Questions++
			j.due = min(j.due, o.until)
		}
	}
}

// forgetTold forgets the streams of which beats alone have told, as they overtake messages, of one incarnation, or of all where that
// is 0. It reports whether nothing has come of any: what came of another life tells nothing of this one.
func (j *Judge[T]) forgetTold(now time.Duration, m Stream) bool {
	streams := slices.DeleteFunc(j.of(m.Origin), func(s *stream[T]) bool { return !m.covers(s.Stream) })
	if slices.ContainsFunc(streams, func(s *stream[T]) bool { return s.came > 0 || len(s.held) > 0 }) {
		return false
	}
	for _, s := range streams {
		if s.last == nil && !s.sweeping { // else all are asked for the last words of one that is gone
			_ = j.leave(now, s, nil) // it holds nothing
		}
	}
	return true
}

// replayByRelay asks the relay of an origin of which nothing has come for what the origin said before.
func (j *Judge[T]) replayByRelay(now time.Duration, origin topics.Name) {
	if relay := j.plan.relayOf(origin); relay != "" && j.replays() {
		for _, topic := range j.topics() {
			j.Replay(now, relay, origin, topic)
		}
	}
}

// lateBeats is of how many beats the past of an origin is asked for in a partial mesh, at its first message, though Config wants
// none: it may have spoken as a member, before a way of its messages was there. A relay is asked a part of a beat, or settleBeats,
// after a node is a member, and where two parts of a mesh become one again, all ways were within the parts. A machine that is short
// of time takes seconds for that, however short a beat is.
const (
	lateBeats = 10
	lateLeast = 10 * time.Second
)

// lately is how long that is.
func (j *Judge[T]) lately() time.Duration { return max(lateLeast, lateBeats*j.cfg.Beat) }

// replayFirst asks whoever brings the first message of a stream for what was said before: a relay of an origin that no list tells
// of, and in a partial mesh anybody, be it the origin. It is asked once: a stream that is forgotten and comes again would bring its
// past again, while anybody has that. Where it is known with what the stream begins, there is nothing to ask for, or what is
// missing is repaired.
func (j *Judge[T]) replayFirst(now time.Duration, via topics.Name, far bool, m Stream, number uint64) {
	if s := j.streams[m]; s != nil && (via != m.Origin || s.came > 0 || len(s.held) > 0) { // else beats alone have told of it
		return
	}
	if !j.asksPasts() || number == 1 || j.isOpening(m) {
		return
	}
	if j.begun(now, m) || j.had(now, via, m) {
		return
	}
	if !j.openings.hasRoom(via) {
		j.stats.Overasked++
		return
	}
	if !j.replays() {
		if within := j.lateTime(now, m); within >= time.Millisecond {
			j.askPast(now, via, topics.Question{Origin: m.Origin, Incarnation: m.Incarnation, Topic: m.Topic, Within: within.Milliseconds()}, number)
		}
	} else if j.spares.few || far && j.plan.lacks[m.Origin] == nil { // else its relay is asked, when it is to relay
		j.askPast(now, via, j.past(now, m), 0)
	}
}

// wasHere reports whether a stream that is not followed was, or its origin was not admitted for a time: nothing of its past is wanted.
func (j *Judge[T]) wasHere(m Stream) bool {
	_, had := j.pasts[m]
	_, was := j.floors[m]
	return had || was
}

// begun reports whether it is known with which number a stream begins.
func (j *Judge[T]) begun(now time.Duration, m Stream) bool {
	base := j.base(m)
	return base == 1 || base > 1 && !j.metLate(now, m)
}

// lookMet asks neighbours of a partial mesh that may have been members before they were heard for what their first beat has told
// of: they may say nothing more.
func (j *Judge[T]) lookMet(now time.Duration, view View) {
	if !j.spares.few || j.replays() || now-j.metAt > j.lately()/2 {
		return
	}
	for _, origin := range slices.Sorted(maps.Keys(j.met)) {
		o := j.met[origin]
		if o.asked || o.first == "" || now-o.at > j.lately()/2 || !view.Linked(origin) || j.starved[origin] || !j.Admits(origin) {
			continue
		}
		if !j.openings.hasRoom(origin) {
			continue
		}
		o.asked = true
		for said, _, rest := topics.CutLast(o.first); said != ""; said, _, rest = topics.CutLast(rest) {
			m := Stream{origin, o.incarnation, said}
			within := j.lateTime(now, m)
			if j.begun(now, m) || j.had(now, origin, m) || within < time.Millisecond || j.cfg.Wants != nil && !j.cfg.Wants(said) {
				continue
			}
			j.askPast(now, origin, topics.Question{Origin: origin, Incarnation: o.incarnation, Topic: said, Within: within.Milliseconds()}, 0)
		}
	}
}

// metLate reports whether an origin may have been a member before its first beat came, by which a stream's beginning is known:
// one that is a neighbour of a partial mesh now. All that it said since then is asked for, too.
func (j *Judge[T]) metLate(now time.Duration, m Stream) bool {
	o := j.met[m.Origin]
	return !j.replays() && o != nil && o.incarnation == m.Incarnation && j.bases[m] == 0 && now-o.at <= j.lately()/2
}

// asksPasts reports whether the past of an origin may be asked for at its first message.
func (j *Judge[T]) asksPasts() bool { return j.replays() || j.spares.few }

// lateTime is how much of the past of a stream is asked for though Config wants none: not what was said before this node was
// there, had subscribed to the topic, or admitted the origin.
func (j *Judge[T]) lateTime(now time.Duration, m Stream) time.Duration {
	within := min(j.lately(), now-j.began+max(time.Second, j.cfg.Beat)) // the question takes a moment
	if since := j.wantedSince(m.Topic); since > 0 {
		within = min(within, now-since)
	}
	if since, late := j.Late(now, m.Origin); late {
		within = min(within, since)
	}
	return within
}

// pastTime is for how long others may keep what came of a stream: what they kept for longer is not asked for, or nobody keeps
// anything for so long.
func (j *Judge[T]) pastTime() time.Duration {
	switch {
	case j.cfg.ReplayWithin > 0:
		return min(time.Hour, j.cfg.ReplayWithin+delayMost)
	case !j.replays():
		return min(time.Hour, j.lately()+delayMost)
	}
	return time.Hour
}

// awaitsReplay reports whether a relay is soon to be asked for what an origin said before this node came: its connection
// brings nothing, and beats alone have told of a stream. To ask for that alone would begin the stream after the past.
func (j *Judge[T]) awaitsReplay(now time.Duration, s *stream[T], view View) bool {
	if !j.replays() || s.came > 0 || len(s.held) > 0 || s.last != nil || s.sweeping || view.Linked(s.Origin) && !j.starved[s.Origin] {
		return false
	}
	until := j.plan.settle + j.cfg.Beat
	if l := j.plan.lacks[s.Origin]; l != nil {
		return l.relay == "" && now-l.since <= until
	}
	o := j.met[s.Origin]
	return j.starved[s.Origin] || o != nil && now-o.at <= until
}

// opens takes in that an answer has ended. What waits for it begins, or a little later, see lateWait.
func (j *Judge[T]) opens(now time.Duration, question string, out []Delivery[T]) []Delivery[T] {
	o := j.openings.all[question]
	if o.peer == o.Origin {
		j.believe(o)
	}
	if j.asksLate(now, question, o) {
		return out
	}
	if o.late && o.first == 0 {
		if first := j.lowest(o); first > 1 {
			o.first = first
		}
	}
	before := func(s *stream[T]) bool {
		return o.covers(s.Stream) && s.held.any(func(h held[T]) bool { return h.number < o.first })
	}
	if o.first == 0 || o.ended || o.peer == o.Origin || slices.ContainsFunc(j.of(o.Origin), before) {
		return j.open(now, question, out)
	}
	o.ended, o.until = true, min(o.until, now+lateWait)
	j.openings.put(question, o)
	j.due = min(j.due, o.until)
	return out
}

// believe drops what relays have said and an origin does not confirm, when it has answered: numbers beyond those that it knows, and
// those before its answer that do not lead up to it. The others may be older than what it was asked for.
func (j *Judge[T]) believe(o opening) {
	for _, s := range j.of(o.Origin) {
		if s.next > 0 || !o.covers(s.Stream) {
			continue
		}
		first, last := uint64(0), s.told
		s.held.any(func(h held[T]) bool {
			if !h.relayed {
				if last = max(last, h.number); first == 0 {
					first = h.number
				}
			}
			return false
		})
		if last == 0 {
			continue // it has told of nothing
		}
		for before := true; before && first > 0; {
			if _, _, before = s.held.find(first - 1); before {
				first--
			}
		}
		j.drop(s, func(h held[T]) bool { return h.relayed && (h.number < first || h.number > last) })
	}
}

// late is how much of the past of a stream is asked for in a partial mesh, beside what Config wants; 0: nothing. What an origin said
// of late as a member, before a way of its messages was there, is wanted however little Config wants of what is older than this node.
// Who has just come itself wants no more than that.
func (j *Judge[T]) late(now time.Duration, m Stream) time.Duration {
	if within := j.lateTime(now, m); j.spares.few && within >= j.lately() {
		return within
	}
	return 0
}

// asksLate asks for what is before the past that Config wants, and was said of late. It reports whether it does.
func (j *Judge[T]) asksLate(now time.Duration, question string, o opening) bool {
	within := j.late(now, o.Stream)
	if !j.replays() || o.late || within <= j.cfg.ReplayWithin {
		return false
	}
	first := j.lowest(o)
	if first <= 1 || !j.affords(now, o.peer, o.peer, o.Origin) {
		return false // nothing has come, or all
	}
	q := topics.Question{Origin: o.Origin, Incarnation: o.Incarnation, Topic: o.Topic, Within: within.Milliseconds()}
	j.openings.remove(question)
	j.openings.put(q.String(), opening{Stream: o.Stream, peer: o.peer, until: now + openTime, first: first, late: true})
	j.says = append(j.says, Say{To: o.peer, Topic: question, Cancel: true}, Say{To: o.peer, Topic: q.String()})
	j.stats.Questions++
	j.due = min(j.due, now+openTime)
	return true
}

// lowest is the lowest number that has come of what waits for an answer; 0: nothing has.
func (j *Judge[T]) lowest(o opening) (first uint64) {
	for _, s := range j.by[o.Origin] {
		if o.covers(s.Stream) && len(s.held) > 0 && (first == 0 || s.held.first().number < first) {
			first = s.held.first().number
		}
	}
	return first
}

// open begins the streams that waited for an answer.
func (j *Judge[T]) open(now time.Duration, question string, out []Delivery[T]) []Delivery[T] {
	o := j.openings.all[question]
	j.openings.remove(question)
	j.says = append(j.says, Say{To: o.peer, Topic: question, Cancel: true})
	for _, s := range j.of(o.Origin) {
		if !o.covers(s.Stream) || s.next > 0 {
			continue
		}
		if len(s.held) == 0 { // nothing has come yet: it begins with what does
			out = j.leave(now, s, out)
			continue
		}
		out = j.giveUp(now, s, s.told, out)
		if len(s.held) > 0 || s.told >= s.next { // a beat may have told of more
			j.begin(now, s, 0)
		} else {
			j.rest(s)
		}
		if o.peer != o.Origin || j.view != nil && !j.view.Linked(o.Origin) {
			j.tail(now, s)
		}
	}
	return out
}
