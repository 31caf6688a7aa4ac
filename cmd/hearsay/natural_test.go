package main

import (
	"slices"
	"testing"
)

func TestNamesAreSortedAsPeopleCount(t *testing.T) {
	t.Parallel()
	want := []string{"10.0.0.2", "10.0.0.10", "10.0.1.1", "node", "node_1", "node_2", "node_02", "node_10", "node_10a", "node_b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Whatever names are, they have one order.
func FuzzNatural(f *testing.F) {
	f.Add("a1", "a01", "a10")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if natural(a, b) != -natural(b, a) || (natural(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q: %d and %d", a, b, natural(a, b), natural(b, a))
		}
		if natural(a, b) < 0 && natural(b, c) < 0 && natural(a, c) >= 0 {
			t.Errorf("%q < %q < %q, and not the first before the last", a, b, c)
		}
	})
}
