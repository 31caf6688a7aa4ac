package mesh

import (
	"slices"

	"hearsay/topics"
)

// What a liar makes up comes here by as many ways as there are members that pass it on, and each of them leads over the
// liar: whoever passes a word on puts itself in front of the way, so that nobody can take itself out of what others say. So
// all ways to what one liar makes up have a member in common, a cut vertex of the graph. Where they have none, two members
// that do not depend on each other vouch for a name, or two liars do together.

// cut is the members that all ways to a name have in common, the nearest first.
type cut struct {
	common []topics.Name
	ways   int
}

func (c *cut) begin() { c.common, c.ways = c.common[:0], 0 }

// add takes in by which way a member tells of it: by none where it lists it.
func (c *cut) add(teller topics.Name, way []topics.Name) {
	if c.ways++; c.ways == 1 {
		c.common = append(append(c.common, teller), way...)
		return
	}
	c.common = slices.DeleteFunc(c.common, func(name topics.Name) bool {
		on := func(other topics.Name) bool { return name == other || name.Key() == other.Key() }
		return !on(teller) && !slices.ContainsFunc(way, on)
	})
}

// single reports whether it may all be the word of one.
func (c *cut) single() bool { return len(c.common) > 0 }

// speaksOf reports whether a peer lists another, or tells of it, and by which way.
func (p *peer) speaksOf(x *peer) (way []topics.Name, does bool) {
	switch {
	case p == x:
		return nil, false
	case p.row.has.has(x.slot):
		return nil, true
	}
	way = p.telling.way(x)
	return way, len(way) > 0
}

// oneWord reports whether all that is said of a name may be the word of one member.
func (m *Machine) oneWord(x *peer) bool {
	c := &m.far.cut
	c.begin()
	for _, p := range m.far.heard {
		if way, ok := p.speaksOf(x); ok {
			c.add(p.key, way)
		}
	}
	return c.single()
}
