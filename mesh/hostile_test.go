package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// phantoms are names of which every third does not resolve, every third leads nowhere, and every third is a
// host without a node.
func (w *world) phantoms(n int) (names []topics.Name) {
	w.procs["10.66.0.1"] = &proc{w: w, addr: "10.66.0.1"}
	for i := range n {
		name := fmt.Sprintf("phantom%d", i)
		switch i % 3 {
		case 0:
			w.dns[name] = fmt.Sprintf("10.99.%d.%d", i/250, i%250)
		case 1:
			w.dns[name] = "10.66.0.1"
		}
		names = append(names, topics.Name(name))
	}
	return names
}

func TestPhantomsAreBoundedAndSlowNobody(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{true, false} {
		w := newWorld(t, 1)
		names := w.phantoms(5000)
		at := 0
		w.addLiar("liar", "10.66.6.6", func() []topics.Name {
			at = (at + 1000) % len(names)
			return names[at : at+1000]
		}, strict)
		ps := w.ring(4)
		ps[0].m.addSeed("liar")
		ps[0].m.at(0)
		w.run(30 * time.Second)
		dials := 0
		for _, p := range ps {
			s := p.m.Stats()
			if s.Candidates > perSource+4 || s.Flying > maxFlying || s.Peers > 2*perSource {
				t.Fatalf("%+v", s)
			}
			for _, n := range p.last.Names {
				if len(n) > 6 {
					t.Fatal("listed:", n)
				}
			}
			dials += int(s.Dials)
		}
		for i := range 5 {
			ps = append(ps, w.numbered(4+i, i%4))
			took := w.within(500*time.Millisecond, "newcomer", func() bool {
				return ps[4+i].m.count[Alive] >= len(ps)-1 && everybody(ps, ps[4+i], Alive)()
			})
			t.Log(strict, took)
		}
		w.run(5 * time.Minute)
		for _, p := range ps {
			if n := p.m.Stats().Dials; n > 400 {
				t.Errorf("%d dials in 5 minutes", n)
			}
		}
		t.Log(strict, "dials of 4 nodes in 30 s:", dials, "of one in 5 minutes:", ps[0].m.Stats().Dials, ps[3].m.Stats().Dials)
	}
}

func TestLiveNameBehindDeadOnesIsReached(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{true, false} {
		w := newWorld(t, 1)
		names := append(w.phantoms(200), "quiet")
		q := w.add("quiet", "10.0.1.1")
		w.addLiar("old", "10.66.6.6", func() []topics.Name { return names }, strict)
		a := w.add("a", "10.0.0.1", "old")
		t.Log(strict, w.within(15*time.Minute, "reached", func() bool { return a.hears(q) }))
	}
}

func TestDeadNamesAreNotRevivedAndCostLittle(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 9, 1)
	dead := ps[8]
	for i := range 3 { // a quarter of all
		w.addLiar(fmt.Sprintf("old%d", i), fmt.Sprintf("10.66.6.%d", i), func() []topics.Name {
			return []topics.Name{"n0", "n1", dead.name, "never-there"}
		}, false)
		for _, p := range ps {
			p.m.addSeed(topics.Name(fmt.Sprintf("old%d", i)))
			p.m.at(0)
		}
	}
	w.run(time.Minute)
	dead.kill()
	w.run(time.Hour)
	before := map[*proc][2]int{}
	for _, p := range ps[:8] {
		before[p] = [2]int{p.dials[dead.name], p.dials["never-there"]}
	}
	w.run(time.Hour)
	for _, p := range ps[:8] {
		a, b := p.dials[dead.name]-before[p][0], p.dials["never-there"]-before[p][1]
		if a > 13 || b > 13 {
			t.Errorf("%s: %d and %d dials in an hour", p.name, a, b)
		}
		if p.changesOf(Returned)+p.changesOf(Recovered) > 0 || p.state(dead) != Quarantined {
			t.Error(p.changes)
		}
	}
}

