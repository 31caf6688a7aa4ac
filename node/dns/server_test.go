package dns

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"hearsay/node"
	"hearsay/node/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func portText(port uint16) string { return strconv.Itoa(int(port)) }

func startNode(t *testing.T, addr, seed string, tags map[string]string) *node.Node {
	t.Helper()
	cfg := node.Config{Hostname: addr, Bind: addr, Beat: 200 * time.Millisecond, Interval: 500 * time.Millisecond, Tags: tags}
	if seed != "" {
		cfg.Seeds = []string{seed}
	}
	n, err := node.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func startServer(t *testing.T, n *node.Node) *Server {
	t.Helper()
	s, err := Listen(Options{Addr: net.JoinHostPort(n.Config().Bind, "0")})
	if err != nil {
		t.Fatal(err)
	}
	s.Start(n)
	t.Cleanup(s.Close)
	return s
}

// ask asks over a network, and returns what the answer says.
func ask(s *Server, network, name string, kind uint16) (string, error) {
	m, _, err := (&dns.Client{Net: network, Timeout: nodetest.Patience}).Exchange(new(dns.Msg).SetQuestion(name, kind), s.Addr().String())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(dns.RcodeToString[m.Rcode] + " " + strings.Join(said(m.Answer), " ")), nil
}

func says(t *testing.T, s *Server, name string, kind uint16, want string) {
	t.Helper()
	for _, network := range []string{"udp", "tcp"} {
		nodetest.Eventually(t, func() error {
			if got, err := ask(s, network, name, kind); err != nil || got != want {
				return fmt.Errorf("%s over %s: %q, %w, want %q", name, network, got, err, want)
			}
			return nil
		})
	}
}

// Members are found by their names and tags, the node itself among them; one that changes its tags, or leaves, is not.
func TestServer(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	a := startNode(t, addrs[0], "", map[string]string{"role": "web", "port": "80"})
	b := startNode(t, addrs[1], addrs[0], map[string]string{"role": "web"})
	c := startNode(t, addrs[2], addrs[0], map[string]string{"role": "db"})
	s := startServer(t, a)
	says(t, s, addrs[0]+".hearsay.", dns.TypeA, "NOERROR "+addrs[0])
	says(t, s, addrs[1]+".hearsay.", dns.TypeA, "NOERROR "+addrs[1])
	says(t, s, "role-web.hearsay.", dns.TypeA, "NOERROR "+strings.Join(sortedTexts(addrs[0], addrs[1]), " "))
	says(t, s, "role-web.hearsay.", dns.TypeSRV, "NOERROR "+strings.Join(sortedTexts(addrs[0]+".hearsay.:80", addrs[1]+".hearsay.:20000"), " "))
	says(t, s, "role-cache.hearsay.", dns.TypeA, "NXDOMAIN")
	says(t, s, "example.com.", dns.TypeA, "REFUSED")

	if err := b.SetTags(map[string]string{"role": "cache"}); err != nil {
		t.Fatal(err)
	}
	says(t, s, "role-cache.hearsay.", dns.TypeA, "NOERROR "+addrs[1])
	says(t, s, "role-web.hearsay.", dns.TypeA, "NOERROR "+addrs[0])
	c.Close()
	says(t, s, "role-db.hearsay.", dns.TypeA, "NXDOMAIN")
	if stats := s.Stats(); stats.Names < 5 || stats.Answers["answered"] == 0 || stats.Answers["nxdomain"] == 0 || stats.Answers["refused"] < 2 {
		t.Errorf("%+v", stats)
	}
	a.Leave()
	<-a.Done()
	s.Close() // ends though the node has
}

func sortedTexts(a, b string) []string {
	if a > b {
		a, b = b, a
	}
	return []string{a, b}
}

// What was known long ago, as the loop does not answer, is not answered any more.
func TestServerDoesNotGoByThePast(t *testing.T) {
	t.Parallel()
	s := testServer()
	s.zone.Store(newZone("mesh.test", mesh()))
	for ago, known := range map[time.Duration]bool{0: true, 2 * stale: false} {
		s.renewed.Store(time.Now().Add(-ago).UnixMilli())
		if (s.known() != nil) != known {
			t.Errorf("after %v it is known: %v", ago, !known)
		}
	}
}

// What is no query is not answered, counted, and does no harm.
func TestServerAndGarbage(t *testing.T) {
	t.Parallel()
	n := startNode(t, nodetest.Address(t), "", nil)
	s := startServer(t, n)
	for _, network := range []string{"udp", "tcp"} {
		c, err := net.Dial(network, s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, garbage := range []string{"x", strings.Repeat("\xff", 600), "\x00\x0c\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"} {
			fmt.Fprint(c, garbage)
		}
		c.Close()
	}
	answer := new(dns.Msg).SetQuestion("role-web.hearsay.", dns.TypeA)
	answer.Response = true
	c, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	packed, _ := answer.Pack()
	c.Write(packed)
	says(t, s, "nobody.hearsay.", dns.TypeA, "NXDOMAIN")
	nodetest.Eventually(t, func() error {
		if s.counts[malformed].Load() == 0 {
			return fmt.Errorf("nothing is counted: %+v", s.Stats())
		}
		return nil
	})
	if got := s.counts[noName].Load(); got != 2 {
		t.Errorf("%d were answered: an answer is no query", got)
	}
}

// A resolver that everybody has understands it.
func TestDig(t *testing.T) {
	t.Parallel()
	dig, err := exec.LookPath("dig")
	if err != nil {
		t.Skip("there is no dig: apt-get install bind9-dnsutils")
	}
	addrs := nodetest.Addresses(t, 1)
	s := startServer(t, startNode(t, addrs[0], "", map[string]string{"role": "web"}))
	says(t, s, "role-web.hearsay.", dns.TypeA, "NOERROR "+addrs[0])
	host, port, _ := net.SplitHostPort(s.Addr().String())
	for _, c := range []struct {
		args string
		want []string
	}{
		{"+short role-web.hearsay A", []string{addrs[0] + "\n"}},
		{"+short +tcp role-web.hearsay SRV", []string{"1 1 20000 " + addrs[0] + ".hearsay.\n"}},
		{"role-web.hearsay AAAA", []string{"status: NOERROR", "ANSWER: 0, AUTHORITY: 1", "flags: qr aa rd;", "SOA"}},
		{"role-db.hearsay", []string{"status: NXDOMAIN", "flags: qr aa rd;"}},
		{"example.com", []string{"status: REFUSED"}},
		{"+notcp hearsay SOA", []string{"hostmaster.hearsay."}},
		{"+short role-web.hearsay ANY", []string{"RFC8482"}},
		{"hearsay AXFR", []string{"Transfer failed."}},
		{"version.bind CH TXT", []string{"status: REFUSED"}},
	} {
		out, err := exec.CommandContext(t.Context(), dig, append([]string{"@" + host, "-p", port}, strings.Fields(c.args)...)...).CombinedOutput()
		for _, want := range c.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("dig %s: %v, want %q in\n%s", c.args, err, want, out)
			}
		}
	}
}
