package dns

import (
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const (
	ttl = 2 // seconds: a member that is lost is off the list within five

	udpOwn   = 1232 // bytes over UDP for this machine: DNS Flag Day's
	udpOther = dns.MinMsgSize

	// udpRecords is how many records are tried over UDP: more do not fit, as the shortest takes 16 bytes.
	udpRecords = udpOwn / 16
)

// outcome is how a query was answered, for the counters.
type outcome int

const (
	answered outcome = iota
	noData
	noName
	refused
	notImplemented
	malformed
	failed
	outcomes
)

var outcomeNames = [outcomes]string{"answered", "nodata", "nxdomain", "refused", "notimp", "formerr", "servfail"}

// asker is what an answer depends on beside the question.
type asker struct {
	udp, here bool // here: on this machine
}

// answer makes the answer to a query. z is nil where it is not known what there is.
func (s *Server) answer(q *dns.Msg, from asker, z *zone) (*dns.Msg, outcome) {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = false
	m.Compress = true
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
		m.SetEdns0(udpOwn, false)
		if opt.Version() != 0 {
			m.Rcode = dns.RcodeBadVers
			return m, malformed
		}
	}
	if !from.udp {
		size = dns.MaxMsgSize
	} else if from.here {
		size = min(size, udpOwn)
	} else {
		size = udpOther
	}
	how := s.fill(m, q, from.udp, z)
	m.Truncate(size)
	return m, how
}

// fill adds records, or the code that says why there are none.
func (s *Server) fill(m, q *dns.Msg, udp bool, z *zone) outcome {
	ask := q.Question[0]
	name, inside := s.relative(ask.Name)
	switch {
	case q.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
		return notImplemented
	case !inside, ask.Qclass != dns.ClassINET && ask.Qclass != dns.ClassANY, ask.Qtype == dns.TypeAXFR, ask.Qtype == dns.TypeIXFR:
		m.Rcode = dns.RcodeRefused
		return refused
	case z == nil:
		m.Rcode = dns.RcodeServerFailure
		return failed
	}
	m.Authoritative = true
	found, service := z.find(name)
	if found == nil {
		m.Rcode = dns.RcodeNameError
		m.Ns = []dns.RR{s.soa(z)}
		return noName
	}
	s.records(m, ask, name, service, found, z, udp)
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{s.soa(z)}
		return noData
	}
	return answered
}

// records adds those that are asked for.
func (s *Server) records(m *dns.Msg, ask dns.Question, name, service string, found *set, z *zone, udp bool) {
	hosts := make([]*host, len(found.hosts))
	for i, j := range rand.Perm(len(hosts)) {
		hosts[i] = found.hosts[j]
	}
	if udp && len(hosts) > udpRecords {
		hosts = hosts[:udpRecords]
		m.Truncated = true
	}
	switch {
	case ask.Qtype == dns.TypeANY: // RFC 8482
		m.Answer = []dns.RR{&dns.HINFO{Hdr: header(ask.Name, dns.TypeHINFO), Cpu: "RFC8482"}}
	case ask.Qtype == dns.TypeSRV:
		s.services(m, ask.Name, service, hosts)
	case service != "":
	case ask.Qtype == dns.TypeA, ask.Qtype == dns.TypeAAAA:
		for _, h := range hosts {
			m.Answer = append(m.Answer, addresses(ask.Name, h, ask.Qtype)...)
		}
	case name == "" && ask.Qtype == dns.TypeSOA:
		m.Answer = []dns.RR{s.soa(z)}
	case name == "" && ask.Qtype == dns.TypeNS:
		m.Answer = []dns.RR{&dns.NS{Hdr: header(s.origin, dns.TypeNS), Ns: s.full(z.self)}}
	}
	m.Truncated = m.Truncated && len(m.Answer) > 0
}

// services adds where hosts offer a service, and at which addresses they are.
func (s *Server) services(m *dns.Msg, name, service string, hosts []*host) {
	seen := make(map[string]bool)
	for _, h := range hosts {
		port := h.portOf(service)
		if port == 0 {
			continue
		}
		target := s.full(h.name)
		m.Answer = append(m.Answer, &dns.SRV{Hdr: header(name, dns.TypeSRV), Priority: 1, Weight: 1, Port: port, Target: target})
		if !seen[h.name] {
			seen[h.name] = true
			m.Extra = append(m.Extra, addresses(target, h, dns.TypeA)...)
			m.Extra = append(m.Extra, addresses(target, h, dns.TypeAAAA)...)
		}
	}
}

// addresses are those of a host that a type of record has.
func addresses(name string, h *host, kind uint16) (out []dns.RR) {
	for _, a := range h.addrs {
		switch {
		case kind == dns.TypeA && a.Is4():
			out = append(out, &dns.A{Hdr: header(name, kind), A: a.AsSlice()})
		case kind == dns.TypeAAAA && a.Is6():
			out = append(out, &dns.AAAA{Hdr: header(name, kind), AAAA: a.WithZone("").AsSlice()})
		}
	}
	return out
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

// soa says whose domain this is, and for how long the word holds that there is no such name.
func (s *Server) soa(z *zone) dns.RR {
	return &dns.SOA{
		Hdr: header(s.origin, dns.TypeSOA), Ns: s.full(z.self), Mbox: "hostmaster." + s.origin,
		Serial: s.serial.Load(), Refresh: ttl, Retry: ttl, Expire: ttl, Minttl: ttl,
	}
}

// full is a name of the zone as it stands in a record.
func (s *Server) full(name string) string {
	if name == "" {
		return s.origin
	}
	return name + "." + s.origin
}

// relative is a name of a query as the zone has it, and whether it is inside. What had to be written with a backslash is
// no name of the zone's.
func (s *Server) relative(name string) (string, bool) {
	name = strings.ToLower(name)
	if name == s.origin {
		return "", true
	}
	rest, inside := strings.CutSuffix(name, "."+s.origin)
	return rest, inside && !strings.HasSuffix(rest, `\`)
}

// onThisMachine reports whether an address is of a client that cannot be anybody else.
func onThisMachine(a netip.Addr) bool { return a.IsLoopback() }
