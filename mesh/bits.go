package mesh

import "math/bits"

// bitset is a set of table slots. One row of the matrix: whom a peer lists.
type bitset []uint64

func (b bitset) has(i int) bool {
	w := i >> 6
	return w < len(b) && b[w]&(1<<(i&63)) != 0
}

func (b *bitset) set(i int) {
	w := i >> 6
	for len(*b) <= w {
		*b = append(*b, 0)
	}
	(*b)[w] |= 1 << (i & 63)
}

func (b bitset) clear(i int) {
	if w := i >> 6; w < len(b) {
		b[w] &^= 1 << (i & 63)
	}
}

func (b bitset) count() (n int) {
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

func (b bitset) none() bool {
	for _, word := range b {
		if word != 0 {
			return false
		}
	}
	return true
}

func (b bitset) equals(other bitset) bool {
	for w := range max(len(b), len(other)) {
		if b.word(w) != other.word(w) {
			return false
		}
	}
	return true
}

func (b bitset) word(w int) uint64 {
	if w < len(b) {
		return b[w]
	}
	return 0
}

// next is the first member from i on that is not in but; -1: there is none.
func (b bitset) next(i int, but bitset) int {
	for w := i >> 6; w < len(b); w++ {
		if word := (b[w] &^ but.word(w)) >> (i & 63); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
		i = (w + 1) << 6
	}
	return -1
}

// fill makes the first n slots members, and maybe some more.
func (b *bitset) fill(n int) {
	for w := range (n + 63) >> 6 {
		if w == len(*b) {
			*b = append(*b, 0)
		}
		(*b)[w] = ^uint64(0)
	}
}

// each calls f with every member in ascending order. f may clear members.
func (b bitset) each(f func(i int)) {
	for w := range b {
		eachBit(w, b[w], f)
	}
}

func eachBit(w int, word uint64, f func(i int)) {
	for ; word != 0; word &= word - 1 {
		f(w<<6 + bits.TrailingZeros64(word))
	}
}

// diff calls lost with every member of old that is not in b, then gained with every one of b not in old.
func (b bitset) diff(old bitset, lost, gained func(i int)) {
	n := max(len(b), len(old))
	for w := range n {
		eachBit(w, old.word(w)&^b.word(w), lost)
	}
	for w := range n {
		eachBit(w, b.word(w)&^old.word(w), gained)
	}
}
