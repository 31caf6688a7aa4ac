package link

import (
	"fmt"
	"testing"

	"hearsay/topics"
)

// What a subscriber leaves out of what is relayed goes to the others alone, and what it takes back goes to it again.
func TestSparedOriginsAreLeftOut(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	subscribed(t, l.Addr(Message).String(), "3/*/", "3/a/")
	settled(t, l, Message, 1, "3/a/")
	s := l.pubs[Message].gate.subscribers()[0]
	leaves := func(topic string) bool {
		l.pubs[Message].gate.mu.Lock()
		defer l.pubs[Message].gate.mu.Unlock()
		return s.leaves(&topicRun{topic: topic})
	}
	s.subscribe(topics.SparedTopic("c")) // and it stays so
	before := s.spared.size
	for _, way := range []struct{ say, takeBack func(string) }{{s.subscribe, s.unsubscribe}, {s.addTopic, s.dropTopic}} {
		way.say(topics.SparedTopic("A"))
		for topic, want := range map[string]bool{"3/*/a/1": true, "3/*/a/2/x": true, "3/*/b/1": false, "3/a/1": false, "1": false} {
			if leaves(topic) != want {
				t.Errorf("%s is left out: %v", topic, !want)
			}
		}
		way.takeBack(topics.SparedTopic("a:20000")) // the same name
		if leaves("3/*/a/1") || s.spared.size != before {
			t.Errorf("it is left out still, and %d bytes are counted", s.spared.size)
		}
	}
}

// What is left out is not sent over that connection, and is over the others.
func TestSparedOriginsAreNotSent(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	spares := subscribed(t, l.Addr(Message).String(), "3/*/", topics.SparedTopic("a")).takenIn()
	other := subscribed(t, l.Addr(Message).String(), "3/*/").takenIn()
	settled(t, l, Message, 2)
	for _, topic := range []string{"3/*/a/1", "3/*/b/1"} {
		if err := l.Publish(Message, []byte(topic), []byte("body"), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	spares.expect("3/*/b/1", "body", "{}")
	other.expect("3/*/a/1", "body", "{}")
	other.expect("3/*/b/1", "body", "{}")
}

// However many are left out, the memory for them is bounded, and nothing of it is taken from subscriptions.
func TestSparedAreBounded(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	p := subscribed(t, l.Addr(Message).String(), "3/*/")
	settled(t, l, Message, 1, "3/*/")
	p.takenIn()
	s := l.pubs[Message].gate.subscribers()[0]
	for i := range sparedMost / topicOverhead {
		s.spare(topics.SparedTopic(topics.Name(fmt.Sprintf("origin-%d", i))))
	}
	p.say(subscription(topics.SparedTopic("a"))...).say(subscription("3/a/")...).takenIn()
	settled(t, l, Message, 1, "3/a/")
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if s.spared.size > sparedMost || s.spared.size < sparedMost*9/10 || len(s.topics) != 2 {
		t.Errorf("%d bytes, %d topics", s.spared.size, len(s.topics))
	}
	if l.Stats()["subscriptions_ignored"] == 0 {
		t.Error("what does not fit is not counted")
	}
}

// Whether anybody wants the newest numbers is known for as long as the connection lasts.
func TestWatchersAreCounted(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	p := subscribed(t, l.Addr(Message).String(), topics.Newest)
	settled(t, l, Message, 1, topics.Newest)
	if !l.Watched() {
		t.Error("nobody is counted")
	}
	p.say(cancellation(topics.Newest)...).takenIn()
	if l.Watched() {
		t.Error("it is counted still")
	}
	p.say(subscription(topics.Newest)...).takenIn()
	if !l.Watched() {
		t.Error("nobody is counted")
	}
	p.Close()
	eventually(t, "it is counted no more", func() bool { return !l.Watched() })
}

// Who asks for the newest numbers is told those of late, once, alone, and once more when it asks anew.
func TestNewWatchersAreToldAlone(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	addr := l.Addr(Message).String()
	first := subscribed(t, addr, topics.Newest).takenIn()
	settled(t, l, Message, 1, topics.Newest)
	if !l.NewWatchers() {
		t.Fatal("nobody waits")
	}
	l.TellNewWatchers([][]byte{[]byte("a"), []byte("b")})
	first.expect(topics.Newest, "a")
	first.expect(topics.Newest, "b")
	if l.NewWatchers() {
		t.Error("it waits still")
	}
	second := subscribed(t, addr, topics.Newest).takenIn()
	subscribed(t, addr, "3/*/").takenIn()
	eventually(t, "the second one", l.NewWatchers)
	l.TellNewWatchers([][]byte{[]byte("c")})
	first.say(cancellation(topics.Newest)...).say(subscription(topics.Newest)...)
	eventually(t, "the first one", l.NewWatchers)
	l.TellNewWatchers([][]byte{[]byte("d")})
	if err := l.Publish(Message, []byte(topics.Newest), []byte("e")); err != nil {
		t.Fatal(err)
	}
	second.expect(topics.Newest, "c")
	second.expect(topics.Newest, "e")
	first.expect(topics.Newest, "d")
	first.expect(topics.Newest, "e")
}
