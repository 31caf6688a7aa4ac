package mesh

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// Whoever stands in all ways may have made a name up.
func TestWhatWaysHaveInCommon(t *testing.T) {
	t.Parallel()
	type way []topics.Name // the teller first
	for name, c := range map[string]struct {
		ways []way
		want []topics.Name
	}{
		"nobody speaks of it":               {nil, nil},
		"one lists it":                      {[]way{{"a"}}, []topics.Name{"a"}},
		"one tells of it":                   {[]way{{"a", "x", "y"}}, []topics.Name{"a", "x", "y"}},
		"two list it":                       {[]way{{"a"}, {"b"}}, nil},
		"one lists it, and another passes":  {[]way{{"b", "a"}, {"a"}}, []topics.Name{"a"}},
		"the same, the other way round":     {[]way{{"a"}, {"b", "a"}}, []topics.Name{"a"}},
		"two pass on what one says":         {[]way{{"a", "liar"}, {"b", "liar"}}, []topics.Name{"liar"}},
		"that one says that others hear it": {[]way{{"a", "liar", "x"}, {"b", "liar", "y"}}, []topics.Name{"liar"}},
		"two ways of three share one":       {[]way{{"a", "x"}, {"b", "x"}, {"c", "y"}}, nil},
		"each two share one":                {[]way{{"a", "x"}, {"b", "x", "y"}, {"c", "y"}}, nil},
		"one name is spelled otherwise":     {[]way{{"a", "Liar"}, {"b", "liar"}}, []topics.Name{"Liar"}},
	} {
		var k cut
		for range 2 { // as it is used again
			k.begin()
			for _, w := range c.ways {
				k.add(w[0], w[1:])
			}
			if !slices.Equal(k.common, c.want) || k.single() != (len(c.want) > 0) {
				t.Errorf("%s: %v", name, k.common)
			}
		}
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
