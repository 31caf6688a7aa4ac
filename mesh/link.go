package mesh

import (
	"slices"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// link is one connection that this node dialled.
type link struct {
	id      LinkID
	peer    *peer // whose name was dialled
	port    Port
	addr    string        // its far end
	host    string        // the address of that without the port
	proven  bool          // a beat that starts with the dialled name came over it
	alleged topics.Name   // key of the name that the beats start with instead
	born    int64         // and the incarnation of the claimant
	at      Time          // when it came up
	newest  lineage.Count // the newest beat that came over it
	byName  bool          // reached through the name, not through an adopted address
	older   int           // beats in a row of an older process under the peer's name
	ear     ear           // of a discovery link: whether its far end listens to this node
	follows bool          // of a discovery link: its far end is asked to tell of others
	silent  bool          // of a message link: nothing comes back over it
	last    pulse         // of a discovery link: what its peer said last, if that was a pulse of the process that counts
}

// ways are what to try in turn.
func (m *Machine) ways(p *peer) []string {
	at := p.origin.saidAt(m.now)
	if at == "" || p.name.IsIP() {
		return p.reach.tour.way.list("")
	}
	if at = joinEndpoint(at, p.name.Port()); m.isOurs(at) {
		at = ""
	}
	return p.reach.tour.way.list(at)
}

// messageAddr is the message endpoint of the process at the other end of a discovery link: the same address,
// so that a name with many addresses cannot lead to another process. "" where there is none.
func messageAddr(l *link) string {
	if l == nil {
		return ""
	}
	host, port, ok := splitEndpoint(l.addr)
	if !ok || port > topics.MaxPort {
		return ""
	}
	return joinEndpoint(host, port+topics.PortStep)
}

// onLinkUp takes a new link into use.
func (m *Machine) onLinkUp(ev LinkUp) {
	p, d := m.landed(ev.Dial.ID)
	if p == nil || m.links[ev.Link] != nil {
		m.do(HangUp{ev.Link})
		return
	}
	m.dials.took(m.now - d.since)
	l := &link{id: ev.Link, peer: p, port: d.port, addr: ev.Addr, host: hostOf(ev.Addr), at: m.now, byName: d.addr == "", follows: !d.aside}
	if d.port == MessagePort {
		m.messageUp(p, l)
		return
	}
	if d.twin {
		m.twinUp(p, l)
		return
	}
	switch {
	case p.state == Alias && p.origin.alias != nil && p.origin.alias.live() && p.origin.alias.reach.link.addr == ev.Addr:
		m.do(HangUp{ev.Link})
		m.schedule(p, m.after(aliasWait(&m.cfg)))
	case p.reach.link == nil:
		m.keep(l)
		p.reach.link = l
		m.schedule(p, m.after(m.patience(p)))
	case p.reach.next == nil:
		m.keep(l)
		p.reach.next = l
		if p.state != Alive {
			m.schedule(p, m.after(m.patience(p)))
		}
	default:
		m.do(HangUp{ev.Link})
		if p.due == never {
			m.schedule(p, m.after(m.window(p)))
		}
	}
}

// keep notes a link that is up.
func (m *Machine) keep(l *link) {
	m.links[l.id] = l
	m.tie(l.peer)
	if l.port == DiscoveryPort {
		m.front[l.id%frontSize] = l
	}
}

// linkOf finds a link by its ID; nil: it is not up any more.
func (m *Machine) linkOf(id LinkID) *link {
	if l := m.front[id%frontSize]; l != nil && l.id == id {
		return l
	}
	return m.links[id]
}

// front is where links are looked up first, since each beat does that: a discovery link for each remainder of an ID.
type front [frontSize]*link

const frontSize = 512 // four times the links of a full mesh of 128, whose IDs come one after the other

// cut hangs a link up and forgets it. What is heard over it from now on does not count.
func (m *Machine) cut(l *link) {
	if l == nil {
		return
	}
	m.do(HangUp{l.id})
	m.unhold(l)
}

// unhold forgets a link.
func (m *Machine) unhold(l *link) {
	delete(m.links, l.id)
	if f := &m.front[l.id%frontSize]; *f == l {
		*f = nil
	}
	if l.alleged != "" {
		m.unawait(l)
	}
	p := l.peer
	m.stir(p)
	switch l {
	case p.reach.link:
		p.reach.link = nil
	case p.reach.next:
		p.reach.next = nil
	case p.twins.link:
		p.twins.link = nil
	case p.feed.link:
		p.feed.link, p.feed.stuck = nil, false
		m.flow(p)
	}
	if i := slices.Index(p.feed.ending, l); i >= 0 {
		p.feed.ending = slices.Delete(p.feed.ending, i, i+1)
	}
	if l.proven && m.addrs[l.addr] == p {
		m.release(l)
	}
}

// cutAll hangs up all links of a peer.
func (m *Machine) cutAll(p *peer) {
	m.cutLists(p)
	m.cut(p.feed.link)
	for len(p.feed.ending) > 0 {
		m.cut(p.feed.ending[0])
	}
}

// cutLists hangs up its discovery links.
func (m *Machine) cutLists(p *peer) {
	m.cut(p.reach.link)
	m.cut(p.reach.next)
	m.cut(p.twins.link)
}

// occupy makes the peer of a link the one member at its endpoint. It fails when another one is heard there.
func (m *Machine) occupy(l *link) bool {
	q := m.addrs[l.addr]
	switch {
	case q == l.peer:
		return true
	case q != nil && q.live() && q.detector.quiet == 0 && q.reach.link.addr == l.addr:
		return false
	case q != nil && q.reach.link != nil && q.reach.link.addr == l.addr:
		m.cut(q.reach.link)
		m.upset(q, displaced)
		m.lost(q)
	}
	if m.addrs[l.addr] == nil {
		m.hosts[l.host]++
	}
	m.addrs[l.addr] = l.peer
	m.mine.forget(l.addr)
	return true
}

// release gives up an endpoint, unless another link of the peer is there too.
func (m *Machine) release(l *link) {
	for _, o := range []*link{l.peer.reach.link, l.peer.reach.next} {
		if o != nil && o.proven && o.addr == l.addr {
			return
		}
	}
	delete(m.addrs, l.addr)
	if m.hosts[l.host]--; m.hosts[l.host] <= 0 {
		delete(m.hosts, l.host)
	}
}

// onLinkDown takes a broken link out of use.
func (m *Machine) onLinkDown(ev LinkDown) {
	l := m.links[ev.Link]
	if l == nil {
		return // hung up by us
	}
	p := l.peer
	lists, feed, twin := p.reach.link, p.feed.link, p.twins.link
	m.unhold(l)
	switch l {
	case twin:
		p.callers.put(l.addr, m.now) // the next dial tells whether the process is gone
	case feed:
		m.messageDown(p)
	case lists:
		if p.reach.link, p.reach.next = p.reach.next, nil; p.reach.link == nil {
			m.lost(p)
		}
	}
}

// lost dials again at once where the peer was heard over the link, else counts a failure.
func (m *Machine) lost(p *peer) {
	p.reach.tour.restart()
	switch p.state {
	case Alive, Probation:
		p.reach.tries = 0
		m.want(p, broken, classMember)
	case Suspect, Detached:
		m.schedule(p, m.after(suspectWait(1, false, false, 0, &m.cfg)))
	default:
		m.probeFailed(p)
	}
}

// onDialFailed tries the next way, or judges.
func (m *Machine) onDialFailed(ev DialFailed) {
	p, d := m.landed(ev.Dial.ID)
	if p != nil && d.twin {
		if ev.Reason != Local {
			m.twinGone(p, d.addr, "is gone")
		}
		return
	}
	if ev.Reason != Local && d != nil && d.port == DiscoveryPort {
		m.own.gone(ev.Addr, ev.Reason.gone(), m.now)
	}
	if p != nil && d.port == MessagePort {
		p.feed.failure = failure{why: ev.Reason, addr: ev.Addr}.after(p.feed.failure)
	}
	if p != nil && d.port == DiscoveryPort {
		p.reach.fails(failure{why: ev.Reason, addr: ev.Addr, early: d.since < startTime}.after(p.reach.failure()))
		if d.addr == "" {
			p.reach.tour.way.answered(ev.Reason)
		}
	}
	switch {
	case p == nil:
	case d.port == MessagePort:
		m.messageFailed(p)
	case p.reach.waiting(DiscoveryPort) != nil:
		// another one will tell
	case len(p.reach.flying(DiscoveryPort)) > 0 && !(ev.Reason.gone() && p.reach.outlasts(d)):
		if p.reach.tour.next(m.ways(p), p.reach.flying(DiscoveryPort)) { // another one hangs: it may be older than what led to this
			m.want(p, onward, d.class)
		}
	case ev.Reason == Local:
		m.stats.LocalFailures++
		m.schedule(p, m.after(m.cfg.Beat))
	default:
		m.discoveryFailed(p, d.class, ev.Reason)
	}
}

func (m *Machine) discoveryFailed(p *peer, c class, why DialReason) {
	p.reach.tour.failed(why.gone())
	if p.reach.tour.next(m.ways(p), p.reach.flying(DiscoveryPort)) {
		if p.state.Member() && !c.rationed() {
			c = classMember
		}
		m.want(p, onward, c)
		return
	}
	gone := p.reach.tour.end()
	if c == classFound && p.state == Candidate && why.silent() { // it had its head start
		p.reach.tries++
		m.want(p, due, classSilent)
		return
	}
	if !why.strange() && m.adopt(p) {
		return
	}
	switch p.state {
	case Alive:
		p.reach.tries++
		m.aliveFailed(p, gone, why)
	case Suspect, Detached:
		p.reach.tries++
		if p.detector.refusal = p.detector.refusal || gone; gone {
			m.lapse()
		}
		m.schedule(p, m.after(m.suspectWait(p)))
	case Probation:
		if gone && p.reach.link == nil {
			m.fire(p, refused, "dial "+why.String())
			return
		}
		m.schedule(p, m.after(m.cfg.Beat))
	default:
		m.probeFailed(p)
	}
}

// aliveFailed judges a failed dial of a member. With a link that speaks it means nothing.
func (m *Machine) aliveFailed(p *peer, gone bool, why DialReason) {
	if p.reach.link != nil && (!p.reach.link.proven || p.detector.quiet == 0) {
		return
	}
	if gone {
		p.detector.refusal = true
		m.fire(p, refused, "link lost, dial "+why.String())
	}
	m.schedule(p, m.after(m.suspectWait(p)))
}

// wantMessages asks for the message link of a member, a moment later: a mesh that comes up consists of lists, and
// the links for messages, which are as many again, should not hold them up.
func (m *Machine) wantMessages(p *peer) {
	if p.state == Alive && p.feed.wants() && p.feed.due == never && p.reach.waiting(MessagePort) == nil {
		p.feed.due = max(m.now, m.messagesAfter(p))
		if l := p.feed.link; l != nil { // stuck
			p.feed.due = max(p.feed.due, l.at+feedLeast*m.cfg.Beat)
		}
		m.wakeBy(p, p.feed.due)
	}
}

// gather counts the members that come shortly after each other.
func (m *Machine) gather() {
	if m.now > m.metAt+listGap(m.arrivals, m.lag, m.cfg.Debounce) {
		m.arrivals = 0
	}
	m.arrivals++
	m.metAt = m.now
}

// messagesAfter is when p's messages are to be dialled: once no member came for half of the gap that a mesh of those
// who came leaves between lists, and at the latest when p has been a member for two such gaps.
func (m *Machine) messagesAfter(p *peer) Time {
	gap := listGap(m.arrivals, m.lag, m.cfg.Debounce)
	return min(m.metAt+gap/2, p.since+2*gap)
}

// feedLeast is how many beats a message link has before another one may take its place: where much is lost, a new one is no
// better.
const feedLeast = 5

// dialMessages asks for the message link of a member.
func (m *Machine) dialMessages(p *peer) {
	if p.state.unheard() || p.state == Alias {
		m.cut(p.feed.link) // of a former neighbour: its messages come by a relay by now
		return
	}
	if p.state != Alive || !p.feed.wants() || p.reach.link == nil || len(p.reach.flying(MessagePort)) > 0 {
		return
	}
	t := m.messagesAfter(p)
	switch {
	case !m.view.links(p):
		t = max(t, p.since+partAfter*m.cfg.Beat) // it is given up soon, if others hear it
	case m.growing():
		t = max(t, p.since+m.cfg.Beat) // or maybe
	}
	if t > m.now {
		p.feed.due = t
		m.wakeBy(p, t)
		return
	}
	m.enqueue(p, MessagePort, classMessage)
}

func (m *Machine) messageUp(p *peer, l *link) {
	if p.state != Alive && p.state != Suspect && p.state != Detached || !p.feed.wants() {
		m.do(HangUp{l.id})
		return
	}
	m.keep(l)
	m.upset(p, outdone)
	p.feed.link, p.feed.tries, p.feed.failure = l, 0, failure{}
	m.flow(p)
}

func (m *Machine) messageDown(p *peer) {
	if p.state == Alive {
		p.feed.due = m.after(messageWait(1, m.cfg.Beat) / 8)
		m.wakeBy(p, p.feed.due)
	}
}

func (m *Machine) messageFailed(p *peer) {
	if p.state == Alive && p.feed.wants() {
		p.feed.tries++
		p.feed.due = m.after(messageWait(p.feed.tries, m.cfg.Beat))
		m.wakeBy(p, p.feed.due)
	}
}
