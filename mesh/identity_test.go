package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

func TestNewcomerNobodyWasGivenIsFoundByItsHello(t *testing.T) {
	w := newWorld(t, 1)
	ps := w.ring(4)
	w.within(time.Second, "ring", whole(ps...))
	ps = append(ps, w.numbered(4, 0))
	t.Log(w.within(200*time.Millisecond, "newcomer", whole(ps...)))
}

func TestNaiveNewcomerIsFoundByItsAddress(t *testing.T) {
	w := newWorld(t, 1)
	ps := w.ring(4)
	w.within(time.Second, "ring", whole(ps...))
	old := w.addNaive("old", "10.9.0.1", "n0")
	ps = append(ps, old)
	t.Log(w.within(15*time.Second, "naive newcomer", whole(ps...)))
}

func TestMixedRing(t *testing.T) {
	w := newWorld(t, 1)
	ps := []*proc{
		w.numbered(0, 1), w.addNaive("n1", "10.0.0.2", "n2"), w.numbered(2, 3), w.addNaive("n3", "10.0.0.4", "n0"),
	}
	t.Log(w.within(15*time.Second, "mixed ring", whole(ps...)))
	w.run(20 * time.Second)
	if !whole(ps...)() || ps[0].changesOf(Suspected) > 0 {
		t.Fatal(w.picture())
	}
}

func TestNamesWithPortsAreHiddenFromNaivePeers(t *testing.T) {
	w := newWorld(t, 1)
	a := w.add("a", "10.0.0.1")
	old := w.addNaive("old", "10.9.0.1", "a")
	w.within(10*time.Second, "naive", func() bool { return a.hears(old) })
	b := w.add("b:21000", "10.0.0.2", "a")
	w.within(10*time.Second, "both", func() bool { return a.hears(b) && b.hears(a) && b.hears(old) })
	w.run(10 * time.Second) // the naive node fails the test when it reads a port
	if a.changesOf(Withheld) != 1 || a.m.Stats().Withheld != 1 || a.last.Header.Complete {
		t.Fatalf("%d changes, %+v", a.changesOf(Withheld), a.m.Stats())
	}
}

// Two names for one node, in every list and among the seeds, are one peer.
func TestAliasesAreOnePeer(t *testing.T) {
	w := newWorld(t, 1)
	w.dns["other"] = "10.0.0.2"
	ps := []*proc{
		w.add("n0", "10.0.0.1", "n1", "other", "10.0.0.2"), w.add("n1", "10.0.0.2", "n2"), w.add("n2", "10.0.0.3", "other"),
	}
	w.within(time.Second, "whole", whole(ps...))
	w.run(time.Hour)
	if !whole(ps...)() || len(ps[0].m.links) != 4 {
		t.Fatalf("%d links\n%s", len(ps[0].m.links), w.picture())
	}
	if n := ps[0].dials["other"]; n > 9 {
		t.Fatalf("%d dials of an alias in an hour", n)
	}
}

// Hosts whose names do not resolve are reached through the addresses that were given as seeds.
func TestSeedsByAddressWhereNamesDoNotResolve(t *testing.T) {
	w := newWorld(t, 1)
	ps := []*proc{
		w.add("n0", "10.0.0.1", "10.0.0.2"), w.add("n1", "10.0.0.2", "10.0.0.3"), w.add("n2", "10.0.0.3", "10.0.0.1"),
	}
	clear(w.dns)
	t.Log(w.within(2*time.Second, "whole", whole(ps...)))
	ps[1].kill()
	w.within(500*time.Millisecond, "unlisted", everybody(ps, ps[1], Suspect))
	w.run(time.Second)
	ps[1].start("10.0.0.3")
	t.Log(w.within(time.Second, "back", whole(ps...)))
}

func TestSeedThatIsThisNode(t *testing.T) {
	w := newWorld(t, 1)
	w.dns["me-too"] = "10.0.0.1"
	a := w.add("a", "10.0.0.1", "a", "A", "me-too", "10.0.0.1", "b")
	b := w.add("b", "10.0.0.2")
	w.within(time.Second, "whole", whole(a, b))
	w.run(time.Hour)
	if len(a.m.Members()) != 1 || a.dials["a"]+a.dials["A"] != 0 || a.dials["me-too"] > 9 || a.changesOf(Conflict) > 0 {
		t.Fatalf("%v %v", a.m.Members(), a.dials)
	}
}

func TestNamesakeIsAConflict(t *testing.T) {
	w := newWorld(t, 1)
	a := w.add("a", "10.0.0.1", "b")
	b := w.add("b", "10.0.0.2")
	w.within(time.Second, "whole", whole(a, b))
	w.run(time.Second)
	w.add("a", "10.0.0.3", "10.0.0.1")
	w.dns["a"] = "10.0.0.1"
	w.run(10 * time.Minute)
	twin := w.procs["10.0.0.3"]
	if n := twin.changesOf(Conflict); n < 1 || n > 11 {
		t.Fatalf("%d conflicts told in 10 minutes", n)
	}
	if !a.hears(b) || !b.hears(a) {
		t.Fatal(w.picture())
	}
}

// The first name of a list is a claim: a link never speaks for another name than the dialled one.
func TestForgedFirstNameKeepsNobodyAlive(t *testing.T) {
	w := newWorld(t, 1)
	ps := w.ring(4)
	w.within(time.Second, "whole", whole(ps...))
	victim, liar := ps[1], ps[2]
	victim.freeze()
	forge := func() {}
	forge = func() {
		h := topics.Header{Version: 1, Incarnation: 1, Beat: 1000, List: 1, Strict: true, Complete: true}
		liar.send([]topics.Name{victim.name}, &h)
		w.in(100*time.Millisecond, forge)
	}
	forge()
	w.within(5*time.Second, "unlisted", everybody(ps, victim, Suspect, Quarantined))
	w.within(6*time.Second, "evicted", func() bool { return ps[0].state(victim) == Quarantined })
	if ps[0].m.Stats().Forged == 0 {
		t.Fatal("nothing was forged")
	}
}

// A peer that spells its name in another way on a new link is listed in that way, and who keeps what Alive returned
// is told.
func TestAliveAsSpelledLast(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	r.hear(p)
	p.name = "X"
	p.breaks()
	r.pass(100 * time.Millisecond)
	if got := r.m.Alive(); len(got) != 1 || got[0] != "X" {
		t.Errorf("alive: %v", got)
	}
}
