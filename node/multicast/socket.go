package multicast

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// readBuffer is what the kernel holds for a node that is held up, or that a flood makes wait.
const readBuffer = 256 << 10

// ear is a socket that hears a group, over the interfaces that it has joined it on.
type ear struct {
	group  netip.AddrPort
	conn   net.PacketConn
	v4     *ipv4.PacketConn // of one family
	v6     *ipv6.PacketConn
	joined map[joined]bool
}

// joined names an interface: after it is gone another may have its number, or its name.
type joined struct {
	index int
	name  string
}

// listen opens a socket for a group. Other processes may have one for the same port.
func listen(group netip.AddrPort) (*ear, error) {
	network, all := "udp4", "0.0.0.0"
	if group.Addr().Is6() {
		network, all = "udp6", "::"
	}
	lc := net.ListenConfig{Control: shared}
	conn, err := lc.ListenPacket(context.Background(), network, net.JoinHostPort(all, strconv.Itoa(int(group.Port()))))
	if err != nil {
		return nil, err
	}
	_ = conn.(*net.UDPConn).SetReadBuffer(readBuffer)
	e := &ear{group: group, conn: conn, joined: make(map[joined]bool)}
	// The socket gets what was sent to any group that any process has joined. Where the system does not say to which, as
	// Windows, that has to be so.
	if group.Addr().Is4() {
		e.v4 = ipv4.NewPacketConn(conn)
		_ = e.v4.SetControlMessage(ipv4.FlagDst, true)
	} else {
		e.v6 = ipv6.NewPacketConn(conn)
		_ = e.v6.SetControlMessage(ipv6.FlagDst, true)
	}
	return e, nil
}

// join joins the group on these interfaces, and leaves it on others.
func (e *ear) join(fit []iface, log *slog.Logger) {
	now := make(map[joined]bool, len(fit))
	group := &net.UDPAddr{IP: e.group.Addr().AsSlice()}
	for _, i := range fit {
		key := joined{i.Index, i.Name}
		now[key] = true
		if e.joined[key] {
			continue
		}
		var err error
		if e.v4 != nil {
			err = e.v4.JoinGroup(&i.Interface, group)
		} else {
			err = e.v6.JoinGroup(&i.Interface, group)
		}
		if err != nil && !isJoined(err) {
			log.Warn("multicast: a group cannot be joined", "interface", i.Name, "group", e.group.String(), "why", err)
			continue
		}
		e.joined[key] = true
	}
	for key := range e.joined {
		if now[key] {
			continue
		}
		delete(e.joined, key)
		gone := &net.Interface{Index: key.index, Name: key.name} // if it still is, it is of no use; if not, this fails
		if e.v4 != nil {
			_ = e.v4.LeaveGroup(gone, group)
		} else {
			_ = e.v6.LeaveGroup(gone, group)
		}
	}
}

// read waits for a packet: where it came from, and where it was sent, if the system says so.
func (e *ear) read(buf []byte) (n int, from, to netip.Addr, err error) {
	var src net.Addr
	var dst net.IP
	if e.v4 != nil {
		var cm *ipv4.ControlMessage
		if n, cm, src, err = e.v4.ReadFrom(buf); cm != nil {
			dst = cm.Dst
		}
	} else {
		var cm *ipv6.ControlMessage
		if n, cm, src, err = e.v6.ReadFrom(buf); cm != nil {
			dst = cm.Dst
		}
	}
	if err != nil {
		return 0, from, to, err
	}
	if a, ok := src.(*net.UDPAddr); ok {
		from = a.AddrPort().Addr().Unmap().WithZone("")
	}
	if a, ok := netip.AddrFromSlice(dst); ok {
		to = a.Unmap()
	}
	return n, from, to, nil
}

// mouthKey is what a way out is for. An address that changes is another one.
type mouthKey struct {
	group netip.AddrPort
	index int
	name  string
	from  netip.Addr
}

// mouth is a socket that speaks to a group over one interface, from an address of it.
type mouth struct {
	mouthKey
	iface net.Interface
	conn  *net.UDPConn
	to    *net.UDPAddr
}

func newMouth(key mouthKey, i iface) (*mouth, error) {
	network, zone := "udp4", ""
	if key.group.Addr().Is6() {
		network, zone = "udp6", i.Name
	}
	at := &net.UDPAddr{IP: key.from.AsSlice()}
	if key.from.IsLinkLocalUnicast() && key.from.Is6() {
		at.Zone = i.Name
	}
	conn, err := net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	m := &mouth{key, i.Interface, conn, &net.UDPAddr{IP: key.group.Addr().AsSlice(), Port: int(key.group.Port()), Zone: zone}}
	if err := m.setUp(); err != nil {
		conn.Close()
		return nil, err
	}
	return m, nil
}

// setUp lets beacons go out over the interface, come back to this machine, and not leave the segment.
func (m *mouth) setUp() error {
	if m.group.Addr().Is4() {
		c := ipv4.NewPacketConn(m.conn)
		return firstOf(c.SetMulticastInterface(&m.iface), c.SetMulticastLoopback(true), c.SetMulticastTTL(1))
	}
	c := ipv6.NewPacketConn(m.conn)
	return firstOf(c.SetMulticastInterface(&m.iface), c.SetMulticastLoopback(true), c.SetMulticastHopLimit(1))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *mouth) say(packet []byte) error {
	_, err := m.conn.WriteTo(packet, m.to)
	return err
}

func (m *mouth) close() { m.conn.Close() }
