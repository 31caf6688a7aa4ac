package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// Who comes to one side of a bridge gets what was published at the other side before, of all that are there.
func TestReplayOfManyBehindOneRelay(t *testing.T) {
	t.Parallel()
	const many, before = 36, 10
	addrs := nodetest.Addresses(t, many+2)
	bridge, last := addrs[0], addrs[many+1]
	w := &firewall{blocks: func(from, to string, _ link.Port) bool {
		return from == last && to != bridge || to == last && from != bridge
	}}
	w.stands.Store(true)
	var nodes []*Node
	for _, addr := range addrs[:many+1] {
		nodes = append(nodes, start(t, Config{Hostname: addr, Bind: addr, Seeds: addrs[:1], blocked: w.between(addr)}))
	}
	meet(t, nodes...)
	for _, n := range nodes[1:] {
		say(t, n, 0, before-1)
		(&follower{T: t, n: nodes[0], from: n.Name()}).upTo(before - 1)
	}
	n := start(t, Config{Hostname: last, Bind: last, Seeds: addrs[:1], ReplayTime: time.Hour, blocked: w.between(last)})
	meet(t, nodes[0], n)
	relayed(t, n, many)
	for _, o := range nodes[1:] {
		say(t, o, before, before)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	next := make(map[topics.Name]int)
	var dst [64]Message
	for all := 0; all < many*(before+1); {
		got, err := n.Receive(ctx, dst[:])
		if err != nil {
			t.Fatalf("%d have come: %v; the bridge: %d questions refused", all, err, nodes[0].Stats()["link_questions_refused"])
		}
		for _, m := range dst[:got] {
			if key := m.From.Key(); key != nodes[0].Name().Key() {
				if string(m.Body) != fmt.Sprint(next[key]) || m.Missed > 0 {
					t.Errorf("%q of %s, not %d, and %d missed", m.Body, m.From, next[key], m.Missed)
					next[key] = before
				}
				next[key]++
				all++
			}
		}
	}
}
