package mesh

import (
	"math"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// blocked is a node of a partial mesh to which x listens, whom no dial of it reaches and a hears.
func blocked(t *testing.T) (r *rig, a, x *puppet) {
	r = fewRig(t)
	a, x = r.puppet("a", "x"), r.puppet("x")
	x.fail = TimedOut
	r.hear(a)
	r.step(ListenerUp{1, hostOf(x.addr)})
	r.step(Hello{1, "x"})
	r.pass(time.Second)
	r.want("x", Far)
	return r, a, x
}

const blockedText = "it hears this node, which does not hear it: 10.0.0.2:20000 does not answer: timed out"

// One that listens to this node, and that no dial reaches, is told of in a partial mesh, too, where it is a far member. The end is
// told, however it comes.
func TestBlockedFarMemberIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(r *rig, x *puppet)
		why  string
		want State
	}{
		"reached": {func(r *rig, x *puppet) { x.fail = 0 }, "both hear each other", Alive},
		"gone":    {func(r *rig, x *puppet) { r.step(ListenerDown{1}) }, "it does not listen to this node any more", Far},
		"no neighbour, and heard": {func(r *rig, x *puppet) {
			x.fail = 0
			r.m.view.(*partial).chosen.clear(r.m.peers["x"].slot)
			r.m.enqueue(r.m.peers["x"], DiscoveryPort, classProbe)
			r.step(Tick{})
			r.answer()
			r.want("x", Far)
		}, "it is heard when it is dialled", Alive},
	} {
		r, _, x := blocked(t)
		r.pass(25 * time.Second)
		if n, why := r.toldOneWay("x"); n != 0 || why != "" {
			t.Errorf("%s: told after two dials: it may have died just now", name)
		}
		r.pass(20 * time.Second)
		if n, why := r.toldOneWay("x"); n < 1 || n > 2 || why != blockedText {
			t.Errorf("%s: told %d times, shown %q", name, n, why)
		}
		if n := r.toldBothWays("x"); n != 0 {
			t.Errorf("%s: the end is told before", name)
		}
		c.end(r, x)
		r.pass(5 * time.Minute)
		r.want("x", c.want)
		if n, why := r.toldOneWay("x"); n > 3 || why != "" {
			t.Errorf("%s: told %d times, shown %q", name, n, why)
		}
		var ends []string
		for _, e := range r.changes {
			if e.Kind == BothWays {
				ends = append(ends, e.Why)
			}
		}
		if !slices.Equal(ends, []string{c.why}) {
			t.Errorf("%s: the end is told as %q", name, ends)
		}
	}
}

// One that was a far member, and whom nobody hears any more, has died, though its connection stands for minutes.
func TestDeadFarMemberIsNotBlocked(t *testing.T) {
	t.Parallel()
	for _, calls := range []bool{false, true} {
		r, a, x := blocked(t)
		naive := r.puppet("naive", "x") // its list is no word
		naive.header = nil
		a.say("x", "naive")
		x.fail = 0
		r.pass(20 * time.Second)
		r.want("x", Alive)
		p := r.m.peers["x"]
		r.m.far.look(r.m)
		r.m.part(p, func(*peer) bool { return true }, "no neighbour")
		x.fail = TimedOut
		r.pass(time.Second)
		r.want("x", Far)
		r.want("naive", Alive)
		a.say()
		r.pass(10 * time.Second)
		if calls {
			r.step(ListenerUp{2, hostOf(x.addr)})
			r.step(Hello{2, "x"})
		}
		r.pass(3 * time.Minute)
		r.want("x", Candidate)
		if n, why := r.toldOneWay("x"); n > 0 != calls {
			t.Errorf("it calls: %v, told %d times: %q", calls, n, why)
		}
	}
}

// A name that leads elsewhere than its owner calls from is told of where that is a far member of a partial mesh, too.
func TestStaleFarMemberIsTold(t *testing.T) {
	t.Parallel()
	r := fewRig(t)
	a, b, x := r.puppet("a", "b", "x"), r.puppet("b", "a", "x"), r.puppet("x")
	x.fail = TimedOut
	r.hear(a)
	r.pass(time.Second)
	r.want(b.name, Alive)
	r.step(ListenerUp{1, "10.9.9.9"})
	r.step(Hello{1, "x"})
	r.pass(time.Minute)
	r.want("x", Far)
	if shown := r.member("x").Stale; len(r.told(Stale)) == 0 || shown == "" {
		t.Errorf("told %v, shown %q", r.told(Stale), shown)
	}
}

