package link

// fifo is a row in which what is at the front is not moved for each one that is taken.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }
func (f *fifo[T]) all() []T { return f.items[f.head:] }
func (f *fifo[T]) first() T { return f.items[f.head] }

// last is where the last one stands, until the next push; nil: there is none.
func (f *fifo[T]) last() *T {
	if f.len() == 0 {
		return nil
	}
	return &f.items[len(f.items)-1]
}

func (f *fifo[T]) push(v T) {
	if len(f.items) == cap(f.items) && 2*f.head >= len(f.items) {
		n := copy(f.items, f.all())
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, v)
}

func (f *fifo[T]) pop() (v T) {
	v, f.items[f.head] = f.items[f.head], v
	f.head++
	return v
}

// fifoKept is the places that are kept for the next burst.
const fifoKept = 4

// forget gives back what memory a burst has taken. The row is empty.
func (f *fifo[T]) forget() {
	f.head = 0
	if f.items = f.items[:0]; cap(f.items) > fifoKept {
		f.items = nil
	}
}
