package mesh

import "hearsay/topics"

// link is one connection that this node dialled.
type link struct {
	id     LinkID
	peer   *peer // whose name was dialled
	port   Port
	addr   string
	proven bool        // a beat that starts with the dialled name came over it
	claim  topics.Name // key of the name that the beats start with instead
	born   int64       // and the incarnation of the claimant
	byName bool        // reached through the name, not through an adopted address
}

// address is what to dial a peer at: the name, or a literal endpoint where the name does not help.
func (m *Machine) address(p *peer) string {
	ways := m.ways(p)
	if p.way >= len(ways) {
		p.way = 0
	}
	return ways[p.way]
}

// ways are the addresses to try in turn, "" for the name itself. The address that a hello came from counts only
// while the name never led there: else who kills a node could take its name with a hello.
func (m *Machine) ways(p *peer) []string {
	ways := make([]string, 0, 3)
	if p.via != "" {
		ways = append(ways, p.via)
	}
	ways = append(ways, "")
	if p.helloIP != "" && !p.byName && p.claims > 0 && !p.name.IsIP() {
		if ep := joinEndpoint(p.helloIP, p.name.Port()); ep != p.via && !m.mine[ep] {
			ways = append(ways, ep)
		}
	}
	return ways
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
	p, d := m.landed(ev.Target, ev.Port)
	if d != nil {
		m.dials.took(m.now - d.since)
	}
	if p == nil || m.links[ev.Link] != nil {
		m.do(HangUp{ev.Link})
		return
	}
	l := &link{id: ev.Link, peer: p, port: ev.Port, addr: ev.Addr, byName: d.addr == ""}
	if ev.Port == MessagePort {
		m.messageUp(p, l)
		return
	}
	switch {
	case p.state == Alias && p.alias != nil && p.alias.live() && p.alias.link.addr == ev.Addr:
		m.do(HangUp{ev.Link})
		m.schedule(p, m.after(m.cfg.HalfLife))
	case p.link == nil:
		m.keep(l)
		p.link = l
		m.schedule(p, m.after(m.window(p)))
	case p.next == nil:
		m.keep(l)
		p.next = l
		if p.state != Alive {
			m.schedule(p, m.after(m.window(p)))
		}
	default:
		m.do(HangUp{ev.Link})
		if p.due == never {
			m.schedule(p, m.after(m.window(p)))
		}
	}
}

// keep notes a link that is up.
func (m *Machine) keep(l *link) { m.links[l.id] = l }

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
	if l.claim != "" {
		m.unpark(l)
	}
	p := l.peer
	switch l {
	case p.link:
		p.link = nil
	case p.next:
		p.next = nil
	case p.message:
		p.message = nil
	}
	if l.proven && m.addrs[l.addr] == p {
		m.release(l)
	}
}

// cutAll hangs up all links of a peer.
func (m *Machine) cutAll(p *peer) {
	m.cut(p.link)
	m.cut(p.next)
	m.cut(p.message)
}

// occupy makes the peer of a link the one member at its endpoint. It fails when another one is heard there.
func (m *Machine) occupy(l *link) bool {
	q := m.addrs[l.addr]
	switch {
	case q == l.peer:
		return true
	case q != nil && q.live() && q.quiet == 0 && q.link.addr == l.addr:
		return false
	case q != nil && q.link != nil && q.link.addr == l.addr:
		m.cut(q.link)
		m.lost(q)
	}
	if m.addrs[l.addr] == nil {
		m.hosts[hostOf(l.addr)]++
	}
	m.addrs[l.addr] = l.peer
	delete(m.mine, l.addr)
	return true
}

// release gives up an endpoint, unless another link of the peer is there too.
func (m *Machine) release(l *link) {
	for _, o := range []*link{l.peer.link, l.peer.next} {
		if o != nil && o.proven && o.addr == l.addr {
			return
		}
	}
	delete(m.addrs, l.addr)
	host := hostOf(l.addr)
	if m.hosts[host]--; m.hosts[host] <= 0 {
		delete(m.hosts, host)
	}
}

// onLinkDown takes a broken link out of use.
func (m *Machine) onLinkDown(ev LinkDown) {
	l := m.links[ev.Link]
	if l == nil {
		return // hung up by us
	}
	p, was := l.peer, *l.peer
	m.unhold(l)
	switch l {
	case was.message:
		m.messageDown(p)
	case was.link:
		if p.link, p.next = p.next, nil; p.link == nil {
			m.lost(p)
		}
	}
}

