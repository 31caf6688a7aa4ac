package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hearsay/node"
	"hearsay/topics"
)

// zone is what there is to answer at one moment. Names are relative to the domain, in lower case and without the dot at
// their end; the domain itself is "".
type zone struct {
	self  string
	names map[string]*set
}

// set is what a name leads to. A name that only other names end in has an empty one, as has one of which nobody is healthy.
type set struct {
	hosts  []*host
	member bool // the name is a member's own, and no tag's
}

// host is a healthy member.
type host struct {
	name  string
	addrs []netip.Addr
	port  uint16 // of discovery
	tags  topics.Tags
}

// Limits of DNS, in bytes.
const (
	maxLabel = 63
	maxName  = 253 // as text, without the dot at the end
)

// newZone makes the zone of a domain, which is written as names are.
func newZone(domain string, places []node.Place) *zone {
	z := &zone{names: map[string]*set{"": {member: true}}}
	if len(places) > 0 {
		z.self = hostName(places[0].Name)
	}
	room := maxName - len(domain) - 1
	var hosts []*host // of the places; nil where one is not healthy
	for _, p := range places {
		var h *host
		if p.Alive && len(p.Addrs) > 0 {
			h = &host{hostName(p.Name), p.Addrs, uint16(p.Name.Port()), p.Tags}
			z.names[""].hosts = append(z.names[""].hosts, h)
		}
		hosts = append(hosts, h)
		z.add(hostName(p.Name), h, true, room)
	}
	for i, p := range places {
		for key, value := range p.Tags.All() {
			z.add(tagName(key, value), hosts[i], false, room)
		}
	}
	return z
}

// add lets a name lead to a host, which is nil where that is not healthy.
func (z *zone) add(name string, h *host, member bool, room int) {
	if !fits(name, room) {
		return
	}
	s := z.names[name]
	switch {
	case s == nil:
		s = &set{member: member}
		z.names[name] = s
	case s.member && !member:
		return
	case member:
		s.member = true
	}
	if h != nil {
		s.hosts = append(s.hosts, h)
	}
	for _, rest, more := strings.Cut(name, "."); more; _, rest, more = strings.Cut(rest, ".") {
		if z.names[rest] == nil {
			z.names[rest] = &set{}
		}
	}
}

// fits reports whether a name may stand in DNS.
func fits(name string, room int) bool {
	return name != "" && len(name) <= room &&
		!slices.ContainsFunc(strings.Split(name, "."), func(label string) bool { return label == "" || len(label) > maxLabel })
}

// hostName is how a member's name is written.
func hostName(name topics.Name) string {
	return strings.ToLower(strings.ReplaceAll(name.Host(), ":", "-"))
}

// inTag are the characters of tags that names do not have.
var inTag = strings.NewReplacer(":", "-", "/", "-", "+", "-", "@", "-")

// tagName is how a tag is written.
func tagName(key, value string) string {
	if value == "" {
		return key
	}
	return key + "-" + strings.ToLower(inTag.Replace(value))
}

// find returns what a name leads to, and for which service it is asked, "" for none. It is nil where there is no such name.
func (z *zone) find(name string) (s *set, service string) {
	if s := z.names[name]; s != nil {
		return s, ""
	}
	service, rest, _ := strings.Cut(name, ".")
	proto, rest, _ := strings.Cut(rest, ".")
	if !strings.HasPrefix(service, "_") || proto != "_tcp" && proto != "_udp" {
		return nil, ""
	}
	return z.names[rest], service[1:]
}

// portOf is the port of a host for a service, 0 where it has none.
func (h *host) portOf(service string) uint16 {
	switch service {
	case "":
		if port := portTag(h.tags, "port"); port != 0 {
			return port
		}
		return h.port
	case "hearsay":
		return h.port
	}
	return portTag(h.tags, "port."+service)
}

func portTag(tags topics.Tags, key string) uint16 {
	value, _ := tags.Get(key)
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}
