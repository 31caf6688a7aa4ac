package mesh

import (
	"testing"
	"time"

	"hearsay/mesh/record"
	"hearsay/topics"
)

// What happened to a peer has a price, and what did not has none.

func (r *rig) penalty(name topics.Name) float64 { return r.m.score(r.m.peers[name]) }

func (r *rig) wantPenalty(name topics.Name, low, high float64) {
	r.t.Helper()
	if p := r.penalty(name); p < low || p > high {
		r.t.Errorf("penalty of %s: %.2f, want %.2f to %.2f", name, p, low, high)
	}
}

// An eviction costs a point, and one among many half a point.
func TestEvictionAmongManySaysLittle(t *testing.T) {
	r, a, b, c, x := four(t)
	evict(r, a, b, c, x)
	r.wantPenalty("x", 0.95, 1)

	r, a, b, c, x = four(t)
	for _, p := range []*puppet{b, c, x} {
		p.dies()
	}
	a.say()
	r.pass(20 * time.Second)
	for _, p := range []*puppet{b, c, x} {
		r.want(p.name, Quarantined)
	}
	r.wantPenalty("b", 0.45, 0.5) // of the three, the first to go
}

// A process that lives for less than a half-life costs half a point, one that lived longer nothing.
func TestShortLivesCost(t *testing.T) {
	for lived, want := range map[time.Duration]float64{time.Minute: 0.5, 11 * time.Minute: 0} {
		r, _, _, _, x := four(t)
		r.pass(lived)
		x.header.Incarnation++
		x.beat()
		r.wantTold(Restarted, "x")
		r.wantPenalty("x", want-0.01, want)
	}
}

// A probation that fails costs half a point.
func TestFailedProbationCosts(t *testing.T) {
	r, a, b, c, x := four(t)
	r.m.punish(r.m.peers["x"], 3)
	evict(r, a, b, c, x)
	x.reachable()
	for range 600 {
		if r.pass(time.Second); r.state("x") == Probation {
			break
		}
	}
	before := r.penalty("x")
	x.dies()
	r.pass(5 * time.Second)
	r.want("x", Quarantined)
	r.wantPenalty("x", before+0.45, before+0.5)
}

// After a bad past neither a hello nor a list makes this node dial for a while.
func TestSignsOfLifeOfTheHeldAreNotFollowed(t *testing.T) {
	r, a, b, c, x := four(t)
	r.m.punish(r.m.peers["x"], 3)
	evict(r, a, b, c, x)
	x.reachable()
	before := r.count["x"]
	r.listens("x", "10.9.9.9")
	a.say("b", "c", "x")
	b.say("a", "c", "x")
	r.pass(5 * time.Second)
	if n := r.count["x"] - before; n > 0 {
		t.Errorf("%d dials while it is held", n)
	}
}

// A confirmation is a peer that took the suspect from a complete list after this node had lost it.
func TestWhatIsNoConfirmation(t *testing.T) {
	evictedAfter := func(r *rig, x *puppet) time.Duration {
		x.mute, x.hang = true, true
		since := r.m.peers["x"].detector.at
		for r.state("x") != Quarantined {
			if r.pass(100 * time.Millisecond); r.now > since+time.Minute {
				t.Fatal("never evicted")
			}
		}
		return r.now - since
	}
	r, a, _, _, x := four(t)
	a.header.Complete = false
	x.mute, x.hang = true, true
	for _, p := range r.puppets[:3] {
		if p != a {
			p.header.Degraded = true
		}
		p.say()
	}
	if d := evictedAfter(r, x); d < (evictSlow-1)*time.Second {
		t.Errorf("evicted after %v: an incomplete list is taken for a confirmation", d)
	}

	r, a, b, c, x := four(t)
	for _, p := range []*puppet{a, b, c} { // they lose it, and it is heard here
		p.say()
	}
	r.pass(5 * time.Second)
	if d := evictedAfter(r, x); d < (evictSlow-1)*time.Second {
		t.Errorf("evicted after %v: who lost it before this node did is taken for a confirmation", d)
	}
}

// A stall earns no evictions.
func TestStallEarnsNothing(t *testing.T) {
	r, _, _, _, _ := four(t)
	r.m.budget.tokens = 0
	r.now += time.Hour
	r.step(Tick{})
	if n := r.m.budget.tokens; n > 0.1 {
		t.Errorf("%.2f evictions earned in a stall", n)
	}
}

// A departed peer that is not heard for long enough is forgotten, and a goodbye before that.
func TestDepartedAreForgottenInTheEnd(t *testing.T) {
	r := newRig(t, Config{Forget: time.Hour})
	x, y := r.puppet("x"), r.puppet("y")
	r.hear(x, y, r.puppet("z"))
	y.header.Leaving = true
	y.beat()
	y.dies()
	x.dies()
	r.pass(r.m.cfg.Tombstone - time.Minute)
	r.want("x", Quarantined)
	r.want("y", Left)
	r.pass(2 * time.Minute)
	r.want("y", Unknown)
	r.pass(45 * time.Minute)
	r.want("x", Quarantined)
	r.pass(15 * time.Minute)
	r.want("x", Unknown)
}