// lost dials again at once where the peer was heard over the link, else counts a failure.
func (m *Machine) lost(p *peer) {
	p.way, p.harsh = 0, true
	switch p.state {
	case Alive, Probation:
		p.tries = 0
		m.redial(p)
	case Suspect, Detached:
		m.schedule(p, m.after(suspectWait(1, false, m.cfg.Beat)))
	default:
		m.probeFailed(p)
	}
}

// redial dials a peer at once, unless that happened too often lately.
func (m *Machine) redial(p *peer) {
	if p.urgent.take(m.now, urgentBurst, urgentBeats*m.cfg.Beat) {
		m.dial(p, classMember)
		return
	}
	m.schedule(p, m.after(m.cfg.Beat))
}

// onDialFailed tries the next way, or judges.
func (m *Machine) onDialFailed(ev DialFailed) {
	p, _ := m.landed(ev.Target, ev.Port)
	switch {
	case p == nil:
	case ev.Port == MessagePort:
		m.messageFailed(p)
	case len(p.flying[DiscoveryPort]) > 0 || p.waiting[DiscoveryPort] != nil:
		// another one will tell
	case ev.Reason == Local:
		m.stats.LocalFailures++
		m.schedule(p, m.after(m.cfg.Beat))
	default:
		m.discoveryFailed(p, ev.Reason)
	}
}

func (m *Machine) discoveryFailed(p *peer, why DialReason) {
	p.harsh = p.harsh && why.gone()
	if p.way++; p.way < len(m.ways(p)) {
		m.enqueue(p, DiscoveryPort, classMember)
		return
	}
	gone := p.harsh
	p.way, p.harsh = 0, true
	if why != BadPeer && m.adopt(p) {
		return
	}
	switch p.state {
	case Alive:
		p.tries++
		m.aliveFailed(p, gone, why)
	case Suspect, Detached:
		p.tries++
		p.refusal = p.refusal || gone
		m.schedule(p, m.after(suspectWait(p.tries, p.state == Detached, m.cfg.Beat)))
	case Probation:
		if gone && p.link == nil {
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
	if p.link != nil && (!p.link.proven || p.quiet == 0) {
		return
	}
	if gone {
		p.refusal = true
		m.fire(p, refused, "link lost, dial "+why.String())
	}
	m.schedule(p, m.after(suspectWait(p.tries, false, m.cfg.Beat)))
}

// wantMessages asks for the message link of a member, a moment later: a mesh that comes up consists of lists, and
// the links for messages, which are as many again, should not hold them up.
func (m *Machine) wantMessages(p *peer) {
	if p.state == Alive && p.message == nil && p.messageDue == never && p.waiting[MessagePort] == nil {
		p.messageDue = max(m.now, m.messagesAfter(p))
		m.at(p.messageDue)
	}
}

// gather counts the members that come shortly after each other.
func (m *Machine) gather() {
	if m.now > m.metAt+listGap(m.crowd, m.lag, m.cfg.Debounce) {
		m.crowd = 0
	}
	m.crowd++
	m.metAt = m.now
}

// messagesAfter is when p's messages are to be dialled: once no member came for half of the gap that a mesh of those
// who came leaves between lists, and at the latest when p has been a member for two such gaps.
func (m *Machine) messagesAfter(p *peer) Time {
	gap := listGap(m.crowd, m.lag, m.cfg.Debounce)
	return min(m.metAt+gap/2, p.since+2*gap)
}

// dialMessages asks for the message link of a member.
func (m *Machine) dialMessages(p *peer) {
	if p.state != Alive || p.message != nil || p.link == nil || len(p.flying[MessagePort]) > 0 {
		return
	}
	if t := m.messagesAfter(p); t > m.now {
		p.messageDue = t
		return
	}
	m.enqueue(p, MessagePort, classMessage)
}

func (m *Machine) messageUp(p *peer, l *link) {
	if p.state != Alive && p.state != Suspect && p.state != Detached || p.message != nil {
		m.do(HangUp{l.id})
		return
	}
	m.keep(l)
	p.message, p.messageTry = l, 0
}

func (m *Machine) messageDown(p *peer) {
	if p.state == Alive {
		p.messageDue = m.after(messageWait(1, m.cfg.Beat) / 8)
		m.at(p.messageDue)
	}
}

func (m *Machine) messageFailed(p *peer) {
	if p.state == Alive && p.message == nil {
		p.messageTry++
		p.messageDue = m.after(messageWait(p.messageTry, m.cfg.Beat))
		m.at(p.messageDue)
	}
}
