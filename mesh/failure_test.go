package mesh

import (
	"testing"
	"time"
)

// steady is a mesh of n that has been whole for a while.
func steady(t *testing.T, n int, seed uint64) (*world, []*proc) {
	w := newWorld(t, seed)
	var ps []*proc
	for i := range n {
		ps = append(ps, w.numbered(i, (i+1)%n))
		w.run(time.Duration(w.rng.Int64N(int64(time.Second))))
	}
	w.within(5*time.Second, "whole", whole(ps...))
	w.run(time.Minute + time.Duration(w.rng.Int64N(int64(time.Second))))
	return w, ps
}

func TestKilledIsOffAllListsAtOnce(t *testing.T) {
	for seed := range uint64(10) {
		w, ps := steady(t, 16, seed)
		ps[3].kill()
		off := w.within(500*time.Millisecond, "unlisted", everybody(ps, ps[3], Suspect))
		out := w.within(9*time.Second, "evicted", everybody(ps, ps[3], Quarantined))
		t.Log(off, out)
	}
}

func TestFrozenIsOffAllLists(t *testing.T) {
	for seed := range uint64(10) {
		w, ps := steady(t, 4+int(seed), seed)
		ps[3].freeze()
		off := w.within(4500*time.Millisecond, "unlisted", everybody(ps, ps[3], Suspect, Detached))
		out := w.within(9*time.Second-off, "evicted", everybody(ps, ps[3], Quarantined))
		t.Log(off, off+out)
	}
}

func TestShortFreezeCostsNothing(t *testing.T) {
	for seed := range uint64(10) {
		w, ps := steady(t, 8, seed)
		ps[3].freeze()
		w.run(2 * time.Second)
		ps[3].thaw()
		w.run(10 * time.Second)
		for _, p := range ps {
			if len(p.changes) != 7 {
				t.Fatal(p.changes[7:])
			}
		}
	}
}

func TestLongFreeze(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{4, 6, 10, 30, 120} {
		for seed := range uint64(3) {
			w, ps := steady(t, 16, seed)
			ps[3].freeze()
			w.run(d * time.Second)
			ps[3].thaw()
			t.Log(d, w.within(time.Second, "back", whole(ps...)))
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	for _, down := range []time.Duration{0, 10 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second, 20 * time.Second, 5 * time.Minute} {
		for _, moved := range []bool{false, true} {
			w, ps := steady(t, 8, uint64(down))
			w.run(5 * time.Minute)
			ps[3].kill()
			w.run(down)
			if moved {
				delete(w.procs, ps[3].addr)
				ps[3].addr = "10.7.7.7"
				w.procs[ps[3].addr], w.dns["n3"] = ps[3], ps[3].addr
			}
			ps[3].start("n4")
			t.Log(down, moved, w.within(time.Second, "back", whole(ps...)))
		}
	}
}

func TestHubWithoutSeedsComesBack(t *testing.T) {
	t.Parallel()
	for _, down := range []time.Duration{300 * time.Millisecond, 3 * time.Second, 20 * time.Second} {
		w := newWorld(t, 4)
		ps := []*proc{w.numbered(0)}
		for i := 1; i < 16; i++ {
			ps = append(ps, w.numbered(i, 0))
		}
		w.within(time.Second, "star", whole(ps...))
		w.run(10 * time.Minute)
		ps[0].kill()
		w.run(down)
		ps[0].start()
		t.Log(down, w.within(2*time.Second, "back", whole(ps...)))
	}
}

func TestPowerCutAndBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		for _, off := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 20 * time.Second} {
			w, ps := steady(t, 8, seed)
			w.run(5 * time.Minute)
			ps[3].powerCut()
			w.run(off)
			ps[3].start("n4")
			t.Log(off, w.within(3*time.Second, "back", whole(ps...)))
		}
	}
}

