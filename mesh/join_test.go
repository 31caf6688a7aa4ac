package mesh

import (
	"testing"
	"time"
)

func TestRingsFindThemselves(t *testing.T) {
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
