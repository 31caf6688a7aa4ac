package mesh

import "hearsay/topics"

// A link speaks for the name that was dialled and for no other. What answers under another name is a hint where
// that name may be found: it is dialled itself, and then both are seen to be one process, or not.

// onMirror meets a beat that starts with our own name: this node, or a namesake.
func (m *Machine) onMirror(l *link, h *topics.Header) {
	p := l.peer
	if h != nil && h.Incarnation == m.cfg.Incarnation {
		if len(m.mine) >= perSource {
			clear(m.mine)
		}
		m.mine[l.addr], m.mine[hostOf(l.addr)] = true, true
		m.aliasTo(p, nil, "this node")
		return
	}
	m.stats.Conflicts++
	if m.now-m.conflict >= conflictHush {
		m.conflict = m.now
		m.do(Emit{Change{
			Kind: Conflict, Peer: m.cfg.Self, Why: "another process at " + l.addr + " uses our name",
		}})
	}
	m.reject(l)
}

// onMisnamed meets a beat that starts with a name other than the dialled one.
func (m *Machine) onMisnamed(l *link, name, key topics.Name, h *topics.Header) {
	l.born = 0
	if h != nil {
		l.born = h.Incarnation
	}
	n := m.peers[key]
	if n != nil && n.live() {
		m.judgeClaim(l, n)
		return
	}
	if l.claim == key {
		return // its own dial is under way
	}
	t := l.peer
	if n == nil {
		from := t.source
		if from == nil {
			from = &m.sources.known
		}
		n = m.learn(name, from)
	}
	if n == nil || n.state == Left || n.state == Quarantined && m.held(n) > m.now {
		m.reject(l)
		return
	}
	m.park(l, key)
	m.schedule(t, m.after(2*m.window(t)))
	n.way, n.harsh = 0, true
	m.dial(n, t.classOf())
}

// judgeClaim compares a link with the live one of the peer that it claims to lead to: the same endpoint, or the
// same incarnation, is the same process.
func (m *Machine) judgeClaim(l *link, n *peer) {
	same := l.addr == n.link.addr || l.born != 0 && l.born == n.incarnation || l.born == 0 && n.naive
	switch {
	case same && m.aliasTo(l.peer, n, "another name of "+string(n.name)):
	case same:
		m.reject(l)
	default:
		m.stats.Impostors++
		if l.born != 0 {
			m.inConflict(n, "another process at "+l.addr+" uses the name")
		}
		m.reject(l)
	}
}

// park keeps a link open until the name that it claims was dialled.
func (m *Machine) park(l *link, key topics.Name) {
	if l.claim == "" {
		m.parked = append(m.parked, l)
	}
	l.claim = key
}

func (m *Machine) unpark(l *link) {
	for i, o := range m.parked {
		if o == l {
			m.parked = append(m.parked[:i], m.parked[i+1:]...)
			return
		}
	}
}

// claims returns the parked links that claim to lead to n.
func (m *Machine) claims(n *peer) (ls []*link) {
	for _, l := range m.parked {
		if l.claim == n.key {
			ls = append(ls, l)
		}
	}
	return ls
}

// settleClaims judges the links that waited for n.
func (m *Machine) settleClaims(n *peer) {
	if len(m.parked) == 0 {
		return
	}
	for _, l := range m.claims(n) {
		m.judgeClaim(l, n)
	}
}

// adopt dials n at an endpoint where somebody answered under its name, now that its name leads nowhere. Only a
// seed, whom the user trusts, and a listener's own address, which shows that it is there, are good for that.
func (m *Machine) adopt(n *peer) bool {
	adopted := false
	for _, l := range m.claims(n) {
		t := l.peer
		if !adopted && (t.seed || t.guessed) && n.via != l.addr && !n.live() && !n.byName {
			n.via, adopted = l.addr, true
			m.enqueue(n, DiscoveryPort, classSeed)
			continue
		}
		m.reject(l)
	}
	return adopted
}

// reject hangs up a link that did not lead to whom it should.
func (m *Machine) reject(l *link) {
	p := l.peer
	m.cut(l)
	if p.link == nil {
		m.lost(p)
	}
}

// aliasTo notes that a name leads to a known process: to n, or to this node. It is looked at again rarely, since
// names move. It tells whether p may be an alias: a member is not.
func (m *Machine) aliasTo(p, n *peer, why string) bool {
	if !m.fire(p, aliased, why) {
		return false
	}
	p.alias, p.via = n, ""
	m.cutAll(p)
	m.unqueue(p)
	m.schedule(p, m.after(m.cfg.HalfLife))
	return true
}

// unalias makes a name a candidate again.
func (m *Machine) unalias(p *peer) {
	if m.fire(p, unaliased, "what it led to is gone") {
		p.alias, p.tries = nil, 0
		m.schedule(p, m.after(m.cfg.SeedRetry))
	}
}

// renewSeeds looks again at the seeds that led to a peer which is lost.
func (m *Machine) renewSeeds(n *peer) {
	for _, s := range m.seeds {
		if s.alias == n && s.state == Alias {
			m.unalias(s)
		}
	}
}
