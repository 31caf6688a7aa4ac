package dns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"hearsay/node"
	"hearsay/topics"
)

func place(name topics.Name, alive bool, tags topics.Tags, addrs ...string) node.Place {
	p := node.Place{Name: name, Tags: tags, Alive: alive}
	for _, a := range addrs {
		p.Addrs = append(p.Addrs, netip.MustParseAddr(a))
	}
	return p
}

// mesh is what the tests ask about.
func mesh() []node.Place {
	return []node.Place{
		place("node_1", true, "role=web", "10.0.0.1"),
		place("Node_2", true, "port.http=8081,port=80,role=web,zone=EU/1@a", "10.0.0.2"),
		place("node_3", false, "role=web,tier=db", "10.0.0.3"),
		place("node_4", true, "gpu=,port.http=80x", "2001:db8::4"),
		place("host:20001", true, "", "10.0.0.9"),
		place("host:20002", true, "", "10.0.0.9"),
		place("127.77.0.5", true, "", "127.77.0.5"),
		place("[2001:db8::6]", true, "", "2001:db8::6"),
		place("role-db", true, "role=queue", "10.0.0.7"),
		place("node_8", true, "role=db,node_1=", "10.0.0.8"),
		place("node_9", true, topics.Tags("role="+strings.Repeat("a", 60)), "10.0.0.10"),
	}
}

func testServer() *Server { return &Server{origin: "mesh.test."} }

func TestAnswer(t *testing.T) {
	t.Parallel()
	z, s := newZone("mesh.test", mesh()), testServer()
	all := "10.0.0.1 10.0.0.10 10.0.0.2 10.0.0.7 10.0.0.8 10.0.0.9 10.0.0.9 127.77.0.5"
	for _, c := range []struct {
		name string
		kind uint16
		want string // of the answer, sorted; or how there is none
	}{
		{"node_1.mesh.test.", dns.TypeA, "10.0.0.1"},
		{"NODE_2.Mesh.Test.", dns.TypeA, "10.0.0.2"},
		{"node_1.mesh.test.", dns.TypeAAAA, "nodata"},
		{"node_1.mesh.test.", dns.TypeTXT, "nodata"},
		{"node_4.mesh.test.", dns.TypeAAAA, "2001:db8::4"},
		{"node_4.mesh.test.", dns.TypeA, "nodata"},
		{"role-web.mesh.test.", dns.TypeA, "10.0.0.1 10.0.0.2"},
		{"zone-eu-1-a.mesh.test.", dns.TypeA, "10.0.0.2"},
		{"gpu.mesh.test.", dns.TypeAAAA, "2001:db8::4"},
		{"host.mesh.test.", dns.TypeA, "10.0.0.9 10.0.0.9"},
		{"127.77.0.5.mesh.test.", dns.TypeA, "127.77.0.5"},
		{"0.5.mesh.test.", dns.TypeA, "nodata"}, // other names end in it
		{"2001-db8--6.mesh.test.", dns.TypeAAAA, "2001:db8::6"},
		{"mesh.test.", dns.TypeA, all},
		{"mesh.test.", dns.TypeSOA, "node_1.mesh.test."},
		{"mesh.test.", dns.TypeNS, "node_1.mesh.test."},
		{"mesh.test.", dns.TypeMX, "nodata"},

		{"node_3.mesh.test.", dns.TypeA, "nodata"},    // known, and not healthy
		{"tier-db.mesh.test.", dns.TypeA, "nodata"},   // of it alone
		{"role-db.mesh.test.", dns.TypeA, "10.0.0.7"}, // a member's name goes first
		{"node_5.mesh.test.", dns.TypeA, "nxdomain"},
		{"role-cache.mesh.test.", dns.TypeSRV, "nxdomain"},
		{"x.node_1.mesh.test.", dns.TypeA, "nxdomain"},
		{"example.com.", dns.TypeA, "refused"},
		{"xmesh.test.", dns.TypeA, "refused"},
		{".", dns.TypeNS, "refused"},
		{"mesh.test.", dns.TypeAXFR, "refused"},

		{"node_1.mesh.test.", dns.TypeSRV, "node_1.mesh.test.:20000"},
		{"role-web.mesh.test.", dns.TypeSRV, "node_1.mesh.test.:20000 node_2.mesh.test.:80"},
		{"host.mesh.test.", dns.TypeSRV, "host.mesh.test.:20001 host.mesh.test.:20002"},
		{"_hearsay._tcp.role-web.mesh.test.", dns.TypeSRV, "node_1.mesh.test.:20000 node_2.mesh.test.:20000"},
		{"_http._tcp.mesh.test.", dns.TypeSRV, "node_2.mesh.test.:8081"},
		{"_http._udp.node_2.mesh.test.", dns.TypeSRV, "node_2.mesh.test.:8081"},
		{"_http._tcp.node_1.mesh.test.", dns.TypeSRV, "nodata"},
		{"_http._tcp.node_2.mesh.test.", dns.TypeA, "nodata"},
		{"_http._tcp.nobody.mesh.test.", dns.TypeSRV, "nxdomain"},
		{"_http._sctp.node_2.mesh.test.", dns.TypeSRV, "nxdomain"},
		{"node_1.mesh.test.", dns.TypeANY, "RFC8482"},
	} {
		m, how := s.answer(new(dns.Msg).SetQuestion(c.name, c.kind), asker{udp: true, here: true}, z)
		got := outcomeNames[how]
		if how == answered {
			got = strings.Join(said(m.Answer), " ")
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.name, dns.TypeToString[c.kind], got, c.want)
		}
		if authority := len(m.Ns) == 1 && m.Ns[0].Header().Rrtype == dns.TypeSOA; authority != (how == noData || how == noName) {
			t.Errorf("%s %s: authority %v", c.name, dns.TypeToString[c.kind], m.Ns)
		}
		if m.RecursionAvailable || m.Authoritative != (how != refused) || (m.Rcode == dns.RcodeNameError) != (how == noName) {
			t.Errorf("%s %s: %v", c.name, dns.TypeToString[c.kind], m.MsgHdr)
		}
		if _, err := m.Pack(); err != nil {
			t.Errorf("%s %s: %v", c.name, dns.TypeToString[c.kind], err)
		}
	}
}

