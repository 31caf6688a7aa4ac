package web

import (
	"net/netip"
	"sync"
)

// streamPlaces decides who may have a stream, as places does, of which none is ever idle.
type streamPlaces struct {
	mu     sync.Mutex
	places *places
}

func newStreamPlaces(most int) *streamPlaces { return &streamPlaces{places: newPlaces(most)} }

// enter takes a place for an address, and reports whether there is one. end is called when it has to end for another, and
// leave gives it back.
func (p *streamPlaces) enter(addr netip.Addr, end func()) (leave func(), ok bool) {
	p.mu.Lock()
	in, out := p.places.enter(addr, end)
	if in != nil {
		p.places.busy(in)
	}
	p.mu.Unlock()
	if out != nil {
		out.end()
	}
	return func() {
		p.mu.Lock()
		p.places.leave(in)
		p.mu.Unlock()
	}, in != nil
}

// open is how many are.
func (p *streamPlaces) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.places.taken
}
