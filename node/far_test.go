package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// farAt waits until a node is a member for others by the word of one, and no more by anybody's if that is "".
func farAt(t *testing.T, name, via topics.Name, nodes ...*Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			m := member(n, name)
			switch {
			case via == "" && m.State != mesh.Far && m.State != mesh.Alive:
			case via != "" && m.State == mesh.Far && m.Flowing && slices.Equal(m.Via, []topics.Name{via}):
			default:
				return fmt.Errorf("%s is %v at %s, by the word of %v, messages flow: %v", name, m.State, n.Name(), m.Via, m.Flowing)
			}
		}
		return nil
	})
}

// Two networks and a bridge: all are members for all, what each says reaches each, and who dies is gone for all.
func TestTwoNetworksAndABridge(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 5)
	side := func(name string) int { return slices.Index([]string{addrs[0], addrs[1], "", addrs[3], addrs[4]}, name) }
	w := &firewall{blocks: func(from, to string, _ link.Port) bool {
		a, b := side(from), side(to)
		return a >= 0 && b >= 0 && (a < 2) != (b < 2)
	}}
	w.stands.Store(true)
	nodes := meshOf(t, w, addrs, func(c *Config) { c.Seeds = []string{addrs[2]} })
	a, bridge, b := nodes[:2], nodes[2], nodes[3:]
	for _, n := range b {
		farAt(t, n.Name(), bridge.Name(), a...)
	}
	for _, n := range a {
		farAt(t, n.Name(), bridge.Name(), b...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	if err := a[0].WaitPeers(ctx, 4); err != nil {
		t.Error(err)
	}
	say(t, b[0], 0, 9)
	(&follower{T: t, n: a[0], from: b[0].Name()}).upTo(9)
	_, err := a[0].Request(ctx, Request{To: string(b[0].Name())})
	if !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), string(bridge.Name())) {
		t.Error("a request to a far member:", err)
	}
	if places := len(a[0].Alive()); places != 2 {
		t.Errorf("%d are heard, though only two can be", places)
	}
	b[1].Close()
	farAt(t, b[1].Name(), "", append(a, bridge)...)
	bridge.Close()
	farAt(t, b[0].Name(), "", a...)
	farAt(t, a[0].Name(), "", b[0])
}

// Three networks in a row: those at the ends are members for each other by two bridges, and hear what each says.
func TestThreeNetworksInARow(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 5)
	nets := [][]int{{1}, {1, 2}, {2}, {2, 3}, {3}}
	w := &firewall{blocks: func(from, to string, _ link.Port) bool {
		a, b := slices.Index(addrs, from), slices.Index(addrs, to)
		return a >= 0 && b >= 0 && !slices.ContainsFunc(nets[a], func(net int) bool { return slices.Contains(nets[b], net) })
	}}
	w.stands.Store(true)
	nodes := meshOf(t, w, addrs, nil)
	first, last := nodes[0], nodes[4]
	farAt(t, last.Name(), nodes[1].Name(), first)
	farAt(t, first.Name(), nodes[3].Name(), last)
	say(t, first, 0, 9)
	(&follower{T: t, n: last, from: first.Name()}).upTo(9)
	nodes[3].Close()
	farAt(t, last.Name(), "", first)
	farAt(t, first.Name(), "", last)
}
