package node

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/mesh"
)

// read reads what waits for a follower.
func (f *Follower) read() (ids []uint64, err error) {
	for {
		e, ok, err := f.Next()
		if !ok || err != nil {
			return ids, err
		}
		ids = append(ids, e.ID)
	}
}

func (h *hub) tell(count int) {
	for range count {
		h.publish(time.Time{}, mesh.Change{Peer: "x"})
	}
}

// runOf reports whether IDs count up from the first to the last.
func runOf(ids []uint64, first, last uint64) bool {
	for i, id := range ids {
		if id != first+uint64(i) {
			return false
		}
	}
	return uint64(len(ids)) == last-first+1
}

// A follower gets every event from where it began, learns when it is too slow, and reads to the end.
func TestFollower(t *testing.T) {
	t.Parallel()
	h := newHub(new(atomic.Uint64))
	empty := h.follow(0)
	h.tell(3 * eventBuffer / 2)
	last := h.newest()
	if ids, err := empty.read(); !errors.Is(err, ErrBehind) {
		t.Errorf("after %d events: %v", last, ids)
	}
	for after, first := range map[uint64]uint64{0: last - eventHistory + 1, last - 5: last - 4, last: last + 1} {
		f := h.follow(after)
		if ids, err := f.read(); err != nil || !runOf(ids, first, last) {
			t.Errorf("after %d of %d: %v, %v", after, last, ids, err)
		}
		f.Close()
	}
	slow := h.follow(last)
	h.tell(eventBuffer)
	if ids, err := slow.read(); err != nil || !runOf(ids, last+1, last+eventBuffer) {
		t.Errorf("all that are kept: %d, %v", len(ids), err)
	}
	h.tell(1)
	h.end()
	<-slow.Arrived()
	if ids, err := slow.read(); err != nil || len(ids) != 1 {
		t.Errorf("at the end: %v, %v", ids, err)
	}
	for range slow.Arrived() { // closed
	}
	if late, err := h.follow(0).read(); err != nil || len(late) != eventHistory {
		t.Errorf("after the end: %d, %v", len(late), err)
	}
}

// Events are kept once, however many follow.
func TestFollowersTakeNoMemory(t *testing.T) {
	h := newHub(new(atomic.Uint64))
	h.tell(eventBuffer)
	const many = 1000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range many {
		h.follow(0).Close()
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / many; got > 1<<10 {
		t.Errorf("a follower takes %d bytes", got)
	}
}

// Who asks for events late has the last of them, and those before count as lost. One who never asks has lost nothing.
func TestEventsAreKeptUntilTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	var lost atomic.Uint64
	h := newHub(&lost)
	const over = 3
	for range eventBuffer + over {
		h.publish(time.Now(), mesh.Change{})
	}
	if n := lost.Load(); n != 0 {
		t.Errorf("nobody asked for events, and %d are lost", n)
	}
	c := h.events().C
	if n := lost.Load(); n != over || len(c) != eventBuffer {
		t.Errorf("%d are lost, and %d to be read", n, len(c))
	}
	h.publish(time.Now(), mesh.Change{})
	if e := <-c; e.ID != over+1 || lost.Load() != over+1 || h.events().C != c {
		t.Errorf("the first is %d, and %d are lost", e.ID, lost.Load())
	}
	h.end()
	for range c {
	}
}
