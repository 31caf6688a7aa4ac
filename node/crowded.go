package node

import (
	"fmt"
	"time"

	"hearsay/mesh"
)

// A node that has no connection to spare hangs up whoever comes, who cannot know why. So it says so itself.

// crowdedFor is for how long that is shown after the last one.
const crowdedFor = time.Minute

// crowded is whether newcomers are turned away.
type crowded struct {
	away  uint64    // how many were
	since mesh.Time // 0: they are not
	last  mesh.Time
}

// look takes in how many were turned away so far, and reports whether it begins.
func (c *crowded) look(away uint64, now mesh.Time) (begins bool) {
	switch {
	case away > c.away:
		begins = c.since == 0
		if begins {
			c.since = now
		}
		c.away, c.last = away, now
	case c.since > 0 && now-c.last >= crowdedFor:
		c.since = 0
	}
	return begins
}

// lookCrowded tells when newcomers begin to be turned away.
func (n *Node) lookCrowded() {
	if n.crowded.look(n.link.TurnedAway(), n.now()) {
		n.log.Warn("newcomers are turned away", "why", n.crowdedWhy())
	}
}

// crowdedWhy is why they are; "" if they are not.
func (n *Node) crowdedWhy() string {
	if n.crowded.since == 0 {
		return ""
	}
	return fmt.Sprintf("all connections that this node may have are taken, with %d file descriptors: ulimit -n", n.cfg.files)
}
