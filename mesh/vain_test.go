package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// Who lists a name, and does not, and does, has it dialled no more often than who lists it all the time.
func TestToggledNameIsDialledAsOneThatIsListed(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]DialReason{"leads nowhere": Unresolved, "nobody is there": Refused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			count := func(toggles bool) int {
				r := newRig(t, Config{})
				a := r.puppet("a")
				r.puppet("ghost").fail = fail
				r.hear(a)
				for range 60 {
					a.say("ghost")
					r.pass(200 * time.Millisecond)
					if toggles {
						a.say()
					}
					r.pass(200 * time.Millisecond)
				}
				return r.count["ghost"]
			}
			steady, toggled := count(false), count(true)
			if steady == 0 || toggled == 0 {
				t.Fatal("it was not dialled")
			}
			if most := steady + urgentBurst + 2; toggled > most {
				t.Errorf("%d dials, and %d where it is listed all the time", toggled, steady)
			}
		})
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
