package mesh

import (
	"time"

	"hearsay/topics"
)

// Listeners that said no name may be naive nodes. What they are told is apart from what all others are: it has no name
// with a port, which they could not stand, and whole lists as often as they need them, since they read nothing else.
// Neither costs anybody else anything: a naive node does not stop a mesh with ports from growing, and a program that
// listens and says nothing does not multiply the lists.

// Said is a list or a pulse, as it stands in its frames.
type Said struct {
	Names  []topics.Name // own name first; never modified afterwards
	Header topics.Header
}

// Edition is one beat in its two versions.
type Edition struct {
	Said
	Nameless *Said // for listeners that said no name; nil: the same
}

// withoutPorts returns the names that a list has for listeners without a name, and nil if that is all of them. A node that
// does not publish where naive nodes connect spares nobody.
func withoutPorts(self topics.Name, names []topics.Name) []topics.Name {
	if self.Port() != topics.DiscoveryPort {
		return nil
	}
	var out []topics.Name
	for i, n := range names {
		switch hide := i > 0 && n.HasPort(); {
		case hide && out == nil:
			out = append(make([]topics.Name, 0, len(names)), names[:i]...)
		case !hide && out != nil:
			out = append(out, n)
		}
	}
	return out
}

// wholeDue reports whether listeners without a name are due a whole list with this beat, so that the next one, a beat
// and its jitter later, is not later than an interval after the last.
func wholeDue(since, interval, beat time.Duration) bool { return since+beat+beat/5 > interval }

// forNameless is what listeners without a name are told in place of a beat; nil stands for the same.
func (m *Machine) forNameless(s Said) *Said {
	if m.cfg.Mesh != "" {
		return nil // there are none
	}
	l, was := &m.roster, s.Header.Pulse
	if was && m.naiveAbout() && wholeDue(m.now-l.namelessAt, m.cfg.Interval, m.cfg.Beat) {
		s.Header.Pulse, s.Names = false, l.names
	}
	if l.nameless != nil {
		if s.Header.Complete = false; !s.Header.Pulse {
			s.Names = l.nameless
		}
	}
	if l.nameless == nil && s.Header.Pulse == was {
		return nil
	}
	other := s // on the heap only where there is one
	return &other
}

// withheld notes how many names listeners without a name are not told, and tells of it when one of them is known to be
// naive.
func (m *Machine) withheld() {
	l := &m.roster
	m.stats.Withheld = 0
	if l.nameless != nil {
		m.stats.Withheld = len(l.names) - len(l.nameless)
	}
	if hiding := l.nameless != nil && m.naive > 0; hiding != l.hiding {
		if l.hiding = hiding; hiding {
			m.do(Emit{Change{
				Kind: Withheld, Peer: m.cfg.Self, Why: "a naive peer is not told of names with a port, which it cannot stand",
			}})
		}
	}
}
