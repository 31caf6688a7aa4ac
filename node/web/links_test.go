package web

import (
	"testing"

	"hearsay/mesh"
	"hearsay/node"
)

// Links may go one way where the node hears few, and where a member does that need not hear it.
func TestLinksThatMayGoOneWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ partial, spare, want bool }{{false, false, false}, {true, false, true}, {false, true, true}} {
		v := node.Status{Members: []mesh.Member{{Spare: c.spare}, {}}}
		v.Machine.Partial = c.partial
		if got := linksOf(&v).Partial; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
