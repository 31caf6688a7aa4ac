package link

import (
	"slices"
	"strings"
	"testing"

	"hearsay/topics"
)

// Who has subscribed to a topic is known by name, over TCP and through memory, until it cancels or is gone.
func TestAudience(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		from := open(t, Config{})
		to, other := open(t, Config{Hello: "to", Subscribe: []string{"1", "4/time"}}), open(t, Config{Hello: "other", Subscribe: []string{"1"}})
		discard(from, to, other)
		if tcp {
			hide(from)
		}
		dial(t, to, Message, from)
		dial(t, other, Message, from)
		is := func(topic string, names ...topics.Name) {
			t.Helper()
			eventually(t, topic, func() bool {
				var got []topics.Name
				for _, a := range from.Audience(func(s string) bool { return s == topic }) {
					got = append(got, a.Name)
				}
				slices.Sort(got)
				return slices.Equal(got, names)
			})
		}
		is("1", "other", "to")
		is("4/time", "to")
		is("4/")
		other.Subscribe("4/time")
		is("4/time", "other", "to")
		to.Unsubscribe("4/time")
		is("4/time", "other")
		closes(t, other, 0)
		is("4/time")
	}
	l := open(t, Config{})
	discard(l)
	p := subscribed(t, l.Addr(Message).String(), "4/time")
	eventually(t, "one without a name", func() bool {
		all := l.Audience(func(s string) bool { return strings.HasPrefix(s, "4/") })
		return len(all) == 1 && all[0] == Audience{Topic: "4/time"}
	})
	l.pubs[Message].gate.mu.Lock()
	strangers := l.pubs[Message].gate.strangers.Len()
	l.pubs[Message].gate.mu.Unlock()
	if strangers != 0 {
		t.Error("who listens to requests alone is a stranger")
	}
	p.Close()
}

// What somebody subscribes to who has no place any more is neither kept nor counted.
func TestGoneSubscriberHasNoTopics(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	subscribed(t, l.Addr(Message).String(), "1")
	settled(t, l, Message, 1, "1")
	g := l.pubs[Message].gate
	s := g.subscribers()[0]
	g.mu.Lock()
	g.forgetLocked(s)
	g.mu.Unlock()
	s.addTopic("2/x")
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(s.topics, "2/x") || s.serving != 0 || len(g.served) != 0 {
		t.Errorf("%q, at place %d of %d", s.topics, s.serving, len(g.served))
	}
}
