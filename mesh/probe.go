package mesh

import "time"

// window is how long a link may stay silent before it counts as a failed probe. A name never heard may belong
// to a naive node, which does not send its list to a new listener at once.
func (m *Machine) window(p *peer) time.Duration {
	if !p.met {
		return probeRounds * m.cfg.Interval
	}
	return probeRounds * max(m.cfg.Beat, p.beat)
}

// onDue does what a peer's state asks for when its time has come.
func (m *Machine) onDue(p *peer) {
	switch p.state {
	case Candidate, Alias, Quarantined, Left:
		m.probe(p)
	case Alive:
		if p.next != nil {
			m.cut(p.next) // it stayed silent, and the other link speaks
		}
		if p.link == nil {
			m.dial(p, classMember)
		}
	case Probation:
		if p.link == nil {
			m.dial(p, classProbe)
		}
	case Suspect, Detached:
		if p.next != nil { // neither link speaks: give the older one up
			old := p.link
			p.link, p.next = p.next, nil
			m.cut(old)
		}
		m.dial(p, classProbe)
	}
}

// probe ends a silent half-open probe, a tombstone or a peer's place in the table, or dials.
func (m *Machine) probe(p *peer) {
	gone := m.now - max(p.heardAt, p.since)
	switch {
	case p.link != nil || p.next != nil:
		m.cut(p.next)
		m.cut(p.link)
		m.probeFailed(p)
	case p.state == Left && m.now-p.since >= m.cfg.Tombstone:
		m.expire(p, "its goodbye is long ago")
	case p.state == Left && !p.seed:
		m.schedule(p, p.since+m.cfg.Tombstone)
	case p.state == Quarantined && gone >= m.cfg.Forget && !p.seed:
		m.expire(p, "not heard for too long")
	case m.dropUnclaimed(p):
	case p.state == Candidate:
		m.dial(p, p.classOf())
	case p.seed:
		m.dial(p, classSeed)
	default:
		m.dial(p, classProbe)
	}
}

// expire drops a peer whose time is over. A seed starts anew.
func (m *Machine) expire(p *peer, why string) {
	m.drop(p, why)
	if p.seed {
		m.seeds = without(m.seeds, p)
		m.addSeed(p.name)
	}
}

// probeFailed plans the next dial of a peer that is not in the mesh.
func (m *Machine) probeFailed(p *peer) {
	p.way, p.harsh = 0, true
	p.tries++
	switch p.state {
	case Left:
		m.schedule(p, m.tombstoneWait(p))
	case Alias:
		m.schedule(p, m.after(m.cfg.HalfLife))
	case Quarantined:
		p.fails++
		m.schedule(p, m.after(m.quarantineWait(p)))
	case Candidate:
		if m.replace(p) || m.dropUnclaimed(p) {
			return
		}
		wait := candidateWait(p.tries, &m.cfg)
		if p.seed {
			wait = seedWait(p.tries, m.count[Alive] == 0, &m.cfg)
		}
		m.schedule(p, m.after(wait))
	}
}

// quarantineWait is the time to the next probe: shared with the others who miss the peer, short for a seed
// while nobody is heard.
func (m *Machine) quarantineWait(p *peer) time.Duration {
	wait := probeWait(m.count[Alive]+1, m.now-p.heardAt, m.score(p), &m.cfg)
	if p.seed && m.count[Alive] == 0 {
		wait = min(wait, m.cfg.SeedCap)
	}
	return wait
}

// tombstoneWait is when to look again for a peer that left: when its goodbye is forgotten. A seed is looked for
// like any peer that is gone, since it may come back without knowing anybody.
func (m *Machine) tombstoneWait(p *peer) Time {
	end := p.since + m.cfg.Tombstone
	if p.seed {
		return min(end, m.after(m.quarantineWait(p)))
	}
	return end
}

// held is until when neither hello nor hint makes this node dial a peer.
func (m *Machine) held(p *peer) Time {
	return p.since + hold(m.score(p), m.cfg.BackOff)
}

// enterQuarantine hangs up and plans the first probe.
func (m *Machine) enterQuarantine(p *peer, from State) {
	if from == Probation {
		m.punish(p, lapsed)
	}
	m.cutAll(p)
	m.unqueue(p)
	m.clearList(p)
	p.tries, p.fails = 0, 0
	wait := m.quarantineWait(p)
	if p.vouches > 0 {
		wait = min(wait, max(m.cfg.BackOff, hold(m.score(p), m.cfg.BackOff)))
	}
	m.schedule(p, m.after(wait))
}
