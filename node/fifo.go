package node

// fifo is a row that gives its memory back.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

func (f *fifo[T]) push(v T) {
	if f.head > 0 && len(f.items) == cap(f.items) && 2*f.head >= len(f.items) {
		rest := copy(f.items, f.items[f.head:])
		clear(f.items[rest:])
		f.items, f.head = f.items[:rest], 0
	}
	f.items = append(f.items, v)
}

func (f *fifo[T]) first() (v T, ok bool) {
	if f.len() == 0 {
		return v, false
	}
	return f.items[f.head], true
}

func (f *fifo[T]) pop() (v T, ok bool) {
	if f.len() == 0 {
		return v, false
	}
	var none T
	v, f.items[f.head] = f.items[f.head], none
	f.head++
	if f.len() == 0 {
		f.items, f.head = f.items[:0], 0
		if cap(f.items) > keptPlaces {
			f.items = nil
		}
	}
	return v, true
}

// keptPlaces is how many places an empty row keeps: after a burst of small items there may be many.
const keptPlaces = 1024
