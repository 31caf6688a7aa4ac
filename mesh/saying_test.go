package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// In a partial mesh much that changes is told alone, too, as what is told grows in steps there. Who comes gets the whole.
func TestMuchThatChangesOfAPartialMeshIsToldAlone(t *testing.T) {
	t.Parallel()
	r, a, _ := large(t, wholeUpTo+8)
	r.pass(4 * time.Second)
	before, kept := len(r.tellings), 0
	for i := range 4 {
		names := []topics.Name{"b"}
		for j := range wholeUpTo + 8 {
			names = append(names, topics.Name(fmt.Sprint("n", j+20*i)))
		}
		a.say(names...)
		r.pass(5 * time.Second)
	}
	for _, tell := range r.tellings[before:] {
		if !tell.Change {
			t.Error("a change is told whole")
		}
		for _, record := range tell.Whole {
			kept += len(record.Hears)
		}
	}
	if told := r.m.far.said.count; told <= wholeUpTo || kept != told {
		t.Errorf("%d names are told, and %d kept", told, kept)
	}
}

// A look at what there is to tell that was due is over: else a machine that lost all others would look again for ever.
func TestALookAtWhatThereIsToTellIsOver(t *testing.T) {
	t.Parallel()
	for _, said := range []int{0, 1} {
		r := newRig(t, Config{FullMesh: leastMesh})
		r.pass(time.Second)
		f := &r.m.far
		f.said.number, f.said.at, f.said.count = 1, r.m.now, said
		f.tellAt = r.m.now
		if r.m.lookFar(); f.tellAt <= r.m.now {
			t.Errorf("with %d told of a moment ago it is due still", said)
		}
	}
}

// A way that is told is mended soon once the first on it says nothing of the name any more, where somebody hears it: that first one may
// know it by nobody else. One that still is one, and one that leads on by others, wait for longer.
func TestAWayThatIsNoneIsMendedSoon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what     string
		lost     bool
		instead  topics.Name
		mendedBy bool
	}{{"it is none any more", true, "x", true}, {"it is one still", false, "x", false}, {"it is none, and others tell of it", true, "y", false}} {
		r, a, b := large(t, 2*leastMesh)
		b.tells(rumour("x", "n1"))
		r.pass((calmRounds + 3) * time.Second)
		if way := r.toldWay("x"); way != 2 {
			t.Fatalf("x is told of by a way of %d names", way)
		}
		names := namesOf("n", 2*leastMesh)
		if c.instead == "x" {
			a.say(append(names, "b", "x")...)
		} else {
			a.tells(rumour("x", "n2"))
		}
		if r.pass(100 * time.Millisecond); c.lost {
			b.tells()
		}
		r.pass(2*mendGap + changeGap)
		told := r.m.peers["x"].attest.said
		if mended := told[0] == "a"; mended != c.mendedBy {
			t.Errorf("%s: it is told of by %v", c.what, told)
		}
		if r.pass(rewordGap); len(r.m.peers["x"].attest.said) == 0 {
			t.Errorf("%s: it is told of no more", c.what)
		}
	}
}

// It is mended though it is not known at that moment by whose word one is a member: as soon as it is.
func TestAWayThatIsNoneIsMendedAfterALook(t *testing.T) {
	t.Parallel()
	r, a, b := large(t, 2*leastMesh)
	b.tells(rumour("x", "n1"))
	r.pass((calmRounds + 3) * time.Second)
	a.say(append(namesOf("n", 2*leastMesh), "b", "x")...)
	r.pass(100 * time.Millisecond)
	b.tells()
	s := &r.m.far.said
	for range 100 {
		if s.mendAt > 0 {
			break
		}
		r.pass(10 * time.Millisecond)
	}
	x := r.m.peers["x"]
	if r.m.now = max(r.m.now, s.mendAt); s.mendAt == 0 || !s.broken.has(x.slot) {
		t.Fatal("no way waits to be mended")
	}
	r.m.far.dirty.set(x.slot)
	if changed, _ := r.m.farChanges(); slices.Contains(changed, x) {
		t.Fatal("it is mended before the look")
	}
	r.m.far.dirty.clear(x.slot)
	if changed, _ := r.m.farChanges(); !slices.Contains(changed, x) || s.ripe.has(x.slot) {
		t.Errorf("it is told of by %v after the look", x.attest.said)
	}
}
