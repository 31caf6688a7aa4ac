package mesh

import (
	"slices"
	"time"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// peer is what is known of one name: what was heard of it, and how to hear more.
type peer struct {
	name  topics.Name // as its owner spells it, once heard
	slot  int         // in Machine.slots and in every bitset
	state State

	detector detector        // what was heard of it, and what its silence says
	line     lineage.Lineage // which run of its process that is
	column   column          // who lists it
	reach    reach           // how to get to it: ways, dials, discovery links

	key     topics.Name
	lot     uint64 // its place in this node's draw of neighbours
	since   Time
	why     string
	due     Time    // next dial, probe, check or end, by state: a Tick looks at the times of feed and reach too
	origin  origin  // who named it, and who answers for that
	says    says    // what it says of itself
	attest  attest  // of one that is not heard: by whose word it is a member
	callers callers // where those are that say they have its name
	*ties           // what it has to do with this node, if anything: see there who may write
}

// live reports whether a discovery link to the peer is up and has spoken.
func (p *peer) live() bool { return p.reach.live() }

// host is the address that a peer answers at: of its link, else of its hello, else its name stands for it. A far member
// counts for whoever vouches for it.
func (p *peer) host() string {
	switch {
	case p.reach.link != nil:
		return p.reach.link.host
	case p.state == Far && len(p.attest.via) > 0:
		return p.attest.via[0].host()
	case p.origin.source != nil:
		return p.origin.source.addr
	case p.origin.helloIP != "":
		return p.origin.helloIP
	}
	return string(p.key)
}

// missed is how many beats it owes.
func (m *Machine) missed(p *peer) int { return p.detector.missed(m.cfg.Beat, p.says.beat) }

// score is the peer's penalty now.
func (m *Machine) score(p *peer) float64 {
	return p.past.Penalty(m.now, m.cfg.HalfLife)
}

// forgiven reports whether it has no bad past.
func (m *Machine) forgiven(p *peer) bool { return p.past.Forgiven(m.now, m.cfg.HalfLife) }

// punish adds to the penalty.
func (m *Machine) punish(p *peer, by float64) { p.past.Punish(by, m.now, m.cfg.HalfLife) }

// hold is for how long neither hello nor hint makes this node dial a peer that it has just lost.
func (m *Machine) hold(p *peer) time.Duration {
	return p.past.Hold(m.now, m.cfg.HalfLife, m.cfg.BackOff)
}

// addSeed puts a configured name into the table for ever.
func (m *Machine) addSeed(name topics.Name) {
	key := name.Key()
	if key == m.key {
		m.takeSeat(name)
	}
	if key == m.key || m.peers[key] != nil {
		return
	}
	p := m.add(name, key)
	p.origin.seed, p.reach.missing = true, new(missing)
	m.seeds = append(m.seeds, p)
	m.lookUpSeed(p)
	m.schedule(p, m.now)
}

// add makes a table entry.
func (m *Machine) add(name, key topics.Name) *peer {
	p := &peer{key: key, name: name, state: Candidate, since: m.now, due: never, ties: &m.untied}
	p.origin.helloAt = -time.Hour
	p.reach = newReach()
	p.says.beat = m.cfg.Beat
	if n := len(m.free); n > 0 {
		p.slot, m.free = m.free[n-1], m.free[:n-1]
		m.slots[p.slot] = p
	} else {
		p.slot = len(m.slots)
		m.slots = append(m.slots, p)
	}
	at, _ := m.inOrder(key)
	m.order = slices.Insert(m.order, at, int32(p.slot))
	p.lot, m.indexed = m.lots.of(key), nil
	if m.cfg.FullMesh > 0 {
		m.lotted = slices.Insert(m.lotted, m.placeOf(p), lotted{p.lot, int32(p.slot)})
	}
	m.peers[key] = p
	m.stir(p)
	m.count[Candidate]++
	return p
}

// drop removes a peer from the table. Answers to its dials that are under way will find nobody and be hung up.
func (m *Machine) drop(p *peer, why string) {
	if p.detector.met && p.state != Alias || m.score(p) > 0 { // one that was parted has a past, and was not met since
		m.do(Emit{Change{Kind: Forgotten, Peer: p.name, From: p.state, Why: why, Incarnation: p.line.Incarnation()}})
	} else {
		m.tellBothWays(p, why)
	}
	m.noteVain(p)
	m.cutAll(p)
	m.unqueue(p)
	p.orphan()
	m.discharge(p)
	m.clearList(p)
	m.scratch.clear(p.slot)
	for _, q := range m.slots {
		if q == nil {
			continue
		}
		q.row.has.clear(p.slot)
		q.column.forget(p)
		m.far.forget(q, p)
		q.telling.forget(p)
		if q.origin.alias == p {
			q.origin.alias = nil
			m.unalias(q)
		}
	}
	if p.origin.found {
		m.found--
	}
	m.view.forget(p)
	m.far.said.forget(p)
	m.setState(p, Unknown)
	delete(m.peers, p.key)
	if at, is := m.inOrder(p.key); is {
		m.order = slices.Delete(m.order, at, at+1)
	}
	m.slots[p.slot] = nil
	m.tied.clear(p.slot)
	m.lotted = without(m.lotted, lotted{p.lot, int32(p.slot)})
	m.free = append(m.free, p.slot)
}

// dropUnclaimed removes a name that is not heard once nobody says it any more. One with a bad past keeps it until it is forgiven.
func (m *Machine) dropUnclaimed(p *peer) bool {
	if p.origin.seed || p.origin.claims > 0 || m.stillFound(p) || p.named() || p.reach.busy() || !m.forgiven(p) {
		return false
	}
	if p.state != Candidate && p.state != Alias || p.origin.known && (p.reach.tries < knownTries || m.count[Alive] == 0) {
		return false
	}
	m.drop(p, "nobody names it")
	return true
}

// onForget drops a peer by the application's wish.
func (m *Machine) onForget(ev Forget) {
	p := m.peers[ev.Name.Key()]
	if p == nil {
		return
	}
	seed := p.origin.seed
	if p.state == Alive {
		m.changeList()
	}
	m.drop(p, "forgotten by request")
	if seed {
		m.seeds = without(m.seeds, p)
		m.addSeed(ev.Name)
	}
}

func without[T comparable](ps []T, p T) []T {
	for i, q := range ps {
		if q == p {
			return append(ps[:i], ps[i+1:]...)
		}
	}
	return ps
}
