package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/topics"
)

const (
	// dialTimeout bounds a whole dial: the look-up, TCP and the handshake. A SYN is sent again after 1 s and 3 s.
	dialTimeout = 3500 * time.Millisecond

	// maxAddrs is how many addresses of a name are tried in one dial.
	maxAddrs = 8
)

// dial does what the machine asked for, in a goroutine of its own, and reports a failure to the loop; a
// success is the link's to report.
func (n *Node) dial(d mesh.Dial) {
	defer n.dials.Done()
	ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
	defer cancel()
	err := n.dialAny(ctx, d)
	if err == nil || n.ctx.Err() != nil {
		return
	}
	n.log.Debug("dial failed", "peer", d.Target, "port", link.Port(d.Port).String(), "why", err)
	select {
	case n.failed <- mesh.DialFailed{Target: d.Target, Port: d.Port, Reason: dialReason(err)}:
	case <-n.ctx.Done():
	}
}

// dialAny tries the name's addresses in turn until one answers. Names are resolved at every dial: a peer that
// came back with another address is found.
func (n *Node) dialAny(ctx context.Context, d mesh.Dial) error {
	addrs, err := n.resolve(ctx, d)
	if err != nil {
		return fmt.Errorf("dial %s: %w", d.Target, err)
	}
	var last error
	for i, addr := range addrs {
		if last = n.dialOne(ctx, d, addr, len(addrs)-i); last == nil {
			return nil
		}
	}
	return fmt.Errorf("dial %s: %w", d.Target, last)
}

// dialOne leaves the addresses that are still to be tried their share of the time.
func (n *Node) dialOne(ctx context.Context, d mesh.Dial, addr netip.AddrPort, left int) error {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return n.link.Dial(ctx, link.Port(d.Port), addr, string(d.Target))
}

// resolve returns the endpoints to try.
func (n *Node) resolve(ctx context.Context, d mesh.Dial) ([]netip.AddrPort, error) {
	if d.Addr != "" {
		addr, err := netip.ParseAddrPort(d.Addr)
		if err != nil {
			return nil, err
		}
		return []netip.AddrPort{addr}, nil
	}
	host, port, err := net.SplitHostPort(endpoint(d.Target, d.Port))
	if err != nil {
		return nil, err
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), uint16(p))}, nil
	}
	ips, err := n.cfg.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	var addrs []netip.AddrPort
	for _, ip := range ips[:min(len(ips), maxAddrs)] {
		addrs = append(addrs, netip.AddrPortFrom(ip.Unmap(), uint16(p)))
	}
	return addrs, nil
}

func endpoint(name topics.Name, p mesh.Port) string {
	if p == mesh.MessagePort {
		return name.MessageAddr()
	}
	return name.DiscoveryAddr()
}

// dialReason sorts an error into what it says of the peer.
func dialReason(err error) mesh.DialReason {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return mesh.Unresolved
		}
		return mesh.Unreachable
	case errors.Is(err, syscall.ECONNREFUSED):
		return mesh.Refused
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS),
		errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EADDRNOTAVAIL):
		return mesh.Local
	case errors.Is(err, link.ErrHandshake) && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded):
		return mesh.BadPeer
	}
	return mesh.Unreachable
}
