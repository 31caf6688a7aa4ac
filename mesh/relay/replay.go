package relay

import (
	"time"

	"hearsay/topics"
)

// opening is a question for what was said before this node came. Streams that it is about begin when it is answered.
type opening struct {
	peer, origin topics.Name
	topic        string
	until        time.Duration
}

// openTime bounds the wait for an answer: streams that are not begun hold all that comes.
const openTime = 3 * time.Second

// Replay asks a member for the last messages of an origin on a topic, if the Config says so. It is called when the
// member's messages begin to come, for each topic that is subscribed to.
func (j *Judge[T]) Replay(now time.Duration, peer, origin topics.Name, topic string) {
	if j.cfg.ReplayCount == 0 && j.cfg.ReplayWithin == 0 || peer == "" || len(j.opening) >= openMost {
		return
	}
	var told []*stream[T] // by beats alone, which overtake messages
	for _, s := range j.of(origin) {
		switch {
		case s.Topic != topic:
		case s.came > 0 || len(s.held) > 0:
			return // it is known, and what is missing is repaired
		default:
			told = append(told, s)
		}
	}
	q := topics.Question{Origin: origin, Topic: topic, Count: j.cfg.ReplayCount, Within: j.cfg.ReplayWithin.Milliseconds()}
	question := q.String()
	if _, ok := j.opening[question]; ok {
		return
	}
	for _, s := range told {
		_ = j.leave(now, s, nil) // it holds nothing
	}
	j.opening[question] = opening{peer, origin, topic, now + openTime}
	j.says = append(j.says, Say{To: peer, Topic: question})
	j.stats.Questions++
	j.due = min(j.due, now+openTime)
}

func (j *Judge[T]) isOpening(m Stream) bool {
	for _, o := range j.opening {
		if o.origin == m.Origin && o.topic == m.Topic {
			return true
		}
	}
	return false
}

// open begins the streams that waited for an answer.
func (j *Judge[T]) open(now time.Duration, question string, out []Delivery[T]) []Delivery[T] {
	o := j.opening[question]
	delete(j.opening, question)
	j.says = append(j.says, Say{To: o.peer, Topic: question, Cancel: true})
	for _, s := range j.of(o.origin) {
		if s.Topic != o.topic || s.next > 0 {
			continue
		}
		if len(s.held) == 0 { // nothing has come yet: it begins with what does
			out = j.leave(now, s, out)
			continue
		}
		out = j.giveUp(now, s, s.told, out)
		if len(s.held) > 0 {
			j.begin(now, s, 0)
		} else {
			j.rest(s)
		}
	}
	return out
}
