package mesh

import "fmt"

// A round is one beat of this node, judged after everything that had arrived by then was taken in. A round that
// completes late by any amount is one round, so a stalled observer charges each peer one missed beat at most.

// budget bounds evictions by what this node hears itself: who hears nobody is the broken one.
type budget struct {
	tokens float64
	deaf   bool // hears none of several members
}

// round completes one.
func (m *Machine) round() {
	took := m.cfg.Beat + m.now - m.roundAt
	if m.now-m.roundAt > 2*m.cfg.Beat {
		m.stats.LateRounds++
		m.lateTill = m.now + probeRounds*m.cfg.Beat
	}
	m.stats.Rounds++
	m.roundAt = m.now + m.cfg.Beat
	for _, p := range m.slots {
		if p == nil || !p.state.Member() && p.state != Probation {
			continue
		}
		if !p.fresh {
			p.quiet++
		}
		p.fresh = false
	}
	m.refill(took)
	for _, p := range m.slots {
		if p != nil {
			m.judge(p)
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

// refill adds to the eviction budget what a round earned. Hearing nobody of several members empties it.
func (m *Machine) refill(took Time) {
	n, h := m.hearing()
	deaf := h == 0 && n > 1
	if deaf && !m.budget.deaf {
		m.budget.tokens = 0
	}
	m.budget.deaf = deaf
	took = min(took, 2*m.cfg.Beat) // a stall earns nothing
	m.budget.tokens = min(budgetCeiling(n, h), m.budget.tokens+budgetRefill(n, h, took))
}

// judge applies silence to one peer.
func (m *Machine) judge(p *peer) {
	missing := m.missed(p)
	switch p.state {
	case Probation:
		if missing >= suspectAfter {
			m.fire(p, silent, "silent on probation")
		}
	case Alive:
		if missing >= suspectAfter {
			m.fire(p, silent, fmt.Sprintf("%d beats missed", missing))
		} else if p.quiet == 1 && p.helloAt >= p.heardAt {
			m.summon(p, classHello) // it said hello and does not beat: it may be a new process elsewhere
		} else if p.live() && p.next == nil && m.now-p.beatAt > 2*m.window(p) {
			p.beatAt = m.now
			m.dial(p, classProbe) // messages come, beats do not: the discovery link is broken
		}
	case Suspect:
		m.judgeSuspect(p, missing)
	case Detached:
		if v := m.poll(p); v.vouches < need(v.voters) {
			m.fire(p, unvouched, fmt.Sprintf("%d beats missed, listed by %d of %d", missing, v.vouches, v.voters))
		}
	}
}

func (m *Machine) judgeSuspect(p *peer, missing int) {
	v := m.poll(p)
	if v.vouches >= need(v.voters) {
		if m.now-p.since >= settleRounds*m.cfg.Beat {
			m.fire(p, vouched, fmt.Sprintf("not heard here, listed by %d of %d", v.vouches, v.voters))
		}
		return
	}
	if missing < v.limit() {
		return
	}
	why := fmt.Sprintf("%d beats missed, %d of %d confirm", missing, v.confirms, v.voters)
	if m.budget.tokens < 1 {
		m.stats.NoBudget++
		p.why = why + "; kept until this node may evict again"
		return
	}
	m.budget.tokens--
	m.condemn(p, why)
}

// condemn evicts. In a mass event that says little about the peer.
func (m *Machine) condemn(p *peer, why string) {
	n, _ := m.hearing()
	if massEvent(m.count[Suspect], n) {
		m.punish(p, max(0, massPenalty-m.score(p)))
	} else {
		m.punish(p, evicted)
	}
	m.fire(p, condemned, why)
}

// votes is what the lists of others say about a suspect.
type votes struct {
	voters   int // strict peers heard just now, whose list is known
	vouches  int // of them, those that list it
	confirms int // of them, those that took it from a complete list since it fell silent
	refusal  bool
}

// poll reads a column of the matrix.
func (m *Machine) poll(x *peer) (v votes) {
	v.refusal = x.refusal
	for _, p := range m.slots {
		if p == nil || p == x || !m.votes(p) {
			continue
		}
		v.voters++
		if p.lists.has(x.slot) {
			v.vouches++
		}
	}
	for _, p := range x.drops {
		if m.votes(p) && p.complete && !p.lists.has(x.slot) {
			v.confirms++
		}
	}
	return v
}

// votes tells whether a peer's list is evidence: heard just now, strict, known, and not from a node that
// doubts itself.
func (m *Machine) votes(p *peer) bool {
	return p.state == Alive && p.strict && p.listed && !p.degraded && m.missed(p) <= 1
}

// limit is M(C) with the refused dial counted as one more who confirms.
func (v votes) limit() int {
	c, k := v.confirms, v.voters
	if v.refusal {
		c, k = c+1, k+1
	}
	return evictLimit(c, k)
}

// doubtful tells whether this node should be trusted less for now.
func (m *Machine) doubtful() bool {
	n, _ := m.hearing()
	return degraded(m.count[Alive], n, m.now < m.lateTill)
}
