package link

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// said answers each question with as many messages as it asks for, each of a size.
func said(size int, asked *atomic.Int64) func(topics.Question, string, int, func(Run)) {
	return func(q topics.Question, topic string, most int, give func(Run)) {
		asked.Add(1)
		for n := q.From; n <= q.To && most > 0; n++ {
			body := append(fmt.Append(nil, n, " "), make([]byte, size)...)
			give(zmtp.AppendMessage(nil, []byte(topic), body))
			most -= len(body)
		}
	}
}

// An answer goes to the one who asked, as often as it asks, and nobody else hears of it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	l := open(t, Config{Answer: said(0, &asked)})
	discard(l)
	addr := l.Addr(Message).String()
	other := subscribed(t, addr, "", "1", "5/").takenIn()
	p := subscribed(t, addr, "1").takenIn()
	const question = "5/a/7/3-4/1"
	for range 2 {
		p.say(subscription(question)...)
		p.expect(question, "3 ")
		p.expect(question, "4 ")
		p.expect(question, "")
		p.say(cancellation(question)...)
	}
	p.say(subscription("5/a/7/none/1")...).say(subscription("5/")...).takenIn()
	counts(t, l, "questions_refused", 2+1) // the other's "5/" too
	if err := l.Publish(Message, []byte("1"), []byte("all")); err != nil {
		t.Fatal(err)
	}
	other.expect("1", "all")
	p.expect("1", "all")
	if asked.Load() != 2 || l.Stats()["messages_again"] != 4 {
		t.Errorf("asked %d times, %v", asked.Load(), l.Stats())
	}
}

// Who asks without end, and reads or not, costs what one connection may cost, and holds up nobody else.
func TestQuestionsWithoutEnd(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	l := open(t, Config{Answer: said(64<<10, &asked)})
	discard(l)
	l.answers.mu.Lock()
	l.answers.room = 1000 * inquiryCost
	l.answers.mu.Unlock()
	addr := l.Addr(Message).String()
	greedy := subscribed(t, addr, "1").takenIn()
	var b []byte
	for i := range 2000 {
		b = append(b, subscription(fmt.Sprintf("5/a/7/1-%d/1", 1000+i))...)
	}
	go greedy.say(b...)
	eventually(t, "questions beyond the bound", func() bool { return l.Stats()["questions_refused"] > 1000 })
	honest := subscribed(t, addr, "1").takenIn()
	honest.say(subscription("5/a/7/1-1/1")...)
	honest.expect("5/a/7/1-1/1", "1 "+strings.Repeat("\x00", 64<<10))
	honest.expect("5/a/7/1-1/1", "")
	if n := asked.Load(); n > 100 { // it reads nothing: a few answers fill its outbox
		t.Errorf("answered %d times", n)
	}
	for _, s := range l.pubs[Message].gate.subscribers() {
		if left := s.out.left(); left > answersAhead+2*answerMost {
			t.Errorf("%d bytes wait", left)
		}
	}
}

// What is said to one publisher alone is said to no other, stands until it is taken back, and is counted there. It is the
// same within a process and over TCP.
func TestSaidToOnePublisherAlone(t *testing.T) {
	t.Parallel()
	for _, overTCP := range []bool{false, true} {
		t.Run(fmt.Sprintf("tcp=%t", overTCP), func(t *testing.T) {
			t.Parallel()
			var asked, not atomic.Int64
			from, a, b := open(t, Config{OverTCP: overTCP, Subscribe: []string{"1"}}), open(t, Config{Answer: said(0, &asked)}), open(t, Config{Answer: said(0, &not)})
			discard(a, b)
			dial(t, from, Message, a)
			toA := next(t, from, Up).ID
			dial(t, from, Message, b)
			next(t, from, Up)
			settled(t, a, Message, 1, "1")
			settled(t, b, Message, 1, "1")
			from.Say(toA, "3/x/", false)
			from.Say(toA, "3/*/", false)
			from.Say(toA, "3/x/", false)
			eventually(t, "a relays", func() bool { return a.RelaysOf("x") && a.RelaysOf("") && a.Relays() })
			if b.Relays() || a.RelaysOf("y") {
				t.Error("somebody relays who was not asked")
			}
			for _, l := range []*Link{a, b} {
				if err := l.Publish(Message, []byte("3/x/1"), []byte("relayed")); err != nil {
					t.Fatal(err)
				}
			}
			from.Say(toA, "5/x/7/1-2/1", false)
			var got []string
			for len(got) < 4 {
				run := next(t, from, Received).Run
				for f := run.Next(nil); f != nil; f = run.Next(nil) {
					got = append(got, string(bytes.Join(f, []byte(" "))))
				}
			}
			slices.Sort(got)
			if want := []string{"3/x/1 relayed", "5/x/7/1-2/1 ", "5/x/7/1-2/1 1 ", "5/x/7/1-2/1 2 "}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			from.Say(toA, "5/x/7/1-2/1", true)
			from.Say(toA, "3/x/", true)
			eventually(t, "a relays x no more", func() bool { return !a.RelaysOf("x") && a.RelaysOf("") })
			from.HangUp(toA)
			eventually(t, "nobody asks for anything", func() bool { return !a.Relays() })
			from.Say(toA, "3/x/", false) // and nothing happens
			if asked.Load() != 1 || not.Load() != 0 {
				t.Errorf("asked %d and %d times", asked.Load(), not.Load())
			}
		})
	}
}

// An heir, made anew with other keys, has what was said over the connection before it alone.
func TestHeirHasWhatWasSaidToOnePublisherAlone(t *testing.T) {
	t.Parallel()
	from, a := open(t, Config{OverTCP: true, Subscribe: []string{"1"}}), open(t, Config{})
	discard(a)
	dial(t, from, Message, a)
	up := next(t, from, Up).ID
	discard(from)
	from.Say(up, "3/x/", false)
	eventually(t, "a relays", func() bool { return a.RelaysOf("x") })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	old := from.standing(up)
	s := &succession{old: old, over: make(chan struct{})}
	old.heir.Store(s)
	heir, err := from.reach(ctx, Message, old.remote, old.target, zmtp.Null)
	if err == nil {
		err = from.inherit(heir, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old one has parted", func() bool {
		_ = a.Publish(Message, []byte("1"), []byte("for the heir to begin with"))
		return old.ended() != nil
	})
	settled(t, a, Message, 1, "1")
	if !a.RelaysOf("x") {
		t.Error("the heir has not asked for it")
	}
	from.Say(up, "3/x/", true)
	eventually(t, "nobody asks for it", func() bool { return !a.Relays() })
}
