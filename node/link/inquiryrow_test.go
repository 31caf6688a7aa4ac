package link

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// teller answers once it is let, each question with its last number, and so many bytes. It remembers what it was asked.
type teller struct {
	size int
	let  chan struct{}
	once sync.Once

	mu    sync.Mutex
	asked []string
}

// newTeller opens a link whose answers it gives.
func newTeller(t *testing.T, size int) (*teller, *Link) {
	t.Helper()
	o := &teller{size: size, let: make(chan struct{})}
	l := open(t, Config{Answer: o.answer})
	t.Cleanup(o.begin) // else the link does not close
	discard(l)
	return o, l
}

// begin lets it answer.
func (o *teller) begin() { o.once.Do(func() { close(o.let) }) }

func (o *teller) answer(q topics.Question, topic string, _ int, give func(Run)) {
	o.mu.Lock()
	o.asked = append(o.asked, topic)
	o.mu.Unlock()
	<-o.let
	give(zmtp.AppendMessage(nil, []byte(topic), append(fmt.Append(nil, q.To, " "), make([]byte, o.size)...)))
}

func (o *teller) was() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// busy has a link's answerer begin with an answer to somebody, who does not matter otherwise.
func (o *teller) busy(t *testing.T, l *Link) {
	t.Helper()
	subscribed(t, l.Addr(Message).String(), "1", "5/first/7/1-1/1")
	eventually(t, "the first question", func() bool { return len(o.was()) == 1 })
}

func numbered(n int) string { return fmt.Sprintf("5/a/7/1-%d/1", n) }

// expectAnswer reads an answer of a teller.
func (p *peer) expectAnswer(n int) {
	p.t.Helper()
	p.expect(numbered(n), fmt.Sprint(n, " "))
	p.expect(numbered(n), "")
}

// Of many questions of one connection each is answered in its turn, however many wait.
func TestQuestionsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	p := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	const many = 500
	for n := range many {
		p.say(subscription(numbered(n + 1))...)
	}
	p.takenIn()
	o.begin()
	for n := range many {
		p.expectAnswer(n + 1)
	}
	counts(t, l, "questions_refused", 0)
	l.idle(t)
}

// idle waits until nobody's question waits.
func (l *Link) idle(t *testing.T) {
	t.Helper()
	eventually(t, "an empty row", func() bool {
		a := l.answers
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.bytes == 0 && a.turns.len() == 0
	})
}

// A question that is taken back is not answered, nor is one that waits already answered twice.
func TestQuestionIsTakenBack(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	p := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	for _, n := range []int{1, 2, 3, 1} {
		p.say(subscription(numbered(n))...)
	}
	p.say(cancellation(numbered(2))...).say(cancellation(numbered(9))...)
	p.say(cancellation(numbered(3))...).say(subscription(numbered(3))...).takenIn()
	o.begin()
	p.expectAnswer(1)
	p.expectAnswer(3)
	p.takenIn()
	if got, want := o.was()[1:], []string{numbered(1), numbered(3)}; !slices.Equal(got, want) {
		t.Errorf("asked %q, not %q", got, want)
	}
	l.idle(t)
}

// The same is so within a process.
func TestQuestionIsTakenBackWithinAProcess(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	from := open(t, Config{Subscribe: []string{"1"}})
	o.busy(t, l)
	dial(t, from, Message, l)
	up := next(t, from, Up).ID
	from.Say(up, numbered(1), false)
	from.Say(up, numbered(2), false)
	from.Say(up, numbered(1), true)
	o.begin()
	run := next(t, from, Received).Run
	if f := run.Next(nil); string(f[0]) != numbered(2) {
		t.Errorf("got %q", f)
	}
	l.idle(t)
}

// Who asks for much does not go before who asks for little.
func TestConnectionsAreAnsweredInTurn(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, answerMost)
	o.busy(t, l)
	addr := l.Addr(Message).String()
	greedy, honest := subscribed(t, addr, "1").takenIn(), subscribed(t, addr, "1").takenIn()
	for n := range 100 {
		greedy.say(subscription(numbered(n + 1))...)
	}
	greedy.takenIn()
	const modest = "5/modest/7/1-1/1"
	honest.say(subscription(modest)...).takenIn()
	o.begin()
	honest.expect(modest, "1 "+strings.Repeat("\x00", answerMost))
	if was := slices.Index(o.was(), modest); was != 2 {
		t.Errorf("it is answered after %d", was)
	}
}

