package node

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"hearsay/mesh"
	"hearsay/topics"
)

// A name that leads past the node is a mistake of whoever started it, and the others cannot tell it from a shut port. Where
// the name is an address, or localhost, the node sees the mistake itself.

// misnamed is why the name leads nobody to the node, and what to do; "" if it may lead there.
func (c Config) misnamed(id identity) string {
	bind, err := netip.ParseAddr(c.Bind)
	bind = bind.WithZone("").Unmap()
	alone := err == nil && !bind.IsUnspecified() // it listens on this address alone
	switch at, _ := netip.ParseAddr(id.name.Host()); {
	case id.name.IsIP() && alone && at.WithZone("").Unmap() != bind:
		return fmt.Sprintf("the name of this node leads to %s, and it listens on %s alone: give it %s", at, bind, remedyFor(bind))
	case id.name.IsLocalhost() && (alone && bind.String() != "127.0.0.1" && bind.String() != "::1" || slices.ContainsFunc(id.seeds, leadsAway)):
		return fmt.Sprintf("the name of this node, %s, leads each machine to itself: give it another --hostname", id.name)
	}
	return ""
}

// remedyFor is what to give a node that listens on an address alone. A link-local IPv6 address names no node.
func remedyFor(bind netip.Addr) string {
	switch {
	case bind.Is6() && bind.IsLinkLocalUnicast():
		return "another --bind"
	case bind.Is6():
		return "--hostname [" + bind.String() + "]"
	}
	return "--hostname " + bind.String()
}

// leadsAway reports whether a name may lead to another machine.
func leadsAway(name topics.Name) bool {
	at, err := netip.ParseAddr(name.Host())
	return !name.IsLocalhost() && (err != nil || !at.IsLoopback())
}

// tellMisnamed warns at the start.
func (n *Node) tellMisnamed() {
	if n.nameFault != "" {
		n.log.Warn("the others cannot find this node by its name", "why", n.nameFault)
	}
}

// sayOwnFault lets the machine know why others do not hear this node, where the node knows.
func (n *Node) sayOwnFault() {
	why := n.nameFault
	if away := n.turnedAwayWhy(); away != "" {
		why = cmp.Or(why, "newcomers are turned away: "+away)
	}
	if why != n.ownFault {
		n.ownFault = why
		n.step(mesh.OwnFault{Why: why})
	}
}
