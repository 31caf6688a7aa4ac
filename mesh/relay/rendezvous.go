package relay

import (
	"cmp"
	"slices"

	"hearsay/topics"
)

// weight is what a candidate draws for one origin and one that asks (FNV-1a, and the last step of MurmurHash3 over
// it). The lowest is taken first: so the work is spread, and a candidate that goes changes nothing for the others.
func weight(origin, self, candidate topics.Name) uint64 {
	h := uint64(14695981039346656037)
	for _, name := range [3]topics.Name{origin, self, candidate} {
		for i := range len(name) {
			h = (h ^ uint64(name[i])) * 1099511628211
		}
		h = (h ^ ',') * 1099511628211 // no name has one
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// rank sorts candidates, the first to be asked first.
func rank(origin, self topics.Name, candidates []topics.Name) {
	slices.SortFunc(candidates, func(a, b topics.Name) int {
		return cmp.Or(cmp.Compare(weight(origin, self, a), weight(origin, self, b)), cmp.Compare(a, b))
	})
}
