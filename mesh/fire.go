package mesh

// step is what the table says about one state and trigger.
type step struct {
	to   State
	tell Kind
}

// table is transitions by state and trigger. Unknown: nothing happens.
var table = func() (t [states][triggers]step) {
	for _, tr := range transitions {
		t[tr.from][tr.on] = step{tr.to, tr.tell}
	}
	return t
}()

// fire applies a trigger to a peer and tells whether the table has a transition for it.
func (m *Machine) fire(p *peer, on trigger, why string) bool {
	s := table[p.state][on]
	if s.to == Unknown {
		return false
	}
	from := p.state
	m.taken[from][on]++
	m.setState(p, s.to)
	p.since, p.why = m.now, why
	if s.tell != Quiet {
		m.do(Emit{Change{
			Kind: s.tell, Peer: p.name, From: from, To: s.to, Why: why, Incarnation: p.incarnation,
		}})
	}
	m.enter(p, from)
	return true
}

// setState keeps the counts.
func (m *Machine) setState(p *peer, to State) {
	m.count[p.state]--
	m.count[to]++
	if to == Alive {
		m.gather()
	}
	if p.naive && p.state == Alive != (to == Alive) {
		if to == Alive {
			m.naive++
		} else {
			m.naive--
		}
	}
	if p.state == Alive || to == Alive {
		m.turns++
		m.changeList()
	}
	p.state = to
}

// enter does what belongs to being in the new state.
func (m *Machine) enter(p *peer, from State) {
	switch p.state {
	case Alive:
		m.enterAlive(p, from)
	case Suspect:
		if from == Alive {
			m.enterSuspect(p)
		}
	case Probation:
		m.acquit(p)
		p.wanted = probationBeats(m.score(p))
		p.good, p.goodAt = 0, -m.cfg.Forget
	case Quarantined:
		m.enterQuarantine(p, from)
	case Left:
		m.discharge(p)
		m.cutAll(p)
		m.unqueue(p)
		m.clearList(p)
		m.schedule(p, m.tombstoneWait(p))
	}
}

// enterAlive makes a member: listed, its messages read, its list believed.
func (m *Machine) enterAlive(p *peer, from State) {
	m.acquit(p)
	p.tries, p.fails, p.known = 0, 0, false
	p.alias = nil
	m.wantMessages(p)
	if p.link == nil {
		m.redial(p)
	} else {
		p.due = never
	}
	if from != Candidate {
		m.spread(p)
	}
}

// enterSuspect takes a silent member from the list and looks for it.
func (m *Machine) enterSuspect(p *peer) {
	m.renewSeeds(p)
	if !p.refusal && p.waiting[DiscoveryPort] == nil && len(p.flying[DiscoveryPort]) == 0 {
		m.redial(p)
	}
}
