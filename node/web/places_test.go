package web

import (
	"net/netip"
	"testing"
)

var (
	addrA, addrB = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.1.1")
	addrOwn      = netip.MustParseAddr("127.0.0.1")
)

func (p *places) take(addr netip.Addr) (in, out *place) { return p.enter(addr, func() {}) }

// One address may have everything, until another comes: then they share, idle connections first.
func TestPlaces(t *testing.T) {
	p := newPlaces(4)
	a := make([]*place, 4)
	for i := range a {
		if a[i], _ = p.take(addrA); a[i] == nil {
			t.Fatal("an address was refused while there is room")
		}
	}
	p.busy(a[0])
	p.busy(a[1])
	p.busy(a[2])
	if a4, out := p.take(addrA); a4 == nil || out != a[3] {
		t.Error("an address does not lose its own longest idle")
	} else {
		p.busy(a4)
		if in, _ := p.take(addrA); in != nil {
			t.Error("an address took a place from itself that it uses")
		}
		b1, out := p.take(addrB)
		if b1 == nil || out != a4 {
			t.Error("the newest of the address that holds most did not make room")
		}
		p.busy(b1)
	}
	b2, out := p.take(addrB)
	if b2 == nil || out != a[2] {
		t.Error("they do not share")
	}
	p.rest(a[0])
	if in, out := p.take(addrB); in == nil || out != b2 {
		t.Error("an idle place of its own did not make room")
	} else {
		p.busy(in)
	}
	if in, out := p.take(addrB); in == nil || out != a[0] {
		t.Error("what is idle did not make room")
	}
}

// This machine has places of its own, when those of others are in use.
func TestOwnPlaces(t *testing.T) {
	p := newPlaces(4)
	for i := range byte(4) {
		in, _ := p.take(netip.AddrFrom4([4]byte{10, 0, i, 1}))
		p.busy(in)
	}
	if in, _ := p.take(addrA); in != nil {
		t.Error("somebody got in where all are busy and nobody has more")
	}
	const kept = 8 // as doc.go says
	var last *place
	for range kept {
		in, out := p.take(addrOwn)
		if in == nil || out != nil {
			t.Fatal("a place that is kept for this machine was refused")
		}
		p.busy(in)
		last = in
	}
	if in, _ := p.take(addrOwn); in != nil {
		t.Error("there is no end of places")
	}
	p.leave(last)
	p.leave(last)
	p.rest(last)
	if n := p.held.Held(addrOwn.String()); p.taken != 4+kept-1 || p.idle.Len() != 0 || n != kept-1 {
		t.Errorf("%d are taken, %d idle, %d by this machine", p.taken, p.idle.Len(), n)
	}
}

func TestConnectionsOfFiles(t *testing.T) {
	for files, want := range map[int]int{64: 4, 128: 16, 256: 48, 1024: 240, 4096: maxConns, 1 << 20: maxConns} {
		if got := connsOf(files); got != want {
			t.Errorf("of %d descriptors, HTTP has %d, want %d", files, got, want)
		}
	}
}
