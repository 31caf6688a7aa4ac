package mesh

import (
	"slices"
	"time"

	"hearsay/topics"
)

// onPulse reads a pulse: the list with its number stands, or is not known here. A newer one that is known was shown to
// this node as a new listener, and goes to all later.
func (m *Machine) onPulse(p *peer, h *topics.Header) {
	m.missesTelling(p, h)
	p.row.known = p.row.known && h.List <= p.row.number
	p.row.complete = h.Complete
	if !p.row.known && h.List > 0 {
		m.askList(p)
	}
}

// askList dials a member whose list is not known: whoever subscribes is sent it. It may have been said while the member
// was none, or before the incarnation was believed, and is not said again for as long as nothing changes.
func (m *Machine) askList(p *peer) {
	if p.state != Alive || p.reach.next != nil || m.now < p.reach.askDue {
		return
	}
	p.reach.askDue = m.now + helloWait(int(p.reach.asks), false, 0, &m.cfg)
	p.reach.asks++
	m.want(p, due, classMember)
}

// onList reads a whole list. A copy of the last one is not read again, unless that was long ago: names that
// were dropped from the table since have to be met again.
func (m *Machine) onList(p *peer, names []topics.Name, h *topics.Header) {
	if h != nil {
		p.row.complete = h.Complete
		if p.row.known && h.List == p.row.number && h.List != 0 && m.now-p.row.at < m.cfg.Refresh/2 {
			return
		}
		p.row.number = h.List
	}
	p.row.known, p.row.at = true, m.now
	p.reach.askDue, p.reach.asks = 0, 0
	row, mine, rest := m.readNames(p, names[1:])
	m.applyRow(p, row)
	m.rememberOverflow(p, names, rest)
	m.noticed(p, mine)
}

// readNames turns names into a row, and learns those that are new. rest reports whether some did not fit.
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
				q = m.learn(hint{name, byList, p.asSource()})
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
	row.diff(p.row.has, func(i int) {
		q := m.slots[i]
		p.row.has.clear(i)
		q.column.remove(p.says.strict)
		if p.says.strict && p.state == Alive && q.state.Member() {
			q.column.dropped(p)
		}
		m.far.due = m.far.due || q.state == Far
		m.far.mark(q)
		if q.column.mentions == 0 && (q.state == Candidate || q.state == Alias) {
			m.lostHere = append(m.lostHere, q)
		}
	}, func(i int) {
		p.row.has.set(i)
		m.mention(p, m.slots[i])
		m.far.mark(m.slots[i])
		m.listed(p, m.slots[i])
	})
	for _, q := range m.lostHere {
		m.dropUnclaimed(q)
	}
}

// rememberOverflow keeps the names of a list that did not fit into its sender's quota.
func (m *Machine) rememberOverflow(p *peer, names []topics.Name, rest bool) {
	if rest {
		p.asSource().overflow = slices.Clone(names[1:])
	} else if p.origin.own != nil {
		p.origin.own.overflow = nil
	}
}

// mention counts that p lists q.
func (m *Machine) mention(p, q *peer) {
	q.column.add(p.says.strict)
	m.share(q, p.asSource())
}

// clearList forgets a peer's row: it is gone, or means something else from now on.
func (m *Machine) clearList(p *peer) {
	p.row.has.each(func(i int) {
		p.row.has.clear(i)
		m.slots[i].column.remove(p.says.strict)
		m.far.mark(m.slots[i])
	})
	m.clearTelling(p)
	p.row.known, p.row.number, p.row.hearsMe = false, 0, false
	p.reach.helloDue, p.reach.helloTry = never, 0
	if p.origin.own != nil {
		p.origin.own.overflow = nil
	}
}

// listed follows up that p lists q.
func (m *Machine) listed(p, q *peer) {
	switch {
	case q.state == Far && !m.view.links(q): // it need not be heard
	case q.state == Alive && q.reach.live() && m.isPartial(): // it is heard, or is looked for once it is suspect
	case q.state == Candidate && q.reach.tries == 0:
		if q.reach.link == nil {
			m.want(q, due, q.classOf())
		}
	case q.state == Alive && q.reach.live() && q.detector.quiet == 0 && m.view.links(q):
		// it is heard: while a mesh comes up, that is nearly all that is listed
	case p.says.strict && p.state == Alive:
		m.want(q, signed, classVouched)
	}
}

// spread follows up all that a peer lists which is lost here, when the peer itself is heard again.
func (m *Machine) spread(p *peer) {
	if !p.says.strict {
		return
	}
	p.row.has.each(func(i int) { m.want(m.slots[i], signed, classVouched) })
}

// noticed follows up whether a peer that we hear lists us. One that does not may have lost us, and our hello on
// a new link is what brings us back: at once when it has just dropped us, else after a while.
func (m *Machine) noticed(p *peer, mine bool) {
	had := p.row.hearsMe
	p.row.hearsMe = mine
	switch {
	case mine || p.says.naive || !p.row.complete || m.heardEnough(p):
		p.reach.helloDue, p.reach.helloTry = never, 0
		return
	case had && p.reach.urgent.Take(m.now, urgentLimit(m.cfg.Beat)):
		p.reach.helloDue = m.now + time.Duration(m.rng.Int64N(int64(m.cfg.Beat/8)))
	case p.reach.helloDue == never:
		p.reach.helloDue = m.after(m.helloWait(p))
	}
	m.wakeBy(p, p.reach.helloDue)
}

// helloAgain dials a peer that does not list us, though its link works.
func (m *Machine) helloAgain(p *peer) {
	if p.state != Alive || p.row.hearsMe || !p.row.complete || m.heardEnough(p) {
		return
	}
	if p.live() && p.reach.next == nil {
		m.stats.HelloAgain++
		m.want(p, due, classMember)
	}
	p.reach.helloTry++
	p.reach.helloDue = m.after(m.helloWait(p))
	m.wakeBy(p, p.reach.helloDue)
}
