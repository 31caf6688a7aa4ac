package mesh

import (
	"testing"
	"time"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// wedge makes a puppet answer dials with its last list, and do nothing else.
func (p *puppet) wedge() {
	p.mute, p.wedged = true, true
}

// A peer that says again what it said before is not heard: it is suspect once, evicted, and stays so, however often it
// is dialled, and is back when it says something new.
func TestRepetitionIsNoLife(t *testing.T) {
	for _, counts := range []bool{true, false} {
		r, a, b, c, x := four(t)
		if !counts {
			x.header.Seq = 0
		}
		x.wedge()
		r.pass(4 * time.Second)
		r.want("x", Suspect)
		for _, p := range []*puppet{a, b, c} {
			p.say()
		}
		r.pass(20 * time.Minute)
		r.want("x", Quarantined)
		n := 0
		for _, c := range r.changes {
			if c.Peer == "x" && c.Kind != Joined {
				n++
			}
		}
		if n != 2 || r.m.stats.Repeats == 0 {
			t.Fatalf("%d changes, %d repetitions: %v", n, r.m.stats.Repeats, r.changes)
		}
		x.mute, x.wedged = false, false
		r.pass(6 * time.Minute)
		r.want("x", Alive)
	}
}

// A link that repeats the last list is as good as another: who has a link that works loses nothing by it, and is not
// suspected when it beats on.
func TestRepetitionOverANewLink(t *testing.T) {
	r, _, _, _, x := four(t)
	r.pass(time.Minute)
	x.wedged = true
	x.breaks()
	r.pass(100 * time.Millisecond)
	r.want("x", Alive)
	if r.m.stats.Repeats != 1 {
		t.Fatalf("%d repetitions", r.m.stats.Repeats)
	}
	x.wedged = false
	r.pass(time.Minute)
	for _, c := range r.changes {
		if c.Kind != Joined {
			t.Fatal(c)
		}
	}
}

// A number forged once silences nobody.
func TestForgedNumberSilencesNobody(t *testing.T) {
	r, _, _, _, x := four(t)
	seq := x.header.Seq
	x.header.Seq = topics.MaxInt - 1
	x.beat()
	x.header.Seq = seq
	x.breaks()
	r.pass(time.Minute)
	r.want("x", Alive)
	for _, c := range r.changes {
		if c.Kind != Joined {
			t.Fatal(c)
		}
	}
}

// What a process with an older clock said before it was believed is no sign of life when it is said again.
func TestRepetitionAfterAClockWasSetBack(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header.Incarnation = 100
	x.beat()
	x.breaks()
	r.pass(100 * time.Millisecond)
	x.header.Incarnation, x.header.Seq = 50, 1
	for range lineage.OlderBeats {
		x.beat()
	}
	r.wantTold(Restarted, "x")
	heard := r.m.peers["x"].detector.at
	x.wedge()
	r.pass(900 * time.Millisecond)
	x.breaks()
	r.pass(100 * time.Millisecond)
	if p := r.m.peers["x"]; p.detector.at != heard || r.m.stats.Repeats == 0 {
		t.Errorf("heard at %v by a repetition, %v before", p.detector.at, heard)
	}
	r.pass(3 * time.Second)
	r.want("x", Suspect)
}

// Numbers of an older incarnation are not those of the present one.
func TestOlderIncarnationDoesNotCountForTheNewer(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header.Incarnation, x.header.Seq = 100, 0
	r.pass(5 * time.Second)
	old := *x.header
	old.Incarnation, old.Seq = 50, 1<<40
	r.step(Beat{x.link, []topics.Name{"x"}, &old, 0})
	r.pass(20 * time.Second)
	for _, c := range r.changes {
		if c.Kind == Suspected {
			t.Fatal(c)
		}
	}
	// And what an older one repeats three times does not convince.
	for range 5 {
		r.step(Beat{x.link, []topics.Name{"x"}, &old, 0})
	}
	if p := r.m.peers["x"]; p.line.Incarnation() != 100 {
		t.Fatalf("incarnation %d", p.line.Incarnation())
	}
}
