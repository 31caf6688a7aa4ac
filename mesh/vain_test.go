package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// Who lists a name in a partial mesh, and does not, and does, has it known for the dials that it had in vain. Where all hear all it
// is dialled at once: one that was listed before it came waits for nothing.
func TestToggledNameIsKnownForItsDials(t *testing.T) {
	t.Parallel()
	for _, fail := range []DialReason{Unresolved, Refused} {
		for _, few := range []bool{true, false} {
			r := newRig(t, Config{})
			a := r.puppet("a")
			r.puppet("ghost").fail = fail
			r.hear(a)
			a.say("ghost")
			r.pass(time.Minute) // its dials are far between by then
			a.say()
			if r.pass(time.Second); r.count["ghost"] == 0 || r.m.peers["ghost"] != nil {
				t.Fatalf("dialled %d times, and is known: %v", r.count["ghost"], r.m.peers["ghost"] != nil)
			}
			if few {
				r.m.view = &partial{on: true}
			}
			dials := r.count["ghost"]
			a.say("ghost")
			if p := r.m.peers["ghost"]; few && (p.reach.tries == 0 || p.reach.failed == nil || r.count["ghost"] > dials) {
				t.Errorf("%v: nothing is known of it: %d tries, dialled %d times more", fail, p.reach.tries, r.count["ghost"]-dials)
			}
			for range 20 { // more often than signs of life have one dialled
				if few {
					break
				}
				r.pass(200 * time.Millisecond)
				a.say()
				r.pass(200 * time.Millisecond)
				dials = r.count["ghost"]
				if a.say("ghost"); r.count["ghost"] == dials {
					t.Fatalf("%v: where all hear all it is not dialled at once", fail)
				}
			}
		}
	}
}

// The memory is bounded, and the last are in it.
func TestVainNamesAreBounded(t *testing.T) {
	t.Parallel()
	var v vain
	name := func(i int) topics.Name { return topics.Name(fmt.Sprint("ghost-", i)) }
	const more = 10
	for i := range vainMost + more {
		v.note(vainName{key: name(i), tries: i + 1})
	}
	if len(v.last) != vainMost || len(v.index) != vainMost {
		t.Errorf("%d names, %d of them found", len(v.last), len(v.index))
	}
	for i, want := range map[int]bool{0: false, more - 1: false, more: true, vainMost + more - 1: true} {
		if n, is := v.take(name(i)); is != want || is && n.tries != i+1 {
			t.Errorf("ghost-%d: %v, %d tries", i, is, n.tries)
		}
		if _, is := v.take(name(i)); is {
			t.Errorf("ghost-%d is given twice", i)
		}
	}
}
