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
	p = subscribed(t, l.Addr(Message).String(), "hello/a")
	counts(t, l, "hellos_ignored", 4) // said in the wrong place
	p.Close()
	eventually(t, "that connection is forgotten", func() bool { return len(l.pubs[Message].gate.subscribers()) == 0 })
	if n := len(l.Events()); n != 0 {
		t.Errorf("%d more events", n)
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
		l.SetBeat([]byte("0"), []byte(beat), []byte("header"))
		late := subscribed(t, addr, "0", "")
		late.expect("0", beat, "header")
		l.Publish(Discovery, []byte("0"), []byte(fmt.Sprint("news ", i)))
		late.expect("0", fmt.Sprint("news ", i)) // so the beat came once
		early.expect("0", fmt.Sprint("news ", i))
		late.Close()
	}
}

// A subscriber gets what it has subscribed to, by prefix, and no more.
func TestTopics(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{})
	p := subscribed(t, addr, "a", "bc", "hello/x")
	settled(t, l, Discovery, 1, "a", "bc")
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
