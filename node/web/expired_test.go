package web

import (
	"errors"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// A reader that takes its time is not shown what has expired meanwhile, and of what has not it is told when it will.
func TestSlowReaderIsNotShownWhatHasExpired(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s := New(n, Options{})
	t.Cleanup(func() { s.Close() })
	c := slowReader(t, s)
	for _, p := range []node.Post{
		{Body: make([]byte, 2*pieceBytes)}, // it is on its way for as long as nobody reads
		{Body: []byte("late"), Expires: 300 * time.Millisecond},
		{Body: []byte("in time"), Expires: time.Hour},
		{Body: []byte("last")},
	} {
		if err := n.PublishPost(p); err != nil {
			t.Fatal(err)
		}
	}
	var ends []time.Time
	for last := false; !last; {
		some := make([]node.Message, 4)
		k, err := n.Receive(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range some[:k] {
			s.Deliver(m)
			last = string(m.Body) == "last"
			if end := m.Expires(); !end.IsZero() {
				ends = append(ends, end)
			}
		}
	}
	end := ends[0] // on a machine that is slow the first was not even received
	nodetest.Eventually(t, func() error {
		if len(ends) > 1 && !node.Expired(end) {
			return errors.New("it has not expired yet")
		}
		return nil
	})
	read[Message](c)
	if _, m := read[Message](c); *m.Body != "in time" || m.Lost != 0 || m.Expires == nil || !m.Expires.Equal(ends[len(ends)-1]) {
		t.Errorf("%s, %d lost, expires %v", *m.Body, m.Lost, m.Expires)
	}
	if _, m := read[Message](c); *m.Body != "last" || m.Lost != 0 || m.Expires != nil {
		t.Errorf("%s, %d lost, expires %v", *m.Body, m.Lost, m.Expires)
	}
	if int(s.feed.Expired()) != len(ends)-1 {
		t.Errorf("%d expired", s.feed.Expired())
	}
}
