package mesh

import (
	"hearsay/mesh/record"
	"hearsay/topics"
)

// Where names are bound to keys, only those of whom this node knows one are far members.

// onAdmit takes in whose keys are known. Whose key was not until now is looked for at once, and has no past: that it was
// not met without one says nothing of it.
func (m *Machine) onAdmit(ev Admit) {
	before := m.far.keys
	m.far.keys = make(map[topics.Name]bool, len(ev.Names))
	for _, name := range ev.Names {
		m.far.keys[name.Key()] = true
	}
	m.far.due = true
	m.markFar()
	if before == nil {
		return
	}
	for _, p := range m.slots {
		if p != nil && m.far.keys[p.name.Key()] && !before[p.name.Key()] {
			m.readmit(p)
		}
	}
}

// readmit forgives a peer, and looks for it if it is not a member.
func (m *Machine) readmit(p *peer) {
	p.past = record.Record{}
	p.reach.tries = 0
	if p.state == Quarantined || p.state == Candidate {
		m.schedule(p, m.now)
	}
}