// A third of the voters say that a dead peer lives, or that a living one is dead.
func TestLiarsNeitherReviveNorKill(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 8, 1)
	lives := true
	for i := range 4 {
		name := topics.Name(fmt.Sprintf("liar%d", i))
		w.addLiar(string(name), fmt.Sprintf("10.66.6.%d", i), func() []topics.Name {
			all := []topics.Name{"n0", "n1", "n2", "n3", "n4", "n5", "n6"}
			if lives {
				return append(all, "n7")
			}
			return all
		}, true)
		for _, p := range ps {
			p.m.addSeed(name)
			p.m.at(0)
		}
	}
	w.run(time.Minute)
	lives = false
	w.run(time.Minute)
	for _, p := range ps[:7] {
		if len(p.changes) != 11 || !p.hears(ps[7]) {
			t.Fatal(p.changes)
		}
	}
	lives = true
	ps[7].kill()
	w.run(time.Minute)
	for _, p := range ps[:7] {
		if s := p.state(ps[7]); s != Detached && s != Quarantined {
			t.Fatal(p.name, s)
		}
	}
	// Toggling the hint must not cause a dial for each toggle.
	before := ps[0].dials["n7"]
	for range 600 {
		lives = !lives
		w.run(time.Second)
	}
	if n := ps[0].dials["n7"] - before; n > 150 {
		t.Errorf("%d dials in 10 minutes of toggling", n)
	}
}

func TestHelloClaimsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	a := w.add("a", "10.0.0.1")
	w.run(time.Second)
	for i := range 5000 {
		id := ListenerID(1e6 + i)
		a.give(ListenerUp{id, "10.66.0.2"})
		a.give(Hello{id, topics.Name(fmt.Sprintf("claim%d", i))})
		a.give(Hello{id, topics.Name(fmt.Sprintf("second%d", i))})
	}
	b := w.add("b", "10.0.0.2", "a")
	w.within(200*time.Millisecond, "honest newcomer", whole(a, b))
	w.run(time.Minute)
	s := a.m.Stats()
	if s.Candidates > perSource || s.HelloRefused != 5000 || s.Dials > 1000 {
		t.Fatalf("%+v", s)
	}
	// Repeating a hello for a dead name on ever new connections does not make us dial it each time.
	b.kill()
	w.run(time.Minute)
	before := a.dials["b"]
	for i := range 3000 {
		a.give(ListenerUp{ListenerID(2e6 + i), "10.66.0.2"})
		a.give(Hello{ListenerID(2e6 + i), "b"})
		w.run(200 * time.Millisecond)
	}
	if n := a.dials["b"] - before; n > 150 {
		t.Fatalf("%d dials in 10 minutes", n)
	}
}

// A peer that closes each connection after its first beat costs a dial now and then.
func TestPeerThatHangsUpCostsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	a, b := w.add("a", "10.0.0.1", "b"), w.add("b", "10.0.0.2")
	w.within(time.Second, "whole", whole(a, b))
	for range 6000 {
		for _, c := range b.conns() {
			if c.to == b {
				w.close(c)
			}
		}
		w.run(100 * time.Millisecond)
	}
	if n := a.dials["b"]; n > 3000 {
		t.Fatalf("%d dials in 10 minutes", n)
	}
}

func TestStalledObserversEvictNobody(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		for _, d := range []time.Duration{8, 32, 128} {
			w, ps := steady(t, 16, uint64(d))
			stalled := ps[:4]
			calm := w.cut
			for range 3 {
				if deaf {
					is := map[*proc]bool{}
					for _, p := range stalled {
						is[p] = true
					}
					w.cut = func(a, b *proc) bool { return is[a] || is[b] }
				} else {
					for _, p := range stalled {
						p.freeze()
					}
				}
				w.run(d * time.Second)
				w.cut = calm
				for _, p := range stalled {
					if !deaf {
						p.thaw()
					}
				}
				w.run(5 * time.Second)
			}
			evictions := 0
			for _, p := range stalled {
				evictions += p.changesOf(Evicted)
			}
			if evictions > 0 {
				t.Errorf("deaf %v, %d s: %d evictions", deaf, d, evictions)
			}
			w.within(2*time.Minute, "whole again", whole(ps...))
		}
	}
}

func TestBeatLossEvictsNobody(t *testing.T) {
	t.Parallel()
	w, ps := steady(t, 16, 1)
	w.drop = func(a, b *proc) bool { return w.rng.IntN(10) < 4 }
	w.run(10 * time.Minute)
	for _, p := range ps {
		if p.changesOf(Evicted) > 0 {
			t.Fatal(p.changes)
		}
	}
}

func TestSameEventsSameEffects(t *testing.T) {
	t.Parallel()
	trace := func() (s string) {
		w := newWorld(t, 5)
		w.seen = func(p *proc, c Change) { s += fmt.Sprintln(w.now, p.name, c) }
		ps := w.ring(12)
		w.run(10 * time.Second)
		ps[4].kill()
		ps[5].freeze()
		w.run(30 * time.Second)
		ps[5].thaw()
		ps[4].start("n0")
		w.run(30 * time.Second)
		return s
	}
	if a, b := trace(), trace(); a != b {
		t.Fatalf("%s\n\n%s", a, b)
	}
}
