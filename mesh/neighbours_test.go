package mesh

import (
	"testing"
	"time"
)

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

// Messages of a far member flow when relays have been asked: in a partial mesh that is soon.
func TestWhenMessagesOfAFarMemberFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	teller := &peer{ties: &ties{feed: feed{link: &link{}, flows: true}}}
	for _, c := range []struct {
		view view
		wait time.Duration
	}{{fullMesh{}, farAsks*r.m.cfg.Beat + farLooks}, {&partial{}, farAsks*r.m.cfg.Beat + farLooks}, {&partial{on: true}, spareFlows * r.m.cfg.Beat}} {
		r.m.view = c.view
		for _, after := range []time.Duration{c.wait - time.Millisecond, c.wait} {
			p := &peer{state: Far, since: r.m.now - after}
			p.attest.via = []*peer{teller}
			if _, come, flow := r.m.farMember(p); come != (after == c.wait) || flow != come {
				t.Errorf("%#v: after %v messages come: %v, and flow: %v", c.view, after, come, flow)
			}
		}
	}
}

// Who does not hear this node is no fault in a partial mesh in which enough others do, and one in any other.
func TestWhoNeedNotHearThisNode(t *testing.T) {
	t.Parallel()
	r, _, _, _, x := four(t)
	x.lists = x.lists[:0]
	x.header.List++
	x.beat()
	p := r.m.peers["x"]
	for _, c := range []struct {
		view  view
		hears int
		want  bool
	}{{fullMesh{}, audienceOf, false}, {&partial{}, audienceOf, false}, {&partial{on: true}, audienceOf - 1, false}, {&partial{on: true}, audienceOf, true}} {
		r.m.view, r.m.voice.hear = c.view, c.hears
		if got := r.m.member(p).Spare; got != c.want {
			t.Errorf("%#v, heard by %d: %v", c.view, c.hears, got)
		}
		if got := r.m.Stats().Partial; got != r.m.isPartial() {
			t.Errorf("%#v: partial %v", c.view, got)
		}
	}
	p.row.hearsMe = true
	if r.m.member(p).Spare {
		t.Error("one that hears it is spare")
	}
}

// A node that hears all among those that hear a few, as one that another Config.FullMesh has or that was started late: who does not
// list it is no fault, its messages flow by relays, and requests need these. They show that they hear few.
func TestOneOfAPartialMeshNeedNotHearThisNode(t *testing.T) {
	t.Parallel()
	const few = leastMesh - leastMesh/fullAgain // peers in the smallest partial mesh
	for name, c := range map[string]struct {
		peers, lists int
		change       func(x *puppet)
		want         bool // it hears few
	}{
		"few":             {few, few / 2, func(*puppet) {}, true},
		"half and one":    {few, few/2 + 1, func(*puppet) {}, false},
		"a small mesh":    {few - 1, audienceOf, func(*puppet) {}, false},
		"it tells nobody": {few, audienceOf, func(x *puppet) { x.header.Told = 0 }, false},
		"it doubts":       {few, audienceOf, func(x *puppet) { x.header.Degraded = true }, false},
		"not complete":    {few, audienceOf, func(x *puppet) { x.header.Complete = false }, false},
	} {
		r := newRig(t, Config{})
		r.sparse = 1000
		var all []*puppet
		for _, name := range namesOf("n", c.peers-1) {
			all = append(all, r.puppet(name))
		}
		x := r.puppet("x")
		r.hear(append(all, x)...)
		x.lists = namesOf("n", c.lists) // and not this node
		x.header.List, x.header.Told = 2, 1
		c.change(x)
		r.m.peers["x"].feed.link = &link{peer: r.m.peers["x"]}
		r.pass(30 * time.Second)
		told, _ := r.toldOneWay("x")
		m := r.member("x")
		if m.Spare != c.want || (told == 0) != (c.want || !x.header.Complete) || r.m.Relays().Sparse() != c.want {
			t.Errorf("%s: need not hear this node: %v, told %d times, sparse: %v", name, m.Spare, told, r.m.Relays().Sparse())
		}
		if c.want && (!m.Flowing || m.Unread || r.m.peers["x"].reach.helloDue != never) {
			t.Errorf("%s: flowing %v, unread %v, hello again at %v", name, m.Flowing, m.Unread, r.m.peers["x"].reach.helloDue)
		}
	}
}
