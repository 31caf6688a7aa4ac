package relay

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// put keeps one message.
func (r *Ring[T]) put(now time.Duration, s Stream, number uint64, size int) {
	var run T
	r.Put(now, s, number, number, run, size)
}

func (r *Ring[T]) numbers(now time.Duration, question string, bytes int) string {
	q, err := topics.ParseQuestion([]byte(question))
	if err != nil {
		return err.Error()
	}
	var words []string
	r.Answer(now, q, bytes, func(k *Kept[T], from, to uint64) {
		if from < k.First || to > k.Last {
			words = append(words, "beyond the run:")
		}
		for n := from; n <= to; n++ {
			words = append(words, fmt.Sprint(n))
		}
	})
	return strings.Join(words, " ")
}

func TestRingAnswers(t *testing.T) {
	r := NewRing[string](1<<20, time.Minute, nil)
	for n := uint64(3); n <= 9; n++ {
		if n != 6 {
			r.put(time.Duration(n)*time.Second, plain("a"), n, 4)
		}
	}
	r.put(20*time.Second, plain("a"), 6, 0)            // late
	r.put(20*time.Second, plain("a"), 9, 0)            // again
	r.put(20*time.Second, plain("a"), 0, 0)            // without a number
	r.put(21*time.Second, Stream{"a", 9, "2/x"}, 1, 0) // another topic
	r.put(21*time.Second, Stream{"a", 8, "1"}, 77, 0)  // and a later incarnation
	now := 22 * time.Second
	for question, want := range map[string]string{
		"5/a/7/3-9/1": "3 4 5 6 7 8 9", "5/a/7/1-4/1": "3 4", "5/a/7/6-6/1": "6", "5/a/7/8-/1": "8 9", "5/a/7/10-/1": "",
		"5/a/7/-2/1": "8 9", "5/a/7/-99/1": "3 4 5 6 7 8 9", "5/a/7/~15000/1": "6 7 8 9", "5/a/0/-5/1": "77", "5/a/0/-5/2/x": "1",
		"5/b/7/1-/1": "", "5/a/9/1-/1": "", "5/a/0/-1/2/y": "",
	} {
		if got := r.numbers(now, question, 1<<20); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
	if got := r.numbers(now, "5/a/7/3-/1", 2*keptCost); got != "3 4" {
		t.Errorf("a short answer: %q", got)
	}
}

func TestRingIsBounded(t *testing.T) {
	r := NewRing[string](10_000, 10*time.Second, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	now := time.Duration(0)
	for n := uint64(1); n <= 5000; n++ {
		now += time.Duration(rng.IntN(10)) * time.Millisecond
		r.put(now, Stream{"a", int64(rng.IntN(5)), "1"}, n, rng.IntN(300))
		if r.Bytes() > 10_000 || r.Bytes() < 9_000 && n > 1000 {
			t.Fatalf("%d bytes", r.Bytes())
		}
		sum := 0
		for _, w := range r.lives() {
			sum += w.cost()
			for i := range w.kept.len() {
				sum += w.kept.at(i).size
			}
		}
		if sum != r.Bytes() {
			t.Fatalf("%d bytes counted, %d kept", r.Bytes(), sum)
		}
	}
	r.put(now, plain("a"), 1, 10_001)
	if got := r.numbers(now, "5/a/7/1-/1", 1<<20); got != "" {
		t.Errorf("larger than the ring, and kept")
	}
	r.put(now+11*time.Second, plain("b"), 1, 0)
	if r.Len() != 1 || len(r.lives()) != 1 {
		t.Errorf("%d runs of %d streams outlive their time", r.Len(), len(r.lives()))
	}
	if got := r.numbers(now+30*time.Second, "5/b/7/1-/1", 1<<20); got != "" || r.Bytes() != 0 {
		t.Errorf("%q outlives its time, %d bytes", got, r.Bytes())
	}
}

// What came first goes first, also where others of its stream came late.
func TestRingForgetsInTheOrderOfComing(t *testing.T) {
	r := NewRing[string](2*plain("a").cost()+4*(keptCost+10), time.Minute, nil)
	for i, n := range []uint64{7, 8, 3, 4} {
		r.put(time.Duration(i)*10*time.Second, plain("a"), n, 10)
	}
	if got := r.numbers(65*time.Second, "5/a/7/1-/1", 1<<20); got != "3 4 8" {
		t.Errorf("after a minute and 5 s: %q", got)
	}
	r.put(66*time.Second, plain("a"), 2, 10)
	r.put(67*time.Second, plain("a"), 9, 10)
	if got := r.numbers(67*time.Second, "5/a/7/1-/1", 1<<20); got != "2 3 4 9" {
		t.Errorf("where it is full: %q", got)
	}
}

// How long a ring keeps what it has may change, for what is in it too.
func TestRingKeepsForLonger(t *testing.T) {
	r := NewRing[string](1<<20, time.Minute, nil)
	r.put(0, plain("a"), 1, 4)
	r.KeepFor(5 * time.Minute)
	if got := r.numbers(4*time.Minute, "5/a/7/1-/1", 1<<20); got != "1" {
		t.Errorf("%q is kept for longer", got)
	}
	r.KeepFor(time.Minute)
	if got := r.numbers(4*time.Minute, "5/a/7/1-/1", 1<<20); got != "" {
		t.Errorf("%q is kept for longer than it is to be again", got)
	}
}

func TestRingOfRuns(t *testing.T) {
	r := NewRing[string](1<<20, time.Minute, nil)
	for first := uint64(1); first <= 41; first += 10 {
		if first != 21 {
			r.Put(time.Duration(first)*time.Second, plain("a"), first, first+9, "", 100)
		}
	}
	r.Put(0, plain("a"), 19, 25, "", 1) // in part there already
	r.Put(0, plain("a"), 22, 24, "", 1) // late
	r.Put(0, plain("a"), 9, 8, "", 1)
	for question, want := range map[string]string{
		"5/a/7/8-12/1": "8 9 10 11 12", "5/a/7/20-31/1": "20 22 23 24 31", "5/a/7/49-/1": "49 50", "5/a/7/51-/1": "",
		"5/a/7/-3/1": "48 49 50", "5/a/7/25-30/1": "", "5/a/7/1-1/1": "1", "5/a/7/~10000/1": "41 42 43 44 45 46 47 48 49 50",
	} {
		if got := r.numbers(45*time.Second, question, 1<<20); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
}

func BenchmarkRingPut(b *testing.B) {
	r := NewRing[[]byte](4<<20, time.Minute, nil)
	s, run := plain("node_1"), make([]byte, 190)
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		r.Put(time.Duration(n), s, n, n, run, len(run))
	}
}

// lives are all rows.
func (r *Ring[T]) lives() (rows []*row[T]) {
	for _, lives := range r.rows {
		rows = append(rows, lives...)
	}
	return rows
}

// A question that names no incarnation is answered of the last one, whichever came and went, and no other stream is looked at.
func TestRingKnowsTheLastLife(t *testing.T) {
	r := NewRing[string](20_000, time.Second, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range uint64(5000) {
		now := time.Duration(n) * 10 * time.Millisecond
		r.put(now, Stream{topics.Name(text("a", uint64(rng.IntN(3)))), int64(1 + rng.IntN(50)), "1"}, 1+n, 10)
		for line := range r.rows {
			var last *row[string]
			for _, w := range r.lives() {
				if w.kept.len() == 0 {
					t.Fatalf("nothing is kept of %v", w.Stream)
				}
				if w.Origin == line.origin && (last == nil || w.Incarnation > last.Incarnation) {
					last = w
				}
				if got := r.asked(topics.Question{Origin: w.Origin, Incarnation: w.Incarnation, Topic: "1", Count: 1}); got != w {
					t.Fatalf("%v is %v", w.Stream, got)
				}
			}
			if got := r.asked(topics.Question{Origin: line.origin, Topic: "1", Count: 1}); got != last {
				t.Fatalf("the last life of %s is %v, want %v", line.origin, got, last)
			}
		}
	}
}

func BenchmarkRingAnswerOfManyRows(b *testing.B) {
	r := NewRing[string](16<<20, time.Minute, nil)
	for i := range uint64(100_000) {
		r.put(0, plain(topics.Name(text("n", i))), 5, 50)
	}
	q := topics.Question{Origin: "n99999", Topic: "1", Within: 10_000}
	for b.Loop() {
		r.Answer(0, q, 1<<20, func(*Kept[string], uint64, uint64) {})
	}
}
