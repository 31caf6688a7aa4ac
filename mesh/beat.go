package mesh

import (
	"time"

	"hearsay/topics"
)

// maxBeat bounds what a peer may say its beat is, in own beats: longer, and nobody would miss it.
const maxBeat = 30

// onBeat is the only way into the mesh: a list, or a pulse, over a link of our own.
func (m *Machine) onBeat(ev Beat) {
	l := m.links[ev.Link]
	if l == nil || l.port != DiscoveryPort || len(ev.Names) == 0 {
		m.stats.Stray++
		return
	}
	m.stats.Beats++
	p, first := l.peer, ev.Names[0]
	if first == p.name && l.proven {
		m.credit(l, ev)
		return
	}
	switch key := first.Key(); {
	case key == p.key:
		m.credit(l, ev)
	case l.proven:
		m.stats.Forged++ // it spoke for itself before: whatever this is, it is not this peer's beat
	case key == m.key:
		m.onMirror(l, ev.Header)
	default:
		m.onMisnamed(l, first, key, ev.Header)
	}
}

// onHeard is any other sign of life.
func (m *Machine) onHeard(ev Heard) {
	l := m.links[ev.Link]
	if l == nil || l.port == DiscoveryPort && !l.proven {
		m.stats.Stray++
		return
	}
	m.sign(l.peer)
}

// sign of life: the count of missed beats starts anew, and silence is forgiven.
func (m *Machine) sign(p *peer) {
	p.heardAt, p.fresh, p.quiet, p.refusal = m.now, true, 0, false
	p.drops = p.drops[:0]
	if p.state == Suspect || p.state == Detached {
		m.fire(p, heard, "heard again")
	}
}

// credit takes a beat as its peer's own.
func (m *Machine) credit(l *link, ev Beat) {
	p, h := l.peer, ev.Header
	if !l.proven && !m.prove(l, ev.Names[0]) {
		return
	}
	if h != nil && h.Leaving {
		m.onGoodbye(p, h)
		return
	}
	if h != nil && !m.admissible(l, h) {
		return
	}
	m.prefer(l)
	current := m.identify(p, h)
	m.describe(p, h)
	p.beatAt = m.now
	m.sign(p)
	m.progress(p)
	m.settleClaims(p)
	if current && (h == nil || !h.Pulse) {
		m.onList(p, ev.Names, h)
	} else if current {
		m.onPulse(p, h)
	}
}

// prove accepts the first beat that carries the dialled name over a link.
func (m *Machine) prove(l *link, name topics.Name) bool {
	p := l.peer
	if !m.occupy(l) {
		m.stats.Impostors++
		m.cut(l)
		m.lost(p)
		return false
	}
	l.proven = true
	if p.state == Alive && p.name != name {
		m.turns++ // spelled in another way
	}
	p.name, p.met = name, true
	p.way, p.harsh = 0, true
	if l.byName {
		p.byName, p.via = true, ""
	} else {
		p.via = l.addr
	}
	return true
}

// prefer ends the doubt between two links of one peer in favour of the one that speaks.
func (m *Machine) prefer(l *link) {
	p := l.peer
	if l == p.next {
		old := p.link
		p.link, p.next = l, nil
		if old != nil {
			m.stale(p, old)
			m.cut(old)
		}
	} else if p.next != nil {
		m.cut(p.next)
	}
	if p.state == Alive {
		p.due = never
	}
	m.wantMessages(p)
}

// stale hangs up the message link that came with a discovery link which fell silent or led elsewhere: nothing
// else would notice that it is dead too.
func (m *Machine) stale(p *peer, old *link) {
	if p.message != nil && (p.quiet > 0 || old.addr != p.link.addr) {
		m.cut(p.message)
	}
}

// describe notes what a header, or its absence, says of the sender.
func (m *Machine) describe(p *peer, h *topics.Header) {
	naive, strict := h == nil, h != nil && h.Strict
	if naive != p.naive && p.state == Alive {
		if naive {
			m.naive++
		} else {
			m.naive--
		}
		m.changeList()
	}
	if strict != p.strict {
		m.clearList(p)
	}
	p.naive, p.strict = naive, strict
	if naive {
		p.beat, p.complete, p.degraded = m.cfg.Interval, false, false
		return
	}
	p.beat = min(time.Duration(h.Beat)*time.Millisecond, maxBeat*m.cfg.Beat)
	p.degraded = h.Degraded
	if h.Seq > p.seq {
		if p.seq > 0 {
			m.stats.LostBeats += h.Seq - p.seq - 1
		}
		p.seq = h.Seq
	}
}

// progress counts a beat towards membership.
func (m *Machine) progress(p *peer) {
	switch p.state {
	case Candidate, Alias:
		m.fire(p, proven, "heard")
	case Quarantined, Left:
		if probationBeats(m.score(p)) <= 1 {
			m.fire(p, proven, "heard again")
			return
		}
		m.fire(p, heard, "heard again")
		p.good, p.goodAt = 1, m.now
	case Probation:
		if m.now-p.goodAt < p.beat/2 {
			return // beats in a hurry prove nothing
		}
		p.goodAt = m.now
		if p.good++; p.good >= p.wanted {
			m.fire(p, proven, "probation passed")
		}
	}
}

// onGoodbye believes a peer that it leaves.
func (m *Machine) onGoodbye(p *peer, h *topics.Header) {
	p.incarnation = max(p.incarnation, h.Incarnation)
	if !m.fire(p, goodbye, "said goodbye") {
		m.cutAll(p)
	}
}
