package sim

import (
	"cmp"
	"container/heap"
	"math/bits"
	"slices"
	"time"
)

// item is something that happens at a time: a message that arrives over a link, or a call.
type item struct {
	at   time.Duration
	seq  uint64 // order of making: ties at one instant
	link *link
	msg  *message
	call func()
}

// The wheel: slots of about a millisecond, in all about four seconds. What lies further ahead waits in a heap.
const (
	slotBits  = 20 // ns of a slot, as a power of two
	slotCount = 4096
	wheelMask = slotCount - 1
)

// queue hands out items in order of (at, seq). Most of a mesh's items are beats in flight, milliseconds ahead:
// those cost an append to a slot and their share of sorting it.
type queue struct {
	seq    uint64
	slots  [slotCount][]item
	filled [slotCount / 64]uint64 // one bit a slot
	slot   int64                  // the slot being handed out, counted from time 0
	pos    int                    // next item in it
	sorted bool
	wheel  int // items in slots, the ones handed out of the current slot included until it is left
	far    farHeap
}

func (q *queue) add(it item) {
	q.seq++
	it.seq = q.seq
	s := int64(it.at) >> slotBits
	switch {
	case s >= q.slot+slotCount:
		heap.Push(&q.far, it)
	case s > q.slot:
		q.put(s, it)
	default:
		q.insertNow(it)
	}
}

func (q *queue) put(s int64, it item) {
	i := s & wheelMask
	q.slots[i] = append(q.slots[i], it)
	q.filled[i/64] |= 1 << (i % 64)
	q.wheel++
}

// insertNow puts an item into the slot that is being handed out.
func (q *queue) insertNow(it item) {
	i := q.slot & wheelMask
	q.put(q.slot, it)
	if !q.sorted {
		return
	}
	s := q.slots[i]
	k := len(s) - 1
	for k > q.pos && s[k-1].at > it.at {
		s[k] = s[k-1]
		k--
	}
	s[k] = it
}

// next returns the earliest item, unless that is later than until.
func (q *queue) next(until time.Duration) (item, bool) {
	for {
		s := q.slots[q.slot&wheelMask]
		if q.pos < len(s) {
			if !q.sorted {
				slices.SortFunc(s, byTime)
				q.sorted = true
			}
			if s[q.pos].at > until {
				return item{}, false
			}
			q.pos++
			return s[q.pos-1], true
		}
		if !q.advance(int64(until) >> slotBits) {
			return item{}, false
		}
	}
}

func byTime(a, b item) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	return cmp.Compare(a.seq, b.seq)
}

// advance leaves an empty slot for the next filled one that is not beyond last.
func (q *queue) advance(last int64) bool {
	if q.slot >= last {
		return false
	}
	i := q.slot & wheelMask
	q.wheel -= len(q.slots[i])
	clear(q.slots[i])
	q.slots[i] = q.slots[i][:0]
	q.filled[i/64] &^= 1 << (i % 64)
	q.pos, q.sorted = 0, false

	q.slot = min(q.following(), last)
	for len(q.far) > 0 && int64(q.far[0].at)>>slotBits < q.slot+slotCount {
		it := heap.Pop(&q.far).(item)
		q.put(int64(it.at)>>slotBits, it)
	}
	return true
}

// following is the next slot with an item in it, or the last of the wheel.
func (q *queue) following() int64 {
	if q.wheel == 0 {
		if len(q.far) == 0 {
			return 1 << 62
		}
		return max(q.slot+1, int64(q.far[0].at)>>slotBits)
	}
	for s := q.slot + 1; ; {
		i := s & wheelMask
		if word := q.filled[i/64] >> (i % 64); word != 0 {
			return s + int64(bits.TrailingZeros64(word))
		}
		s += 64 - i%64
	}
}

// farHeap orders items by (at, seq).
type farHeap []item

func (h farHeap) Len() int           { return len(h) }
func (h farHeap) Less(i, j int) bool { return byTime(h[i], h[j]) < 0 }
func (h farHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *farHeap) Push(x any)        { *h = append(*h, x.(item)) }
func (h *farHeap) Pop() any {
	old := *h
	it := old[len(old)-1]
	old[len(old)-1] = item{}
	*h = old[:len(old)-1]
	return it
}
