package mesh

import "hearsay/topics"

// A mesh at rest is pulses: each peer says once a beat that nothing has changed, and a node hears hundreds of them. So it knows
// of which peers its rules want nothing. These are calm: at the end of a round they are not looked at, and a pulse that says
// what the last one did is counted, and no more.
//
// A peer is found calm at the end of a round, by what each rule says of it (calmTill). It is so no more, until it is found so
// again, as soon as anything happens that a rule may go by (stir): an input other than a beat, for all peers; a beat of its
// own that is something else; its state, a link of it, a dial or a time that is planned for it; a round without a beat. To
// stir too many costs some time, and to stir too few breaks a rule: so whatever does not come all the time stirs all.
//
// Whoever adds a rule that is applied at the end of a round, or to a pulse, has three things to see to. What the rule waits for
// of a peer is a condition in calmTill, with a line in TestCalmTill: without it the rule sees that peer once, and then no more.
// What it goes by that comes with a pulse is in pulse, or is taken in by again. And what a Tick, or the beat of another peer,
// changes of a peer has to stir that one. TestCalm finds what is forgotten, as far as it happens in its meshes (mood): have it
// happen there.

// restBeats is for how many beats a calm peer may say nothing but messages: less than what has it dialled for that.
const restBeats = probeRounds

// calm is what is known of the calm peers together.
type calm struct {
	not      bitset   // by slot: the others, which are restless; there may be free slots among them
	audience audience // what the calm ones show of who hears this node
}

// rest is what was found of a peer when it was found calm.
type rest struct {
	till     Time // when a rule is to look at it again, unless it is stirred before, as by a round without a beat (endBeats)
	audience audience
}

// pulse is what a pulse says that does not change at rest. The zero value is none.
type pulse struct {
	known                      bool
	strict, complete, degraded bool
	incarnation                int64
	list, told                 uint64
	beat                       int
	mesh                       string
}

// pulseOf is what a beat says that is a pulse, and not one that asks for more.
func pulseOf(h *topics.Header) pulse {
	if h == nil || !h.Pulse || h.Leaving || h.Twin != "" {
		return pulse{}
	}
	return pulse{true, h.Strict, h.Complete, h.Degraded, h.Incarnation, h.List, h.Told, h.Beat, h.Mesh}
}

// says reports whether a beat is a pulse that says the same.
func (u *pulse) says(h *topics.Header) bool {
	return u.known && h != nil && h.Pulse && !h.Leaving && h.Twin == "" &&
		h.Strict == u.strict && h.Complete == u.complete && h.Degraded == u.degraded && h.Incarnation == u.incarnation &&
		h.List == u.list && h.Told == u.told && h.Beat == u.beat && h.Mesh == u.mesh
}

// isCalm reports whether no rule wants anything of a peer.
func (m *Machine) isCalm(p *peer) bool { return !m.calm.not.has(p.slot) }

// stir notes that a rule may want something of a peer again.
func (m *Machine) stir(p *peer) {
	if m.isCalm(p) && p != m.own.seat.peer { // which is in no table
		m.calm.not.set(p.slot)
		m.calm.audience.less(p.rest.audience)
	}
}

// stirAll does so for all.
func (m *Machine) stirAll() {
	m.calm.not.fill(len(m.slots))
	m.calm.audience = audience{}
}

// again takes in a pulse of a calm peer that says what the last one did, and reports whether it was one.
func (m *Machine) again(l *link, ev Beat) bool {
	p, h := l.peer, ev.Header
	if !m.isCalm(p) || l != p.reach.link || !l.last.says(h) || ev.Names[0] != p.name {
		return false
	}
	if m.made(l, h) {
		m.hearClock(p, h, ev.Ahead)
		p.detector.beat(m.now, true)
		m.sign(p)
	}
	return true
}

// settle finds out, at the end of a round, who is calm from now on.
func (m *Machine) settle() {
	for p := range m.restless() {
		if p.rest.till = m.calmTill(p); p.rest.till > m.now {
			p.rest.audience = m.audienceOf(p)
			m.calm.audience.add(p.rest.audience)
			m.calm.not.clear(p.slot)
		}
	}
}

// calmTill is until when no rule wants anything of a peer, as far as it beats and nothing stirs it; 0: some rule does.
func (m *Machine) calmTill(p *peer) Time {
	r := &p.reach
	switch {
	case p.state != Alive, p.says.naive, m.isPartial():
		return 0
	case !r.live(), r.next != nil, r.link.follows != m.heeds(p), p.earliest() != never:
		return 0
	case p.detector.quiet > 0, !p.row.known, !p.telling.whole(), !p.twins.calm(), !p.callers.calm(r.link), !p.restarts.None(), p.clock.matters():
		return 0
	case p.row.complete && !p.row.hearsMe, p.oneWay != oneWay{unheard: never}, p.stale != missing{}, p.straySince != 0:
		return 0
	}
	return m.feedCalmTill(p)
}
