package node

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

// A channel passes those that do not receive it, also where it is subscribed to later. Their applications get nothing of it, and
// one that receives it no more does not either.
func TestAChannelPassesWhoDoesNotReceiveIt(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	nodes := meshOf(t, row(addrs), addrs, func(c *Config) {
		if c.Hostname == addrs[2] {
			c.Channels = []string{"c"}
		}
	})
	first, second, third, last := nodes[0], nodes[1], nodes[2], nodes[3]
	for i := range nodes[1:] {
		meet(t, nodes[i], nodes[i+1])
	}
	if err := third.Unsubscribe("c"); err != nil {
		t.Fatal(err)
	}
	if err := last.Subscribe("c"); err != nil {
		t.Fatal(err)
	}
	f := &follower{T: t, n: last, from: first.Name()}
	said := 0
	nodetest.Eventually(t, func() error { // until all have asked for all
		if err := first.PublishTo("c", fmt.Append(nil, said)); err != nil {
			return err
		}
		said++
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		var m [1]Message
		if _, err := last.Receive(ctx, m[:]); err != nil {
			return err
		}
		f.next = said
		if string(m[0].Body) != fmt.Sprint(said-1) {
			return errors.New("an earlier one came")
		}
		return nil
	})
	for i := range 20 {
		if err := first.PublishTo("c", fmt.Append(nil, said+i)); err != nil {
			t.Fatal(err)
		}
	}
	if f.upTo(said + 19); f.missed != 0 {
		t.Errorf("%d missed", f.missed)
	}
	say(t, first, 0, 0)
	for _, n := range []*Node{second, third} {
		ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
		defer cancel()
		var m [1]Message
		if _, err := n.Receive(ctx, m[:]); err != nil || m[0].Channel != "" {
			t.Errorf("%s: %q on %q, %v", n.Name(), m[0].Body, m[0].Channel, err)
		}
		if past := n.Past(func(string) bool { return true }, 0, 0); len(past) != 1 {
			t.Errorf("%s kept %d for its application", n.Name(), len(past))
		}
	}
}

// Who is asked by nobody takes the channels that it receives, and no others. Nobody needs them a minute after the last one asked.
func TestChannelsAreCarriedWhileSomebodyAsks(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	topic := []byte(topics.ChannelPrefix + "c")
	n.hearing.mu.Lock()
	defer n.hearing.mu.Unlock()
	j := n.hearing.judge
	for _, step := range []struct {
		at      time.Duration
		partial bool
		want    bool
	}{{0, false, false}, {1, true, true}, {2, false, true}, {carryTime + 1, false, true}, {carryTime + 2, false, false}, {carryTime + 3, true, true}} {
		j.now = time.Hour + step.at
		if j.carry(step.partial); n.takes(topic) != step.want {
			t.Errorf("at %v: takes all channels: %v", step.at, !step.want)
		}
	}
}
