package mesh

import "hearsay/topics"

// A link speaks for the name that was dialled and for no other. What answers under another name is a hint where
// that name may be found: it is dialled itself, and then both are seen to be one process, or not.

// onMirror meets a beat that starts with our own name: this node, or a namesake.
func (m *Machine) onMirror(l *link, h *topics.Header) {
	p := l.peer
	same := h != nil && h.Incarnation == m.cfg.Incarnation
	switch {
	case same && m.listeners.named[m.key] == 0 && (h.Replay || m.now-l.at < m.cfg.Beat/2):
		return // this node would say hello to itself, and may yet: the next beat will tell
	case same && m.listeners.named[m.key] > 0:
		m.mine.note(l.addr, m.now)
		m.own.gone(l.addr, true, m.now)
		m.aliasTo(p, nil, "this node")
		return
	}
	m.own.meet(l.addr, h, m.now)
	p.reach.fails(failure{addr: l.addr, own: true})
	m.reject(l)
}

// onMisnamed meets a beat that starts with a name other than the dialled one.
func (m *Machine) onMisnamed(l *link, name, key topics.Name, h *topics.Header) {
	m.own.gone(l.addr, true, m.now)
	l.born = 0
	if h != nil {
		l.born = h.Incarnation
	}
	n := m.peers[key]
	if n != nil && n.live() {
		m.judgeClaim(l, n)
		return
	}
	if l.alleged == key {
		return // its own dial is under way
	}
	t := l.peer
	if n == nil {
		from := t.origin.source
		if from == nil {
			from = &m.sources.seeds // a seed's: those from an earlier life are charged
		}
		n = m.learn(hint{name, byAnswer, from})
	}
	if n == nil || n.state == Left && l.born <= n.line.Incarnation() || n.state == Quarantined && m.held(n) > m.now {
		m.reject(l)
		return
	}
	m.await(l, key)
	m.schedule(t, m.after(2*m.window(t)))
	n.reach.tour.restart()
	m.want(n, due, t.classOf())
}

// judgeClaim compares a link with the live one of the peer that it claims to lead to: the same endpoint, or the
// same incarnation, is the same process.
func (m *Machine) judgeClaim(l *link, n *peer) {
	same := l.addr == n.reach.link.addr || l.born != 0 && l.born == n.line.Incarnation() || l.born == 0 && n.says.naive
	switch {
	case same && m.aliasTo(l.peer, n, "another name of "+string(n.name)):
	case same:
		if l.peer.state != Alive {
			l.peer.reach.fails(failure{addr: l.addr, is: n.name})
		}
		m.reject(l)
	default:
		m.stats.Impostors++
		if l.born != 0 {
			n.callers.from(l.addr)
		}
		m.reject(l)
	}
}

// await keeps a link open until the name that it claims was dialled.
func (m *Machine) await(l *link, key topics.Name) {
	if l.alleged == "" {
		m.awaiting = append(m.awaiting, l)
	}
	l.alleged = key
}

func (m *Machine) unawait(l *link) {
	for i, o := range m.awaiting {
		if o == l {
			m.awaiting = append(m.awaiting[:i], m.awaiting[i+1:]...)
			return
		}
	}
}

// claimants returns the links that wait, and claim to lead to n.
func (m *Machine) claimants(n *peer) (ls []*link) {
	for _, l := range m.awaiting {
		if l.alleged == n.key {
			ls = append(ls, l)
		}
	}
	return ls
}

// settleClaims judges the links that waited for n.
func (m *Machine) settleClaims(n *peer) {
	if len(m.awaiting) == 0 {
		return
	}
	for _, l := range m.claimants(n) {
		m.judgeClaim(l, n)
	}
}

// adopt dials n at an endpoint where somebody answered under its name, now that its name leads nowhere. Only a
// seed, whom the user trusts, and a listener's own address, which shows that it is there, are good for that.
func (m *Machine) adopt(n *peer) bool {
	adopted := false
	for _, l := range m.claimants(n) {
		t := l.peer
		trusted := t.origin.seed || t.origin.found
		if !adopted && (trusted || t.origin.guessed) && !n.live() && n.reach.tour.way.adopt(l.addr, trusted) {
			adopted = true
			m.want(n, onward, classSeed)
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
	if p.reach.link == nil {
		m.lost(p)
	}
}

// aliasTo notes that a name leads to a known process: to n, or to this node. It is looked at again rarely, since
// names move. It reports whether p may be an alias: a member is not.
func (m *Machine) aliasTo(p, n *peer, why string) bool {
	if !m.fire(p, aliased, why) {
		return false
	}
	p.origin.alias, p.origin.aliasOf, p.reach.tour.way.adopted = n, n.process(), ""
	m.cutAll(p)
	m.unqueue(p)
	m.schedule(p, m.after(m.aliasWait(p)))
	return true
}

// unalias makes a name a candidate again.
func (m *Machine) unalias(p *peer) {
	if m.fire(p, unaliased, "what it led to is gone") {
		p.origin.alias, p.reach.tries = nil, 0
		m.schedule(p, m.after(m.cfg.SeedRetry))
	}
}

// renewSeeds looks again at the seeds that led to a peer which is lost: its own name, and others.
func (m *Machine) renewSeeds(n *peer) {
	for _, s := range m.seeds {
		switch {
		case s == n:
			m.lookUpNow(s)
		case s.origin.alias == n && s.state == Alias:
			m.unalias(s)
			m.lookUpNow(s)
		}
	}
}

// process is what was heard of a peer: where, and which run of it. The zero value is this node, or nobody.
type process struct {
	addr string
	born int64
}

// process returns what is heard now.
func (p *peer) process() process {
	if p == nil || !p.live() {
		return process{}
	}
	return process{p.reach.link.addr, p.line.Incarnation()}
}
