package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// loose returns a wire between two links, which neither knows of.
func loose(t *testing.T) *wire {
	from, to := open(t, Config{}), open(t, Config{})
	w := newWire(newExchange(to))
	w.from = from.pubs[Message].gate.newSubscriber(wireOut{wireEnd{wire: w, remote: &net.TCPAddr{}}})
	w.to = to.newDialled(wireIn{wireEnd{wire: w, remote: &net.TCPAddr{}}}, Message, to.Addr(Message), "")
	w.opened, w.up = true, true
	return w
}

// What is published is in memory once, however many of this process read it.
func TestWiresShareARun(t *testing.T) {
	t.Parallel()
	from := open(t, Config{})
	discard(from)
	readers := []*Link{open(t, Config{Subscribe: []string{"1"}}), open(t, Config{Subscribe: []string{"1"}})}
	for _, to := range readers {
		dial(t, to, Message, from)
	}
	settled(t, from, Message, len(readers), "1")
	if err := from.Publish(Message, []byte("1"), []byte("once")); err != nil {
		t.Fatal(err)
	}
	var read []Run
	for _, to := range readers {
		read = append(read, next(t, to, Received).Run)
	}
	if &read[0][0] != &read[1][0] {
		t.Error("a run was copied")
	}
}

// A wire holds so much and no more, but any run if it is empty, and hands them on in pieces of a run's size.
func TestWireRoom(t *testing.T) {
	t.Parallel()
	w := loose(t)
	large, half := make([]byte, 2*wireBuffer), make([]byte, wireBuffer/2)
	for i, c := range []struct {
		run  []byte
		fits bool
	}{{large, true}, {half[:1], false}} {
		if w.pass(c.run) != c.fits {
			t.Errorf("run %d of %d bytes: fits %v", i, len(c.run), !c.fits)
		}
	}
	if runs, over := w.take(nil); len(runs) != 1 || len(runs[0]) != len(large) || over {
		t.Errorf("took %d runs, over %v", len(runs), over)
	}
	for range 2 {
		if !w.pass(half) {
			t.Error("no room")
		}
	}
	if w.pass(half[:1]) {
		t.Error("too much room")
	}
	if runs, _ := w.take(nil); len(runs) != 2 || w.size != 0 {
		t.Errorf("took %d runs, left %d bytes", len(runs), w.size)
	}
	for w.pass(half[:1]) {
	}
	for w.size > 0 {
		w.take(nil)
	}
	if cap(w.waiting) > quietRuns {
		t.Errorf("a wire at rest keeps room for %d runs", cap(w.waiting))
	}
}

func TestWireDeadline(t *testing.T) {
	t.Parallel()
	w := loose(t)
	out := wireOut{wireEnd{wire: w}}
	run := make([]byte, wireBuffer)
	if n, err := out.Write(run); n != len(run) || err != nil {
		t.Fatalf("wrote %d: %v", n, err)
	}
	out.SetWriteDeadline(time.Now().Add(window / 10))
	if n, err := out.Write(run); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wrote %d: %v", n, err)
	}
	out.SetWriteDeadline(time.Time{})
	wrote := make(chan error)
	go func() {
		_, err := out.Write(run)
		wrote <- err
	}()
	w.take(nil)
	if err := <-wrote; err != nil {
		t.Errorf("after there was room: %v", err)
	}
	go func() {
		_, err := out.Write(run)
		wrote <- err
	}()
	w.mu.Lock()
	w.ended = true
	w.changed.Broadcast()
	w.mu.Unlock()
	if err := <-wrote; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// Over wires comes what was subscribed to, by prefix, and no more.
