package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

// Whoever stands in all ways may have made a name up, and so may two of whom one stands in each.
func TestWhoMayHaveMadeANameUp(t *testing.T) {
	t.Parallel()
	type way []topics.Name // the teller first
	const more = 3
	for name, c := range map[string]struct {
		ways []way
		want int // how many it takes
	}{
		"one lists it":                      {[]way{{"a"}}, 1},
		"one tells of it":                   {[]way{{"a", "x", "y"}}, 1},
		"two list it":                       {[]way{{"a"}, {"b"}}, 2},
		"three list it":                     {[]way{{"a"}, {"b"}, {"c"}}, more},
		"one lists it, and another passes":  {[]way{{"b", "a"}, {"a"}}, 1},
		"the same, the other way round":     {[]way{{"a"}, {"b", "a"}}, 1},
		"two pass on what one says":         {[]way{{"a", "liar"}, {"b", "liar"}}, 1},
		"that one says that others hear it": {[]way{{"a", "liar", "x"}, {"b", "liar", "y"}}, 1},
		"two of three ways share one":       {[]way{{"a", "x"}, {"b", "x"}, {"c", "y"}}, 2},
		"each two share one":                {[]way{{"a", "x"}, {"b", "x", "y"}, {"c", "y"}}, 2},
		"four pass on what two say":         {[]way{{"a", "x"}, {"b", "y"}, {"c", "p", "x"}, {"d", "y", "q"}}, 2},
		"and a third one says it":           {[]way{{"a", "x"}, {"b", "y"}, {"c", "p", "x"}, {"d", "z", "q"}}, more},
		"one name is spelled otherwise":     {[]way{{"a", "Liar"}, {"b", "liar"}}, 1},
	} {
		var k cut
		k.begin()
		k.add("of", nil)
		k.begin() // as it is used again
		for _, w := range c.ways {
			k.add(w[0], w[1:])
		}
		for liars := 1; liars < more; liars++ {
			if is := k.within(liars); is != (liars >= c.want) {
				t.Errorf("%s: %v for %d", name, is, liars)
			}
		}
	}
	if k := (cut{}); k.within(more) {
		t.Error("nobody speaks of it, and it is somebody's word")
	}
}

// Where an address answers that nobody is there, one liar's word is not enough, however many honest members pass it on.
func TestOneLiarsWordThatTwoPassOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	a, b := r.puppet("a", "b"), r.puppet("b", "a")
	r.puppet("ghost").fail = Refused
	r.hear(a, b)
	a.tells(rumour("ghost", "liar"))
	b.tells(rumour("ghost", "c", "liar"))
	r.pass(20 * time.Second)
	if n := r.count["ghost"]; n == 0 {
		t.Fatal("it was not dialled")
	}
	r.want("ghost", Candidate)
	b.tells(rumour("ghost", "c"))
	r.pass(3 * time.Second)
	r.want("ghost", Far)
	a.tells(rumour("ghost", "liar", "c"))
	r.pass(2 * time.Second)
	r.want("ghost", Candidate)
}

// In a partial mesh two liars may make a name up together: where a dial was answered that nobody is there, it takes three.
func TestTwoLiarsWordThatAllPassOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh})
	r.sparse = 1000
	a, b, c := r.puppet("a", append(namesOf("n", 2*leastMesh), "b", "c")...), r.puppet("b", "a"), r.puppet("c", "a")
	r.hear(a, b, c)
	r.pass(3 * time.Second)
	a.tells(rumour("ghost", "liar"))
	b.tells(rumour("ghost", "n1", "other"))
	c.tells(rumour("ghost", "n2", "liar"))
	r.pass(3 * time.Second)
	r.want("ghost", Far)
	r.m.peers["ghost"].reach.fails(failure{why: Refused, addr: "10.0.9.9:20000"})
	r.pass(3 * time.Second)
	if s := r.state("ghost"); s == Far {
		t.Error("the word of two makes a member against the answer of a dial")
	}
	c.tells(rumour("ghost", "n2", "third"))
	r.pass(3 * time.Second)
	r.want("ghost", Far)
}
