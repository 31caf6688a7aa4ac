package mesh

import "fmt"

// A name that DNS knows is DNS's to give away: a peer that calls from elsewhere than its name leads to is not believed, and
// not dialled there. Most often DNS is out of date, or /etc/hosts, and nobody but this node can know. So it is told. A name that is
// an address leads there and nowhere else: then the node was started with another one. So does localhost, on each machine.

// judgeNames tells of such peers, and then ever more rarely.
func (m *Machine) judgeNames() {
	for p := range m.near() {
		m.tellOn(p, &p.stale, Stale, m.staleName(p))
	}
}

// staleName is where the name of a peer leads that calls from elsewhere, if nobody answers there; "" if that is not so. One that
// says no name has that of the address that it calls from, which leads there.
func (m *Machine) staleName(p *peer) string {
	f := p.reach.failure
	if p.origin.helloIP == "" || p.origin.guessed || !m.calls(p) || f.addr == "" || hostOf(f.addr) == p.origin.helloIP || f.String() == "" {
		return ""
	}
	if p.name.IsIP() {
		return fmt.Sprintf("its name is not the address that it calls from, which is %s: %s; it was started with another --bind than its --hostname, or is behind NAT",
			p.origin.helloIP, f)
	}
	if p.name.IsLocalhost() {
		return fmt.Sprintf("its name leads each machine to itself, and it calls from %s: give it another --hostname", p.origin.helloIP)
	}
	return fmt.Sprintf("its name leads elsewhere than it calls from, which is %s: %s; DNS or /etc/hosts is out of date here", p.origin.helloIP, f)
}
