package node

import (
	"fmt"
	"time"

	"hearsay/mesh"
	"hearsay/node/files"
	"hearsay/node/link"
)

// A node that has no connection to spare hangs up whoever comes, who cannot know why. So it says so itself.

// turnedAwayFor is for how long that is shown after the last one.
const turnedAwayFor = time.Minute

// turnaway is whether newcomers are turned away.
type turnaway struct {
	away  uint64    // how many were
	since mesh.Time // 0: they are not
	last  mesh.Time
}

// look takes in how many were turned away so far, and reports whether it begins.
func (t *turnaway) look(away uint64, now mesh.Time) (begins bool) {
	switch {
	case away > t.away:
		begins = t.since == 0
		if begins {
			t.since = now
		}
		t.away, t.last = away, now
	case t.since > 0 && now-t.last >= turnedAwayFor:
		t.since = 0
	}
	return begins
}

// lookTurnedAway tells when newcomers begin to be turned away.
func (n *Node) lookTurnedAway() {
	if n.turnaway.look(n.link.TurnedAway(), n.now()) {
		n.log.Warn("newcomers are turned away", "why", n.turnedAwayWhy())
	}
	n.sayOwnFault()
}

// turnedAwayWhy is why they are; "" if they are not.
func (n *Node) turnedAwayWhy() string {
	if n.turnaway.since == 0 {
		return ""
	}
	why := "all connections that this node takes on a port are taken"
	if few := files.Divide(n.cfg.files).Port; few < link.MostSubscribers {
		why += fmt.Sprintf(": with %d file descriptors these are %d (ulimit -n)", n.cfg.files, few)
	}
	return why
}
