package mesh

import (
	"hearsay/mesh/rate"
	"hearsay/mesh/shares"
)

// Places are few: perTable for names that were never heard, MaxPeers for all. When there is none for a newcomer, what
// never was heard goes first, then what has been gone for longest, and then the address that holds most gives one up,
// as long as it holds more than the newcomer's. So whoever names, or is, thousands takes places from himself.

// giveWay frees a place among the names never heard for a name from an address, at the cost of the address that has
// most of them.
func (m *Machine) giveWay(addr string) bool {
	from, ok := m.sources.held.Yields(addr)
	if !ok {
		return false
	}
	p := m.worstOf(func(p *peer) bool { return p.origin.source != nil && p.origin.source.addr == from })
	if p == nil {
		return false
	}
	m.drop(p, "others wait")
	return true
}

// worstOf returns the name never heard, of those that are meant, that failed most often and is not being dialled.
func (m *Machine) worstOf(meant func(*peer) bool) (worst *peer) {
	for _, p := range m.slots {
		if p == nil || p.origin.seed || p.origin.found || p.reach.busy() || p.state != Candidate || !meant(p) {
			continue
		}
		if worst == nil || p.reach.tries > worst.reach.tries {
			worst = p
		}
	}
	return worst
}

const hearsayRoomBurst = 8 // members that give way to hearsay at once: a newcomer's first lists

// roomForOne makes sure that the table has a free entry for a name from an address. Where more are alive than the table
// holds, each list has names that are not in it. So hearsay, a name out of somebody's list, takes the place of a peer that
// is heard once a beat: the table is not turned over, and nobody is kept out for ever.
func (m *Machine) roomForOne(addr string, hearsay bool) bool {
	if len(m.peers) < m.cfg.MaxPeers {
		return true
	}
	p := m.worstOf(func(p *peer) bool { return p.reach.tries > 0 })
	if p == nil {
		p = m.longestGone()
	}
	limit := rate.Every(m.cfg.Beat, hearsayRoomBurst)
	if p == nil && (!hearsay || !m.hearsayRoom.Empty(m.now, limit)) {
		if p = m.yields(addr); p != nil && hearsay {
			m.hearsayRoom.Take(m.now, limit)
		}
	}
	if p == nil {
		return false
	}
	m.drop(p, "the table is full")
	return true
}

// longestGone returns the departed peer that goes first: one that nobody lists and that has no past to keep, else one
// that nobody lists, else any.
func (m *Machine) longestGone() *peer {
	for _, meant := range []func(*peer) bool{
		func(p *peer) bool { return p.column.mentions == 0 && m.forgiven(p) },
		func(p *peer) bool { return p.column.mentions == 0 },
		func(*peer) bool { return true },
	} {
		if p := m.mostFaded(meant); p != nil {
			return p
		}
	}
	return nil
}

// yields returns the newest peer at the address that holds most of the table, if that is more than an address has for
// which a place is wanted. One that is heard at this moment is in the middle of a step and stays. Where nobody has
// more, that answer stands for a moment, for its network: to count costs as much as the table is long.
func (m *Machine) yields(addr string) *peer {
	network := shares.Network(addr)
	if m.now < m.evenTill[network] {
		return nil
	}
	var held shares.Shares
	for _, p := range m.slots {
		if p != nil {
			held.Add(p.host())
		}
	}
	from, ok := held.Yields(addr)
	if !ok {
		if len(m.evenTill) >= perSource {
			clear(m.evenTill)
		}
		m.evenTill[network] = m.now + m.cfg.Beat/10
		return nil
	}
	var newest *peer
	for _, p := range m.slots {
		if p != nil && !p.origin.seed && p.detector.at < m.now && p.host() == from && (newest == nil || p.since > newest.since) {
			newest = p
		}
	}
	return newest
}
