package web

import (
	"hash/maphash"
	"slices"
)

// shown is the tags of what was replayed to a reader, eight bytes each: a reader keeps them for as long as it reads. Nobody
// can choose tags that are taken for others, as nobody knows the seed.
type shown struct {
	seed maphash.Seed
	tags []uint64
}

func newShown(tags int) *shown { return &shown{maphash.MakeSeed(), make([]uint64, 0, tags)} }

func (s *shown) add(tag string) { s.tags = append(s.tags, maphash.String(s.seed, tag)) }

// sort is after the last add, and before the first has.
func (s *shown) sort() { slices.Sort(s.tags) }

// has reports whether a tag was added. Nothing was to nil.
func (s *shown) has(tag string) bool {
	if s == nil {
		return false
	}
	_, found := slices.BinarySearch(s.tags, maphash.String(s.seed, tag))
	return found
}
