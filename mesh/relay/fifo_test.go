package relay

import (
	"math/rand/v2"
	"testing"
)

// A row gives what it was given, in order, and has no more places than is said of it.
func TestFifo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var f fifo[int]
	next, first := 0, 0
	for range 400 {
		most := 1 << r.IntN(13)
		for target := r.IntN(most + 1); next-first < target; next++ {
			f.push(next)
		}
		for range r.IntN(most) { // with about so many
			f.push(next)
			next++
			if got := f.pop(); got != first {
				t.Fatalf("popped %d, want %d", got, first)
			}
			first++
			checkFifo(t, &f, first, next)
		}
		for left := r.IntN(next - first + 1); next-first > left; first++ {
			if got := f.pop(); got != first {
				t.Fatalf("popped %d, want %d", got, first)
			}
			checkFifo(t, &f, first+1, next)
		}
	}
}

func checkFifo(t *testing.T, f *fifo[int], first, next int) {
	t.Helper()
	n := next - first
	if f.len() != n {
		t.Fatalf("%d in it, want %d", f.len(), n)
	}
	for _, i := range []int{0, n / 3, n / 2, n - 1} {
		if n > 0 && *f.at(i) != first+i {
			t.Fatalf("%d at %d, want %d", *f.at(i), i, first+i)
		}
	}
	places := 0
	for _, p := range f.pages {
		places += len(p)
	}
	if places != f.places() || places+len(f.spare) > 7*n/3+2 {
		t.Fatalf("%d of %d in %d places", n, f.places(), places)
	}
}

// A long row grows without a copy of what is in it.
func TestFifoGrowsByAPage(t *testing.T) {
	var f fifo[int]
	for i := range 64 * pageMost {
		f.push(i)
	}
	where := f.at(0)
	for i := range pageMost {
		f.push(i)
	}
	if f.at(0) != where || len(f.pages) != 65 {
		t.Errorf("the first of a row was moved, or it has %d pages", len(f.pages))
	}
	for range pageMost / 2 {
		f.pop()
		f.push(0)
	}
	if len(f.pages) != 66 {
		t.Errorf("%d pages", len(f.pages))
	}
	made := testing.AllocsPerRun(10, func() {
		for range 2 * pageMost {
			f.push(0)
			f.pop()
		}
	})
	if made > 1 { // the pages stand in a row themselves
		t.Errorf("%v allocations for two pages of those that come and go", made)
	}
}

// A small row from which as much goes as comes needs no memory for that.
func TestFifoOfFewStays(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 8, 13, 40, 200, 400, 448, 600, 670, 880, 1300} {
		var f fifo[int]
		for range n {
			f.push(0)
		}
		through := func() {
			for range 4 * pageMost {
				f.push(0)
				f.pop()
			}
		}
		if through(); testing.AllocsPerRun(2, through) > 0 {
			t.Errorf("a row of %d is made anew", n)
		}
		through = func() {
			for range 4 * pageMost {
				f.pop()
				f.push(0)
			}
		}
		if through(); testing.AllocsPerRun(2, through) > 0 {
			t.Errorf("a row of %d, or one less, is made anew", n)
		}
	}
}
