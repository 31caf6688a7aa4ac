package relay

import (
	"cmp"
	"slices"
)

// behind is what a stream holds behind a gap, in the order of numbers, in rows of at most rowMost. No row is empty. However
// much is held, and in whatever order it comes and is released, a message costs what it takes to move one row.
type behind[T any] [][]held[T]

// rowMost is how many messages a row has: to move them takes less than a microsecond, and there are few rows.
const rowMost = 128

// find returns where a number is, or where it would stand.
func (b behind[T]) find(number uint64) (row, at int, found bool) {
	row, found = slices.BinarySearchFunc(b, number, func(r []held[T], n uint64) int { return cmp.Compare(r[0].number, n) })
	if found {
		return row, 0, true
	}
	if row == 0 {
		return 0, 0, false
	}
	row--
	at, found = slices.BinarySearchFunc(b[row], number, func(h held[T], n uint64) int { return cmp.Compare(h.number, n) })
	return row, at, found
}

// put adds a message where find said.
func (b *behind[T]) put(row, at int, h held[T]) {
	if len(*b) == 0 {
		*b = behind[T]{{h}}
		return
	}
	r := (*b)[row]
	switch {
	case len(r) < rowMost:
		(*b)[row] = slices.Insert(r, at, h)
	case at == rowMost && row == len(*b)-1: // nearly all come in order
		*b = append(*b, []held[T]{h})
	default:
		half := slices.Clone(r[rowMost/2:])
		clear(r[rowMost/2:])
		(*b)[row] = r[:rowMost/2]
		*b = slices.Insert(*b, row+1, half)
		if at > rowMost/2 {
			row, at = row+1, at-rowMost/2
		}
		(*b)[row] = slices.Insert((*b)[row], at, h)
	}
}

// first is what is next.
func (b behind[T]) first() *held[T] { return &b[0][0] }

// last is what came with the highest number.
func (b behind[T]) last() *held[T] {
	r := b[len(b)-1]
	return &r[len(r)-1]
}

// pass forgets the first messages, of one row.
func (b *behind[T]) pass(n int) {
	r := (*b)[0]
	if rest := copy(r, r[n:]); rest > 0 {
		clear(r[rest:])
		(*b)[0] = shrunk(r[:rest])
		return
	}
	(*b)[0] = nil
	if *b = (*b)[1:]; len(*b) == 0 {
		*b = nil
	}
}

// drop forgets some.
func (b *behind[T]) drop(which func(held[T]) bool) {
	for i, r := range *b {
		(*b)[i] = shrunk(slices.DeleteFunc(r, which))
	}
	if *b = slices.DeleteFunc(*b, func(r []held[T]) bool { return len(r) == 0 }); len(*b) == 0 {
		*b = nil
	}
}

// any reports whether one is so.
func (b behind[T]) any(so func(held[T]) bool) bool {
	return slices.ContainsFunc(b, func(r []held[T]) bool { return slices.ContainsFunc(r, so) })
}

// shrunk gives back the places of what is held no more, where they are most.
func shrunk[T any](r []held[T]) []held[T] {
	if n := len(r); n < cap(r)/2 {
		return append(make([]held[T], 0, n+n/3), r...)
	}
	return r
}

// lastMissing is the highest number below the last that is not there.
func (b behind[T]) lastMissing() uint64 {
	next := b.last().number
	for _, r := range slices.Backward(b) {
		for _, h := range slices.Backward(r) {
			if h.number != next {
				return next
			}
			next--
		}
	}
	return next
}
