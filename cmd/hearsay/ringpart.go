package main

import (
	"fmt"
	"time"
)

// ringTell is the time between two lines about a large ring that comes up.
const ringTell = time.Second

// showKnown looks at the nodes of a partial mesh, up to the first that does not know all others, and reports whether all do.
func (v *view) showKnown() (whole bool) {
	v.knowing = 0
	for v.knowing < len(v.nodes) && v.knowsAll(v.knowing) {
		v.knowing++
	}
	if now := time.Now(); now.Sub(v.toldAt) >= ringTell && v.knowing < len(v.nodes) {
		v.toldAt = now
		n := v.nodes[v.knowing]
		fmt.Fprintf(v.w, "%s hears %d and knows %d of %d\n", n.Name(), len(n.Alive()), v.heard[v.knowing], len(v.nodes)-1)
	}
	return v.knowing == len(v.nodes)
}

// knowsAll reports whether a node knows all others, heard or by the word of others.
func (v *view) knowsAll(i int) bool {
	v.heard[i] = v.nodes[i].Known()
	return v.heard[i] == len(v.nodes)-1
}

// missingKnown says who does not know whom.
func (v *view) missingKnown() string {
	first, count := "", 0
	for i, n := range v.nodes {
		if v.knowsAll(i) {
			continue
		}
		if count++; count == 1 {
			first = fmt.Sprintf("%s knows %d of %d", n.Name(), v.heard[i], len(v.nodes)-1)
		}
	}
	if count > 1 {
		first += fmt.Sprintf(", and %d more do not know all", count-1)
	}
	return first
}
