package backlog

import "sync"

const (
	// Overhead is what an item takes beside its own bytes: its place, which exists twice while a slice grows, and the
	// headers of what it points to.
	Overhead = 256

	// keptPlaces is how many places an empty queue keeps: after a burst of small items there may be a million.
	keptPlaces = 1024
)

// Queue is what waits for one reader. Put may be called from any goroutine, Take by the reader alone.
type Queue[T any] struct {
	limit   int
	arrived chan struct{}

	mu      sync.Mutex
	waiting []item[T]
	next    int // of waiting, the first that was not taken
	held    int // bytes of the item taken last: the reader still has it
	size    int // bytes of all of them
}

type item[T any] struct {
	value T
	size  int
}

// NewQueue returns an empty queue that holds at most limit bytes, Overhead for each item included.
func NewQueue[T any](limit int) *Queue[T] {
	return &Queue[T]{limit: limit, arrived: make(chan struct{}, 1)}
}

// Put adds an item of a number of bytes, and reports whether there was room for it. An empty queue takes an item of any
// size.
func (q *Queue[T]) Put(value T, bytes int) bool {
	bytes += Overhead
	q.mu.Lock()
	fits := q.size == 0 || q.size+bytes <= q.limit
	if fits {
		q.waiting = append(q.waiting, item[T]{value, bytes})
		q.size += bytes
	}
	q.mu.Unlock()
	select {
	case q.arrived <- struct{}{}:
	default:
	}
	return fits
}

// Arrived has something after a Put. The reader then takes until nothing is left.
func (q *Queue[T]) Arrived() <-chan struct{} { return q.arrived }

// Take returns the oldest item, and reports whether there is one. The item counts until the next Take: who calls it has
// let go of the one before.
func (q *Queue[T]) Take() (value T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size -= q.held
	q.held = 0
	if q.next == len(q.waiting) {
		q.clear()
		return value, false
	}
	first := &q.waiting[q.next]
	value, q.held = first.value, first.size
	*first = item[T]{} // its memory is the reader's alone now
	q.next++
	if q.next >= keptPlaces && 2*q.next >= len(q.waiting) {
		rest := copy(q.waiting, q.waiting[q.next:])
		clear(q.waiting[rest:])
		q.waiting, q.next = q.waiting[:rest], 0
	}
	return value, true
}

func (q *Queue[T]) clear() {
	q.waiting, q.next = q.waiting[:0], 0
	if cap(q.waiting) > keptPlaces {
		q.waiting = nil
	}
}

// Size returns how many bytes the queue counts now.
func (q *Queue[T]) Size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}
