package mesh

import "hearsay/topics"

// Place is what those need of a peer who look for services: where it is, and what it says of itself.
type Place struct {
	Name  topics.Name
	Addr  string // endpoint where it was heard last: one that only answers there may be somebody else
	Tags  topics.Tags
	Alive bool // it is alive, and not only known from before
}

// Places returns every peer that was heard and did not leave. It costs time in proportion to their number.
func (m *Machine) Places() []Place {
	out := make([]Place, 0, len(m.peers))
	for _, p := range m.slots {
		if p == nil || p.state.unheard() || p.state == Alias || p.state == Left {
			continue
		}
		out = append(out, Place{Name: p.name, Addr: p.detector.where, Tags: p.says.Tags, Alive: p.state == Alive})
	}
	return out
}
