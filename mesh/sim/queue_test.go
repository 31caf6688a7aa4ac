package sim

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Items come out in order of time, and of making at one instant, however they went in: before, now, far ahead.
func TestQueueOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue
	var now time.Duration
	pending, handed := 0, 0
	var last item
	add := func() {
		ahead := time.Duration(r.Int64N(int64([]time.Duration{1, time.Millisecond, time.Second, time.Minute}[r.IntN(4)])))
		q.add(item{at: now + ahead})
		pending++
	}
	for range 100 {
		add()
	}
	for until := time.Duration(0); pending > 0; {
		it, ok := q.next(until)
		if !ok {
			now = until
			until += time.Duration(r.Int64N(int64(3 * time.Second)))
			continue
		}
		if it.at > until || it.at < last.at || it.at == last.at && it.seq < last.seq {
			t.Fatalf("got %v #%d after %v #%d, until %v", it.at, it.seq, last.at, last.seq, until)
		}
		now, last = it.at, it
		pending--
		if handed++; handed < 20_000 {
			add()
		}
	}
	if handed < 20_000 {
		t.Fatalf("%d items came out", handed)
	}
}
