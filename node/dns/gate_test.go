package dns

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/node/nodetest"
)

// An address may ask so often, and what others ask is not held against it.
func TestGateAdmits(t *testing.T) {
	t.Parallel()
	g := newGate()
	ask := func(addr string, times int, at time.Duration) (admitted int) {
		for range times {
			if g.admitAt(netip.MustParseAddr(addr), at) {
				admitted++
			}
		}
		return admitted
	}
	if got := ask("192.0.2.1", 1000, 0); got != 100 {
		t.Errorf("at once: %d", got)
	}
	if got := ask("192.0.2.1", 1000, time.Second); got != 50 {
		t.Errorf("a second later: %d", got)
	}
	if got := ask("192.0.2.2", 10, time.Second); got != 10 {
		t.Errorf("another address: %d", got)
	}
	if got := ask("127.0.0.1", 5000, 0); got != 4000 {
		t.Errorf("this machine: %d", got)
	}
	if got := ask("2001:db8::1", 100, 0) + ask("2001:db8::2", 100, 0); got != 100 {
		t.Errorf("two addresses of one network: %d", got)
	}
	if g.dropped.Load() != 900+950+1000+100 {
		t.Errorf("%d are counted", g.dropped.Load())
	}
}

// The table of addresses is bounded; those that are not told apart share one limit, and room is made in time.
func TestGateIsBounded(t *testing.T) {
	t.Parallel()
	g := newGate()
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	admitted := 0
	for i := range 3 * maxAskers {
		if g.admitAt(addr(i), 0) {
			admitted++
		}
	}
	if len(g.askers) != maxAskers || admitted != maxAskers+int(restLimit.Burst) {
		t.Errorf("%d are told apart, %d admitted", len(g.askers), admitted)
	}
	if !g.admitAt(addr(1<<20), 2*time.Second) || len(g.askers) != 1 {
		t.Errorf("%d are told apart", len(g.askers))
	}
}

// Once all connections are taken, the address that holds most gives way.
func TestLimitedListener(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	inner, err := net.Listen("tcp", addrs[0]+":0")
	if err != nil {
		t.Fatal(err)
	}
	var refused atomic.Uint64
	ln := limit(inner, 2, &refused)
	defer ln.Close()
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	ended := func(c net.Conn) bool {
		_ = c.SetReadDeadline(time.Now().Add(nodetest.Patience))
		_, err := c.Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return err != nil && !(ok && timeout.Timeout())
	}
	accept := func() net.Conn {
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := dial(addrs[0])
	accept()
	dial(addrs[0])
	second := accept()
	dial(addrs[1])
	accept() // in place of the first
	if !ended(first) || refused.Load() != 1 || ln.open != 2 {
		t.Errorf("refused %d, open %d", refused.Load(), ln.open)
	}
	second.Close()
	second.Close()
	if ln.open != 1 || len(ln.conns) != 1 {
		t.Errorf("open %d", ln.open)
	}
}
