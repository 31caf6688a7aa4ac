package mesh

import (
	"slices"

	"hearsay/topics"
)

// knownTries is how often a name from an earlier life is dialled, over half an hour, though nobody names it. While
// nobody is heard there is no end to it.
const knownTries = 8

// known are the names from an earlier life, in the order in which they are to be tried. They take perSource places of
// the table at the most: while nobody is heard, a name that failed gives its place to the next one, round and round.
type known struct {
	names  []topics.Name
	next   int // the next of them to try
	passes int // how often all were tried
}

// advance returns the next name to try.
func (k *known) advance() topics.Name {
	name := k.names[k.next]
	if k.next++; k.next == len(k.names) {
		k.next = 0
		k.passes++
	}
	return name
}

// untried reports whether there are names that were not tried once.
func (k *known) untried() bool { return k.passes == 0 && k.next < len(k.names) }

// onKnown takes names from an earlier life as hints.
func (m *Machine) onKnown(ev Known) {
	m.known = known{names: slices.Clone(ev.Names)}
	for m.known.untried() && m.sources.known.unheard < perSource {
		m.tryKnown(m.known.advance())
	}
}

// tryKnown dials a name from an earlier life that is not in the table yet, and reports whether it does.
func (m *Machine) tryKnown(name topics.Name) bool {
	if m.peers[name.Key()] != nil {
		return false
	}
	p := m.learn(hint{name, byMemory, &m.sources.known})
	if p == nil {
		return false
	}
	p.origin.known = true
	c := classHearsay
	if m.count[Alive] == 0 {
		c = classKnown
	}
	m.want(p, due, c)
	return true
}

// nextKnown gives the place of a name from an earlier life, which failed, to the next one, while nobody is heard. It
// reports whether p is gone.
func (m *Machine) nextKnown(p *peer) bool {
	k := &m.known
	if !p.origin.known || p.reach.tries == 0 || m.count[Alive] > 0 || len(k.names) <= perSource {
		return false
	}
	if p.origin.seed || p.origin.claims > 0 || p.named() || p.reach.busy() || p.state != Candidate {
		return false
	}
	m.drop(p, "others wait")
	for range k.names {
		if m.tryKnown(k.advance()) {
			return true
		}
	}
	return true
}
