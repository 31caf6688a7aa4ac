package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/node/multicast"
	"hearsay/topics"
)

// Status is what a node knows, all of it at one moment, for people and tools.
type Status struct {
	At         time.Time     // the moment
	Took       time.Duration // how long the loop was held up
	Uptime     mesh.Time     // the same on the machine's clock, on which Members has its times
	Members    []mesh.Member
	Links      []mesh.Row
	LostSeeds  []mesh.Lost      // configured names that lead to nobody, and why
	Refused    []link.Refusal   // who came with keys that do not fit, the latest first
	Foreign    []mesh.Foreigner // nodes of other meshes that were met last
	Machine    mesh.Stats
	Taken      []mesh.Taken
	Counters   map[string]uint64      // as Stats returns them
	Received   map[topics.Name]uint64 // bytes over the links that are up now, by the key of the peer's name
	LastEvent  uint64                 // ID of the newest event that is in it; 0 if there was none
	Tags       topics.Tags            // of the node itself
	Multicast  *multicast.State       // nil: nothing is said or heard by multicast
	Leaving    bool                   // it has begun to say goodbye, or has ended
	TurnedAway string                 // why newcomers are turned away; "": they are not
	OwnSeed    topics.Name            // its only seed, where that is its own name; "": it is not
	Misnamed   string                 // why its name leads nobody to it, by what it was started with; "": it may
	Missed     []string               // of what senders messages were missed in the last minutes, and how many: the latest first
	Lost       string                 // how many messages the application did not read in time in the last minutes; "": none
	Alone      bool                   // started without a name to look for, its own apart
}

// Status returns all of that after one visit to the loop, which it holds up for a time in proportion to the
// square of the number of peers: who asks often keeps the answer for a while. It fails when ctx ends first.
// After the end of the node it is as of then.
func (n *Node) Status(ctx context.Context) (Status, error) {
	answer := make(chan Status, 1)
	select {
	case n.asked <- func() { answer <- n.status() }:
		return <-answer, nil
	case <-n.closed:
		n.after.Lock()
		defer n.after.Unlock()
		return n.status(), nil
	case <-ctx.Done():
		return Status{}, fmt.Errorf("ask the loop: %w", ctx.Err())
	}
}

// status is the loop's own.
func (n *Node) status() Status {
	s := Status{
		At:         time.Now(),
		Uptime:     n.now(),
		Members:    n.machine.Members(),
		Links:      n.machine.Matrix(),
		LostSeeds:  n.machine.LostSeeds(),
		Refused:    n.link.Refusals(),
		Foreign:    n.machine.Foreigners(),
		Multicast:  n.multicastState(),
		Machine:    n.machine.Stats(),
		Taken:      n.machine.Taken(),
		Counters:   n.counts(),
		Received:   make(map[topics.Name]uint64, len(n.links)),
		LastEvent:  n.hub.newest(),
		Tags:       n.machine.Profile().Tags,
		TurnedAway: n.turnedAwayWhy(),
		OwnSeed:    n.ownSeed.only,
		Misnamed:   n.nameFault,
		Leaving:    n.Leaving(),
		Alone:      len(n.remembered) == 0 && !slices.ContainsFunc(n.id.seeds, n.isOther),
	}
	s.Missed, s.Lost = n.lossText()
	meshStats(s.Counters, s.Machine)
	for _, l := range n.links {
		s.Received[l.target.Key()] += l.received
	}
	n.incoming.count(s.Received)
	s.Took = time.Since(s.At)
	return s
}

func (n *Node) isOther(name topics.Name) bool { return name.Key() != n.id.name.Key() }

// LastEvent is the ID of the newest event, 0 before the first.
func (n *Node) LastEvent() uint64 { return n.hub.newest() }

// Leave begins to say goodbye and returns at once. Done tells when the node has ended.
func (n *Node) Leave() { n.beginLeave() }

// Leaving reports whether the node has begun to say goodbye, or has ended.
func (n *Node) Leaving() bool {
	select {
	case <-n.leaving:
		return true
	default:
		return false
	}
}

// Config is what the node was started with, defaults filled in; Channels are those of now.
func (n *Node) Config() Config {
	c := n.cfg
	c.Seeds, c.Channels = slices.Clone(c.Seeds), n.Channels()
	return c
}

// newest is the ID of the newest event.
func (h *hub) newest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}
