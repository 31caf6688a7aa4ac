package mesh

import "hearsay/topics"

// A node whose name is an IP address, and which has that for a seed, may not be the one that is there: it was given the name of
// another. Both would be the first of their mesh. So while it hears nobody, it dials that address once a minute, and who answers
// in its name is this node, or a namesake that is told.

// seat is the address in this node's name.
type seat struct {
	peer *peer // stands for it, in no table; nil: it is not to be looked at
	due  Time
}

// takeSeat has the address in the own name looked at.
func (m *Machine) takeSeat(name topics.Name) {
	if name.IsIP() && m.own.seat.peer == nil {
		own := noTies()
		m.own.seat.peer = &peer{key: m.key, name: m.cfg.Self, due: never, ties: &own}
		m.own.seat.peer.says.beat = m.cfg.Beat
	}
}

// lookAtSeat dials it, and hangs up where nobody says anything.
func (m *Machine) lookAtSeat() {
	p := m.own.seat.peer
	if p == nil {
		return
	}
	m.endTwin(p)
	if m.now < m.own.seat.due || m.count[Alive] > 0 || p.twins.link != nil || p.twins.dial != nil || !m.mayDial(classProbe) {
		return
	}
	m.own.seat.due = m.now + twinEvery
	m.dialTwin(p, p.name.DiscoveryAddr())
}

// onSeat hears who is there.
func (m *Machine) onSeat(l *link, ev Beat) {
	if h := ev.Header; ev.Names[0].Key() == m.key {
		same := h != nil && h.Incarnation == m.cfg.Incarnation
		if same && m.listeners.named[m.key] == 0 && (h.Replay || m.now-l.at < m.cfg.Beat/2) {
			return // as in onMirror
		}
		if !same || m.listeners.named[m.key] == 0 {
			m.own.meet(l.addr, h, m.now)
		}
	}
	m.cut(l)
}
