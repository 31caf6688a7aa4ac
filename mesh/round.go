package mesh

import "hearsay/mesh/record"

// A round is one beat of this node, judged after everything that had arrived by then was taken in. A round that
// completes late by any amount is one round, so a stalled observer charges each peer one missed beat at most.

// budget bounds evictions by what this node hears itself, where others do not settle the matter: see verdictOn.
type budget struct{ tokens float64 }

// round completes one.
func (m *Machine) round() {
	took := m.cfg.Beat + m.now - m.roundAt
	if m.now-m.roundAt > 2*m.cfg.Beat {
		m.stats.LateRounds++
		m.lateTill = m.now + probeRounds*m.cfg.Beat
	}
	m.stats.Rounds++
	m.roundAt = m.now + m.cfg.Beat
	m.endBeats()
	m.refill(took)
	for p := range m.restless() {
		m.judge(p)
	}
	if m.deaf() { // maybe since just now
		m.deafTill = m.now + evictFast*m.cfg.Beat // the first to be heard again proves nothing of those who are not yet
	}
	m.judgeFar(true)
	m.tellFar()
	m.judgeConflicts()
	m.lookForTwins()
	m.lookForNamesake()
	m.lookAtSeat()
	m.bury()
	a := m.audience()
	m.judgeVoice(a)
	m.noteGrowth()
	m.lookView(true)
	m.judgeSeeds()
	m.judgeFeeds()
	m.judgeOneWay()
	m.judgeRestarts()
	m.judgeNames()
	m.judgeClocks()
	m.judgeOwnName(a)
	m.settle()
	m.untie()
}

// endBeats counts a round for each peer, and stirs the calm ones that did not beat, or whose time has come.
func (m *Machine) endBeats() {
	for p := range m.near() {
		if p.state.Member() || p.state == Probation {
			p.detector.round()
		}
		if p.detector.quiet > 0 || m.now-p.detector.beatAt > restBeats*m.cfg.Beat || m.now >= p.rest.till {
			m.stir(p)
		}
	}
}

// hearing returns how many members there are and what share of them is heard.
func (m *Machine) hearing() (members int, h float64) {
	members = m.count[Alive] + m.count[Suspect] + m.count[Detached]
	if members == 0 {
		return 0, 1
	}
	return members, float64(m.count[Alive]) / float64(members)
}

// refill adds to the eviction budget what a round earned. Hearing nobody empties it.
func (m *Machine) refill(took Time) {
	n, h := m.hearing()
	took = min(took, 2*m.cfg.Beat) // a stall earns nothing
	m.budget.tokens = min(budgetCeiling(n, h), m.budget.tokens+budgetRefill(n, h, took))
}

// judge applies silence to one peer.
func (m *Machine) judge(p *peer) {
	if p.state != Alive && p.state != Suspect && p.state != Detached && p.state != Probation {
		return
	}
	was, missing := p.state, m.missed(p)
	switch {
	case missing >= suspectAfter || was == Suspect || was == Detached:
		m.try(p, missing)
	case was != Alive:
	case p.detector.quiet == 1 && p.origin.helloAt >= p.detector.at:
		m.want(p, signed, classHello) // it said hello and does not beat: it may be a new process elsewhere
	case p.live() && p.reach.next == nil && p.detector.halfHeard(m.now, 2*m.window(p)):
		m.want(p, due, classProbe)
	}
	if was == Alive {
		m.endTwin(p)
	}
}

// try brings a silent peer to court, and does what that finds.
func (m *Machine) try(p *peer, missing int) {
	if m.partSuspect(p) {
		return
	}
	c := court{
		state: p.state, since: p.since, now: m.now, beat: m.cfg.Beat, missing: missing,
		alone: missed(p.detector.quiet-p.detector.vouched, m.cfg.Beat, p.says.beat),
		deaf:  m.deaf() || m.now < m.deafTill, budget: m.budget.tokens,
	}
	if p.state == Suspect || p.state == Detached {
		c.votes = m.poll(p)
	}
	switch f := c.judge(); {
	case f.fires && f.on == condemned:
		if f.spends {
			m.budget.tokens--
		}
		m.condemn(p, f.why)
	case f.fires:
		if f.on == unvouched && (missing >= evictSlow || m.cutShort(p)) {
			p.detector.vouched = p.detector.quiet
		}
		m.fire(p, f.on, f.why)
	case f.why != "":
		m.stats.NoBudget++
		p.why = f.why
	}
}

// condemn evicts, and says how the last dial ended. In a mass event that says little about the peer.
func (m *Machine) condemn(p *peer, why string) {
	if cause := p.reach.failure().String(); cause != "" {
		why += "; " + cause
	}
	n, _ := m.hearing()
	if massEvent(m.count[Suspect], n) {
		p.past.PunishToLeast(record.MassPenalty, m.now, m.cfg.HalfLife)
	} else {
		m.punish(p, record.Evicted)
	}
	m.fire(p, condemned, why)
}

// poll reads a column of the matrix. Who doubts itself counts where it lists one that others vouch for, or did.
func (m *Machine) poll(x *peer) (v votes) {
	v.refusal = x.detector.refusal
	b := &m.ballot
	b.begin()
	for p := range m.near() {
		if p == x || p.state != Alive || !p.says.strict {
			continue
		}
		lists, known := p.row.has.has(x.slot), m.current(p)
		if lists || !known {
			v.against++
		}
		if known && !p.says.degraded || lists && (x.state == Detached || x.detector.vouched > 0) {
			b.voter(p.host(), lists)
		}
	}
	for _, p := range x.column.drops {
		if m.votes(p) && p.row.complete && !p.row.has.has(x.slot) {
			b.confirm(p.host())
		}
	}
	v.voters, v.vouches, v.confirms = b.count()
	return v
}

// cutShort reports whether a detached peer would stay so by the last word of those that were heard since it fell silent:
// they have fallen silent themselves. Who died with it was not heard since, and who died later has dropped it.
func (m *Machine) cutShort(x *peer) bool {
	silent := x.since - settleRounds*m.cfg.Beat
	b := &m.ballot
	b.begin()
	for p := range m.near() {
		if p != x && p.state.Member() && p.says.strict && p.detector.at > silent {
			b.voter(p.host(), p.row.has.has(x.slot))
		}
	}
	voters, vouches, _ := b.count()
	return vouches >= need(voters)
}

// votes reports whether a peer's list is evidence: heard just now, strict, known, and not from a node that
// doubts itself.
func (m *Machine) votes(p *peer) bool {
	return p.state == Alive && p.says.strict && m.current(p) && !p.says.degraded
}

// current reports whether it is known what a peer lists now.
func (m *Machine) current(p *peer) bool { return p.row.known && m.missed(p) <= 1 }

// doubtful reports whether this node should be trusted less for now.
func (m *Machine) doubtful() bool {
	return degraded(m.count[Alive], m.ought(), m.now < m.lateTill)
}
