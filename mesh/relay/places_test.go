package relay

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// What is being repaired is given up for nothing that one relay makes up, under whatever names, and with gaps or without.
func TestMadeUpStreamsTakeNoPlaceOfARepair(t *testing.T) {
	const most = 64
	for name, numbers := range map[string][]uint64{"gaps": {1, 3}, "no gaps": {1}} {
		for _, of := range []int{1, 4, 1000} {
			r := newRigOf(t, Config{Streams: most * relayPart}, "a", "b")
			r.view.few = true
			r.view.lists["a"] = []topics.Name{"o", "m0", "m1", "m2", "m3"}
			r.view.lists["b"] = r.view.lists["a"]
			r.pass(5*time.Second).relayedOf("b", life("o", 7), 1, 3).relayedOf("b", life("m0", 7), 1, 3)
			for i := range int64(4 * most) {
				r.relayedOf("a", life(topics.Name(fmt.Sprint("m", i%int64(of))), 100+i), numbers...)
			}
			for _, g := range r.j.Gaps() {
				if g.Incarnation == 7 {
					t.Fatalf("%s of %d: %v is told missed", name, of, g)
				}
			}
			r.out = nil
			r.relayedOf("b", life("o", 7), 2, 4).got("o2 o3 o4").relayedOf("b", life("m0", 7), 2).got("m02 m03")
			if n := len(r.j.streams); n > most {
				t.Errorf("%s of %d: %d streams", name, of, n)
			}
		}
	}
}

// Of what one relay began that gives its place first which misses nothing, and then what no member is known to have said.
func TestWhatMissesSomethingGivesItsPlaceLast(t *testing.T) {
	r := newRigOf(t, Config{Streams: 8 * relayPart}, "b")
	r.view.lists["b"] = []topics.Name{"o", "p"}
	r.pass(5*time.Second).relayedOf("b", plain("f"), 1, 3).relayedOf("b", plain("o"), 1, 3).relayedOf("b", plain("p"), 1, 3)
	for n := range 40 {
		r.relayedOf("b", plain(topics.Name(fmt.Sprint("x", n))), 1)
	}
	r.gave()
	r.relayedOf("b", plain("p"), 2) // it misses nothing more
	for n := range 5 {
		r.relayedOf("b", plain(topics.Name(fmt.Sprint("y", n))), 1, 3)
	}
	for n := range 8 {
		r.relayedOf("b", plain(topics.Name(fmt.Sprint("z", n))), 1, 3)
	}
	if r.j.streams[plain("o")] == nil || r.j.streams[plain("f")] != nil || r.j.streams[plain("p")] != nil {
		t.Error("another one has given its place")
	}
}

// In a mesh of 1,000 members with three channels each nothing is lost, though one relay makes up as many streams as it can.
func TestAMeshOfAThousandLosesNothing(t *testing.T) {
	const members, channels = 1000, 3
	r := newRig(t, "a", "b", "c")
	r.view.few = true
	for i := range members {
		r.view.known = append(r.view.known, topics.Name(fmt.Sprint("m", i)))
	}
	for _, via := range r.view.linked {
		r.view.lists[via] = r.view.known[:3]
	}
	r.pass(10 * time.Second).j.Says()
	delivered, made := 0, 0
	take := func() {
		for _, g := range r.j.Gaps() {
			if g.Incarnation == 7 {
				t.Fatalf("%v is told missed", g)
			}
		}
		delivered += len(r.out)
		r.out = nil
	}
	say := func(number uint64, skip int) {
		for i, origin := range r.view.known {
			for c := range channels {
				via := r.view.linked[(i+c)%2+1] // by b and c
				if n := number; i%7 == skip {
					r.relayedOf(via, Stream{origin, 7, fmt.Sprint("2/c", c)}, n)
				}
			}
			if i%2 == 0 {
				r.relayedOf("a", Stream{origin, int64(1000 + made), "2/c0"}, 1, 3)
				made++
			}
		}
		take()
	}
	for skip := range 7 {
		say(1, skip)
	}
	for range 3 {
		r.pass(time.Second)
	}
	for skip := range 7 { // a seventh misses one, at a time
		say(3, skip)
		say(2, skip)
	}
	if want := 3 * members * channels; delivered < want {
		t.Errorf("%d delivered, want %d", delivered, want)
	}
}
