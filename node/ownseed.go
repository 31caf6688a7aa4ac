package node

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// A seed that is the node's own name leads to itself, most often. But where all nodes have a service name for their own,
// it leads to the others as well, and none of them would ever look. So while a node hears nobody, it looks where its own
// name leads, if that is a seed, and listens there: whoever answers has the same name, and that is told of (Conflict). An IP
// address is no name to look up: the machine dials that itself.

// ownSeedEvery is how often it looks.
const ownSeedEvery = 5 * time.Second

// ownSeed is whether a node does so, and when.
type ownSeed struct {
	given bool
	only  topics.Name // the seed, if there is no other; "": there is, or there is none
	found bool        // somebody was met, or it was told that nobody is
	due   mesh.Time
}

func newOwnSeed(id identity) ownSeed {
	isOwn := func(s topics.Name) bool { return s.Key() == id.name.Key() }
	o := ownSeed{given: !id.name.IsIP() && slices.ContainsFunc(id.seeds, isOwn)}
	if len(id.seeds) > 0 && !slices.ContainsFunc(id.seeds, func(s topics.Name) bool { return !isOwn(s) }) {
		o.only = id.seeds[0]
	}
	return o
}

// tellOwnSeed says so at the start. The first node of a mesh whose nodes are all given one seed has this, and is right.
func (n *Node) tellOwnSeed() {
	if n.ownSeed.only != "" {
		n.log.Info("the only seed is this node's own name: it waits to be found", "seed", n.ownSeed.only)
	}
}

// aloneFor is how long a node waits to be found: others that are started with it are there by then.
const aloneFor = 30 * time.Second

// isAlone reports, once, that nobody was met for so long.
func (o *ownSeed) isAlone(now mesh.Time, met bool) bool {
	alone := o.only != "" && !o.found && now >= aloneFor && !met
	o.found = o.found || met || alone
	return alone
}

// warnOwnSeed warns where nobody has found the node, and it looks for nobody.
func (n *Node) warnOwnSeed() {
	if n.ownSeed.isAlone(n.now(), n.machine.Known() > 0) {
		n.log.Warn("nobody was met, and the only seed is this node's own name", "seed", n.ownSeed.only,
			"hint", "unless it is the first of its mesh, give it the name of another node")
	}
}

// lookForOwnSeed looks, if it is time.
func (n *Node) lookForOwnSeed() {
	o := &n.ownSeed
	if !o.given || n.now() < o.due || len(n.machine.Alive()) > 0 {
		return
	}
	o.due = n.now() + ownSeedEvery
	n.lookUpOwnName(n.hintOwnAddrs)
}

// lookUpOwnName finds out where the own name leads here, in a goroutine of its own, and hands that on.
func (n *Node) lookUpOwnName(take func([]netip.Addr)) {
	n.dials.Add(1)
	go func() {
		defer n.dials.Done()
		ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
		defer cancel()
		ips, err := n.lookUpIPs(ctx, n.id.name.Host())
		if err != nil {
			n.log.Debug("look-up failed", "name", n.id.name, "why", err)
			return
		}
		take(ips)
	}()
}

// hintOwnAddrs hints at the addresses that the own name leads to. The machine knows which of them lead to this node.
func (n *Node) hintOwnAddrs(ips []netip.Addr) {
	for _, ip := range ips[:min(len(ips), maxAnswer)] {
		addr := ip.Unmap().String()
		name, err := topics.ParseName(net.JoinHostPort(addr, strconv.Itoa(int(n.id.name.Port()))))
		if err == nil {
			n.report(mesh.Hint{Name: name, Addr: addr, From: addr})
		}
	}
}
