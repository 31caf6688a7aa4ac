package link

import (
	"context"
	"errors"
	"fmt"
	"hearsay/node/link/zmtp"
	"net"
	"net/netip"
	"sync/atomic"
)

// ErrFiles says that a dial was not begun, as the process's file descriptors are for others: see files.Divide.
var ErrFiles = errors.New("too few file descriptors: raise ulimit -n")

// sockets counts connections of one port that are dialled, or being dialled, over the network.
type sockets struct{ taken atomic.Int64 }

func (s *sockets) take(most int) bool {
	if s.taken.Add(1) > int64(most) {
		s.taken.Add(-1)
		return false
	}
	return true
}

func (s *sockets) leave() { s.taken.Add(-1) }

// CanDial reports whether a dial to a port over the network would be begun now, or ErrFiles.
func (l *Link) CanDial(port Port) error {
	if l.sockets[port].taken.Load() >= int64(l.cfg.MaxDials) {
		return ErrFiles
	}
	return nil
}

// reach connects and shakes hands.
func (l *Link) reach(ctx context.Context, port Port, addr netip.AddrPort, target string, m zmtp.Mechanism) (*dialled, error) {
	places := &l.sockets[port]
	if !places.take(l.cfg.MaxDials) {
		return nil, ErrFiles
	}
	raw, err := l.connect(ctx, port, addr)
	if err != nil {
		places.leave()
		return nil, err
	}
	d := l.newDialled(raw, port, addr, target)
	d.closed = places.leave
	d.mechanism = m
	if err := d.shake(ctx, l.cfg.HandshakeTimeout, zmtp.Client, "SUB", "PUB", "XPUB"); err != nil {
		d.hangUp(err)
		return nil, fmt.Errorf("%w with %s: %w", ErrHandshake, addr, err)
	}
	return d, nil
}

func (l *Link) connect(ctx context.Context, port Port, addr netip.AddrPort) (net.Conn, error) {
	t := termsOf(port, true)
	d := net.Dialer{Control: t.setUp, KeepAliveConfig: t.keepAlive()}
	if from := l.source(addr.Addr()); from != nil {
		d.LocalAddr = &net.TCPAddr{IP: from}
	}
	return d.DialContext(ctx, "tcp", addr.String())
}

// source is the address to dial from: the bound one, where that can reach the other, so that a publisher
// sees which node is listening.
func (l *Link) source(to netip.Addr) net.IP {
	from, err := netip.ParseAddr(l.cfg.Bind)
	if err != nil || from.IsUnspecified() || from.Is4() != to.Is4() || from.IsLoopback() != to.IsLoopback() {
		return nil
	}
	return from.AsSlice()
}
