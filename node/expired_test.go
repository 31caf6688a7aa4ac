package node

import (
	"fmt"
	"testing"
	"time"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

// gapped is messages of two streams, of which the first expired one was the one to say what was missed.
func gapped(in *inbox) (b *batch) {
	b = in.batch()
	b.expires = true
	b.messages = append(b.messages,
		Message{From: "node_2", expires: 1, Missed: 2},
		Message{From: "node_3", Body: []byte("other")},
		Message{From: "Node_2", expires: 1, Missed: 1},
		Message{From: "node_2", Channel: "c", Body: []byte("channel")},
	)
	return b
}

// behind is a batch in which nothing expires.
func behind(in *inbox) (b *batch) {
	b = in.batch()
	b.messages = append(b.messages,
		Message{From: "node_2", Missed: 4, Body: []byte("next")},
		Message{From: "node_2", Body: []byte("last")},
	)
	return b
}

// What was missed before a message that expires is told with the next one of its sender on its channel.
func TestWhatExpiresHidesNoGap(t *testing.T) {
	t.Parallel()
	want := []string{"other 0", "channel 0", "next 7", "last 0"}
	got := make([]Message, 1)
	t.Run("Receive", func(t *testing.T) {
		t.Parallel()
		n := startAt(t, nodetest.Address(t))
		n.inbox.deliver(gapped(n.inbox))
		n.inbox.deliver(behind(n.inbox))
		for _, want := range want {
			if k, err := n.Receive(t.Context(), got); err != nil || k != 1 {
				t.Fatalf("%d, %v", k, err)
			}
			if m := got[0]; fmt.Sprintf("%s %d", m.Body, m.Missed) != want {
				t.Fatalf("%s, %d missed, want %s", m.Body, m.Missed, want)
			}
		}
	})
	t.Run("Messages", func(t *testing.T) {
		t.Parallel()
		n := startAt(t, nodetest.Address(t))
		n.inbox.deliver(gapped(n.inbox))
		n.inbox.deliver(behind(n.inbox))
		for _, want := range want {
			if m := <-n.Messages(); fmt.Sprintf("%s %d", m.Body, m.Missed) != want {
				t.Fatalf("%s, %d missed, want %s", m.Body, m.Missed, want)
			}
		}
	})
}

// However many streams have gaps before what expires, few are kept.
func TestGapsOfWhatExpiresAreBounded(t *testing.T) {
	t.Parallel()
	in := newInbox(1<<20, func(int) {}, func() {})
	for i := range 3 * owedMost {
		in.owe(&Message{From: topics.Name(fmt.Sprintf("n%d", i)), Missed: 1})
	}
	in.owe(&Message{From: "n0", Missed: 1})
	if m := (Message{From: "N0"}); len(in.owed) != owedMost {
		t.Errorf("%d streams", len(in.owed))
	} else if in.settle(&m); m.Missed != 2 || len(in.owed) != owedMost-1 {
		t.Errorf("%d missed, %d streams", m.Missed, len(in.owed))
	}
}

// A message that waits for room in the channel of Messages until it expires is not given either.
func TestWhatExpiresAtTheChannelIsNotGiven(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, InboxBytes: 1 << 20})
	messages := n.Messages()
	if cap(messages) != 0 {
		t.Fatalf("%d places", cap(messages))
	}
	for _, p := range []Post{{Body: []byte("late"), Expires: 200 * time.Millisecond}, {Body: []byte("last")}} {
		if err := n.PublishPost(p); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, func() error {
		if expired := n.Stats()["messages_expired"]; expired != 1 {
			return fmt.Errorf("%d expired", expired)
		}
		return nil
	})
	if m := <-messages; string(m.Body) != "last" {
		t.Errorf("%q", m.Body)
	}
}
