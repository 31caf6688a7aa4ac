package node

import (
	"fmt"
	"testing"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// What a post says goes into its envelope, and posts are numbered with all other messages of their topic.
func TestPostIsSaidAsItIs(t *testing.T) {
	t.Parallel()
	s, l, end := speaking(t, 5)
	if err := s.say(l, plainTopic, []byte("before")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Post{{}, {TTL: 3, Type: "text/plain", Expires: time.Second}, {TTL: -1}} {
		if err := s.sayPost(l, plainTopic, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.say(l, plainTopic, []byte("after")); err != nil {
		t.Fatal(err)
	}
	said := end()["1"]
	if len(said) != 5 {
		t.Fatalf("%d messages", len(said))
	}
	uids := make(map[string]bool)
	for i, e := range said {
		if e.Number != uint64(i+1) || e.Incarnation != 7777 || e.Origin != "node_1" || uids[e.UID] {
			t.Errorf("%d.: %+v", i+1, e)
		}
		uids[e.UID] = true
	}
	for i, ttl := range []int{5, 5, 3, 0, 5} {
		if e := said[i]; e.TTL != ttl || i != 2 && (e.Type != "" || e.Expires != 0) {
			t.Errorf("%d.: %+v, want ttl %d", i+1, e, ttl)
		}
	}
	if e := said[2]; e.Type != "text/plain" || e.Expires != e.SentAt+1000 {
		t.Errorf("%+v", e)
	}
}

func TestPostsThatAreRefused(t *testing.T) {
	t.Parallel()
	n := startAt(t, nodetest.Address(t))
	for _, p := range []Post{
		{TTL: topics.MaxTTL + 1}, {Expires: -time.Second}, {Expires: MaxExpires + time.Millisecond}, {Expires: time.Microsecond},
		{Type: "text"}, {Channel: "a b"}, {Body: make([]byte, topics.MaxMessage+1)},
	} {
		if err := n.PublishPost(p); err == nil {
			t.Errorf("%+v was published", p)
		}
	}
}

// What has expired is given to nobody, and is not missed. What has not is, as ever.
func TestWhatHasExpiredIsNotGiven(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	a, b := startAt(t, addrs[0]), startAt(t, addrs[1], addrs[0])
	whole(t, a, b)
	flowing(t, a, 1)
	for _, p := range []Post{{Body: []byte("late"), Expires: time.Millisecond}, {Body: []byte("in time"), Expires: MaxExpires, Type: "a/b"}, {Body: []byte("late"), Expires: time.Millisecond}} {
		if err := a.PublishPost(p); err != nil {
			t.Fatal(err)
		}
	}
	<-time.After(10 * time.Millisecond)
	if err := a.Publish([]byte("last")); err != nil {
		t.Fatal(err)
	}
	got := make([]Message, 1) // one by one: what is left of a batch is looked at too
	for _, n := range []*Node{a, b} {
		for _, want := range []string{"in time", "last"} {
			k, err := n.Receive(t.Context(), got)
			if err != nil || k != 1 || string(got[0].Body) != want || got[0].Missed > 0 || (got[0].Type != "") != (want == "in time") {
				t.Fatalf("%d, %v: %+v, want %q", k, err, got[0], want)
			}
		}
		if stats := n.Stats(); stats["messages_expired"] != 2 || stats["messages_delivered"] != 2 {
			t.Errorf("%d expired, %d delivered", stats["messages_expired"], stats["messages_delivered"])
		}
	}
}

// What was repaired stands in its place in the past, though it came later than what follows it.
func TestThePastIsInOrder(t *testing.T) {
	t.Parallel()
	n := startAt(t, nodetest.Address(t))
	run := func(number uint64) link.Run {
		e := topics.Envelope{Version: 1, Origin: "b", UID: fmt.Sprint(number), Incarnation: 7, Number: number}
		return zmtp.AppendMessage(nil, plainTopic, fmt.Append(nil, number), topics.AppendEnvelope(nil, e))
	}
	s := relay.Stream{Origin: "b", Incarnation: 7, Topic: topics.Message}
	for _, number := range []uint64{1, 4, 2, 3} {
		n.others.put(s, number, number, run(number))
	}
	var got string
	for _, m := range n.Past(func(string) bool { return true }, 0, 0) {
		got += string(m.Body)
	}
	if got != "1234" {
		t.Errorf("%s", got)
	}
}

// The channel of Messages leaves out what has expired as well.
func TestWhatHasExpiredIsNotHandedOver(t *testing.T) {
	t.Parallel()
	n := startAt(t, nodetest.Address(t))
	for range 3 {
		if err := n.PublishPost(Post{Body: []byte("late"), Expires: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
	}
	<-time.After(10 * time.Millisecond)
	if err := n.Publish([]byte("last")); err != nil {
		t.Fatal(err)
	}
	if m := <-n.Messages(); string(m.Body) != "last" {
		t.Errorf("%q", m.Body)
	}
	if stats := n.Stats(); stats["messages_expired"] != 3 {
		t.Errorf("%d expired", stats["messages_expired"])
	}
}
