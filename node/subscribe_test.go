package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/node/nodetest"
)

// hearsUntil publishes on a channel until one of the messages arrives.
func hearsUntil(t *testing.T, from, to *Node, channel string) {
	t.Helper()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		publishUntil(t, stop, func() error { return from.PublishTo(channel, []byte("on "+channel)) })
	}()
	m := receive(t, to, "on "+channel)
	for m.From != from.Name() {
		m = receive(t, to, "on "+channel) // what others said meanwhile may come late
	}
	close(stop)
	<-done
	if m.Channel != channel || m.From != from.Name() {
		t.Errorf("%+v", m)
	}
}

// Channels are subscribed to and left while a node runs: at peers that are connected, and at those that come later.
func TestSubscribeAtRunTime(t *testing.T) {
	for name, overTCP := range map[string]bool{"TCP": true, "memory": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addrs := nodetest.Addresses(t, 3)
			begin := func(i int) *Node {
				return start(t, Config{Hostname: addrs[i], Bind: addrs[i], Seeds: addrs[:1], OverTCP: overTCP, Channels: []string{"first"}})
			}
			n, early := begin(0), begin(1)
			whole(t, n, early)
			hearsUntil(t, early, n, "first")
			if err := n.Subscribe("news"); err != nil {
				t.Fatal(err)
			}
			hearsUntil(t, early, n, "news")
			late := begin(2)
			whole(t, n, early, late)
			hearsUntil(t, late, n, "news")
			hearsUntil(t, n, n, "news")
			if got := n.Channels(); !slices.Equal(got, []string{"first", "news"}) || !slices.Equal(n.Config().Channels, got) {
				t.Errorf("channels %v", got)
			}

			for _, channel := range []string{"news", "never"} {
				if err := n.Unsubscribe(channel); err != nil {
					t.Fatal(err)
				}
			}
			// The cancellation reaches a peer some time; from then on its messages do not even come.
			nodetest.Eventually(t, func() error {
				before := n.Stats()["messages_unsubscribed"]
				for range 10 {
					_ = late.PublishTo("news", []byte("for nobody"))
					_ = early.PublishTo("news", []byte("for nobody"))
				}
				hearsUntil(t, early, n, "first")
				hearsUntil(t, late, n, "first")
				if n.Stats()["messages_unsubscribed"] != before {
					return errors.New("they still come")
				}
				return nil
			})
		})
	}
}

func TestSubscribeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	for _, f := range []func(string) error{n.Subscribe, n.Unsubscribe} {
		if err := f("a,b"); err == nil {
			t.Error("a channel with a comma is taken")
		}
	}
	for i := range MaxChannels {
		if err := n.Subscribe(fmt.Sprint("c", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Subscribe("c0"); err != nil {
		t.Error("a channel that is there is refused: ", err)
	}
	if err := n.Subscribe("one"); !errors.Is(err, ErrChannels) {
		t.Errorf("one too many: %v", err)
	}
	if err := n.Unsubscribe("c7"); err != nil {
		t.Fatal(err)
	}
	if err := n.Subscribe("one"); err != nil || len(n.Channels()) != MaxChannels {
		t.Errorf("%v, %d channels", err, len(n.Channels()))
	}
}

// What is published after WaitPeers arrives, the first message too.
func TestWaitPeers(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	n := startAt(t, addrs[0])
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := n.WaitPeers(short, 1); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "reach 0 peers, not 1") {
		t.Errorf("alone: %v", err)
	}
	if err := n.WaitPeers(short, 0); err != nil {
		t.Errorf("for nobody: %v", err)
	}
	peers := []*Node{startAt(t, addrs[1], addrs[0]), startAt(t, addrs[2], addrs[0])}
	if err := n.WaitPeers(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := n.Publish([]byte("the first")); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		receive(t, p, "the first")
	}
	waiting := make(chan error, 1)
	go func() { waiting <- n.WaitPeers(context.Background(), 3) }()
	n.Close()
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("at the end: %v", err)
	}
}
