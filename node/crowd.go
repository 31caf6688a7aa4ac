package node

import (
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

const (
	crowdGap  = 300 * time.Millisecond // a change that is alone for so long is logged
	crowdMost = 3 * time.Second        // none waits longer, however many come
	crowdFull = 4096                   // changes that wait at once
)

// crowd gathers the changes that come by the hundred where a mesh forms: who joined, and whose messages flow, or do not.
// The zero value is ready. It belongs to the loop.
type crowd struct {
	groups []*group
	timer  *time.Timer
}

// group is the changes of one kind.
type group struct {
	first, last     mesh.Change
	firstAt, lastAt time.Time
	peers           []topics.Name // of each, in their order
}

// take keeps a change of a kind that comes in crowds, and reports whether it did.
func (c *crowd) take(change mesh.Change, now time.Time) bool {
	switch change.Kind {
	case mesh.Joined, mesh.Linked, mesh.Returned, mesh.Unlinked, mesh.OneWay, mesh.BothWays, mesh.Stale, mesh.Clock, mesh.Restarts, mesh.Steady, mesh.Attested, mesh.Unattested:
	default:
		return false
	}
	if len(c.groups) == 0 {
		c.timer = time.NewTimer(crowdGap)
	} else if now.Sub(c.groups[0].firstAt) < crowdMost-crowdGap {
		c.timer.Reset(crowdGap)
	}
	g := c.of(change.Kind)
	if g == nil {
		g = &group{first: change, firstAt: now}
		c.groups = append(c.groups, g)
	}
	g.last, g.lastAt, g.peers = change, now, append(g.peers, change.Peer)
	return true
}

// names are those of the peers, each once, though its change may have come again.
func (g *group) names() (names nameList) {
	seen := make(map[topics.Name]bool, len(g.peers))
	for _, peer := range g.peers {
		if key := peer.Key(); !seen[key] {
			seen[key] = true
			names = append(names, peer)
		}
	}
	return names
}

func (c *crowd) of(k mesh.Kind) *group {
	for _, g := range c.groups {
		if g.first.Kind == k {
			return g
		}
	}
	return nil
}

// about reports whether a change of a peer waits.
func (c *crowd) about(peer topics.Name) bool {
	return slices.ContainsFunc(c.groups, func(g *group) bool {
		return slices.Contains(g.peers, peer)
	})
}

// full reports whether no more should wait.
func (c *crowd) full() bool {
	waiting := 0
	for _, g := range c.groups {
		waiting += len(g.peers)
	}
	return waiting >= crowdFull
}

// due is when the changes that wait are to be logged.
func (c *crowd) due() <-chan time.Time {
	if len(c.groups) == 0 {
		return nil
	}
	return c.timer.C
}

// empty returns what waited.
func (c *crowd) empty() []*group {
	out := c.groups
	c.groups = nil
	if c.timer != nil {
		c.timer.Stop()
	}
	return out
}
