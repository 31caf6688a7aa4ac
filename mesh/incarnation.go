package mesh

import (
	"hearsay/mesh/lineage"
	"hearsay/mesh/record"
	"hearsay/topics"
)

// made reports whether a beat was made since others were heard, and counts what was lost or said again.
func (m *Machine) made(l *link, h *topics.Header) bool {
	isNew, lost := l.peer.line.Made(h, l.peer.detector.met, &l.newest)
	m.stats.LostBeats += lost
	if !isNew {
		m.stats.Repeats++
	}
	return isNew
}

// admissible reports whether a beat may bring its peer back from a goodbye. The process that said it does not come back
// before the tombstone ends.
func (m *Machine) admissible(l *link, h *topics.Header, isNew bool) bool {
	p := l.peer
	if p.state != Left || p.line.Returns(h, isNew) {
		return true
	}
	if h.Incarnation == p.line.Incarnation() {
		m.cut(l)
	}
	return false
}

// identify takes in which process sent a beat, and reports whether that is the one that counts.
func (m *Machine) identify(p *peer, h *topics.Header) bool {
	v := p.line.Judge(h, p.state == Left, m.now)
	if v != lineage.Current && p.line.IsFormer(h.Incarnation) {
		m.inConflict(p, "two processes beat under one name")
	}
	switch v {
	case lineage.Newer:
		m.restarted(p, h.Incarnation, "a newer incarnation")
	case lineage.SetBack:
		m.restarted(p, h.Incarnation, "an older incarnation: its clock was set back")
	}
	return v != lineage.Stale
}

// restarted takes a new incarnation for the peer's. What lived shorter than the half-life of a penalty earns
// half of one.
func (m *Machine) restarted(p *peer, incarnation int64, why string) {
	bye := p.state == Left
	if p.state.Member() && p.line.Age(m.now) < m.cfg.HalfLife {
		m.punish(p, record.Lapsed)
	}
	if was := p.detector.currentIn; was != p.reach.link.addr {
		p.callers.left(was)
	}
	p.callers.again()
	m.succeed(p, p.reach.link.addr, incarnation, why)
	m.noteRestart(p, incarnation, bye)
}

// succeed makes an incarnation, which is heard at an endpoint, the one that counts.
func (m *Machine) succeed(p *peer, at string, incarnation int64, why string) {
	m.readers.outlived(p.key, hostOf(at), p.detector.currentAt, p.detector.currentIn != at, p.line.Incarnation())
	m.readers.back(p.key, incarnation)
	m.flow(p)
	if p.feed.link != nil && p.feed.link.at > p.detector.currentAt {
		m.upset(p, renewed)
	} else {
		m.upset(p, replaced)
		m.wantMessages(p)
	}
	p.line.Replace(incarnation, m.now)
	p.row.number, p.row.known = 0, false
	p.clock.offsets, p.clock.ahead, p.clock.sure = offsets{}, 0, false
	m.clearTelling(p)
	if !p.state.unheard() && p.state != Left {
		m.tell(Restarted, p, why)
	}
}

// inConflict reports that two processes use one name.
func (m *Machine) inConflict(p *peer, why string) {
	m.stats.Conflicts++
	if p.line.Conflict.Tell(m.now) {
		p.twins.told = p.twins.rival.addr != ""
		m.tell(Conflict, p, why)
	}
}

// repeated takes what was not made since: it shows where the peer can be reached, and what a member lists.
func (m *Machine) repeated(p *peer, ev Beat) {
	m.settleClaims(p)
	if h := ev.Header; p.state == Alive && h.Incarnation == p.line.Incarnation() && !h.Pulse {
		m.onList(p, ev.Names, h)
	}
}

// Counts reports whether an incarnation is the one that counts of a peer: another process of its name, or a run that is
// over, says nothing of the peer's messages.
func (m *Machine) Counts(name topics.Name, incarnation int64) bool {
	p := m.peers[name.Key()]
	return p != nil && p.line.Incarnation() == incarnation
}
