package node

import (
	"fmt"
	"net/netip"

	"hearsay/mesh"
	"hearsay/node/multicast"
)

// beaconsWaiting is how many beacons wait for the loop. More are lost, and said again.
const beaconsWaiting = 256

// groups are the multicast groups of a configuration.
func (c *Config) groups() ([]netip.AddrPort, error) {
	if len(c.MulticastGroups) == 0 {
		return multicast.DefaultGroups(), nil
	}
	var groups []netip.AddrPort
	for i, text := range c.MulticastGroups {
		field := fmt.Sprintf("MulticastGroups[%d]", i)
		g, err := netip.ParseAddrPort(text)
		if err != nil {
			return nil, &FieldError{field, text, "must be GROUP:PORT, such as 239.77.77.77:20000 or [ff02::7777]:20000"}
		}
		if err := multicast.CheckGroup(g); err != nil {
			return nil, &FieldError{field, text, err.Error()}
		}
		for _, other := range groups {
			if other.Addr().Is4() == g.Addr().Is4() {
				return nil, &FieldError{field, text, "must be of another family than the one before: one of IPv4, one of IPv6"}
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (c Config) checkMulticast(*identity) error {
	_, err := c.groups()
	return err
}

// openStation begins to say and hear beacons, if that is wished for.
func (n *Node) openStation() error {
	if !n.cfg.Multicast {
		return nil
	}
	groups, err := n.cfg.groups()
	if err != nil {
		return err
	}
	bind, _ := netip.ParseAddr(n.cfg.Bind)
	if bind = bind.Unmap(); bind.IsUnspecified() {
		bind = netip.Addr{}
	}
	if bind.IsValid() && len(n.cfg.MulticastGroups) == 0 { // the other family leads nobody here
		for _, g := range groups {
			if g.Addr().Is4() == bind.Is4() {
				groups = []netip.AddrPort{g}
				break
			}
		}
	}
	n.beacons = make(chan multicast.Hint, beaconsWaiting)
	n.station, err = multicast.Open(multicast.Config{
		Beacon:     multicast.Beacon{Version: 1, Name: n.id.name, Incarnation: n.start.UnixMilli(), Mesh: n.cfg.Mesh},
		Groups:     groups,
		Interfaces: n.cfg.MulticastInterfaces,
		Bind:       bind,
		Alone:      n.alive.none,
		Heard:      n.hearBeacon,
		Log:        n.log,
	})
	if err != nil {
		_ = n.link.Close(0)
		if n.logs != nil {
			n.logs.Close(0)
		}
		return fmt.Errorf("start %s: %w", n.id.name, err)
	}
	return nil
}

// hearBeacon hands the loop a beacon, if it keeps up.
func (n *Node) hearBeacon(h multicast.Hint) {
	select {
	case n.beacons <- h:
	default:
		n.counters.beaconsLost.Add(1)
	}
}

// takeBeacon gives the machine a beacon: a hint where to listen, or a sign of another mesh. An address that means nothing
// without an interface is no address.
func (n *Node) takeBeacon(h multicast.Hint) {
	from := h.From.String()
	if h.Mesh != n.cfg.Mesh {
		n.step(mesh.ForeignHello{Name: h.Name, Mesh: h.Mesh, Addr: from})
		return
	}
	addr := from
	if h.From.Is6() && h.From.IsLinkLocalUnicast() {
		addr = ""
	}
	n.step(mesh.Hint{Name: h.Name, Addr: addr, From: from})
}

// multicastState is what the station does; nil where there is none.
func (n *Node) multicastState() *multicast.State {
	if n.station == nil {
		return nil
	}
	s := n.station.State()
	return &s
}

// countBeacons adds the station's counters.
func (n *Node) countBeacons(stats map[string]uint64) {
	stats["multicast_lost"] = n.counters.beaconsLost.Load()
	for name, value := range n.station.Stats() {
		stats["multicast_"+name] = value
	}
}
