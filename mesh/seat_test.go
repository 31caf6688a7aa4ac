package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// A node whose name and seed are one IP address looks who is there: a namesake is told, and the node itself is not.
func TestWhoIsAtTheAddressInTheOwnName(t *testing.T) {
	for what, other := range map[string]bool{"a namesake": true, "this node": false} {
		r := newRig(t, Config{})
		r.m.cfg.Self, r.m.key = "10.0.0.1", "10.0.0.1"
		p := r.puppet("10.0.0.1")
		p.header.Incarnation = 5
		r.m.listeners.named[r.m.key] = 0
		if !other {
			p.header.Incarnation = r.m.Incarnation()
			r.listens("10.0.0.1", "10.0.0.1")
		}
		r.m.addSeed("10.0.0.1")
		r.pass(15 * time.Second)
		if got := r.m.Stats().Namesake; strings.Contains(got, "older than this one, uses the name 10.0.0.1 at 10.0.0.1:20000") != other || !other && got != "" {
			t.Errorf("%s: %q", what, got)
		}
		if n := r.count["10.0.0.1"]; n != 1 {
			t.Errorf("%s: dialled %d times", what, n)
		}
		told := false
		for _, c := range r.changes {
			told = told || c.Kind == Conflict && c.Peer == topics.Name("10.0.0.1")
		}
		if told != other {
			t.Errorf("%s: told: %t", what, told)
		}
	}
}
