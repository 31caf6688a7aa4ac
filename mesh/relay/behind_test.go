package relay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// numbersOf are the numbers that are held, in their order, after a look at the rows.
func numbersOf(t *testing.T, b behind[int]) (all []uint64) {
	t.Helper()
	for _, r := range b {
		if len(r) == 0 || len(r) > rowMost {
			t.Fatalf("a row of %d", len(r))
		}
		for _, h := range r {
			if uint64(h.message) != h.number {
				t.Fatalf("%d under number %d", h.message, h.number)
			}
			all = append(all, h.number)
		}
	}
	return all
}

// What is held stands in the order of its numbers, whatever comes, goes and is dropped, as in one plain row.
func TestBehindIsInOrder(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var b behind[int]
		var want []uint64
		for step := range 20_000 {
			switch kind := random.IntN(100); {
			case kind < 70 || step < 2000:
				number := uint64(random.IntN(5000))
				if seed%2 == 0 {
					number = uint64(step + random.IntN(1+step/10)) // mostly in order
				}
				row, at, found := b.find(number)
				i, there := slices.BinarySearch(want, number)
				if found != there {
					t.Fatalf("seed %d: %d found: %v", seed, number, found)
				}
				if !found {
					b.put(row, at, held[int]{number: number, message: int(number)})
					want = slices.Insert(want, i, number)
				}
			case kind < 99 && len(b) > 0:
				n := 1 + random.IntN(len(b[0]))
				b.pass(n)
				want = want[n:]
			case kind == 99 && random.IntN(20) == 0:
				part := 2 + uint64(random.IntN(3))
				b.drop(func(h held[int]) bool { return h.number%part == 0 })
				want = slices.DeleteFunc(want, func(n uint64) bool { return n%part == 0 })
			}
			if step%500 == 0 || step > 19_900 {
				if got := numbersOf(t, b); !slices.Equal(got, want) {
					t.Fatalf("seed %d, step %d: %d are held, in another order than %d", seed, step, len(got), len(want))
				}
			}
			if (len(b) == 0) != (len(want) == 0) || len(b) > 0 && (b.first().number != want[0] || b.last().number != want[len(want)-1]) {
				t.Fatalf("seed %d, step %d: another first or last", seed, step)
			}
			if len(b) > 0 && step%500 == 0 {
				i := len(want) - 1
				for i > 0 && want[i-1] == want[i]-1 {
					i--
				}
				if got := b.lastMissing(); got != want[i]-1 {
					t.Fatalf("seed %d: last missing is %d, want %d", seed, got, want[i]-1)
				}
			}
		}
	}
}

// What a message costs that is held and released does not grow with what is held.
func BenchmarkHeld(b *testing.B) {
	for _, n := range []int{1000, 8000, 64_000} {
		for _, c := range []struct {
			what   string
			number func(i int) uint64
		}{
			{"behind one gap", func(i int) uint64 { return uint64(3 + i) }},
			{"in reverse", func(i int) uint64 { return uint64(2 + n - i) }},
			{"every other, and then those between", func(i int) uint64 {
				if i < n/2 {
					return uint64(3 + 2*i)
				}
				return uint64(2 + 2*(i-n/2))
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.what, n), func(b *testing.B) {
				out := make([]Delivery[[]byte], 0, n+2)
				for b.Loop() {
					j := New[[]byte](Config{Self: "me", Held: 1 << 30}, nil)
					out = out[:0]
					_, out = j.Message(0, plain("a"), 1, "", nil, 100, out)
					for i := range n {
						_, out = j.Message(0, plain("a"), c.number(i), "", nil, 100, out)
					}
					_, out = j.Message(0, plain("a"), 2, "", nil, 100, out)
					if len(out) < n {
						b.Fatalf("%d were delivered", len(out))
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
			})
		}
	}
}
