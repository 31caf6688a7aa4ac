package node

import (
	"bytes"
	"fmt"
	"math/rand/v2"
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
	if got := cap(r.all[r.last].bytes); got > blockLeast {
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
	if last := r.all[r.last].bytes; len(last) != len("one")+len("two") || cap(last) > blockLeast {
		t.Errorf("%d bytes of %d are taken", len(last), cap(last))
	}
	got := ""
	r.each(func(_ relay.Stream, run link.Run, _, _ time.Duration) { got += string(run) + " " })
	if got != "one two " {
		t.Errorf("kept: %s", got)
	}
}

// A block is there for as long as one of its runs is kept, whatever becomes of the others, and no longer.
func TestBlocksGoWithTheirRuns(t *testing.T) {
	b := newBlocks(16 << 20)
	rng := rand.New(rand.NewPCG(1, 1))
	kept := make(map[spot]link.Run)
	for n := range 20_000 {
		run := link.Run(fmt.Appendf(nil, "%d:", n))
		run = append(run, make([]byte, rng.IntN(3*b.most/smallPart/2))...)
		switch at := b.add(run); rng.IntN(10) {
		case 0:
			b.undo(at)
		default:
			kept[at] = run
		}
		for at, run := range kept {
			if len(kept) <= n%300 {
				break
			}
			if !bytes.Equal(b.run(at), run) {
				t.Fatalf("%v is %q, not %q", at, b.run(at), run)
			}
			b.drop(at)
			delete(kept, at)
		}
	}
	held := make(map[uint32]int)
	for at := range kept {
		held[at.block]++
	}
	for n, block := range b.all {
		if block.runs != held[uint32(n)] || (block.bytes != nil) != (block.runs > 0 || uint32(n) == b.last && n > 0) {
			t.Errorf("block %d has %d bytes for %d runs, %d are kept", n, len(block.bytes), block.runs, held[uint32(n)])
		}
	}
	if len(b.all) > 1000 {
		t.Errorf("%d numbers for 300 runs", len(b.all))
	}
}
