package mesh

import (
	"testing"
	"time"
)

func TestRingsFindThemselves(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 4, 8, 32, 128} {
		w := newWorld(t, uint64(n))
		took := w.within(3*time.Second, "whole ring", whole(w.ring(n)...))
		t.Logf("%d nodes: %v", n, took)
	}
}

func TestStarsAndChainsFindThemselves(t *testing.T) {
	for _, chain := range []bool{false, true} {
		w := newWorld(t, 7)
		ps := []*proc{w.numbered(0)}
		for i := 1; i < 24; i++ {
			seed := 0
			if chain {
				seed = i - 1
			}
			ps = append(ps, w.numbered(i, seed))
		}
		t.Logf("chain %v: %v", chain, w.within(2*time.Second, "whole", whole(ps...)))
	}
}

func TestNewcomerJoinsTwoRings(t *testing.T) {
	w := newWorld(t, 1)
	var ps []*proc
	for i := range 8 {
		ps = append(ps, w.numbered(i, (i+1)%4+i/4*4))
	}
	w.run(10 * time.Second)
	if !whole(ps[:4]...)() || !whole(ps[4:]...)() {
		t.Fatal(w.picture())
	}
	ps = append(ps, w.numbered(8, 0, 4))
	t.Log(w.within(time.Second, "one mesh", whole(ps...)))
}

func TestSeedMayStartLater(t *testing.T) {
	w := newWorld(t, 1)
	p := w.numbered(0, 1)
	w.dns["n1"] = "10.0.0.2"
	w.procs["10.0.0.2"] = &proc{w: w, addr: "10.0.0.2"}
	w.run(time.Second)
	q := w.numbered(1)
	t.Log(w.within(time.Second, "joined", whole(p, q)))
}

// Many nodes behind one address are not taken for one spammer.
func TestStarBehindOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	w.nat = "192.0.2.1"
	ps := []*proc{w.numbered(0)}
	for i := 1; i < 120; i++ {
		ps = append(ps, w.numbered(i, 0))
	}
	t.Log(w.within(2*time.Second, "whole", whole(ps...)))
}

func TestNameThatDoesNotResolveIsReachedWhereItsHelloCameFrom(t *testing.T) {
	w := newWorld(t, 7)
	ps := []*proc{w.add("a", "10.0.0.1"), w.add("b", "10.0.0.2", "a")}
	delete(w.dns, "b")
	t.Log(w.within(time.Second, "whole", whole(ps...)))
}

// Who kills a node cannot take its name by saying hello.
func TestHelloDoesNotMoveAName(t *testing.T) {
	w, ps := steady(t, 4, 1)
	ps[3].kill()
	w.run(time.Minute)
	thief := w.add("n3", "10.66.6.6", "n0")
	w.dns["n3"] = ps[3].addr
	w.run(5 * time.Minute)
	for _, p := range ps[:3] {
		if p.state(thief) == Alive {
			t.Fatal(p.changes)
		}
	}
}

func TestMultiHomedSeedIsOnePeer(t *testing.T) {
	w := newWorld(t, 7)
	w.dns["second"] = "10.1.1.1"
	b := w.add("b", "10.0.0.2")
	w.procs["10.1.1.1"] = b
	a := w.add("a", "10.0.0.1", "second", "b")
	w.within(time.Second, "whole", whole(a, b))
	w.run(time.Minute)
	if n := len(a.m.links); n != 2 || a.changesOf(Conflict) > 0 {
		t.Fatal(n, a.changes)
	}
}

func TestLongGoneIsForgotten(t *testing.T) {
	w := newWorld(t, 7)
	a, b := w.add("a", "10.0.0.1"), w.add("b", "10.0.0.2", "a")
	w.within(time.Second, "whole", whole(a, b))
	a.kill()
	b.kill()
	a.start()
	b.start("a")
	w.within(time.Second, "whole", whole(a, b))
	b.kill()
	w.run(23 * time.Hour)
	if a.state(b) != Quarantined {
		t.Fatal(a.state(b))
	}
	w.run(2 * time.Hour)
	if a.state(b) != Unknown || a.changesOf(Forgotten) != 1 {
		t.Fatal(a.state(b), a.changes)
	}
	b.start("a")
	w.within(time.Second, "whole", whole(a, b))
	a.kill()
	w.run(48 * time.Hour)
	if b.state(a) != Quarantined {
		t.Fatal("a seed was forgotten")
	}
}
