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
// the name is an address, or localhost, the node sees the mistake itself. Of another name it knows where that leads here, and
// looks once, at the start: DNS may have it otherwise for others, as /etc/hosts does.

// misnamed is why the name leads nobody to the node, and what to do; "" if it may lead there.
func (c Config) misnamed(id identity) string {
	bind, alone := c.boundTo()
	switch at, _ := netip.ParseAddr(id.name.Host()); {
	case id.name.IsIP() && alone && at.WithZone("").Unmap() != bind:
		return fmt.Sprintf("the name of this node leads to %s, and it listens on %s alone: give it %s", at, bind, remedyFor(bind))
	case id.name.IsLocalhost() && (alone && bind.String() != "127.0.0.1" && bind.String() != "::1" || slices.ContainsFunc(id.seeds, leadsAway)):
		return fmt.Sprintf("the name of this node, %s, leads each machine to itself: give it another --hostname", id.name)
	}
	return ""
}

// boundTo is the address that the node listens on, and whether it does on that alone.
func (c Config) boundTo() (bind netip.Addr, alone bool) {
	bind, err := netip.ParseAddr(c.Bind)
	bind = bind.WithZone("").Unmap()
	return bind, err == nil && !bind.IsUnspecified()
}

// leadsPast is why a name that leads to these addresses here may lead nobody to the node; "" if one of them is the node's.
func (c Config) leadsPast(name topics.Name, ips []netip.Addr) string {
	bind, alone := c.boundTo()
	if !alone || len(ips) == 0 {
		return ""
	}
	for _, ip := range ips {
		if ip.WithZone("").Unmap() == bind {
			return ""
		}
	}
	return fmt.Sprintf("the name of this node, %s, leads to %s here, and it listens on %s alone: give it %s, or a name that leads there",
		name, ips[0].Unmap(), bind, remedyFor(bind))
}

// lookAtName looks where the own name leads here, where that says something.
func (n *Node) lookAtName() {
	if _, alone := n.cfg.boundTo(); !alone || n.id.name.IsIP() || n.nameFault != "" {
		return
	}
	n.lookUpOwnName(func(ips []netip.Addr) {
		why := n.cfg.leadsPast(n.id.name, ips)
		if why == "" {
			return
		}
		select {
		case n.asked <- func() {
			n.nameFault = why
			n.tellMisnamed()
			n.sayOwnFault()
		}:
		case <-n.ctx.Done():
		}
	})
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
		n.log.Warn("the others may not find this node by its name", "why", n.nameFault)
	}
}

// sayOwnFault lets the machine know why others do not hear this node, where the node knows.
func (n *Node) sayOwnFault() {
	why := n.nameFault
	if why != n.cfg.misnamed(n.id) { // DNS may have it right for the others: then a port is shut
		why += fmt.Sprintf("; or can it reach port %d of this node?", n.id.name.Port())
	}
	if away := n.turnedAwayWhy(); away != "" {
		why = cmp.Or(why, "newcomers are turned away: "+away)
	}
	if why != n.ownFault {
		n.ownFault = why
		n.step(mesh.OwnFault{Why: why})
	}
}