// Answers that are small are no reason to wait for a turn each: in one turn somebody has as many as make up a large one.
func TestSmallAnswersShareATurn(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	addr := l.Addr(Message).String()
	first, second := subscribed(t, addr, "1").takenIn(), subscribed(t, addr, "1").takenIn()
	const most = answerMost / answerLeast
	for n := range 2 * most {
		first.say(subscription(numbered(n + 1))...)
	}
	first.takenIn()
	const other = "5/b/7/1-1/1"
	second.say(subscription(other)...).takenIn()
	o.begin()
	second.expect(other, "1 ")
	if was := slices.Index(o.was(), other); was != 1+most {
		t.Errorf("it is answered after %d, not %d", was, 1+most)
	}
}

// longQuestion is one that takes much room.
func longQuestion(n int) string {
	return fmt.Sprintf("5/%s/7/1-%d/2/%s", strings.Repeat("a", 60), n, strings.Repeat("c", topics.MaxChannel))
}

// What a connection asks beyond its room is answered with nothing, at once. Others are answered still.
func TestQuestionThatThereIsNoRoomFor(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	greedy := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	fit, size := 0, 0
	for ; size+len(longQuestion(1000+fit))+inquiryCost <= inquiriesEach; fit++ {
		size += len(longQuestion(1000+fit)) + inquiryCost
		greedy.say(subscription(longQuestion(1000 + fit))...)
	}
	greedy.takenIn()
	counts(t, l, "questions_refused", 0)
	greedy.say(subscription(longQuestion(1000 + fit))...)
	greedy.expect(longQuestion(1000+fit), "")
	counts(t, l, "questions_refused", 1)
	honest := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	honest.say(subscription(numbered(1))...).takenIn()
	greedy.say(cancellation(longQuestion(1001))...) // there is room again
	greedy.say(subscription(longQuestion(1000 + fit + 1))...).takenIn()
	counts(t, l, "questions_refused", 1)
	o.begin()
	honest.expectAnswer(1)
}

// Who does not read what it is answered is not told that there is no room either: that would take memory, too.
func TestNoRoomIsNotToldToWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	l.answers.mu.Lock()
	l.answers.room = 0
	l.answers.mu.Unlock()
	p := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	left := func() (most int) {
		for _, s := range l.pubs[Message].gate.subscribers() {
			most = max(most, s.out.left())
		}
		return most
	}
	published, body := 0, make([]byte, answerMost)
	for ; left() <= answersAhead+answerMost; published++ {
		if err := l.Publish(Message, []byte("1"), body); err != nil {
			t.Fatal(err)
		}
	}
	for n := range inquiriesLeast + 5 {
		p.say(subscription(numbered(n + 1))...)
	}
	p.say(ping...)
	eventually(t, "all is taken or refused", func() bool { return l.Stats()["questions_refused"] == 5 })
	pongs := 0
	p.SetReadDeadline(time.Now().Add(patience))
	for range published + 1 { // the last of what was published may be on its way to the outbox when the PING is answered
		switch got, err := p.message(); {
		case err != nil:
			t.Fatal(err)
		case len(got) == 2 && got[0] == "1" && got[1] == string(body):
		case len(got) == 1 && got[0] == "\x04PONGcontext":
			pongs++
		default:
			t.Fatalf("got %.200q", got)
		}
	}
	if pongs != 1 {
		t.Errorf("%d PONGs", pongs)
	}
	o.begin()
}

