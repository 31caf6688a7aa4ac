package mesh

import (
	"time"

	"hearsay/mesh/record"
)

// window is how long a link may stay silent before it counts as a failed probe. A name never heard may belong
// to a naive node, which does not send its list to a new listener at once.
func (m *Machine) window(p *peer) time.Duration {
	if !p.detector.met {
		return probeRounds * m.cfg.Interval
	}
	return probeRounds * max(m.cfg.Beat, p.says.beat)
}

// patience is how long a link that came up may stay silent before the peer is dialled again: longer, where others
// came up and stayed so.
func (m *Machine) patience(p *peer) time.Duration {
	if p.state == Suspect || p.state == Detached {
		return max(m.window(p), m.suspectWait(p))
	}
	return m.window(p)
}

// onDue does what a peer's state asks for when its time has come.
func (m *Machine) onDue(p *peer) {
	switch p.state {
	case Candidate, Far, Alias, Quarantined, Left:
		m.probe(p)
	case Alive:
		if p.reach.next != nil {
			m.cut(p.reach.next) // it stayed silent, and the other link speaks
		}
		if p.reach.link == nil {
			m.want(p, due, classMember)
		}
	case Probation:
		if p.reach.link == nil {
			m.want(p, due, classProbe)
		}
	case Suspect, Detached:
		if p.reach.link != nil {
			p.reach.tries++
		}
		if p.reach.next != nil { // neither link speaks: give the older one up
			old := p.reach.link
			p.reach.link, p.reach.next = p.reach.next, nil
			m.cut(old)
		}
		m.want(p, due, classProbe)
	}
}

// probe ends a silent half-open probe, a tombstone or a peer's place in the table, or dials.
func (m *Machine) probe(p *peer) {
	gone := m.now - max(p.detector.at, p.since)
	switch {
	case p.reach.link != nil || p.reach.next != nil:
		p.reach.fails(silentAt(p.reach.link, p.reach.next))
		m.cut(p.reach.next)
		m.cut(p.reach.link)
		m.probeFailed(p)
	case p.state == Left && m.now-p.since >= m.cfg.Tombstone && !p.isBack():
		m.expire(p, "its goodbye is long ago")
	case p.reach.owed:
		p.reach.owed = false
		m.want(p, due, classVouched)
	case p.state == Left && !p.origin.seed && !p.isBack():
		m.schedule(p, p.since+m.cfg.Tombstone)
	case p.state == Quarantined && gone >= m.cfg.Forget && !p.origin.seed:
		m.expire(p, "not heard for too long")
	case m.nextKnown(p), m.dropUnclaimed(p):
	case p.state == Candidate:
		m.want(p, due, p.classOf())
	case p.origin.seed && m.deaf():
		m.want(p, due, classSeed)
	default:
		m.want(p, due, classProbe)
	}
}

// expire drops a peer whose time is over. A seed starts anew.
func (m *Machine) expire(p *peer, why string) {
	m.drop(p, why)
	if p.origin.seed {
		m.seeds = without(m.seeds, p)
		m.addSeed(p.name)
	}
}

// probeFailed plans the next dial of a peer that is not in the mesh.
func (m *Machine) probeFailed(p *peer) {
	p.reach.tour.restart()
	p.reach.tries++
	switch p.state {
	case Left:
		m.schedule(p, m.tombstoneWait(p))
	case Alias:
		m.schedule(p, m.after(m.aliasWait(p)))
	case Quarantined:
		// From probe to probe, however long one takes to fail: else the turns of all who probe had the time of a dial
		// between them in which nobody does.
		m.schedule(p, max(m.now, m.after(p.reach.soon(m.quarantineWait(p), m.cfg.Beat))-(m.now-p.reach.probedAt)))
	case Far:
		wait := farWait(p.reach.tries, m.count[Far], m.isPartial(), &m.cfg)
		if m.isPartial() && m.view.links(p) { // it is to be a neighbour
			wait = candidateWait(p.reach.tries, &m.cfg)
		}
		m.schedule(p, m.after(wait))
	case Candidate:
		if m.replace(p) || m.known.untried() && m.nextKnown(p) || m.dropUnclaimed(p) {
			return
		}
		wait := candidateWait(p.reach.tries, &m.cfg)
		switch alone := m.count[Alive] == 0; {
		case p.origin.found:
			wait = foundWait(p.reach.tries-1, alone, m.found, &m.cfg)
		case p.origin.seed:
			wait = seedWait(p.reach.tries, alone, &m.cfg)
		case p.origin.known && alone:
			wait = knownWait(p.reach.tries+m.known.passes, len(m.known.names), &m.cfg)
		}
		m.schedule(p, m.after(p.reach.soon(wait, m.cfg.Beat)))
	}
}

// soon shortens the wait for the next dial where the last one tells little.
func (r *reach) soon(wait, beat time.Duration) time.Duration {
	if r.failure().doubtful() {
		return min(wait, beat)
	}
	return wait
}

// quarantineWait is the time to the next probe: shared with the others who miss the peer, short for a seed
// while nobody is heard.
func (m *Machine) quarantineWait(p *peer) time.Duration {
	wait := probeWait(m.count[Alive]+1, m.now-p.detector.at, m.score(p), &m.cfg)
	if p.origin.seed && m.count[Alive] == 0 {
		wait = min(wait, m.cfg.SeedCap)
	}
	return wait
}

// suspectWait is the time to the next dial of a member that is not heard.
func (m *Machine) suspectWait(p *peer) time.Duration {
	return suspectWait(p.reach.tries, p.state == Detached, m.deaf(), m.now-p.detector.at, &m.cfg)
}

// tombstoneWait is when to look again for a peer that left: when its goodbye is forgotten. A seed is looked for
// like any peer that is gone, since it may come back without knowing anybody. One that listens to this node again is dialled as
// one that was never heard: its name may lead elsewhere by now.
func (m *Machine) tombstoneWait(p *peer) Time {
	if p.isBack() {
		return max(m.held(p), m.after(candidateWait(p.reach.tries, &m.cfg)))
	}
	end := p.since + m.cfg.Tombstone
	if p.origin.seed {
		return min(end, m.after(m.quarantineWait(p)))
	}
	return end
}

// held is until when neither hello nor hint makes this node dial a peer.
func (m *Machine) held(p *peer) Time {
	return p.since + m.hold(p)
}

// enterQuarantine hangs up and plans the first probe.
func (m *Machine) enterQuarantine(p *peer, from State) {
	if from == Probation {
		m.punish(p, record.Lapsed)
	}
	m.cutLists(p)
	m.upset(p, silenced)
	m.flow(p)
	m.unqueue(p)
	m.clearList(p)
	p.reach.tries = 0
	wait := m.quarantineWait(p)
	if p.column.vouches > 0 {
		wait = min(wait, max(m.cfg.BackOff, m.hold(p)))
	}
	m.schedule(p, m.now+firstProbe(wait, m.hold(p), m.rng.Float64()))
}
