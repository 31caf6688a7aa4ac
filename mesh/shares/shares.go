// Package shares says who gives way to whom where places are few: max-min fairness among the networks, and within a
// network among the addresses, that places are taken from. It is pure: it counts, and knows nothing of what is counted.
//
// Nobody has a fixed share. While there is room, one address may hold everything; once there is none, the address that
// holds most gives way to the one that holds less, until they are even. So what one attacker takes, from however many
// connections, ports or addresses of one network, he takes from himself, and a newcomer from elsewhere finds room.
package shares

import "strings"

// Shares counts what each address holds. The zero value holds nothing.
type Shares struct {
	held int
	nets map[string]*network
}

// network is what the addresses of one network hold.
type network struct {
	held  int
	addrs map[string]int
}

// Add counts one more place for a literal address.
func (s *Shares) Add(addr string) {
	key := Network(addr)
	n := s.nets[key]
	if n == nil {
		if s.nets == nil {
			s.nets = make(map[string]*network)
		}
		n = &network{addrs: make(map[string]int)}
		s.nets[key] = n
	}
	s.held++
	n.held++
	n.addrs[addr]++
}

// Remove takes one back. An address that holds nothing is left alone.
func (s *Shares) Remove(addr string) {
	key := Network(addr)
	n := s.nets[key]
	if n == nil || n.addrs[addr] == 0 {
		return
	}
	s.held--
	n.held--
	if n.addrs[addr]--; n.addrs[addr] == 0 {
		delete(n.addrs, addr)
	}
	if n.held == 0 {
		delete(s.nets, key)
	}
}

// Held is how many an address holds.
func (s *Shares) Held(addr string) int {
	if n := s.nets[Network(addr)]; n != nil {
		return n.addrs[addr]
	}
	return 0
}

// Yields returns the address that has to give one of its places to addr, when there is no other: that which holds most
// in the network that holds most. It holds at least two more than addr, as does its network, unless it is the same
// one: to give to an equal would only turn things round. ok is false where nobody holds so many.
func (s *Shares) Yields(addr string) (from string, ok bool) {
	own := Network(addr)
	n := s.nets[own]
	if n == nil {
		n = &network{}
	}
	if key, most := s.largest(); most != nil && key != own && most.held >= n.held+2 {
		from, _ = most.largest()
		return from, true
	}
	from, most := n.largest()
	return from, most >= n.addrs[addr]+2
}

// largest is the network that holds most, the first by name of those that are even, so that the same calls give the
// same answers.
func (s *Shares) largest() (key string, most *network) {
	for k, n := range s.nets {
		if most == nil || n.held > most.held || n.held == most.held && k < key {
			key, most = k, n
		}
	}
	return key, most
}

func (n *network) largest() (addr string, most int) {
	for a, held := range n.addrs {
		if held > most || held == most && a < addr {
			addr, most = a, held
		}
	}
	return addr, most
}

// Network is the network that an address belongs to: what one user is usually given, the /24 of an IPv4 address and
// the /64 of an IPv6 address. Whatever is neither is a network of its own.
func Network(addr string) string {
	if !strings.Contains(addr, ":") {
		if dot := strings.LastIndexByte(addr, '.'); dot >= 0 {
			return addr[:dot]
		}
		return addr
	}
	addr, _, _ = strings.Cut(addr, "%")
	head, tail, gap := strings.Cut(addr, "::")
	groups := split(head)
	if gap {
		after := split(tail)
		for len(groups)+len(after) < 8 {
			groups = append(groups, "0")
		}
		groups = append(groups, after...)
	}
	return strings.Join(groups[:min(4, len(groups))], ":") + "::"
}

func split(groups string) []string {
	if groups == "" {
		return nil
	}
	return strings.Split(groups, ":")
}
