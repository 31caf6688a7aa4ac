package mesh

import (
	"slices"
	"time"

	"hearsay/topics"
)

// The lists that peers publish, taken together, are the matrix of who hears whom. Each peer keeps its row; the
// columns are counted as rows change.

// onPulse reads a pulse: the list with its number stands, or is not known here.
func (m *Machine) onPulse(p *peer, h *topics.Header) {
	p.listed = p.listed && h.List == p.number
	p.complete = h.Complete
}

// onList reads a whole list. A copy of the last one is not read again, unless that was long ago: names that
// were dropped from the table since have to be met again.
func (m *Machine) onList(p *peer, names []topics.Name, h *topics.Header) {
	if h != nil {
		p.complete = h.Complete
		if p.listed && h.List == p.number && h.List != 0 && m.now-p.listAt < m.cfg.Refresh/2 {
			return
		}
		p.number = h.List
	}
	p.listed, p.listAt = true, m.now
	row, mine, rest := m.readNames(p, names[1:])
	m.applyRow(p, row)
	m.rememberRest(p, names, rest)
	m.noticed(p, mine)
}

// readNames turns names into a row, and learns those that are new. rest tells whether some did not fit.
func (m *Machine) readNames(p *peer, names []topics.Name) (row bitset, mine, rest bool) {
	clear(m.scratch)
	for _, name := range names {
		q := m.peers[name]
		if q == nil {
			key := name.Key()
			if key == m.key {
				mine = true
				continue
			}
			if q = m.peers[key]; q == nil {
				q = m.learn(name, p.asSource())
			}
		}
		switch {
		case q == nil:
			rest = true
		case q != p:
			m.scratch.set(q.slot)
		}
	}
	return m.scratch, mine, rest
}

// applyRow replaces a peer's row, counts what changed, and follows the hints.
func (m *Machine) applyRow(p *peer, row bitset) {
	m.lostHere = m.lostHere[:0]
	row.diff(p.lists, func(i int) {
		q := m.slots[i]
		p.lists.clear(i)
		m.unmention(p, q)
		if p.strict && p.state == Alive && q.state.Member() {
			q.forgetDropsBy(p)
			q.drops = append(q.drops, p)
		}
		if q.mentions == 0 && (q.state == Candidate || q.state == Alias) {
			m.lostHere = append(m.lostHere, q)
		}
	}, func(i int) {
		p.lists.set(i)
		m.mention(p, m.slots[i])
		m.hint(p, m.slots[i])
	})
	for _, q := range m.lostHere {
		m.dropUnclaimed(q)
	}
}

// rememberRest keeps the names of a list that did not fit into its sender's quota.
func (m *Machine) rememberRest(p *peer, names []topics.Name, rest bool) {
	if rest {
		p.asSource().rest = slices.Clone(names[1:])
	} else if p.own != nil {
		p.own.rest = nil
	}
}

// mention counts that p lists q.
func (m *Machine) mention(p, q *peer) {
	q.mentions++
	if p.strict {
		q.vouches++
	}
	m.share(q, p.asSource())
}

func (m *Machine) unmention(p, q *peer) {
	q.mentions--
	if p.strict {
		q.vouches--
	}
}

// clearList forgets a peer's row: it is gone, or means something else from now on.
func (m *Machine) clearList(p *peer) {
	p.lists.each(func(i int) {
		p.lists.clear(i)
		m.unmention(p, m.slots[i])
	})
	p.listed, p.number, p.hearsMe = false, 0, false
	p.helloDue, p.helloTry = never, 0
	if p.own != nil {
		p.own.rest = nil
	}
}

// hint follows up that p lists q: a reason to listen, by rule no more than that.
func (m *Machine) hint(p, q *peer) {
	switch {
	case q.state == Candidate && q.tries == 0:
		if q.link == nil {
			m.dial(q, q.classOf())
		}
	case p.strict && p.state == Alive:
		m.summon(q, classVouched)
	}
}

// spread follows up all that a peer lists which is lost here, when the peer itself is heard again.
func (m *Machine) spread(p *peer) {
	if !p.strict {
		return
	}
	p.lists.each(func(i int) { m.summon(m.slots[i], classVouched) })
}

// summon dials a peer of which there is a sign of life, whatever its back-off, within bounds.
func (m *Machine) summon(p *peer, c class) {
	switch p.state {
	case Alias:
		if c != classHello {
			return
		}
	case Candidate:
		if p.link != nil {
			return
		}
	case Quarantined, Left:
		if at := m.held(p); at > m.now {
			if at < p.due {
				m.schedule(p, at)
			}
			return
		}
		if p.link != nil {
			return
		}
	default:
		if p.live() && p.quiet == 0 || p.next != nil {
			return
		}
	}
	if m.enough(p, c) {
		return
	}
	if p.waiting[DiscoveryPort] != nil { // it costs no further dial, so no token
		m.dial(p, c)
		return
	}
	// Hellos have tokens of their own: lists that name a returning node must not use up those that its hello needs.
	if c == classHello && p.called.take(m.now, urgentBurst, urgentBeats*m.cfg.Beat) || p.urgent.take(m.now, urgentBurst, urgentBeats*m.cfg.Beat) {
		p.way, p.harsh = 0, true
		m.dial(p, c)
		return
	}
	if later := m.after(urgentBeats * m.cfg.Beat); later < p.due {
		m.schedule(p, later)
	}
}

// noticed follows up whether a peer that we hear lists us. One that does not may have lost us, and our hello on
// a new link is what brings us back: at once when it has just dropped us, else after a while.
func (m *Machine) noticed(p *peer, mine bool) {
	had := p.hearsMe
	p.hearsMe = mine
	switch {
	case mine || p.naive || !p.complete:
		p.helloDue, p.helloTry = never, 0
		return
	case had:
		p.helloDue = m.now + time.Duration(m.rng.Int64N(int64(m.cfg.Beat/8)))
	case p.helloDue == never:
		p.helloDue = m.after(helloWait(0, m.cfg.Beat))
	}
	m.at(p.helloDue)
}

// helloAgain dials a peer that does not list us, though its link works.
func (m *Machine) helloAgain(p *peer) {
	if p.state != Alive || p.hearsMe || !p.complete {
		return
	}
	if p.live() && p.next == nil {
		m.stats.HelloAgain++
		m.dial(p, classMember)
	}
	p.helloTry++
	p.helloDue = m.after(helloWait(p.helloTry, m.cfg.Beat))
	m.at(p.helloDue)
}
