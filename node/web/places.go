package web

import (
	"container/list"
	"net/netip"

	"hearsay/mesh/shares"
	"hearsay/node/files"
)

// ownPlaces are kept for clients on a loopback address, as a container's health check is, when all others are taken.
const ownPlaces = files.OwnHTTP

// connsOf returns how many connections HTTP may have in a process with so many file descriptors.
func connsOf(limit int) int { return min(maxConns, files.Divide(limit).HTTP) }

// places decides who may have a connection, or a stream. While there is room, one address may have all. Then the
// address that holds most gives way to one that holds less, as at the mesh's own ports (package shares): by what has been
// idle for longest, which costs nobody anything, else by the newest that is in use.
type places struct {
	most  int
	taken int
	held  shares.Shares
	idle  list.List // of *place, the longest idle first
	used  list.List // of *place, the newest last: a request is being answered
}

// place is one connection's, or one stream's.
type place struct {
	addr netip.Addr
	at   *list.Element // in idle or used; nil at the end
	in   *list.List    // which of them
	end  func()        // ends the connection, or the stream
}

func newPlaces(most int) *places { return &places{most: most} }

// enter finds an idle place for an address. It returns which one has to end for it, if one has to, or in == nil if there is
// no place.
func (p *places) enter(addr netip.Addr, end func()) (in, out *place) {
	if p.taken >= p.most {
		out = p.givesWay(addr)
		if out == nil && !(addr.IsLoopback() && p.taken < p.most+ownPlaces) {
			return nil, nil
		}
	}
	if out != nil {
		p.leave(out)
	}
	in = &place{addr: addr, end: end}
	p.put(in, &p.idle)
	p.taken++
	p.held.Add(addr.String())
	return in, out
}

// givesWay chooses the place that has to end for a newcomer.
func (p *places) givesWay(addr netip.Addr) *place {
	from, unfair := p.held.Yields(addr.String())
	if !unfair {
		from = addr.String()
	}
	ofMost := func(other *place) bool { return other.addr.String() == from }
	for e := p.idle.Front(); e != nil; e = e.Next() {
		if other := e.Value.(*place); ofMost(other) {
			return other
		}
	}
	if e := p.idle.Front(); e != nil {
		return e.Value.(*place)
	}
	for e := p.used.Back(); unfair && e != nil; e = e.Prev() {
		if other := e.Value.(*place); ofMost(other) {
			return other
		}
	}
	return nil
}

// busy notes that a request begins, and rest that it has been answered.
func (p *places) busy(in *place) { p.move(in, &p.used) }
func (p *places) rest(in *place) { p.move(in, &p.idle) }

func (p *places) move(in *place, to *list.List) {
	if in.at != nil && in.in != to {
		in.in.Remove(in.at)
		p.put(in, to)
	}
}

func (p *places) put(in *place, to *list.List) { in.at, in.in = to.PushBack(in), to }

// leave frees a place, once.
func (p *places) leave(in *place) {
	if in.at == nil {
		return
	}
	in.in.Remove(in.at)
	in.at = nil
	p.taken--
	p.held.Remove(in.addr.String())
}
