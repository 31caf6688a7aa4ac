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

// fire applies a trigger to a peer and reports whether the table has a transition for it.
func (m *Machine) fire(p *peer, on trigger, why string) bool {
	s := table[p.state][on]
	if s.to == Unknown {
		return false
	}
	from := p.state
	m.taken[from][on]++
	m.setState(p, s.to)
	p.reach.owed = false
	p.since, p.why = m.now, why
	if s.tell != Quiet {
		m.do(Emit{Change{
			Kind: s.tell, Peer: p.name, From: from, To: s.to, Why: why, Incarnation: p.line.Incarnation(), Via: p.viaText(),
		}})
	}
	m.enter(p, from)
	return true
}

// setState keeps the counts.
func (m *Machine) setState(p *peer, to State) {
	m.count[p.state]--
	m.count[to]++
	if p.state == Far {
		m.far.leave(p)
		m.nearAt = 0
	} else if to == Far {
		m.far.dirty.set(p.slot)
		m.far.all.set(p.slot)
		m.far.wakeAt = 0
	}
	if to == Alive {
		m.gather()
		m.takeIn(p)
	}
	if to == Suspect && m.isPartial() {
		m.far.silent.set(p.slot)
	}
	if p.says.naive && p.state == Alive != (to == Alive) {
		if to == Alive {
			m.naive++
		} else {
			m.naive--
		}
	}
	if p.state == Alive || to == Alive {
		m.far.due = true
		m.markWords(p)
		m.turns++
		m.changeList()
		if p.state == Alive && to != Far && m.growing() {
			m.lostOne()
		}
	}
	if p.state == Alive && m.count[Alive] == 0 {
		m.lookUpAll()
	}
	m.stir(p)
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
	case Far:
		m.enterFar(p, from)
	case Candidate:
		m.leaveFar(p, from)
	case Probation:
		m.refund(p)
		p.past.Begin(m.now, m.cfg.HalfLife)
	case Quarantined:
		m.enterQuarantine(p, from)
	case Left:
		m.renewSeeds(p)
		m.discharge(p)
		m.cutLists(p)
		m.upset(p, departed)
		m.unqueue(p)
		m.clearList(p)
		m.schedule(p, m.tombstoneWait(p))
	}
}

// enterAlive makes a member: listed, its messages read, its list believed.
func (m *Machine) enterAlive(p *peer, from State) {
	m.refund(p)
	p.reach.tries, p.origin.known, p.reach.failed = 0, false, nil
	p.origin.alias = nil
	m.heed(p)
	m.wantMessages(p)
	m.flow(p)
	if p.reach.link == nil {
		m.want(p, broken, classMember)
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
	if !p.detector.refusal && p.reach.waiting(DiscoveryPort) == nil && len(p.reach.flying(DiscoveryPort)) == 0 {
		m.want(p, broken, classMember)
	}
}
