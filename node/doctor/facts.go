package doctor

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hearsay/node/keys"
	"hearsay/node/web"
	"hearsay/topics"
)

// Facts is what there is to judge by.
type Facts struct {
	Addr  string // where the node was asked
	Asked error  // why it gave no answer; nil: it did
	Hung  bool   // it accepts connections at Addr, and does not answer

	Status  *web.Status
	Members *web.Members
	Links   *web.Links

	Self       Place // the node itself
	Here       []netip.Addr
	OpenFiles  int // that the node may have, or this process where no node answers
	Seeds      []Place
	Peers      []Place  // those of Members that were visited, by name
	Skipped    int      // and how many were not
	Names      []Asked  // what the node's DNS answers, over UDP and TCP; none where it has none, or cannot be asked from here
	Mesh       string   // label of the node's mesh; "": it has none
	Keys       Keys     // that the doctor has
	Exposed    []string // files with secrets that the doctor was given, and others than their owner may read or change
	KeysUnread error    // why it has none of those that it was given; nil: it was given none, or has them
}

// Keys are what the doctor has for a locked mesh.
type Keys uint8

const (
	NoKeys   Keys = iota
	MeshKey       // one that all members share
	NodeKeys      // the node's own, and the public ones of others
)

// Place is a name, where it leads, and who is there.
type Place struct {
	Name      topics.Name
	Addrs     []netip.Addr // in DNS; the address itself for a name that is one
	NoDNS     string       // why there are none
	Discovery []Visit      // at each address, up to maxAddrs
	Messages  []Visit
}

// best is the visit that came furthest.
func best(visits []Visit) Visit {
	var out Visit
	for _, v := range visits {
		if v.Outcome > out.Outcome {
			out = v
		}
	}
	return out
}

const (
	maxAddrs  = 4  // addresses of one name that are visited
	maxPeers  = 48 // peers that are visited: those with something odd first
	maxVisits = 24 // at once
)

// Options say where to look.
type Options struct {
	Name  topics.Name   // of the node; "": as the node itself says
	Mesh  string        // label of its mesh, where it does not answer
	Bind  string        // its literal address, from which the doctor looks too; "": as the node itself says
	Seeds []topics.Name // beside those that the node was started with
	Keys  *keys.Ring    // those of the node; nil: the doctor has none
}

// Gather looks. What the node said of itself is in f already, if it did.
func Gather(ctx context.Context, f Facts, o Options) Facts {
	f.Self.Name, f.Mesh = o.Name, o.Mesh
	switch {
	case o.Keys != nil && o.Keys.ByName():
		f.Keys = NodeKeys
	case o.Keys != nil:
		f.Keys = MeshKey
	}
	seeds := slices.Clone(o.Seeds)
	if f.Status != nil {
		f.Self.Name, f.Mesh = f.Status.Name, f.Status.Mesh
		seeds = append(seeds, f.Status.Seeds...)
		f.OpenFiles = f.Status.OpenFiles
	}
	f.Here = interfaces()
	o.Bind = cmp.Or(o.Bind, f.bound())
	var places []*Place
	seen := make(map[topics.Name]bool)
	for _, name := range seeds {
		if !seen[name.Key()] {
			seen[name.Key()] = true
			f.Seeds = append(f.Seeds, Place{Name: name})
		}
	}
	peers := f.oddest()
	for _, m := range peers {
		f.Peers = append(f.Peers, Place{Name: m.Name})
	}
	for i := range f.Seeds {
		places = append(places, &f.Seeds[i])
	}
	for i := range f.Peers {
		places = append(places, &f.Peers[i])
	}
	at := make(map[*Place]string) // a peer is visited where the node hears it, too
	for i, m := range peers {
		at[&f.Peers[i]] = cmp.Or(m.Address, m.CalledFrom)
	}
	at[&f.Self] = joinPort(o.Bind, f.Self.Name.Port())
	places = append(places, &f.Self)
	turns := make(chan struct{}, maxVisits)
	var all sync.WaitGroup
	for _, p := range places {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			p.look(ctx, visitor{o.Bind, f.Mesh, o.Keys}, at[p])
		})
	}
	all.Go(func() { f.Names = askNames(ctx, &f) })
	all.Wait()
	return f
}

// bound is the address that the node is bound to, if it is one of this machine: what it reaches and who lets it in depends on
// it. "": every one, or the node is on another machine.
func (f *Facts) bound() string {
	if f.Status == nil {
		return ""
	}
	if a, err := netip.ParseAddr(f.Status.Bind); err != nil || a.IsUnspecified() || !f.here(a.WithZone("").Unmap()) {
		return ""
	}
	return f.Status.Bind
}

func joinPort(host string, port int) string {
	if host == "" {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// oddest are the peers to visit.
func (f *Facts) oddest() []web.Member {
	if f.Members == nil {
		return nil
	}
	var out []web.Member
	for _, m := range f.Members.Members {
		if m.State != "left" || m.Stale != "" { // it is back, and its name leads elsewhere
			out = append(out, m)
		}
	}
	odd := func(m web.Member) int {
		if m.State == "alive" && (len(m.Via) > 0 || m.Flowing && (m.HearsMe || m.Spare)) && m.Conflict == "" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b web.Member) int {
		if d := odd(a) - odd(b); d != 0 {
			return d
		}
		return strings.Compare(string(a.Name), string(b.Name))
	})
	f.Skipped = max(0, len(out)-maxPeers)
	return out[:min(len(out), maxPeers)]
}

// look finds out where a name leads and who is there, as a visitor sees it. heard is an endpoint beside those.
func (p *Place) look(ctx context.Context, by visitor, heard string) {
	if p.Name == "" {
		return
	}
	p.lookUp(ctx)
	addrs := slices.Clone(p.Addrs)
	if ep, err := netip.ParseAddrPort(heard); err == nil && !slices.Contains(addrs, ep.Addr().Unmap()) {
		addrs = append([]netip.Addr{ep.Addr().Unmap()}, addrs...)
	}
	addrs = addrs[:min(len(addrs), maxAddrs)]
	p.Discovery, p.Messages = make([]Visit, len(addrs)), make([]Visit, len(addrs))
	var all sync.WaitGroup
	port := p.Name.Port()
	for i, a := range addrs {
		all.Go(func() { p.Discovery[i] = by.visit(ctx, p.Name, netip.AddrPortFrom(a, uint16(port)), true) })
		all.Go(func() {
			p.Messages[i] = by.visit(ctx, p.Name, netip.AddrPortFrom(a, uint16(port+topics.PortStep)), false)
		})
	}
	all.Wait()
}

func (p *Place) lookUp(ctx context.Context) {
	host := p.Name.Host()
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		p.Addrs = []netip.Addr{a.Unmap()}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		p.NoDNS = "no such host"
	case err != nil:
		p.NoDNS = noAnswer
	}
	for _, a := range addrs {
		if a = a.Unmap(); !slices.Contains(p.Addrs, a) {
			p.Addrs = append(p.Addrs, a)
		}
	}
}

// interfaces returns the addresses of this machine.
func interfaces() (out []netip.Addr) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out
}

// here reports whether an address is this machine's.
func (f *Facts) here(a netip.Addr) bool { return a.IsLoopback() || slices.Contains(f.Here, a) }

// clockAhead is how far the clock there is ahead of this one, if it says so.
func (v Visit) clockAhead() (time.Duration, bool) {
	if v.Header == nil || v.Header.At == 0 {
		return 0, false
	}
	return time.UnixMilli(v.Header.At).Sub(v.At), true
}
