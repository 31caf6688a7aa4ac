package mesh

import (
	"time"

	"hearsay/topics"
)

const (
	olderBeats   = 3           // beats with an older incarnation that convince: a clock was set back
	conflictHush = time.Minute // between two reports of one conflict
)

// admissible tells whether the header of a beat may bring its peer back from a goodbye: a newer incarnation at
// once, an older one (the clock was set back) after three beats, the same one not before the tombstone ends.
func (m *Machine) admissible(l *link, h *topics.Header) bool {
	p := l.peer
	if p.state != Left || h.Incarnation > p.incarnation {
		return true
	}
	if h.Incarnation < p.incarnation {
		if p.older++; p.older >= olderBeats {
			return true
		}
		return false
	}
	m.cut(l)
	return false
}

// identify compares incarnations and tells whether the beat is of the one that counts.
func (m *Machine) identify(p *peer, h *topics.Header) bool {
	switch {
	case h == nil || h.Incarnation == p.incarnation:
		p.older = 0
		return true
	case p.incarnation == 0:
		p.incarnation, p.bornAt = h.Incarnation, m.now
		return true
	case h.Incarnation > p.incarnation:
		m.restarted(p, h.Incarnation, "a newer incarnation")
		return true
	}
	if h.Incarnation == p.former {
		m.inConflict(p, "two processes beat under one name")
	}
	if p.state == Left {
		m.restarted(p, h.Incarnation, "an older incarnation: its clock was set back")
		return true
	}
	if p.older++; p.older >= olderBeats {
		m.restarted(p, h.Incarnation, "an older incarnation: its clock was set back")
		return true
	}
	return false
}

// restarted takes a new incarnation for the peer's. What lived shorter than the half-life of a penalty earns
// half of one.
func (m *Machine) restarted(p *peer, incarnation int64, why string) {
	if incarnation == p.former {
		m.inConflict(p, "two processes beat under one name")
	}
	if p.state.Member() && m.now-p.bornAt < m.cfg.HalfLife {
		m.punish(p, lapsed)
	}
	p.former, p.incarnation, p.bornAt = p.incarnation, incarnation, m.now
	p.older, p.seq, p.number, p.listed = 0, 0, 0, false
	if p.message != nil {
		m.cut(p.message)
		m.wantMessages(p)
	}
	if p.state != Candidate && p.state != Left {
		m.tell(Restarted, p, why)
	}
}

// inConflict reports that two processes use one name, once a minute.
func (m *Machine) inConflict(p *peer, why string) {
	m.stats.Conflicts++
	if m.now-p.toldAt >= conflictHush {
		p.toldAt = m.now
		m.tell(Conflict, p, why)
	}
}
