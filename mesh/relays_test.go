package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// Who is lacked, and who could relay, is read off the strict lists of those whose messages come.
func TestWhoIsUnheardAndWhoListsIt(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"a", "b", "n"}})
	a, b, naive := r.puppet("a", "b", "c", "gone"), r.puppet("b", "a", "C"), r.puppet("n", "d")
	c := r.puppet("c", "a")
	c.hang, naive.header = true, nil
	r.pass(2 * time.Second)
	look := func(want string) {
		t.Helper()
		var unheard, linked []topics.Name
		v := r.m.Relays()
		v.EachUnheard(func(n topics.Name) { unheard = append(unheard, n) })
		v.EachLinked(func(n topics.Name) { linked = append(linked, n) })
		slices.Sort(unheard)
		slices.Sort(linked)
		got := fmt.Sprintf("linked %v, unheard %v, c of %v", linked, unheard, v.Listers("c"))
		if got != want {
			t.Errorf("at %v: %s, want %s", r.now, got, want)
		}
		for _, n := range linked {
			if !v.Linked(n) {
				t.Errorf("%s is among the linked, and is not", n)
			}
		}
	}
	look("linked [a b n], unheard [c gone], c of [a b]")
	b.mute = true // a suspect relays nothing
	r.pass(5 * time.Second)
	look("linked [a n], unheard [b c gone], c of [a]")
	a.say("b")
	look("linked [a n], unheard [b], c of []")
	b.mute = false
	r.pass(2 * time.Second)
	c.hang = false // it is heard, and lacked no more
	r.pass(time.Minute)
	look("linked [a b c n], unheard [], c of [b]")
	if v := r.m.Relays(); v.Linked("d") || v.Linked("self") || v.Listers("nobody") != nil {
		t.Error("names that are no peers are linked or listed")
	}
}

// Who does not say that it lists only whom it hears itself may repeat a name that it has from others.
func TestListsThatAreNotStrictTellOfNobody(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"a", "b"}})
	a, b := r.puppet("a", "b"), r.puppet("b", "a", "gone")
	b.header.Strict = false
	r.pass(2 * time.Second)
	v := r.m.Relays()
	if got := v.Listers("gone"); got != nil || !v.Linked("b") {
		t.Errorf("%v list it", got)
	}
	v.EachUnheard(func(n topics.Name) { t.Errorf("%s is unheard", n) })
	a.say("b", "gone")
	if got := r.m.Relays().Listers("gone"); !slices.Equal(got, []topics.Name{"a"}) {
		t.Errorf("%v list it, want a alone", got)
	}
}

// Looks at a table in which nobody comes have the same names, and one after that has those of then.
func TestLooksHaveTheNamesOfThen(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"a", "b"}})
	a, b := r.puppet("a", "b"), r.puppet("b", "a")
	b.header.Strict = true
	r.pass(2 * time.Second)
	before, again := r.m.Relays(), r.m.Relays()
	if before != again {
		t.Error("it is another one, though nothing has changed")
	}
	for _, name := range []topics.Name{"x", "y"} { // which takes the place of the first
		a.say("b", name)
		v := r.m.Relays()
		if v.Number() <= before.Number() {
			t.Errorf("%d after %d", v.Number(), before.Number())
		}
		if got := v.Listers(name); !slices.Equal(got, []topics.Name{"a"}) || before.Listers(name) != nil || !v.Linked("b") {
			t.Errorf("%v list %s, want a alone, and before %v", got, name, before.Listers(name))
		}
	}
}

// Peers stand in the order of their lots, and of their names, each once, whoever comes and goes.
func TestPeersStandByTheirLots(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh, Seeds: []topics.Name{"a"}})
	a := r.puppet("a", namesOf("n", leastMesh/2)...)
	r.pass(2 * time.Second)
	r.step(Forget{"n3"})
	a.say(append(namesOf("n", leastMesh/2), "b")...)
	var named []topics.Name
	for _, slot := range r.m.order {
		named = append(named, r.m.slots[slot].key)
	}
	if len(named) != len(r.m.peers) || !slices.IsSorted(named) || !slices.Contains(named, "b") {
		t.Errorf("%d names of %d stand in their order: %v", len(named), len(r.m.peers), named)
	}
	var all []*peer
	for _, l := range r.m.lotted {
		all = append(all, r.m.slots[l.slot])
	}
	if len(all) < leastMesh/2 || len(all) != len(r.m.peers) || slices.Contains(all, nil) || !slices.IsSortedFunc(all, byLot) {
		t.Errorf("%d of %d stand in their order", len(all), len(r.m.peers))
	}
}
