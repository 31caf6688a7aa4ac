package mesh

import "testing"

// In a partial mesh a neighbour need not hear this node for messages to flow: a relay brings them. In a full one it must.
func TestMessagesFlowToANeighbourThatDoesNotHearThisNode(t *testing.T) {
	t.Parallel()
	r, _, b, _, x := four(t)
	x.lists = x.lists[:0]
	x.header.List++
	x.beat()
	b.say("a", "c", "x")
	p := r.m.peers["x"]
	p.feed.link, p.feed.flows = &link{peer: p}, false
	for _, c := range []struct {
		view  view
		hears int
		want  bool
	}{{fullMesh{}, 3, false}, {&partial{}, 3, false}, {&partial{on: true}, 0, false}, {&partial{on: true}, 1, true}} {
		r.m.view, r.m.voice.hear = c.view, c.hears
		if got := r.m.member(p).Flowing; got != c.want {
			t.Errorf("%#v, heard by %d: %v", c.view, c.hears, got)
		}
	}
}
