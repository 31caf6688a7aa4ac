package link

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// publisherOf is one whose sender does not run.
func publisherOf(t *testing.T, port Port) *publisher {
	p := &publisher{gate: open(t, Config{}).pubs[port].gate}
	p.changed = sync.NewCond(&p.mu)
	return p
}

func (p *publisher) say(t *testing.T, text string) {
	t.Helper()
	if err := p.publish([][]byte{[]byte("2/a"), []byte(text)}, nil); err != nil {
		t.Error(err)
	}
}

// A message that comes alone is handed out by who publishes it, and so is one that comes soon after, while what was spent on them
// allows it. Others wait for the sender, as do beats, and what is behind something that waits.
func TestLoneMessagesAreHandedOutAtOnce(t *testing.T) {
	t.Parallel()
	p := publisherOf(t, Message)
	var heard []string
	p.echo = func(run Run, _ int) { heard = append(heard, string(run.Next(nil)[1])) }
	p.say(t, "alone")
	if p.spent <= 0 || p.spent > aloneAhead {
		t.Errorf("one message counts as %v", p.spent)
	}
	p.last, p.spent = time.Now().Add(time.Minute), aloneAhead
	if p.say(t, "soon after"); p.spent <= aloneAhead || p.spent > 2*aloneAhead {
		t.Errorf("another one makes it %v", p.spent)
	}
	p.last = time.Now().Add(time.Minute)
	p.say(t, "too many soon after")
	p.last = time.Time{}
	p.say(t, "behind it")
	if len(heard) != 2 || heard[0] != "alone" || p.pending.len() != 1 {
		t.Errorf("%q are handed out, %d runs wait", heard, p.pending.len())
	}
	if waits := int(p.underWay.Load()); waits != p.bytes || waits == 0 {
		t.Errorf("%d bytes are under way, %d wait", waits, p.bytes)
	}
	paused := publisherOf(t, Message)
	paused.spent = 2 * aloneAhead
	if paused.say(t, "after a pause"); paused.pending.len() != 0 {
		t.Error("what comes after a pause waits")
	}
	b := publisherOf(t, Discovery)
	if b.say(t, "beat"); b.pending.len() != 1 {
		t.Error("a beat is handed out by the loop")
	}
}

// Nothing is handed out while something else is, and what waits goes out in its order.
func TestOneRunIsHandedOutAtATime(t *testing.T) {
	t.Parallel()
	p := publisherOf(t, Message)
	p.stopped = make(chan struct{})
	var mu sync.Mutex
	var heard []string
	inside := 0
	begun, both, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.echo = func(run Run, _ int) {
		mu.Lock()
		if len(heard) == 0 {
			close(begun)
		}
		if inside++; inside == 2 {
			close(both)
		}
		for f := run.Next(nil); f != nil; f = run.Next(nil) {
			heard = append(heard, string(f[1]))
		}
		mu.Unlock()
		<-release
		mu.Lock()
		inside--
		mu.Unlock()
	}
	go p.send()
	first := make(chan struct{})
	go func() {
		defer close(first)
		p.say(t, "0")
	}()
	<-begun
	p.mu.Lock()
	p.last = time.Time{} // what comes next comes alone
	p.mu.Unlock()
	p.say(t, "1")
	select {
	case <-both:
		t.Error("two are handed out at a time")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-first
	for i := 2; i < 1000; i++ {
		if i%3 == 0 {
			p.mu.Lock()
			p.last = time.Time{}
			p.mu.Unlock()
		}
		p.say(t, fmt.Sprint(i))
	}
	p.flush()
	for i, text := range heard {
		if text != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, text)
		}
	}
	if len(heard) != 1000 {
		t.Errorf("%d messages", len(heard))
	}
}

// Who publishes spends no more than half of its pauses on handing messages out, beyond what it may do ahead of them, and a pause
// pays for what was spent before it, not for what comes later.
func TestPausesPayForLoneMessages(t *testing.T) {
	t.Parallel()
	p := publisherOf(t, Message)
	now := time.Now()
	for _, c := range []struct{ spent, pause, left time.Duration }{
		{2 * aloneAhead, aloneAfter, 2 * aloneAhead},
		{2 * aloneAhead, aloneAhead, aloneAhead + aloneAhead/2},
		{2 * aloneAhead, 2 * aloneAhead, aloneAhead},
		{aloneAhead, time.Hour, 0},
	} {
		p.last, p.spent = now.Add(-c.pause), c.spent
		if alone := p.alone(now); alone != (c.left <= aloneAhead) || p.spent != c.left {
			t.Errorf("%+v: %v is left, alone %v", c, p.spent, alone)
		}
	}
}
