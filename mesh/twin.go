package mesh

import (
	"slices"
	"time"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// Two processes may go by one name: two machines with one hostname, or replicas that were given a name each should
// have. All who hear both decide alike which of them is the member: the older one, for as long as it speaks. The other is
// dialled again now and then, told of, and not heard otherwise.
//
// How old a process is, it says itself, and anybody may say anything. So a name that is an IP address belongs to who is
// there, and whoever says that it is older than a member which was heard for standsAfter comes too late: one that is older
// would have been heard before.
//
// A node can tell where a hello in a member's name comes from an address at which the member is not heard, or a dial of
// another name led to who calls itself so. It dials that address, and hears whether one process answers at both, or two.
// The second process itself is listed by those who do not listen to it: see judgeOwnName.

const (
	maxCallers  = 4                // addresses kept for one name
	twinBeats   = 2                // between two looks for a twin of anybody: whoever says names cannot make a node dial without end
	twinEvery   = time.Minute      // between two dials of an address at which a twin was heard
	twinSeldom  = 10 * time.Minute // or nobody else was: a member may have two addresses, or be behind NAT
	twinFor     = 3 * twinEvery    // what was heard of a twin stands for so long
	standsAfter = 20               // beats for which a member was heard before no other process takes its name: a newcomer finds both in half of that
)

// caller is an address from which a process says that it has a peer's name.
type caller struct {
	addr string // endpoint
	due  Time   // when it may be dialled
}

// twins is what is known of other processes under a peer's name.
type twins struct {
	looked Time  // when one of them was dialled last
	dial   *dial // under way
	link   *link
	rival  rival
	told   bool   // a conflict was, and not that it is over
	over   string // why the last one is
}

// givesWay reports whether a member of this name, which is heard at an endpoint and was for so long, gives way to an
// older process elsewhere.
func givesWay(name topics.Name, member, other string, age, beat time.Duration) bool {
	if name.IsIP() {
		at := func(endpoint string) bool { return hostOf(endpoint) == name.Host() }
		if at(member) != at(other) {
			return at(other)
		}
	}
	return age <= standsAfter*beat
}

// callers are some of those addresses.
type callers []caller

// from notes where a process is that says it has the peer's name.
func (cs *callers) from(endpoint string) {
	if slices.ContainsFunc(*cs, func(c caller) bool { return c.addr == endpoint }) {
		return
	}
	if len(*cs) >= maxCallers {
		*cs = slices.Delete(*cs, 0, 1)
	}
	*cs = append(*cs, caller{addr: endpoint})
}

// left forgets an address that a process is gone from: whoever has it now is somebody else, whom a hello would invite.
func (cs *callers) left(endpoint string) {
	*cs = slices.DeleteFunc(*cs, func(c caller) bool { return c.addr == endpoint })
}

// again lets all addresses be dialled anew.
func (cs callers) again() {
	for i := range cs {
		cs[i].due = 0
	}
}

// put sets when an address may be dialled again.
func (cs callers) put(endpoint string, due Time) {
	for i := range cs {
		if cs[i].addr == endpoint {
			cs[i].due = due
		}
	}
}

// calm reports whether all are the address of the member, which is heard over a link.
func (cs callers) calm(l *link) bool {
	return !slices.ContainsFunc(cs, func(c caller) bool { return c.addr != l.addr })
}

// calm reports whether there is no sign of another process than the member.
func (t *twins) calm() bool { return t.link == nil && t.rival.addr == "" && !t.told }

// endTwin hangs up where a twin was looked for and nobody says anything.
func (m *Machine) endTwin(p *peer) {
	if l := p.twins.link; l != nil && m.now-l.at > 2*m.window(p) {
		m.twinGone(p, l.addr, "is silent")
		m.cut(l)
	}
}

// lookForTwins dials an address at which a member may have a twin: that of the member which was not looked after for
// longest, so that names said without end keep nobody else's twin from being found.
func (m *Machine) lookForTwins() {
	if m.now < m.twinDue {
		return
	}
	var first *peer
	var at *caller
	for p := range m.restless() {
		if len(p.callers) == 0 || p.state != Alive || first != nil && first.twins.looked <= p.twins.looked {
			continue
		}
		if c := m.callerOf(p); c != nil {
			first, at = p, c
		}
	}
	if first == nil || !m.mayDial(classProbe) {
		return
	}
	m.twinDue = m.now + twinBeats*m.cfg.Beat
	at.due, first.twins.looked = m.after(twinSeldom), m.now
	m.dialTwin(first, at.addr)
}

// callerOf returns an address at which a member may have a twin and that is due; nil if there is none.
func (m *Machine) callerOf(p *peer) *caller {
	t := &p.twins
	if t.link != nil || t.dial != nil || !p.live() || p.says.naive || p.detector.quiet > 0 {
		return nil
	}
	for i := range p.callers {
		c := &p.callers[i]
		if c.due > m.now || c.addr == p.reach.link.addr || p.reach.next != nil && c.addr == p.reach.next.addr {
			continue
		}
		if q := m.addrs[c.addr]; q != nil && q != p && q.live() || m.isOurs(c.addr) {
			c.due = m.after(twinSeldom) // somebody else is there: both are behind one address
			continue
		}
		return c
	}
	return nil
}

// dialTwin starts a dial that is none of the peer's own: it says nothing of whether the peer is there.
func (m *Machine) dialTwin(p *peer, endpoint string) {
	m.dials.ration.Spend(m.now, 1, rationLimit(m.cfg.Beat))
	p.twins.dial = &dial{peer: p, port: DiscoveryPort, class: classProbe, lane: &m.dials.own[classProbe], addr: endpoint, twin: true}
	m.launch(p.twins.dial, false)
}

// twinUp keeps a link on which a twin may speak.
func (m *Machine) twinUp(p *peer, l *link) {
	if p.state == Far {
		m.do(HangUp{l.id}) // it was a neighbour when the dial began
		return
	}
	m.keep(l)
	p.twins.link = l
}

// onTwin hears who is at another address of a peer.
func (m *Machine) onTwin(l *link, ev Beat) {
	p, h := l.peer, ev.Header
	switch {
	case ev.Names[0].Key() != p.key:
		m.twinGone(p, l.addr, "goes by another name")
		m.cut(l)
		return
	case h != nil && h.Leaving:
		m.twinGone(p, l.addr, "has left")
		m.cut(l)
		return
	case h == nil || h.Incarnation == 0:
		m.cut(l)
		return
	case h.Incarnation == p.line.Incarnation(): // the peer itself, which has two addresses
		m.twinGone(p, l.addr, "is the member")
		m.cut(l)
		return
	case p.state != Alive || !p.live() || p.detector.quiet > 0:
		m.cut(l)
		p.callers.put(l.addr, m.now)
		return
	}
	before := l.newest.Of(h.Incarnation)
	l.newest.Note(h)
	if before == 0 || h.Seq <= before || p.detector.beatAt <= l.at {
		return // both have to speak: what is said again proves nothing
	}
	if h.Incarnation < p.line.Incarnation() && givesWay(p.name, p.reach.link.addr, l.addr, p.line.Age(m.now), m.cfg.Beat) {
		if l.older++; l.older >= lineage.OlderBeats {
			m.turnTo(l, h)
		}
		return
	}
	p.callers.put(l.addr, m.after(twinEvery))
	p.twins.rival = rival{l.addr, h.Incarnation, m.now}
	m.cut(l)
	m.inConflict(p, m.twinText(p))
}

// twinText says of a member that another process uses its name; "" where none does.
func (m *Machine) twinText(p *peer) string {
	if p.reach.link == nil {
		return ""
	}
	return p.twins.rival.text(p.reach.link.addr, p.line.Incarnation(), m.now)
}

// besideMember refuses a new link that leads to another process than the member, elsewhere, while the member speaks: a
// process that was started again elsewhere is let in once its former link is silent or breaks. It reports whether it did.
func (m *Machine) besideMember(l *link, h *topics.Header) bool {
	p := l.peer
	if l != p.reach.next || h == nil || h.Incarnation == p.line.Incarnation() || p.state != Alive || !p.live() || p.detector.quiet > 1 || l.addr == p.reach.link.addr {
		return false
	}
	p.callers.from(l.addr)
	if p.detector.quiet == 0 {
		m.cut(l)
	} // else its next beat will tell: one beat that is late says little
	return true
}

// memberAt is where to dial a peer whose name leads to a twin too: "" if it has none.
func (m *Machine) memberAt(p *peer) string {
	if p.live() && p.twins.rival.stands(p.reach.link.addr, m.now) {
		return p.reach.link.addr
	}
	return ""
}

// turnTo takes the older one of two processes for the member.
func (m *Machine) turnTo(l *link, h *topics.Header) {
	p, old := l.peer, l.peer.reach.link
	if !m.occupy(l) {
		m.cut(l)
		return
	}
	p.twins.link = nil
	p.twins.rival = rival{old.addr, p.line.Incarnation(), m.now}
	p.callers.from(old.addr)
	p.callers.put(old.addr, m.after(twinEvery))
	p.reach.link, l.proven, p.detector.where = l, true, l.addr
	m.cut(old)
	m.cut(p.reach.next)
	p.reach.tour.way.proven(l.addr, false)
	m.succeed(p, l.addr, h.Incarnation, "an older process of this name speaks at "+l.addr)
	m.cut(p.feed.link) // it leads to the other one
	m.wantMessages(p)
	p.detector.fresh, p.detector.quiet, p.detector.at, p.detector.beatAt = true, 0, m.now, m.now
	p.detector.currentAt, p.detector.currentIn = m.now, l.addr
	m.inConflict(p, m.twinText(p))
}

// secondWhy is why this node is not the member of its name; "" if it is.
func (m *Machine) secondWhy() string { return m.own.why(m.cfg.Self, m.cfg.Incarnation, m.now) }

// namesake is who else answers to this node's name; "" if nobody does.
func (m *Machine) namesake() string { return m.own.namesake(m.cfg.Self, m.cfg.Incarnation, m.now) }

// judgeOwnName finds out whether another process is the member of this node's name, and tells of it at once. One that was
// met, and is not the member, is told of once that is seen.
func (m *Machine) judgeOwnName(a audience) {
	second := m.own.judge(a)
	switch {
	case m.own.over(m.now):
		m.own.end()
		why := "no other process that uses this node's name is met any more"
		m.do(Emit{Change{Kind: Settled, Peer: m.cfg.Self, From: Alive, To: Alive, Why: why, Incarnation: m.cfg.Incarnation}})
	case second:
		m.ownConflict(m.secondWhy)
	case m.own.settled():
		m.ownConflict(m.namesake)
	}
}

// ownConflict tells that another process uses this node's name.
func (m *Machine) ownConflict(why func() string) {
	if !m.own.says(m.now) {
		return
	}
	m.stats.Conflicts++
	m.do(Emit{Change{Kind: Conflict, Peer: m.cfg.Self, From: Alive, To: Alive, Why: why(), Incarnation: m.cfg.Incarnation}})
}