func split(k int, ps []*proc) func(a, b *proc) bool {
	side := map[*proc]bool{}
	for i, p := range ps {
		side[p] = i < k
	}
	return func(a, b *proc) bool { return side[a] != side[b] }
}

func TestPartitionHeals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, k int
		d    time.Duration
		heal time.Duration
	}{{8, 4, time.Minute, 3 * time.Second}, {8, 1, time.Minute, 3 * time.Second}, {24, 12, 30 * time.Minute, 10 * time.Second}} {
		for seed := range uint64(64/c.n/4*2 + 1) {
			w, ps := steady(t, c.n, seed)
			calm := w.cut
			w.cut = split(c.k, ps)
			w.run(c.d)
			if w.until(0, whole(ps[:c.k]...)) < 0 || w.until(0, whole(ps[c.k:]...)) < 0 {
				t.Log("members at the end of the partition:", ps[0].m.Stats().Peers)
			}
			w.cut = calm
			t.Log(c, w.within(c.heal, "healed", whole(ps...)))
		}
	}
}

func TestOneWayBreakDetaches(t *testing.T) {
	w, ps := steady(t, 8, 1)
	calm := w.cut
	w.cut = func(a, b *proc) bool { return a == ps[0] && b == ps[3] } // a hears nothing of b
	w.within(10*time.Second, "detached", func() bool { return ps[0].state(ps[3]) == Detached })
	w.run(10 * time.Minute)
	for _, p := range ps {
		if p.changesOf(Evicted) > 0 {
			t.Fatal(p.changes)
		}
	}
	if n := ps[0].changesOf(Suspected) + ps[0].changesOf(Separated); n != 2 {
		t.Fatalf("%d changes instead of two: %v", n, ps[0].changes)
	}
	w.cut = calm
	t.Log(w.within(15*time.Second, "healed", whole(ps...)))
}

func TestLeaveIsGoneAtOnce(t *testing.T) {
	w, ps := steady(t, 16, 1)
	ps[3].step(Leave{})
	t.Log(w.within(200*time.Millisecond, "left", everybody(ps, ps[3], Left)))
	w.within(200*time.Millisecond, "done", ps[3].m.Left)
	ps[3].kill()
	w.run(time.Minute)
	for _, p := range ps {
		if p != ps[3] && (p.changesOf(Suspected) > 0 || p.state(ps[3]) != Left || p.m.peers["n3"].penalty != 0) {
			t.Fatal(p.changes)
		}
	}
	ps[3].start("n4")
	t.Log(w.within(time.Second, "returned", whole(ps...)))
}

func TestMassRestart(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 32, 1)
	for _, i := range w.rng.Perm(len(ps)) {
		ps[i].kill()
		w.run(time.Duration(w.rng.Int64N(300)) * time.Millisecond)
		ps[i].start(ps[(i+1)%len(ps)].name)
	}
	t.Log(w.within(5*time.Second, "back", whole(ps...)))
}

func TestFlapper(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 6, 1)
	x := ps[3]
	var admissions [2]int
	for hour := range admissions {
		before := ps[0].changesOf(Returned)
		for range 60 {
			x.kill()
			w.run(30 * time.Second)
			x.start("n4")
			w.run(30 * time.Second)
		}
		admissions[hour] = ps[0].changesOf(Returned) - before
	}
	t.Log("admissions by hour:", admissions, "penalty", ps[0].m.score(ps[0].m.peers["n3"]))
	if admissions[0] > 8 || admissions[1] > 5 {
		t.Fatal(admissions)
	}
	t.Log(w.within(2*time.Minute-30*time.Second, "stays", whole(ps...)))
}

func TestSteadyNodeThatCrashesNeverWaits(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 4, 1)
	for range 3 {
		w.run(2 * time.Hour) // what a penalty is after it is less than the forgiven one for ever
		ps[3].kill()
		w.run(10 * time.Minute)
		ps[3].start("n0")
		t.Log(w.within(time.Second, "back", whole(ps...)))
	}
}
