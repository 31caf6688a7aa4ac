package multicast

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// maxInterfaces bounds those that are used: Linux lets a socket have 20 memberships unless told otherwise.
const maxInterfaces = 16

// iface is an interface with the addresses that are of use.
type iface struct {
	net.Interface
	addrs []netip.Prefix
}

// system lists the interfaces of this machine.
func system() []iface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	out := make([]iface, 0, len(all))
	for _, ni := range all {
		i := iface{Interface: ni}
		addrs, err := ni.Addrs()
		if err != nil {
			continue // it has just gone
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				ip, _ := netip.AddrFromSlice(n.IP)
				bits, _ := n.Mask.Size()
				if v4 := ip.Unmap(); v4.Is4() && !ip.Is4() && bits > 32 {
					bits -= 96
				}
				i.addrs = append(i.addrs, netip.PrefixFrom(ip.Unmap(), bits))
			}
		}
		out = append(out, i)
	}
	return out
}

// from is the address of an interface from which a beacon to a family goes out: the bound one, else one under which
// others reach this machine. The zero value: none will do.
func (i *iface) from(v4 bool, bind netip.Addr) (best netip.Addr) {
	for _, p := range i.addrs {
		a := p.Addr()
		switch {
		case a.Is4() != v4:
		case bind.IsValid():
			if a == bind || i.Flags&net.FlagLoopback != 0 && bind.IsLoopback() && p.Contains(bind) {
				return bind
			}
		case !best.IsValid() || best.IsLinkLocalUnicast() && !a.IsLinkLocalUnicast():
			best = a
		}
	}
	return best
}

// fit chooses the interfaces to use, for a family, and says why there is none.
func (c *Config) fit(all []iface, v4 bool) (fit []iface, why string) {
	known := false
	for _, i := range all {
		named := slices.Contains(c.Interfaces, i.Name)
		known = known || named
		switch {
		case len(c.Interfaces) > 0 && !named, i.Flags&net.FlagUp == 0, !i.from(v4, c.Bind).IsValid():
		case i.Flags&net.FlagLoopback != 0:
			if v4 && (named || c.Bind.IsValid()) { // over IPv6 nothing is routed there
				fit = append(fit, i)
			}
		case i.Flags&net.FlagMulticast != 0:
			fit = append(fit, i)
		}
	}
	fit = fit[:min(len(fit), maxInterfaces)]
	switch {
	case len(fit) > 0:
		return fit, ""
	case len(c.Interfaces) > 0 && !known:
		return nil, "this machine has no interface " + strings.Join(c.Interfaces, ", ")
	case len(c.Interfaces) > 0:
		return nil, strings.Join(c.Interfaces, ", ") + " is down, carries no multicast, or has no address"
	case c.Bind.IsValid():
		return nil, "no interface with multicast has the address " + c.Bind.String()
	}
	return nil, "no interface is up, carries multicast and has an address (the loopback one has to be named)"
}

// look brings what is joined, and what is spoken over, to the interfaces that there are now.
func (s *Station) look() {
	all := s.cfg.list()
	var names []string
	problem := ""
	wanted := make(map[mouthKey]bool)
	for _, e := range s.ears {
		v4 := e.group.Addr().Is4()
		fit, why := s.cfg.fit(all, v4)
		if why != "" && problem == "" {
			problem = why
		}
		e.join(fit, s.cfg.Log)
		for _, i := range fit {
			key := mouthKey{e.group, i.Index, i.Name, i.from(v4, s.cfg.Bind)}
			wanted[key] = true
			s.open(key, i)
			if !slices.Contains(names, i.Name) {
				names = append(names, i.Name)
			}
		}
	}
	if len(names) > 0 {
		problem = ""
	}
	s.mu.Lock()
	told := s.problem
	s.names, s.problem = names, problem
	for key, m := range s.mouths {
		if !wanted[key] {
			m.close()
			delete(s.mouths, key)
		}
	}
	for key := range s.refused {
		if !wanted[key] {
			delete(s.refused, key)
		}
	}
	s.mu.Unlock()
	if problem != "" && problem != told {
		s.cfg.Log.Warn("multicast: nobody can be heard", "why", problem)
	}
}

// open makes a way out over an interface, if there is none.
func (s *Station) open(key mouthKey, i iface) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mouths[key] != nil {
		return
	}
	m, err := newMouth(key, i)
	if err != nil {
		s.counters.failed.Add(1)
		if s.refused[key] { // an IPv6 address, for one, is of no use for a second or two after it came
			return
		}
		s.refused[key] = true
		s.cfg.Log.Warn("multicast: an interface cannot be used", "interface", i.Name, "group", key.group.String(), "why", err)
		return
	}
	delete(s.refused, key)
	s.mouths[key] = m
}
