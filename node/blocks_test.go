package node

import (
	"runtime"
	"testing"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
)

// Small runs are kept many in a piece, and the first ones take no large one. Not parallel, as objects are counted.
func TestRingsKeepSmallRunsTogether(t *testing.T) {
	const runs = 20_000
	var before, after runtime.MemStats
	r := newRing(16<<20, time.Minute, time.Now())
	s := relay.Stream{Origin: "a", Incarnation: 1, Topic: "1"}
	run := onTheWire("1", "a", 1, 1, make([]byte, 100))
	r.put(s, 1, 1, run)
	if got := cap(r.last); got > blockLeast {
		t.Errorf("one run takes %d bytes", got)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := uint64(2); n <= runs; n++ {
		r.put(s, n, n, run)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if pieces := int(after.HeapObjects) - int(before.HeapObjects); pieces > runs/10 {
		t.Errorf("%d runs are %d pieces", runs, pieces)
	}
	if r.kept.Len() != runs {
		t.Errorf("%d runs of %d are kept", r.kept.Len(), runs)
	}
	runtime.KeepAlive(r)
}

// A run that is not kept takes no room, and one that is kept does not change.
func TestRunsThatAreNotKeptTakeNoRoom(t *testing.T) {
	r := newRing(16<<20, time.Minute, time.Now())
	s := relay.Stream{Origin: "a", Incarnation: 1, Topic: "1"}
	r.put(s, 1, 1, []byte("one"))
	for range 10_000 {
		r.put(s, 1, 1, make([]byte, 1000))
	}
	r.put(s, 2, 2, []byte("two"))
	if len(r.last) != len("one")+len("two") || cap(r.last) > blockLeast {
		t.Errorf("%d bytes of %d are taken", len(r.last), cap(r.last))
	}
	got := ""
	r.each(func(_ relay.Stream, k *relay.Kept[link.Run], _, _ time.Duration) { got += string(k.Run) + " " })
	if got != "one two " {
		t.Errorf("kept: %s", got)
	}
}
