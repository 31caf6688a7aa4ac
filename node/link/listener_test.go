package link

import (
	"fmt"
	"testing"
)

// One hello a connection; what is no name is none.
func TestHello(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	p := subscribed(t, l.Addr(Discovery).String(), "hello/", "hello/a b", "hello/a", "hello/b", "hello/a", "0")
	if e := <-l.Events(); e.Kind != ListenerUp {
		t.Errorf("got %+v", e)
	}
	if e := <-l.Events(); e.Kind != HelloReceived || e.Name != "a" || e.Addr != addrPort(p.LocalAddr()) {
		t.Errorf("got %+v", e)
	}
	counts(t, l, "hellos_ignored", 3)
	p.Close()
	if e := <-l.Events(); e.Kind != ListenerDown || e.Err == nil {
		t.Errorf("got %+v", e)
	}
	p = subscribed(t, l.Addr(Message).String(), "hello/a") // nobody listens by saying hello alone
	p.takenIn().Close()
	eventually(t, "that connection is forgotten", func() bool { return len(l.pubs[Message].gate.subscribers()) == 0 })
	if n := len(l.Events()); n != 0 {
		t.Errorf("%d more events", n)
	}
}

// A subscriber to messages is reported when all that it subscribes to is taken in, where it says its name last.
func TestReader(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		from, to := open(t, Config{}), open(t, Config{Hello: "to", Subscribe: []string{"1", "2/a"}})
		discard(to)
		if tcp {
			hide(from)
		}
		dial(t, to, Message, from)
		up, hello := next(t, from, ListenerUp), next(t, from, HelloReceived)
		if up.Port != Message || hello.Port != Message || hello.ID != up.ID || hello.Name != "to" {
			t.Errorf("got %+v, %+v", up, hello)
		}
		for _, topic := range []string{"1", "2/a"} {
			if err := from.Publish(Message, []byte(topic)); err != nil {
				t.Fatal(err)
			}
		}
		counts(t, to, "messages_in", 2)
		closes(t, to, 0)
		if down := next(t, from, ListenerDown); down.ID != up.ID || down.Port != Message {
			t.Errorf("got %+v", down)
		}
	}
}

// A new listener gets the newest list at once, alone, and no list twice.
func TestNewestBeat(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	addr := l.Addr(Discovery).String()
	early := subscribed(t, addr, "0")
	settled(t, l, Discovery, 1, "0")
	for i := range 100 {
		beat := fmt.Sprint("beat ", i)
		l.SetBeats([][]byte{[]byte("0"), []byte(beat), []byte("header")}, nil)
		late := subscribed(t, addr, "0", "")
		late.expect("0", beat, "header")
		l.Publish(Discovery, []byte("0"), []byte(fmt.Sprint("news ", i)))
		late.expect("0", fmt.Sprint("news ", i)) // so the beat came once
		early.expect("0", fmt.Sprint("news ", i))
		late.Close()
	}
}

// A beat of two texts has one for listeners that said hello and one for the others, at once and later, over TCP and
// within a process.
func TestBeatOfTwoTexts(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	text := func(s string) [][]byte { return [][]byte{[]byte("0"), []byte(s)} }
	l.SetBeats(text("old named"), text("old plain"))
	addr := l.Addr(Discovery).String()
	plain, named := subscribed(t, addr, "0"), subscribed(t, addr, "hello/a", "0")
	plain.expect("0", "old plain")
	named.expect("0", "old named")
	late := subscribed(t, addr, "0", "hello/b")
	late.expect("0", "old plain")
	late.takenIn()
	within := open(t, Config{Hello: "c"})
	dial(t, within, Discovery, l)
	heard := func() string {
		run := next(t, within, Received).Run
		return string(run.Next(nil)[1])
	}
	if got := heard(); got != "old named" {
		t.Errorf("within the process: %q", got)
	}
	for i := range 50 {
		if err := l.PublishBeat(text(fmt.Sprint("named ", i)), text(fmt.Sprint("plain ", i))); err != nil {
			t.Fatal(err)
		}
		plain.expect("0", fmt.Sprint("plain ", i))
		named.expect("0", fmt.Sprint("named ", i))
		late.expect("0", fmt.Sprint("named ", i))
		if got := heard(); got != fmt.Sprint("named ", i) {
			t.Errorf("within the process: %q", got)
		}
	}
}

// A subscriber gets what it has subscribed to, by prefix, and no more.
func TestTopics(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{})
	p := subscribed(t, addr, "a", "bc", "hello/x").takenIn()
	for _, topic := range []string{"b", "abc", "", "hello/x", "bcd", "B", "bc"} {
		if err := l.Publish(Discovery, []byte(topic), []byte("!")); err != nil {
			t.Fatal(err)
		}
	}
	for _, topic := range []string{"abc", "bcd", "bc"} {
		p.expect(topic, "!")
	}
}

// What no peer could take is not published.
func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxMessage: 100, MaxFrames: 2})
	for _, frames := range [][][]byte{nil, {nil}, {{}, {}}, {make([]byte, 101)}, {{1}, make([]byte, 100)}, {{1}, {2}, {3}}} {
		if l.Publish(Message, frames...) == nil {
			t.Errorf("%d frames taken", len(frames))
		}
	}
	for _, frames := range [][][]byte{{{1}}, {nil, {1}}, {make([]byte, 100)}, {{1}, make([]byte, 99)}} {
		if err := l.Publish(Message, frames...); err != nil {
			t.Error(err)
		}
	}
}
