package backlog

import "testing"

func TestQueueIsBoundedInBytes(t *testing.T) {
	q := NewQueue[string](1000)
	for i, c := range []struct {
		bytes int
		fits  bool
		size  int
	}{
		{5000, true, 5000 + Overhead}, // an empty queue takes any
		{0, false, 5000 + Overhead},
	} {
		if got := q.Put("x", c.bytes); got != c.fits || q.Size() != c.size {
			t.Errorf("step %d: %v, %d bytes, want %v, %d", i, got, q.Size(), c.fits, c.size)
		}
	}
	if v, ok := q.Take(); v != "x" || !ok || q.Size() != 5000+Overhead {
		t.Errorf("%q %v, then %d bytes: what was taken counts until the next Take", v, ok, q.Size())
	}
	if _, ok := q.Take(); ok || q.Size() != 0 {
		t.Errorf("%v, %d bytes", ok, q.Size())
	}
	fitted := 0
	for q.Put("y", 0) {
		fitted++
	}
	if fitted != 1000/Overhead {
		t.Errorf("%d empty items fit into 1,000 bytes", fitted)
	}
}

func TestQueueKeepsOrderAndGivesMemoryBack(t *testing.T) {
	q := NewQueue[int](1 << 30)
	put, taken := 0, 0
	for _, step := range []struct{ put, take int }{{5000, 3000}, {10, 2000}, {100, 50}, {1, 61}} {
		for range step.put {
			q.Put(put, 1)
			put++
		}
		for range step.take {
			if v, ok := q.Take(); !ok || v != taken {
				t.Fatalf("took %d %v, want %d", v, ok, taken)
			}
			taken++
		}
	}
	if _, ok := q.Take(); ok || q.Size() != 0 || cap(q.waiting) > keptPlaces {
		t.Errorf("at rest: %v, %d bytes, %d places", ok, q.Size(), cap(q.waiting))
	}
	select {
	case <-q.Arrived():
	default:
		t.Error("nothing has arrived")
	}
}
