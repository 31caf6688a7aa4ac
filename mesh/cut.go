package mesh

import (
	"slices"

	"hearsay/topics"
)

// What a liar makes up comes here by as many ways as there are members that pass it on, and each of them leads over the
// liar: whoever passes a word on puts itself in front of the way, so that nobody can take itself out of what others say. So
// all ways to what one liar makes up have a member in common, a cut vertex of the graph, and over one of two all ways lead
// to what two make up together. Where there are no such, members that do not depend on each other vouch for a name, or more
// liars do together.

// In a full mesh a refuted name is a member by the word of two, and in a partial one, where each name has many ways, by that
// of three.
const (
	liarsFull    = 1
	liarsPartial = 2
)

// cut is all ways to a name, each with its teller in front.
type cut struct {
	ways []cutWay
}

// cutWay is one of them.
type cutWay struct {
	teller topics.Name
	names  []topics.Name
}

func (c *cut) begin() { c.ways = c.ways[:0] }

// add takes in by which way a member tells of it: by none where it lists it.
func (c *cut) add(teller topics.Name, way []topics.Name) {
	c.ways = append(c.ways, cutWay{teller, way})
}

// leads reports whether a way leads over a member.
func (w cutWay) leads(over topics.Name) bool {
	on := func(name topics.Name) bool { return name == over || name.Key() == over.Key() }
	return on(w.teller) || slices.ContainsFunc(w.names, on)
}

// within reports whether there are so many members that each way leads over one of them: it may all be their word.
func (c *cut) within(liars int) bool { return len(c.ways) > 0 && covered(c.ways, liars) }

func covered(ways []cutWay, by int) bool {
	if len(ways) == 0 || by == 0 {
		return len(ways) == 0
	}
	over := func(name topics.Name) bool {
		var rest []cutWay
		for _, w := range ways {
			if !w.leads(name) {
				rest = append(rest, w)
			}
		}
		return covered(rest, by-1)
	}
	return over(ways[0].teller) || slices.ContainsFunc(ways[0].names, over)
}

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

// fewWords reports whether all that is said of a name may be the word of one member, and in a partial mesh of two.
func (m *Machine) fewWords(x *peer) bool {
	c := &m.far.cut
	c.begin()
	for _, p := range m.far.heard {
		if way, ok := p.speaksOf(x); ok {
			c.add(p.key, way)
		}
	}
	if m.isPartial() {
		return c.within(liarsPartial)
	}
	return c.within(liarsFull)
}
