package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

// four is a machine that hears a, b, c and x, all of whom hear each other.
func four(t *testing.T) (r *rig, a, b, c, x *puppet) {
	r = newRig(t, Config{})
	a, b = r.puppet("a", "b", "c", "x"), r.puppet("b", "a", "c", "x")
	c, x = r.puppet("c", "a", "b", "x"), r.puppet("x", "a", "b", "c")
	r.hear(a, b, c, x)
	r.pass(5 * time.Second)
	return r, a, b, c, x
}

// evict takes x through an eviction: it dies and the others drop it.
func evict(r *rig, a, b, c, x *puppet) {
	x.dies()
	r.pass(10 * time.Millisecond)
	a.say("b", "c")
	b.say("a", "c")
	c.say("a", "b")
	r.pass(7 * time.Second)
	r.want("x", Quarantined)
}

// evictBad does so for an x with a bad past.
func evictBad(r *rig, a, b, c, x *puppet) {
	r.m.punish(r.m.peers["x"], 1)
	evict(r, a, b, c, x)
}

// Each line of the table once: how x comes into the first state, what happens, and what is told.
func TestEveryTransition(t *testing.T) {
	type act func(r *rig, a, b, c, x *puppet)
	wait := func(d time.Duration) act { return func(r *rig, a, b, c, x *puppet) { r.pass(d) } }
	mute := func(r *rig, a, b, c, x *puppet) { x.mute = true; x.fail = Unreachable; r.pass(4100 * time.Millisecond) }
	die := func(r *rig, a, b, c, x *puppet) { x.dies(); r.pass(10 * time.Millisecond) }
	back := func(r *rig, a, b, c, x *puppet) {
		x.reachable()
		x.header.Incarnation++
		r.step(ListenerUp{9, "10.0.0.4"})
		r.step(Hello{9, "x"})
		r.pass(50 * time.Millisecond)
		r.step(ListenerDown{9})
	}
	badBack := func(r *rig, a, b, c, x *puppet) {
		r.pass(10 * time.Second) // until a hello is believed
		back(r, a, b, c, x)
		r.want("x", Probation)
	}
	bye := func(r *rig, a, b, c, x *puppet) {
		x.header.Leaving = true
		x.beat()
		x.header.Leaving, x.mute, x.fail = false, true, Refused
	}
	silentDetached := func(r *rig, a, b, c, x *puppet) { mute(r, a, b, c, x); r.pass(2 * time.Second) }
	alias := func(r *rig, a, b, c, x *puppet) {
		r.step(Known{[]topics.Name{"y"}})
		r.dials = nil
		id := r.up(r.underWay("y"), x.addr)
		r.step(Beat{id, []topics.Name{"x"}, x.header, 0})
		r.want("y", Alias)
	}
	candidate := func(r *rig, a, b, c, x *puppet) {
		a.say("b", "c", "x", "y")
		r.dials = nil
		r.want("y", Candidate)
	}
	far := func(r *rig, a, b, c, x *puppet) { candidate(r, a, b, c, x); r.pass(7 * time.Second); r.want("y", Far) }
	asY := func(leaving bool) act {
		return func(r *rig, a, b, c, x *puppet) {
			r.dials = nil
			if len(r.m.peers["y"].reach.flying(0)) == 0 {
				r.m.want(r.m.peers["y"], due, classSeed)
				r.step(Heard{0})
			}
			id := r.up(r.underWay("y"), "10.0.0.77:20000")
			h := *x.header
			h.Leaving = leaving
			r.step(Beat{id, []topics.Name{"y"}, &h, 0})
		}
	}
	drop := func(r *rig, a, b, c, x *puppet) {
		a.say("b", "c")
		b.say("a", "c")
		r.pass(1100 * time.Millisecond)
	}
	part := func(r *rig, a, b, c, x *puppet) {
		x.mute = true
		r.m.far.look(r.m)
		if !r.m.part(r.m.peers["x"], r.m.current, "no neighbour") {
			t.Error("nobody vouches for it")
		}
		for _, e := range r.m.out {
			if e, ok := e.(Emit); ok {
				r.changes = append(r.changes, e.Change)
			}
		}
		r.step(Heard{0})
	}
	tested := map[[2]int]bool{}
	for _, c := range []struct {
		name        string
		first       act
		from        State
		then        act
		to          State
		tell        Kind
		peer        topics.Name
		on          trigger
		againListed bool
	}{
		{"newcomer", candidate, Candidate, asY(false), Alive, Joined, "y", proven, true},
		{"probation passed", func(r *rig, a, b, c, x *puppet) { evictBad(r, a, b, c, x); badBack(r, a, b, c, x) },
			Probation, wait(20 * time.Second), Alive, Returned, "x", proven, true},
		{"probation failed by silence", func(r *rig, a, b, c, x *puppet) { evictBad(r, a, b, c, x); badBack(r, a, b, c, x) },
			Probation, mute, Quarantined, Relapsed, "x", silent, false},
		{"probation failed by refusal", func(r *rig, a, b, c, x *puppet) { evictBad(r, a, b, c, x); badBack(r, a, b, c, x) },
			Probation, die, Quarantined, Relapsed, "x", refused, false},
		{"silence", wait(0), Alive, mute, Suspect, Suspected, "x", silent, false},
		{"refusal", wait(0), Alive, die, Suspect, Suspected, "x", refused, false},
		{"recovery", mute, Suspect, back, Alive, Recovered, "x", heard, true},
		{"others hear it", mute, Suspect, wait(2 * time.Second), Detached, Separated, "x", vouched, false},
		{"recovery from afar", silentDetached, Detached, back, Alive, Recovered, "x", heard, true},
		{"others lose it", silentDetached, Detached, drop, Suspect, Suspected, "x", unvouched, false},
		{"eviction", die, Suspect, func(r *rig, a, b, c, x *puppet) { drop(r, a, b, c, x); c.say("a", "b"); r.pass(6 * time.Second) },
			Quarantined, Evicted, "x", condemned, false},
		{"return of a steady one", evict, Quarantined, back, Alive, Returned, "x", proven, true},
		{"return of a flapper", evictBad, Quarantined, badBack, Probation, OnProbation, "x", heard, false},
		{"goodbye of a candidate", candidate, Candidate, asY(true), Left, Quiet, "y", goodbye, false},
		{"goodbye on probation", func(r *rig, a, b, c, x *puppet) { evictBad(r, a, b, c, x); badBack(r, a, b, c, x) },
			Probation, bye, Left, Departed, "x", goodbye, false},
		{"goodbye", wait(0), Alive, bye, Left, Departed, "x", goodbye, false},
		{"goodbye of a suspect", func(r *rig, a, b, c, x *puppet) { x.mute = true; r.pass(4 * time.Second) },
			Suspect, bye, Left, Departed, "x", goodbye, false},
		{"goodbye of a detached one", func(r *rig, a, b, c, x *puppet) { x.mute = true; r.pass(6 * time.Second) },
			Detached, bye, Left, Departed, "x", goodbye, false},
		{"goodbye from quarantine", evict, Quarantined,
			func(r *rig, a, b, c, x *puppet) { x.header.Leaving = true; back(r, a, b, c, x) }, Left, Departed, "x", goodbye, false},
		{"return after goodbye", bye, Left, back, Alive, Returned, "x", proven, true},
		{"return of a flapper after goodbye", func(r *rig, a, b, c, x *puppet) { r.m.punish(r.m.peers["x"], 2.5); bye(r, a, b, c, x) },
			Left, func(r *rig, a, b, c, x *puppet) { r.pass(20 * time.Second); back(r, a, b, c, x) },
			Probation, OnProbation, "x", heard, false},
		{"another name", candidate, Candidate, func(r *rig, a, b, c, x *puppet) {
			id := r.up(r.underWay("y"), x.addr)
			r.step(Beat{id, []topics.Name{"x"}, x.header, 0})
		}, Alias, Quiet, "y", aliased, false},
		{"still another name", alias, Alias, func(r *rig, a, b, c, x *puppet) {
			r.m.want(r.m.peers["y"], due, classSeed)
			r.step(Heard{0})
			r.dials = nil
			id := r.up(r.underWay("y"), b.addr) // it has moved
			r.step(Beat{id, []topics.Name{"b"}, b.header, 0})
		}, Alias, Quiet, "y", aliased, false},
		{"another name no more", func(r *rig, a, b, c, x *puppet) { candidate(r, a, b, c, x); alias(r, a, b, c, x) }, Alias,
			func(r *rig, a, b, c, x *puppet) { r.step(Forget{"x"}) }, Candidate, Quiet, "y", unaliased, false},
		{"by the word of others", candidate, Candidate, wait(7 * time.Second), Far, Attested, "y", attested, false},
		{"by their word no more", far, Far, func(r *rig, a, b, c, x *puppet) { a.say("b", "c", "x") },
			Candidate, Unattested, "y", unattested, false},
		{"heard at last", far, Far, asY(false), Alive, Joined, "y", proven, true},
		{"goodbye from afar", far, Far, asY(true), Left, Departed, "y", goodbye, false},
		{"another name of one that is heard", far, Far, func(r *rig, a, b, c, x *puppet) {
			r.m.want(r.m.peers["y"], due, classSeed)
			r.step(Heard{0})
			id := r.up(r.underWay("y"), x.addr)
			r.step(Beat{id, []topics.Name{"x"}, x.header, 0})
		}, Alias, Unattested, "y", aliased, false},
		{"none of the few that are listened to", wait(0), Alive, part, Far, Attested, "x", parted, false},
		{"the same, silent here", mute, Suspect, part, Far, Attested, "x", parted, false},
		{"a name of its own", alias, Alias, asY(false), Alive, Joined, "y", proven, true},
		{"goodbye under another name", alias, Alias, asY(true), Left, Quiet, "y", goodbye, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, pa, pb, pc, px := four(t)
			c.first(r, pa, pb, pc, px)
			r.want(c.peer, c.from)
			before := r.m.taken[c.from][c.on]
			c.then(r, pa, pb, pc, px)
			r.want(c.peer, c.to)
			if r.m.taken[c.from][c.on] != before+1 || table[c.from][c.on] != (step{c.to, c.tell}) {
				t.Fatalf("not by %s: %v", triggerNames[c.on], r.changes)
			}
			if c.tell != Quiet {
				r.wantTold(c.tell, c.peer)
			}
			r.pass(300 * time.Millisecond)
			if r.listed(c.peer) != c.againListed {
				t.Fatalf("listed: %v", r.lists[len(r.lists)-1].Names)
			}
			tested[[2]int{int(c.from), int(c.on)}] = true
		})
	}
	for _, tr := range transitions {
		if !tested[[2]int{int(tr.from), int(tr.on)}] {
			t.Errorf("no test for %v, %s", tr.from, triggerNames[tr.on])
		}
	}
}