// A tag that no name of DNS can hold is left out.
func TestZoneLeavesOut(t *testing.T) {
	t.Parallel()
	z := newZone("mesh.test", mesh())
	for name := range z.names {
		if name != "" && !fits(name, maxName) {
			t.Errorf("%q is no name", name)
		}
	}
	if s, _ := z.find("role-" + strings.Repeat("a", 60)); s != nil {
		t.Error("a label of 65 bytes is there")
	}
}

// said is what records say, sorted.
func said(records []dns.RR) (out []string) {
	for _, r := range records {
		switch r := r.(type) {
		case *dns.A:
			out = append(out, r.A.String())
		case *dns.AAAA:
			out = append(out, r.AAAA.String())
		case *dns.SRV:
			out = append(out, r.Target+":"+portText(r.Port))
		case *dns.SOA:
			out = append(out, r.Ns)
		case *dns.NS:
			out = append(out, r.Ns)
		case *dns.HINFO:
			out = append(out, r.Cpu)
		}
	}
	slices.Sort(out)
	return out
}

// An SRV record brings the addresses of its target.
func TestAnswerBringsAddresses(t *testing.T) {
	t.Parallel()
	m, _ := testServer().answer(new(dns.Msg).SetQuestion("_hearsay._tcp.role-web.mesh.test.", dns.TypeSRV), asker{udp: true, here: true}, newZone("mesh.test", mesh()))
	if got := strings.Join(said(m.Extra), " "); got != "10.0.0.1 10.0.0.2" {
		t.Errorf("%q: %v", got, m)
	}
}

// What is asked in an odd way is answered as it should be.
func TestAnswerToOddQueries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		odd  func(*dns.Msg)
		z    *zone
		code int
	}{
		{"another class", func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }, newZone("mesh.test", mesh()), dns.RcodeRefused},
		{"a notification", func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify }, newZone("mesh.test", mesh()), dns.RcodeNotImplemented},
		{"EDNS of tomorrow", func(q *dns.Msg) { q.SetEdns0(4096, false); q.IsEdns0().SetVersion(1) }, newZone("mesh.test", mesh()), dns.RcodeBadVers},
		{"a loop that is stuck", func(*dns.Msg) {}, nil, dns.RcodeServerFailure},
	} {
		q := new(dns.Msg).SetQuestion("node_1.mesh.test.", dns.TypeA)
		c.odd(q)
		m, _ := testServer().answer(q, asker{udp: true}, c.z)
		if m.Rcode != c.code || len(m.Answer) > 0 {
			t.Errorf("%s: %v", c.what, m)
		}
		if _, err := m.Pack(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// What does not fit over UDP is cut, and all of it comes over TCP.
func TestAnswerIsCut(t *testing.T) {
	t.Parallel()
	var places []node.Place
	for i := range 1000 {
		places = append(places, place(topics.Name("n"+portText(uint16(i))), true, "role=web", netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String()))
	}
	z, s := newZone("mesh.test", places), testServer()
	for _, c := range []struct {
		what string
		edns uint16
		from asker
		most int
		all  bool
	}{
		{"UDP here", 0, asker{true, true}, 512, false},
		{"UDP here, a large buffer", 4096, asker{true, true}, udpOwn, false},
		{"UDP from elsewhere, a large buffer", 4096, asker{true, false}, 512, false},
		{"TCP", 0, asker{false, false}, dns.MaxMsgSize, true},
	} {
		for _, kind := range []uint16{dns.TypeA, dns.TypeSRV} {
			q := new(dns.Msg).SetQuestion("role-web.mesh.test.", kind)
			if c.edns > 0 {
				q.SetEdns0(c.edns, false)
			}
			m, _ := s.answer(q, c.from, z)
			packed, err := m.Pack()
			if err != nil || len(packed) > c.most || m.Truncated == c.all && kind == dns.TypeA || c.all && len(m.Answer) != 1000 || len(m.Answer) < 5 {
				t.Errorf("%s, %s: %v, %d bytes, %d records, cut %v", c.what, dns.TypeToString[kind], err, len(packed), len(m.Answer), m.Truncated)
			}
		}
	}
}

func TestParseDomain(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]string{"hearsay": "hearsay", "Mesh.Example.com.": "mesh.example.com", "": "", ".": "", "a..b": "", "a b": "", `a\b`: "", strings.Repeat("a", 64): "", strings.Repeat("a.", 100): ""} {
		got, err := ParseDomain(domain)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", domain, got, err)
		}
	}
}
