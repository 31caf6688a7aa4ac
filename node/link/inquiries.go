package link

import (
	"sync"
	"time"

	"hearsay/mesh/rate"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// A subscription to a question (topics.Question) at the message port asks for messages again. It is not kept: the answer
// goes to that connection alone, and whoever subscribes once more asks once more, unless it waits still. One goroutine answers all, and reads
// nobody's connection meanwhile. What it has not come to waits in a row, one for each connection, until it is taken back.
// A question that the row has no room for is answered with nothing at once, unless much waits for who asked: it may be had
// elsewhere.

const (
	answerMost = 1 << 20 // bytes of one answer, and a message, and of what a connection gets until it is the next one's turn

	// answerLeast is what an answer counts for at least, as to look for what there is takes time.
	answerLeast = 1 << 10

	// answersAhead is the bytes that may wait in the asker's outbox before it gets the next answer.
	answersAhead = 2 * answerMost

	// answersEach and answersAll bound how fast one connection is answered, and everybody together: to ask takes 40
	// bytes, and to answer a million.
	answersEach = 16 << 20 // bytes a second
	answersAll  = 64 << 20

	// inquiriesAll and inquiriesEach are the bytes of the questions that wait, of everybody and of one connection: more short
	// ones than a node follows streams. A connection has as much as it leaves to others (see budget), and inquiriesLeast
	// questions whatever others have.
	inquiriesAll   = 16 << 20
	inquiriesEach  = 3 << 20
	inquiriesLeast = 32

	inquiryPatience = 10 * time.Second // after which nobody waits for the answer any more, though it is not taken back
	inquiryLook     = 10 * time.Millisecond
)

var (
	answersEachLimit = rate.Limit{Burst: answersEach / 2, Tokens: answersEach, Period: time.Second}
	answersAllLimit  = rate.Limit{Burst: answersAll / 2, Tokens: answersAll, Period: time.Second}
)

// answerer answers the questions at the message port.
type answerer struct {
	link  *Link
	spent rate.Bucket   // bytes of all answers
	come  chan struct{} // a question has come
	done  chan struct{}
	ended sync.WaitGroup

	mu       sync.Mutex
	turns    fifo[*subscriber] // those with questions, and with some that are gone; the next first
	bytes    int               // that their questions take, with their places
	room     int               // for these
	patience time.Duration
}

// asker is what is kept of a connection that asks.
type asker struct {
	row   inquiryRow  // guarded by the answerer's mu, as the next
	takes bool        // it is among those that take turns
	spent rate.Bucket // the answerer's own
}

func newAnswerer(l *Link) *answerer {
	a := &answerer{link: l, come: make(chan struct{}, 1), done: make(chan struct{}), room: inquiriesAll, patience: inquiryPatience}
	a.ended.Add(1)
	go a.run()
	return a
}

func (a *answerer) stop() {
	close(a.done)
	a.ended.Wait()
}

// inquire takes a question, or says that this was all, where too many wait. It never waits.
func (s *subscriber) inquire(topic string) {
	a := s.link.answers
	if _, err := topics.ParseQuestion([]byte(topic)); err != nil || !s.belongs.Load() || a == nil {
		s.link.counters.add(questionsRefused, 1)
		return
	}
	if a.put(s, topic) {
		return
	}
	s.link.counters.add(questionsRefused, 1)
	if s.out.left() <= answersAhead {
		s.endAnswer(topic)
	}
}

// withdraw takes a question back.
func (s *subscriber) withdraw(topic string) {
	if a := s.link.answers; a != nil {
		a.mu.Lock()
		a.bytes -= s.asks.row.remove(topic)
		a.mu.Unlock()
	}
}

// put has a question wait, unless there is no room for it.
func (a *answerer) put(s *subscriber, topic string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	row := &s.asks.row
	after := row.bytes + inquiryCost + len(topic)
	if after > min(inquiriesEach, a.room-a.bytes) && row.len() >= inquiriesLeast && !row.has(topic) {
		return false
	}
	a.bytes += row.add(topic, clock())
	if !s.asks.takes {
		s.asks.takes = true
		a.turns.push(s)
	}
	select {
	case a.come <- struct{}{}:
	default:
	}
	return true
}

// run answers until the link is closed.
func (a *answerer) run() {
	defer a.ended.Done()
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-a.come:
		case <-tick.C:
		case <-a.done:
			return
		}
		for a.round() {
		}
		if a.waits() {
			tick.Reset(inquiryLook)
		} else {
			tick.Reset(time.Hour)
		}
	}
}

// waits reports whether any question waits.
func (a *answerer) waits() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.turns.len() > 0 {
		return true
	}
	a.turns.forget()
	return false
}

// round gives each connection its turn. It reports whether anybody was answered.
func (a *answerer) round() (some bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range a.turns.len() {
		s := a.turns.first()
		a.turns.pop()
		a.mu.Unlock()
		some = a.turn(s) || some
		a.mu.Lock()
		if s.asks.takes = s.asks.row.len() > 0; s.asks.takes {
			a.turns.push(s)
		}
	}
	return some
}

// turn answers what a connection asked first. It reports whether that was anything.
func (a *answerer) turn(s *subscriber) (some bool) {
	for size := 0; size < answerMost; some = true {
		select {
		case <-a.done:
			return false
		default:
		}
		now := clock()
		topic, ok := a.take(s, now)
		if !ok {
			break
		}
		size += a.answer(now, s, topic)
	}
	return some
}

// take is the next question of a connection, if it can be answered now.
func (a *answerer) take(s *subscriber, now time.Duration) (topic string, ok bool) {
	may := s.out.left() <= answersAhead && !s.asks.spent.Empty(now, answersEachLimit) && !a.spent.Empty(now, answersAllLimit)
	a.mu.Lock()
	defer a.mu.Unlock()
	row := &s.asks.row
	for row.len() > 0 {
		first := row.first()
		switch {
		case s.ended() != nil:
		case now-first.at > a.patience:
			a.link.counters.add(questionsRefused, 1)
		case may:
			a.bytes -= row.remove(first.topic)
			return first.topic, true
		default:
			return "", false
		}
		a.bytes -= row.remove(first.topic)
	}
	return "", false
}

// answer says what there is, and that this was all. It returns how many bytes that was.
func (a *answerer) answer(now time.Duration, s *subscriber, topic string) (size int) {
	q, _ := topics.ParseQuestion([]byte(topic)) // it was one
	a.link.counters.add(questionsAnswered, 1)
	a.link.cfg.Answer(q, topic, answerMost, func(run Run) {
		size += len(run)
		a.link.counters.add(messagesAgain, run.Len())
		s.send(run, nil, false)
	})
	s.endAnswer(topic)
	size = max(size, answerLeast)
	s.asks.spent.Spend(now, float64(size), answersEachLimit)
	a.spent.Spend(now, float64(size), answersAllLimit)
	return size
}

// endAnswer says that this was all.
func (s *subscriber) endAnswer(topic string) {
	s.send(zmtp.AppendMessage(nil, []byte(topic), nil), nil, false)
}