// All connections together have so much room, of which each takes as much as it leaves, and some of its own.
func TestQuestionsOfAllAreBounded(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	a, cost := l.answers, inquiryCost+len(numbered(100))
	room := 200 * cost
	a.mu.Lock()
	a.room = room
	a.mu.Unlock()
	const each, connections = 300, 20
	for range connections {
		p := subscribed(t, l.Addr(Message).String(), "1").takenIn()
		for n := range each {
			p.say(subscription(numbered(100 + n))...)
		}
	}
	waiting := func() (all, least int, bytes int) {
		a.mu.Lock()
		defer a.mu.Unlock()
		least = each
		for _, s := range a.turns.all() {
			all, least = all+s.asks.row.len(), min(least, s.asks.row.len())
		}
		return all, least, a.bytes
	}
	eventually(t, "all is taken or refused", func() bool {
		all, _, _ := waiting()
		return all+int(l.Stats()["questions_refused"]) == each*connections
	})
	all, least, bytes := waiting()
	if bytes != all*cost || bytes > room+connections*inquiriesLeast*cost || least != inquiriesLeast {
		t.Errorf("%d wait, of a connection %d at least, %d bytes", all, least, bytes)
	}
	o.begin()
	l.idle(t)
}

// What waits of a connection that ends is not answered. An answer that is under way then is one of nobody.
func TestQuestionsEndWithTheirConnection(t *testing.T) {
	t.Parallel()
	for _, overTCP := range []bool{true, false} {
		t.Run(fmt.Sprintf("tcp=%t", overTCP), func(t *testing.T) {
			t.Parallel()
			o, l := newTeller(t, answerMost)
			from := open(t, Config{OverTCP: overTCP, Subscribe: []string{"1"}})
			dial(t, from, Message, l)
			up := next(t, from, Up).ID
			for n := range 100 {
				from.Say(up, numbered(n+1), false)
			}
			eventually(t, "the first question", func() bool { return len(o.was()) == 1 })
			from.HangUp(up)
			eventually(t, "the end of the connection", func() bool {
				return !slices.ContainsFunc(l.pubs[Message].gate.subscribers(), func(s *subscriber) bool { return s.ended() == nil })
			})
			o.begin()
			l.idle(t)
			if n := len(o.was()); n != 1 {
				t.Errorf("%d answered", n)
			}
		})
	}
}

// What nobody waits for any more, and has not taken back, is not answered, whether its asker reads or not.
func TestQuestionThatIsOld(t *testing.T) {
	t.Parallel()
	o, l := newTeller(t, 0)
	o.busy(t, l)
	p := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	p.say(subscription(numbered(1))...).takenIn()
	l.answers.mu.Lock()
	l.answers.patience = 1
	l.answers.mu.Unlock()
	o.begin()
	l.idle(t)
	counts(t, l, "questions_refused", 1)
	if n := len(o.was()); n != 1 {
		t.Errorf("%d answered", n)
	}
}

// A row holds as much memory as it is counted for, when most of it was taken back, too.
func TestRowCountsItsMemory(t *testing.T) {
	const many = 10_000
	measure := func(left int) (held, counted int) {
		rows := make([]inquiryRow, 10)
		before := heapInUse()
		for i := range rows {
			for n := range many {
				rows[i].add(numbered(many+n), 0)
			}
			for n := range many - left {
				rows[i].remove(numbered(2*many - 1 - n))
			}
			counted += rows[i].bytes
		}
		held = int(heapInUse() - before)
		runtime.KeepAlive(rows)
		return held, counted
	}
	var row inquiryRow
	for range 2 {
		size := row.add("a", 0)
		if size <= 0 || row.bytes != size || row.add("a", 0) != 0 || row.remove("a") != size || row.bytes != 0 || row.remove("a") != 0 {
			t.Errorf("%d bytes in a row of none", row.bytes)
		}
	}
	for _, left := range []int{many, many * 3 / 5, many / 2, 1000, 100} {
		if held, counted := measure(left); held > counted {
			t.Errorf("%d left: %d bytes held, %d counted", left, held, counted)
		}
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A question that is asked again waits anew, at its place.
func TestQuestionAskedAgainWaitsAnew(t *testing.T) {
	var r inquiryRow
	r.add("a", time.Second)
	r.add("b", 2*time.Second)
	if bytes := r.add("a", 3*time.Second); bytes != 0 || r.first() != (inquiry{"a", 3 * time.Second}) || r.len() != 2 {
		t.Errorf("%d bytes more, %+v of %d is first", bytes, r.first(), r.len())
	}
}
