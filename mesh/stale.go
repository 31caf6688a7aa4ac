package mesh

import "fmt"

// A name that DNS knows is DNS's to give away: a peer that calls from elsewhere than its name leads to is not believed, and
// not dialled there. Most often DNS is out of date, or /etc/hosts, and nobody but this node can know. So it is told. A name that is
// an address leads there and nowhere else: then the node was started with another one. So does localhost, on each machine.

// The name of one that calls may lead to another process, which says its own name. Then it is an alias of that, and nobody would
// know of the one that calls.

// judgeNames tells of such peers, and then ever more rarely.
func (m *Machine) judgeNames() {
	for p := range m.restlessOrCalling() {
		switch {
		case p.state != Alias || m.leadsTo(p) == "":
			p.straySince = 0
		case p.straySince == 0:
			m.tie(p)
			p.straySince = m.now
		}
		cause := m.staleName(p)
		if cause != "" {
			m.tie(p)
		}
		m.tellOn(p, &p.stale, Stale, cause)
	}
}

// staleName is where the name of a peer leads that calls from elsewhere, if nobody answers there, or another process; "" if that
// is not so. One that says no name has that of the address that it calls from, which leads there.
func (m *Machine) staleName(p *peer) string {
	f := p.reach.failure()
	var leads string
	switch {
	case p.origin.helloIP == "" || p.origin.guessed:
		return ""
	case p.state == Alias:
		if p.straySince == 0 || m.now-p.straySince < suspectAfter*m.cfg.Beat { // it may have just got another name
			return ""
		}
		leads = m.leadsTo(p)
	case !m.calls(p), f.addr == "", hostOf(f.addr) == p.origin.helloIP:
		return ""
	default:
		leads = f.String()
	}
	if leads == "" {
		return ""
	}
	if p.name.IsIP() {
		return fmt.Sprintf("its name is not the address that it calls from, which is %s: %s; it was started with another --bind than its --hostname, or is behind NAT",
			p.origin.helloIP, leads)
	}
	if p.name.IsLocalhost() {
		return fmt.Sprintf("its name leads each machine to itself, and it calls from %s: give it another --hostname", p.origin.helloIP)
	}
	return fmt.Sprintf("its name leads elsewhere than it calls from, which is %s: %s; DNS or /etc/hosts is out of date here", p.origin.helloIP, leads)
}

// leadsTo says to whom an alias leads, where somebody says that name and calls from elsewhere; "" if nobody does. One whose
// machine lost power says nothing any more, though a connection of it stands.
func (m *Machine) leadsTo(p *peer) string {
	n, says := p.origin.alias, p.origin.claims > 0 && (!p.detector.met || p.origin.helloAt > p.detector.at)
	switch {
	case !says || p.origin.helloIP == "" || p.origin.guessed || m.isOurs(joinEndpoint(p.origin.helloIP, p.name.Port())):
		return ""
	case n == nil:
		return "it leads to this node"
	case !n.live() || hostOf(n.reach.link.addr) == p.origin.helloIP:
		return ""
	}
	return failure{addr: n.reach.link.addr, is: n.name}.String()
}
