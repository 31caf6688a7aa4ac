package mesh

import "hearsay/topics"

// Profile is what a node says of itself for people and tools. Membership does not look into it: it stands in the header
// of whole lists, and is passed on as it came.
type Profile struct {
	Program string // with its version
	Tags    topics.Tags
}

// saySelf puts what this node says of itself into the header of a list.
func (m *Machine) saySelf(h *topics.Header) {
	h.Program, h.Tags = m.cfg.Profile.Program, m.cfg.Profile.Tags
}

// wall is the time by this node's clock, as that was at the start: Unix ms. The runtime says what it is now.
func (m *Machine) wall() int64 { return m.cfg.Incarnation + m.now.Milliseconds() }

// Profile is what this node says of itself.
func (m *Machine) Profile() Profile { return m.cfg.Profile }

// validate returns the rule of headers that a profile breaks.
func (p Profile) validate() error {
	return topics.Header{Version: 1, Beat: topics.MinBeat, Program: p.Program, Tags: p.Tags}.Validate()
}

// onProfile says something else of this node from now on.
func (m *Machine) onProfile(ev Profiled) {
	if m.cfg.Profile == ev.Profile || ev.validate() != nil {
		return
	}
	m.cfg.Profile = ev.Profile
	m.roster.renamed = true
	m.changeList()
}
