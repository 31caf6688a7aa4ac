package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// A stream may begin with what the node received before it: of others and of itself, on the channels that it is about.
func TestStreamBeginsWithThePast(t *testing.T) {
	t.Parallel()
	a, b, s, base := pair(t, Options{})
	deliver(a, s)
	said := []string{"news 1", "other 2", "news 3", "other 4"}
	say := func(n *node.Node, i int) {
		t.Helper()
		if err := n.PublishTo(said[i][:len(said[i])-2], []byte(said[i])); err != nil {
			t.Fatal(err)
		}
		nodetest.Eventually(t, func() error { // one after the other: two nodes have no order
			if got := len(a.Past(func(string) bool { return true }, 0, 0)); got != i+1 {
				return fmt.Errorf("%d messages have come, want %d", got, i+1)
			}
			return nil
		})
	}
	for i, n := range []*node.Node{a, b, b, a} {
		say(n, i)
	}
	if err := a.PublishPost(node.Post{Body: []byte("late"), Expires: 1e6}); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		if stats := a.Stats(); stats["messages_expired"]+stats["messages_delivered"] != 5 {
			return fmt.Errorf("%d delivered", stats["messages_delivered"])
		}
		return nil
	})
	for query, want := range map[string][]int{
		"replay=1m": {0, 1, 2, 3}, "replay=100": {0, 1, 2, 3}, "replay=2": {2, 3}, "replay=0": {}, "": {},
		"replay=1m&channel=news": {0, 2}, "replay=1&channel=news": {2}, "replay=1m&channel=other&channel=news": {0, 1, 2, 3},
	} {
		c := listen(t, base+"/v1/messages?"+query)
		var got []string
		for range want {
			_, m := read[Message](c)
			got = append(got, *m.Body)
		}
		for i, place := range want {
			if got[i] != said[place] {
				t.Errorf("%q: %q, want %d of %q", query, got, want, said)
				break
			}
		}
		nodetest.Eventually(t, func() error { // the former has gone
			if s.feed.Readers() > 1 {
				return fmt.Errorf("%d readers", s.feed.Readers())
			}
			return nil
		})
		s.Deliver(node.Message{From: "n", Channel: "news", UID: query, Body: []byte("now")})
		if _, m := read[Message](c); *m.Body != "now" || m.Lost != 0 {
			t.Errorf("%q: then %q", query, *m.Body)
		}
		c.close()
	}
}

// What is published while a stream begins is in it once, and in order.
func TestThePastMeetsThePresent(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{})
	deliver(n, s)
	const messages = 5000
	var saying sync.WaitGroup
	saying.Go(func() {
		for i := range messages {
			if err := n.Publish([]byte(strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		}
	})
	for range 5 {
		c := listen(t, base+"/v1/messages?replay=10000")
		for i := range messages {
			if _, m := read[Message](c); *m.Body != strconv.Itoa(i) {
				t.Fatalf("%s, want %d", *m.Body, i)
			}
		}
		c.close()
	}
	saying.Wait()
}

func TestPastsThatAreRefused(t *testing.T) {
	t.Parallel()
	_, base := startServer(t, startNode(t, node.Config{}), Options{})
	for _, text := range []string{"-1", "10001", "x", "0s", "1h1s", "99999999999999999999"} {
		answer, body := ask(t, http.MethodGet, base+"/v1/messages?replay="+text, nil)
		refused(t, text, answer, body, http.StatusBadRequest, "bad_request")
	}
}

// What is replayed is bounded in bytes too: the newest are.
func TestThePastIsBounded(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s, _ := startServer(t, n, Options{})
	const size, messages = 1 << 20, replayBytes>>20 + 3
	for range messages {
		if err := n.Publish(bytes.Repeat([]byte("a"), size)); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, func() error {
		if got := len(n.Past(func(string) bool { return true }, 0, 0)); got != messages {
			return fmt.Errorf("%d messages have come", got)
		}
		return nil
	})
	then := s.replay(t.Context(), func(string) bool { return true }, past{count: node.MaxPast})
	defer then.close()
	if shown := then.shown; len(shown.tags) != replayBytes/size {
		t.Errorf("%d messages of 1 MiB", len(shown.tags))
	}
	if bytes := s.feed.Size(); bytes < replayBytes || bytes > 2*replayBytes {
		t.Errorf("%d bytes", bytes)
	}
}

// What was replayed to a reader does not come to it once more when it is delivered.
func TestWhatWasReplayedDoesNotComeAgain(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{})
	for _, body := range []string{"1", "2"} {
		if err := n.Publish([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, func() error {
		if got := len(n.Past(func(string) bool { return true }, 0, 0)); got != 2 {
			return fmt.Errorf("%d messages have come", got)
		}
		return nil
	})
	c := listen(t, base+"/v1/messages?replay=10")
	for _, want := range []string{"1", "2"} {
		if _, m := read[Message](c); *m.Body != want {
			t.Fatalf("%s, want %s", *m.Body, want)
		}
	}
	if err := n.Publish([]byte("3")); err != nil {
		t.Fatal(err)
	}
	deliver(n, s)
	if _, m := read[Message](c); *m.Body != "3" {
		t.Errorf("%s came again", *m.Body)
	}
}
