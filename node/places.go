package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"hearsay/mesh"
	"hearsay/topics"
)

// Place is a member, or the node itself, as those need it who look for services.
type Place struct {
	Name  topics.Name
	Addrs []netip.Addr // of a peer: where it is heard, or was heard last
	Tags  topics.Tags
	Alive bool // a member that is heard now; of the node itself: it is not leaving, and its name is its own
}

// Places returns the node itself and then every peer that was heard and did not leave. It holds the loop up for a time in
// proportion to their number, and fails when ctx ends, or the node has ended.
func (n *Node) Places(ctx context.Context) ([]Place, error) {
	type answer struct {
		self  Place
		peers []mesh.Place
	}
	answered := make(chan answer, 1)
	select {
	case n.asked <- func() {
		answered <- answer{
			self:  Place{Name: n.id.name, Tags: n.machine.Profile().Tags, Alive: n.machine.Stats().Second == "" && !n.Leaving()},
			peers: n.machine.Places(),
		}
	}:
	case <-n.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("ask the loop: %w", ctx.Err())
	}
	got := <-answered
	all := make([]Place, 1, 1+len(got.peers))
	for _, p := range got.peers {
		place := Place{Name: p.Name, Tags: p.Tags, Alive: p.Alive}
		if ep, err := netip.ParseAddrPort(p.Addr); err == nil {
			place.Addrs = []netip.Addr{ep.Addr().Unmap()}
		}
		all = append(all, place)
	}
	got.self.Addrs = ownAddrs(n.cfg.Bind, n.id.name, all[1:])
	all[0] = got.self
	return all, nil
}

// ownAsk is how many peers are taken to find out by which addresses this machine is known: they are most often one.
const ownAsk = 8

// ownAddrs are the addresses by which peers reach a node: what it listens on or is called, else those from which this
// machine speaks to peers, and where it has none, those of its interfaces.
func ownAddrs(bind string, name topics.Name, peers []Place) (out []netip.Addr) {
	for _, literal := range []string{bind, name.Host()} {
		if a, err := netip.ParseAddr(literal); err == nil && !a.IsUnspecified() {
			return []netip.Addr{a.Unmap()}
		}
	}
	asked := 0
	for _, p := range peers {
		if !p.Alive || len(p.Addrs) == 0 || asked == ownAsk {
			continue
		}
		asked++
		if a, ok := sourceTo(p.Addrs[0]); ok && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) > 0 {
		return out
	}
	interfaces, _ := net.InterfaceAddrs()
	for _, i := range interfaces {
		if prefix, err := netip.ParsePrefix(i.String()); err == nil && prefix.Addr().IsGlobalUnicast() {
			out = append(out, prefix.Addr().Unmap())
		}
	}
	if len(out) == 0 {
		out = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return out
}

// sourceTo is the address of this machine from which it speaks to another. Nothing is sent: a UDP socket is told where it
// would send to, and asked what the system chose.
func sourceTo(to netip.Addr) (netip.Addr, bool) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, topics.DiscoveryPort)))
	if err != nil {
		return netip.Addr{}, false
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone(""), true
}