// Among the departed beyond the bound, those that somebody lists and those with a bad past stay.
func TestWhoStaysBeyondTheGraves(t *testing.T) {
	r := newRig(t, Config{})
	stays := r.puppet("stays")
	listed, bad := r.puppet("listed"), r.puppet("bad")
	r.hear(stays, listed, bad)
	r.m.punish(r.m.peers["bad"], 3)
	stays.say("listed", "dead0")
	var dead []*puppet
	for i := range 2 * leastGraves {
		dead = append(dead, r.puppet(topics.Name("d"+string(rune('a'+i)))))
	}
	r.hear(dead...)
	r.pass(time.Hour / 4) // known for longer than the two, that is
	listed.dies()
	bad.dies()
	r.pass(time.Minute)
	for _, p := range dead {
		p.dies()
	}
	r.pass(time.Minute)
	gone := r.m.count[Quarantined]
	if gone > leastGraves+2 || gone < leastGraves {
		t.Errorf("%d of the dead are remembered", gone)
	}
	r.want("listed", Quarantined)
	r.want("bad", Quarantined)
}

// Another process that answers under a name which is heard elsewhere is counted, and not taken for it.
func TestAnotherProcessOfTheNameIsNoAlias(t *testing.T) {
	r := newRig(t, Config{})
	y := r.puppet("y")
	r.hear(y)
	r.puppet("seed").hang = true
	r.m.addSeed("seed")
	r.m.at(0)
	r.step(Tick{})
	r.pass(10 * time.Millisecond)
	h := *y.header
	h.Incarnation += 7
	link := r.up(r.underWay("seed"), "10.9.9.9:20000")
	r.step(Beat{link, []topics.Name{"y", "self"}, &h, 0})
	if n := r.m.Stats().Impostors; n != 1 {
		t.Errorf("%d impostors", n)
	}
	if s := r.state("seed"); s == Alias {
		t.Error("another process is taken for the one that is heard")
	}
}

// What comes over the message link of a process that was replaced is no sign of life of the one that took its place.
func TestLinksOfTheGoneAreNoLife(t *testing.T) {
	r, _, _, _, x := four(t)
	old := r.m.peers["x"].feed.link
	x.header.Incarnation++
	x.beat()
	r.pass(time.Second)
	x.mute = true
	r.pass(5 * time.Second)
	for range 5 {
		r.step(Heard{old.id})
		if s := r.state("x"); s == Alive {
			t.Fatal("alive by the last messages of the former process")
		}
		r.pass(time.Second)
	}
}

// Whose key is known again is met at once, however often it was taken away, and has no past.
func TestAKeyThatIsKnownAgainForgives(t *testing.T) {
	r, a, b, c, x := four(t)
	all := []topics.Name{"a", "b", "c", "x"}
	r.step(Admit{all})
	for range 4 {
		r.step(Admit{all[:3]})
		evict(r, a, b, c, x)
		x.reachable()
		r.step(Admit{all})
		r.pass(time.Second)
		r.want("x", Alive)
		r.wantPenalty("x", 0, 0)
		a.say("b", "c", "x")
		b.say("a", "c", "x")
		c.say("a", "b", "x")
	}
	evict(r, a, b, c, x)
	r.step(Admit{all}) // nothing new of it
	r.wantPenalty("x", 0.95, 1)
}

// parts makes x, which has a past, a far member, of which then nobody speaks any more.
func (r *rig) parts(past float64, a, b, c *puppet) {
	x := r.m.peers["x"]
	r.m.punish(x, past)
	r.m.far.look(r.m)
	if !r.m.part(x, r.m.current, "no neighbour") {
		r.t.Fatal("nobody vouches for x")
	}
	a.say("b", "c")
	b.say("a", "c")
	c.say("a", "b")
}

// The past of one that was parted goes with its name, and whoever keeps account of it is told.
func TestThatAPastIsForgottenIsTold(t *testing.T) {
	r, a, b, c, x := four(t)
	x.dies()
	r.parts(record.MassPenalty, a, b, c)
	r.pass(time.Minute)
	r.want("x", Unknown)
	r.wantTold(Forgotten, "x")
}

// One with a bad past that was parted keeps it until it is forgiven, though nobody names it.
func TestABadPastOutlivesAParting(t *testing.T) {
	for _, refuses := range []bool{true, false} { // if it does, it is charged to the last who names it
		r, a, b, c, x := four(t)
		if x.mute, x.fail = true, Unreachable; refuses {
			x.dies()
		}
		r.pass(10 * time.Millisecond) // and the dial that looks for it has ended
		r.parts(2*record.Forgiven, a, b, c)
		r.pass(r.m.cfg.HalfLife / 2)
		r.want("x", Candidate)
		r.wantPenalty("x", record.Forgiven, 2*record.Forgiven)
		r.pass(r.m.cfg.HalfLife/2 + r.m.cfg.BackOffCap)
		r.want("x", Unknown)
		r.wantTold(Forgotten, "x")
	}
}
