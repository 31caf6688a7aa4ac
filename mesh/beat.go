package mesh

import "hearsay/topics"

// onBeat is the only way into the mesh: a list, or a pulse, over a link of our own.
func (m *Machine) onBeat(ev Beat) {
	l := m.linkOf(ev.Link)
	if l == nil || l.port != DiscoveryPort || len(ev.Names) == 0 {
		m.stats.Stray++
		return
	}
	m.stats.Beats++
	switch {
	case m.again(l, ev):
	case m.isOwn(l, ev):
		m.stir(l.peer)
		m.credit(l, ev)
	default:
		m.stirAll()
		m.onOther(l, ev)
	}
}

// isOwn reports whether a beat is that of the peer which was dialled.
func (m *Machine) isOwn(l *link, ev Beat) bool {
	p, first := l.peer, ev.Names[0]
	return labelOf(ev.Header) == m.cfg.Mesh && p != m.own.seat.peer && l != p.twins.link &&
		(first == p.name && l.proven || first.Key() == p.key)
}

// onOther meets a beat that is not, or is not to be taken for it.
func (m *Machine) onOther(l *link, ev Beat) {
	p, first, label := l.peer, ev.Names[0], labelOf(ev.Header)
	switch key := first.Key(); {
	case label != m.cfg.Mesh:
		m.estrange(l, label)
	case p == m.own.seat.peer:
		m.onSeat(l, ev)
	case l == p.twins.link:
		m.onTwin(l, ev)
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
	l := m.linkOf(ev.Link)
	if l == nil || l.port == DiscoveryPort && !l.proven {
		m.stats.Stray++
		return
	}
	p := l.peer
	if p.ends(l) {
		return // what was sent by a process that is gone
	}
	m.sign(p)
	if p.state == Quarantined {
		m.want(p, signed, classHello)
	}
}

// sign of life: the count of missed beats starts anew, and silence is forgiven.
func (m *Machine) sign(p *peer) {
	p.detector.sign(m.now)
	p.column.drops = p.column.drops[:0]
	if p.state == Suspect || p.state == Detached {
		m.fire(p, heard, "heard again")
	}
}

// credit takes a beat as its peer's own.
func (m *Machine) credit(l *link, ev Beat) {
	p, h := l.peer, ev.Header
	l.last = pulse{}
	if m.besideMember(l, h) {
		return
	}
	isNew := m.made(l, h)
	if !l.proven && !m.prove(l, ev.Names[0]) {
		return
	}
	if h != nil && h.Leaving {
		m.onGoodbye(p, h)
		return
	}
	if h != nil && !m.admissible(l, h, isNew) {
		return
	}
	if p.state == Far && !m.view.links(p) {
		m.verified(p)
		return
	}
	if h != nil {
		p.telling.stands = h.Told
	}
	m.prefer(l)
	m.heed(p)
	if !isNew {
		m.repeated(p, ev)
		return
	}
	current := m.identify(p, h)
	m.describe(p, h)
	if current {
		m.hearTwin(h)
		m.hearClock(p, h, ev.Ahead)
	}
	p.detector.beat(m.now, current)
	m.sign(p)
	m.progress(p)
	m.settleClaims(p)
	if current && (h == nil || !h.Pulse) {
		m.onList(p, ev.Names, h)
	} else if current {
		m.onPulse(p, h)
		l.last = pulseOf(h)
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
	m.foreigners.forget(p.key)
	m.upset(p, relinked)
	if p.state == Alive && p.name != name {
		m.turns++ // spelled in another way
	}
	if p.state != Far { // it is a member by the word of others until it says something new itself
		p.detector.meet(m.now)
	}
	p.name, p.detector.where = name, l.addr
	if p.reach.failed = nil; p.reach.missing != nil {
		*p.reach.missing = missing{}
	}
	p.reach.tour.restart()
	p.reach.tour.way.proven(l.addr, l.byName)
	return true
}

// prefer ends the doubt between two links of one peer in favour of the one that speaks.
func (m *Machine) prefer(l *link) {
	p := l.peer
	if l == p.reach.next {
		old := p.reach.link
		p.reach.link, p.reach.next = l, nil
		if old != nil {
			if p.says.naive && old.addr != l.addr {
				m.upset(p, moved)
			}
			m.cut(old)
		}
	} else if p.reach.next != nil {
		m.cut(p.reach.next)
	}
	if p.state == Alive {
		p.due = never
	}
	m.wantMessages(p)
}

// describe notes what a header, or its absence, says of the sender.
func (m *Machine) describe(p *peer, h *topics.Header) {
	naive, strict := h == nil, h != nil && h.Strict
	if naive != p.says.naive && p.state == Alive {
		if naive {
			m.naive++
		} else {
			m.naive--
		}
		m.changeList()
	}
	if strict != p.says.strict {
		m.clearList(p)
	}
	p.says.hear(h, &m.cfg)
	if naive {
		p.row.complete = false
	}
}

// progress counts a beat towards membership.
func (m *Machine) progress(p *peer) {
	p.detector.meet(m.now)
	switch p.state {
	case Candidate, Alias, Far:
		m.fire(p, proven, "heard")
	case Quarantined, Left:
		if p.past.Clean(m.now, m.cfg.HalfLife) {
			m.fire(p, proven, "heard again")
			return
		}
		m.fire(p, heard, "heard again")
	case Probation:
		if p.past.Beat(m.now, p.says.beat) {
			m.fire(p, proven, "probation passed")
		}
	}
}

// onGoodbye believes a peer that it leaves.
func (m *Machine) onGoodbye(p *peer, h *topics.Header) {
	p.line.Leave(h.Incarnation)
	p.detector.meet(m.now)
	if !m.fire(p, goodbye, "said goodbye") {
		m.cutLists(p)
		m.upset(p, departed)
	}
}