// What was told of a neighbour ends when it is one no more.
func TestWordsOfANeighbourEndWhenItIsFar(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh})
	x, second := r.puppet("x"), r.puppet("x")
	second.header.Incarnation, second.addr = 2000, "10.9.0.9:20000"
	x.lists, x.ahead, x.header.At = nil, time.Hour, 1
	all := []*puppet{x}
	for i := range 12 {
		p := r.puppet(topics.Name(rune('a'+i)), "x")
		p.header.At = 1
		all = append(all, p)
	}
	r.hear(all...)
	p := r.m.peers["x"]
	p.lot = math.MaxUint64
	r.listens("x", "10.9.0.9")
	hello := ListenerID(r.ids)
	for i := range int64(5) {
		p.restarts.Add(100+i, r.now, false)
	}
	r.pass(20 * time.Second)
	for _, kind := range []Kind{OneWay, Conflict, Clock} {
		r.wantTold(kind, "x")
	}
	if v := r.member("x"); v.OneWay == "" || v.Conflict == "" || v.ClockOff == "" || v.Restarts == "" {
		t.Fatalf("%+v", v)
	}
	r.step(ListenerDown{hello}) // who drew this node would be a neighbour
	before := len(r.changes)
	r.m.view.(*partial).most = 4
	for n := 0; r.state("x") != Far && n < 20; n++ {
		r.pass(time.Second)
	}
	r.want("x", Far)
	if v := r.member("x"); v.OneWay+v.Conflict+v.ClockOff+v.Restarts+v.Unlinked != "" || v.Clock != 0 {
		t.Errorf("%+v", v)
	}
	for _, kind := range []Kind{BothWays, Settled, Steady} {
		n := 0
		for _, c := range r.changes[before:] {
			if c.Kind == kind && c.Peer == "x" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("that it is over is told %d times by %v", n, kind)
		}
	}
}

// The end of a link that goes one way is told where its peer goes, too.
func TestOneWayEndsWithItsPeer(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	a, x := r.puppet("a"), r.puppet("x")
	x.fail = TimedOut
	r.hear(a)
	r.step(ListenerUp{1, hostOf(x.addr)})
	r.step(Hello{1, "x"})
	r.pass(time.Minute)
	if n, why := r.toldOneWay("x"); n == 0 || why == "" {
		t.Fatalf("told %d times, shown %q", n, why)
	}
	if r.step(ListenerDown{1}); r.state("x") != Unknown || r.toldBothWays("x") != 1 {
		t.Errorf("it is %v, and the end is told %d times", r.state("x"), r.toldBothWays("x"))
	}
}

// A member that need not hear this node any more, as the mesh has grown, is no fault.
func TestOneWayEndsWhereTheMeshGrows(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh})
	a, x := r.puppet("a"), r.puppet("x")
	x.lists = nil
	r.hear(a, x)
	r.pass(15 * time.Second)
	r.wantTold(OneWay, "x")
	r.m.view.(*partial).most = 0
	r.pass(2 * time.Second)
	if r.want("x", Alive); r.toldBothWays("x") != 1 || r.member("x").OneWay != "" {
		t.Errorf("the end is told %d times, shown is %q", r.toldBothWays("x"), r.member("x").OneWay)
	}
}

// A neighbour that was drawn and is not reached is dialled again as a name that is new, and not when the turn of all far members
// is round.
func TestNeighboursThatAreNotReachedAreDialledSoon(t *testing.T) {
	t.Parallel()
	r, a, _ := large(t, 2*leastMesh)
	r.puppet("x").fail = TimedOut
	r.pass(4 * time.Second)
	a.say(append(slices.Clone(a.lists), "x")...)
	r.pass(time.Second)
	p := r.m.peers["x"]
	p.lot = 0
	if r.pass(time.Minute); p.state != Far || r.count["x"] < 3 {
		t.Errorf("%v, dialled %d times in a minute", p.state, r.count["x"])
	}
}

// Nobody looks at a link to the twin of a neighbour that is one no more: so it is hung up.
func TestTwinsOfFarMembersAreNotLookedFor(t *testing.T) {
	t.Parallel()
	r := fewRig(t)
	a, x, second := r.puppet("a", "x"), r.puppet("x"), r.puppet("x")
	second.addr, second.hang = "10.9.0.9:20000", true
	r.hear(a)
	r.pass(2 * time.Second)
	r.want("x", Alive)
	r.listens("x", "10.9.0.9")
	r.pass(5 * time.Second)
	p := r.m.peers["x"]
	d := p.twins.dial
	if d == nil {
		t.Fatal("no twin is looked for")
	}
	r.m.far.look(r.m)
	r.m.part(p, func(*peer) bool { return true }, "no neighbour")
	if id := r.up(Dial{ID: d.id, Target: x.name, Addr: d.addr}, d.addr); p.twins.link != nil || !slices.Contains(r.hung, id) {
		t.Error("a link to it is kept")
	}
}
