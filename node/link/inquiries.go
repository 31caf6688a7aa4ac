package link

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh/rate"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// A subscription to a question (topics.Question) at the message port asks for messages again. It is not kept: the answer
// goes to that connection alone, and whoever subscribes once more asks once more. One goroutine answers all, in turn, and
// reads nobody's connection meanwhile.

const (
	answerMost = 1 << 20 // bytes of one answer, and a message

	// answersAhead is the bytes that may wait in the asker's outbox before it gets the next answer.
	answersAhead = 2 * answerMost

	// answersEach and answersAll bound how fast one connection is answered, and everybody together: to ask takes 40
	// bytes, and to answer a million.
	answersEach = 16 << 20 // bytes a second
	answersAll  = 64 << 20

	inquiriesMost = 1024            // questions that wait, of everybody,
	inquiriesEach = 32              // and of one connection
	inquiryTime   = 3 * time.Second // after which nobody waits for the answer any more
	inquiryLook   = 10 * time.Millisecond
)

var (
	answersEachLimit = rate.Limit{Burst: answersEach / 2, Tokens: answersEach, Period: time.Second}
	answersAllLimit  = rate.Limit{Burst: answersAll / 2, Tokens: answersAll, Period: time.Second}
)

// inquiry is a question of somebody.
type inquiry struct {
	from  *subscriber
	topic string
	topics.Question
	at time.Duration // by clock
}

// answerer answers the questions at the message port.
type answerer struct {
	link  *Link
	spent rate.Bucket   // bytes of all answers
	come  chan struct{} // a question has come
	done  chan struct{}
	ended sync.WaitGroup

	waiting atomic.Int32 // questions
	mu      sync.Mutex
	fresh   []inquiry // of them, those that the goroutine has not seen
}

// asker is what is kept of a connection that asks.
type asker struct {
	waiting atomic.Int32
	spent   rate.Bucket // the answerer's own
}

func newAnswerer(l *Link) *answerer {
	a := &answerer{link: l, come: make(chan struct{}, 1), done: make(chan struct{})}
	a.ended.Add(1)
	go a.run()
	return a
}

func (a *answerer) stop() {
	close(a.done)
	a.ended.Wait()
}

// inquire takes a question, which is not answered where too many wait. It never waits.
func (s *subscriber) inquire(topic string) {
	a := s.link.answers
	q, err := topics.ParseQuestion([]byte(topic))
	switch {
	case err != nil, !s.belongs.Load():
		s.link.counters.add(questionsRefused, 1)
		return
	case a == nil || s.asks.waiting.Add(1) > inquiriesEach:
		s.link.counters.add(questionsRefused, 1)
		if a != nil {
			s.asks.waiting.Add(-1)
		}
		return
	}
	if !a.put(inquiry{s, topic, q, clock()}) {
		s.asks.waiting.Add(-1)
		s.link.counters.add(questionsRefused, 1)
	}
}

// put hands a question over, unless too many wait.
func (a *answerer) put(q inquiry) bool {
	if a.waiting.Add(1) > inquiriesMost {
		a.waiting.Add(-1)
		return false
	}
	a.mu.Lock()
	a.fresh = append(a.fresh, q)
	a.mu.Unlock()
	select {
	case a.come <- struct{}{}:
	default:
	}
	return true
}

// take returns the questions that have come since.
func (a *answerer) take() []inquiry {
	a.mu.Lock()
	defer a.mu.Unlock()
	fresh := a.fresh
	a.fresh = nil
	return fresh
}

// run answers until the link is closed.
func (a *answerer) run() {
	defer a.ended.Done()
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	var waiting []inquiry
	for {
		select {
		case <-a.come:
		case <-tick.C:
		case <-a.done:
			return
		}
		waiting = append(waiting, a.take()...)
		waiting = slices.DeleteFunc(waiting, a.settled)
		if len(waiting) > 0 {
			tick.Reset(inquiryLook)
		} else {
			tick.Reset(time.Hour)
			waiting = nil
		}
	}
}

// settled answers a question if it is its turn, and reports whether nothing is left to do about it.
func (a *answerer) settled(q inquiry) bool {
	now, s := clock(), q.from
	switch {
	case s.ended() != nil:
	case now-q.at > inquiryTime:
		a.link.counters.add(questionsRefused, 1)
	case s.out.left() > answersAhead || s.asks.spent.Empty(now, answersEachLimit) || a.spent.Empty(now, answersAllLimit):
		return false
	default:
		a.answer(now, q)
	}
	s.asks.waiting.Add(-1)
	a.waiting.Add(-1)
	return true
}

// answer says what there is, and that this was all.
func (a *answerer) answer(now time.Duration, q inquiry) {
	a.link.counters.add(questionsAnswered, 1)
	size := 0
	a.link.cfg.Answer(q.Question, q.topic, answerMost, func(run Run) {
		size += len(run)
		a.link.counters.add(messagesAgain, run.Len())
		q.from.send(run, nil, false)
	})
	q.from.send(zmtp.AppendMessage(nil, []byte(q.topic), nil), nil, false)
	q.from.asks.spent.Spend(now, float64(size), answersEachLimit)
	a.spent.Spend(now, float64(size), answersAllLimit)
}