func TestWireTopics(t *testing.T) {
	t.Parallel()
	from := open(t, Config{})
	to := open(t, Config{Subscribe: []string{"a", "bc"}})
	dial(t, to, Message, from)
	settled(t, from, Message, 1, "a", "bc")
	for _, topic := range []string{"b", "abc", "bcd", "B", "bc", "x"} {
		if err := from.Publish(Message, []byte(topic), []byte("!")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for len(got) < 3 {
		run := next(t, to, Received).Run
		for f := run.Next(nil); f != nil; f = run.Next(f) {
			got = append(got, string(f[0]))
		}
	}
	if got := strings.Join(got, " "); got != "abc bcd bc" {
		t.Error(got)
	}
}

// A message larger than its receiver takes ends the wire, and is counted there. Those before it arrive.
func TestWireLimits(t *testing.T) {
	t.Parallel()
	const before = 300
	from, to := open(t, Config{}), open(t, Config{MaxMessage: 100, Subscribe: []string{"1"}})
	discard(from)
	dial(t, to, Message, from)
	settled(t, from, Message, 1, "1")
	for i := range before + 10 {
		size := 10
		if i == before {
			size = 1000
		}
		if err := from.Publish(Message, []byte("1"), make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	for e := anyEvent(t, to); e.Kind != Down; e = anyEvent(t, to) {
		got += e.Run.Len()
	}
	if got != before {
		t.Errorf("%d messages before the large one, not %d", got, before)
	}
	counts(t, to, "too_large", 1)
	counts(t, to, "messages_in", before)
	eventually(t, "the publisher has forgotten it", func() bool { return len(from.pubs[Message].gate.subscribers()) == 0 })
}

// A listener is seen where it would be seen over TCP.
func TestWireSource(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]string{"": "127.0.0.1", "127.4.5.6": "127.4.5.6"} {
		from, to := open(t, Config{Hello: "a"}), open(t, Config{})
		from.cfg.Bind = bind // what dials come from; it listens where it did
		for _, tcp := range []bool{false, true} {
			if tcp {
				hide(to)
			}
			dial(t, from, Discovery, to)
			if got := next(t, to, ListenerUp).Addr.Addr().String(); got != want {
				t.Errorf("bound to %q, tcp %v: from %s, not %s", bind, tcp, got, want)
			}
		}
	}
}

// A wire takes no stranger's place, and who never listens there takes no list of the discovery port for messages.
func TestWireAmongStrangers(t *testing.T) {
	t.Parallel()
	from, to := open(t, Config{MaxStrangers: 1}), open(t, Config{Hello: "to"})
	discard(from)
	stranger := subscribed(t, from.Addr(Discovery).String())
	eventually(t, "a stranger", func() bool { return len(from.pubs[Discovery].gate.subscribers()) == 1 })
	dial(t, to, Discovery, from)
	next(t, to, Up)
	if n := from.Stats()["shed"]; n != 0 {
		t.Errorf("%d had to go", n)
	}
	stranger.say(subscription("0")...)
	settled(t, from, Discovery, 2, "0")

	other := open(t, Config{})
	if err := to.Dial(context.Background(), Message, other.Addr(Discovery), ""); err != nil {
		t.Fatal(err)
	}
	next(t, to, Up)
	eventually(t, "a connection", func() bool { return len(other.pubs[Discovery].gate.subscribers()) == 1 })
	if n := len(other.pubs[Discovery].gate.served); n != 0 {
		t.Errorf("%d wires to the wrong port", n)
	}
}

// Wires cost no goroutines, however many there are, and all that is sent over them arrives in order.
func TestManyWires(t *testing.T) {
	const many, messages = 50, 200
	to := open(t, Config{Hello: "to", Subscribe: []string{"1"}})
	links := make([]*Link, many)
	for i := range links {
		links[i] = open(t, Config{})
	}
	discard(links...)
	before := runtime.NumGoroutine()
	froms := make(map[ID]int)
	for i, from := range links {
		dial(t, to, Message, from)
		froms[next(t, to, Up).ID] = i
		settled(t, from, Message, 1, "1")
	}
	eventually(t, "no goroutine more", func() bool { return runtime.NumGoroutine() <= before })
	for i, from := range links {
		go func() {
			for n := range messages {
				_ = from.Publish(Message, []byte("1"), fmt.Appendf(nil, "%d %d", i, n))
			}
		}()
	}
	var got [many]int
	for total := 0; total < many*messages; {
		e := next(t, to, Received)
		i := froms[e.ID]
		for f := e.Run.Next(nil); f != nil; f = e.Run.Next(f) {
			if want := fmt.Appendf(nil, "%d %d", i, got[i]); !bytes.Equal(f[1], want) {
				t.Fatalf("%q, not %q", f[1], want)
			}
			got[i]++
			total++
		}
	}
	if n := to.Stats()["messages_in"]; n != many*messages {
		t.Errorf("%d counted", n)
	}
}

// A wire may end at any moment of its life, from both ends at once.
func TestWireEnds(t *testing.T) {
	t.Parallel()
	from, to := open(t, Config{MaxSubscribers: 3}), open(t, Config{})
	from.SetBeats([][]byte{[]byte("0"), []byte("beat")}, nil)
	discard(from)
	const many = 300
	ups := 0
	for range many {
		if to.Dial(context.Background(), Discovery, from.Addr(Discovery), "") == nil {
			ups++
		}
		for _, s := range from.pubs[Discovery].gate.subscribers() {
			go s.hangUp(errHungUp)
		}
	}
	for downs := 0; downs < ups; {
		switch e := anyEvent(t, to); e.Kind {
		case Up:
			go to.HangUp(e.ID)
		case Down:
			downs++
		}
	}
	eventually(t, "all are forgotten", func() bool { return len(from.pubs[Discovery].gate.subscribers()) == 0 })
	if n := len(from.pubs[Discovery].gate.served); n != 0 {
		t.Errorf("%d wires are kept", n)
	}
}

// anyEvent returns the link's next event.
func anyEvent(t *testing.T, l *Link) Event {
	t.Helper()
	select {
	case e := <-l.Events():
		return e
	case <-time.After(patience):
		t.Fatal("no event")
	}
	return Event{}
}
