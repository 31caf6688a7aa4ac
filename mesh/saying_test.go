package mesh

import (
	"fmt"
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
