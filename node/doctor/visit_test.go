package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hearsay/node"
	"hearsay/node/dns"
	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
	"hearsay/node/web"
	"hearsay/topics"
)

// A visit says what is there.
func TestVisit(t *testing.T) {
	t.Parallel()
	accept := func(serve func(net.Conn)) netip.AddrPort {
		return nodetest.Listen(t, nodetest.Address(t)+":20000", serve).(*net.TCPAddr).AddrPort()
	}
	at := func(addr string, port uint16) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
	}
	asked := func(c net.Conn) { // as libzmq: what follows the signature comes when the other end has said more than one
		says := zmtp.AppendReady(zmtp.AppendGreeting(nil, "NULL"), "PUB")
		_, _ = c.Write(says[:zmtp.SignatureSize])
		if _, err := io.ReadFull(c, make([]byte, zmtp.SignatureSize+1)); err == nil {
			_, _ = c.Write(says[zmtp.SignatureSize:])
		}
		<-t.Context().Done()
		c.Close()
	}
	addrs := nodetest.Addresses(t, 3)
	n, err := node.Start(context.Background(), node.Config{Hostname: addrs[0], Bind: addrs[0], Program: "p v1", Tags: map[string]string{"role": "web"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	blue, err := node.Start(context.Background(), node.Config{Hostname: addrs[2], Bind: addrs[2], Mesh: "blue"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blue.Close() })
	for _, c := range []struct {
		to        netip.AddrPort
		discovery bool
		mesh      string
		want      Outcome
	}{
		{at(addrs[1], 20000), true, "", Refused},
		{accept(func(c net.Conn) { <-t.Context().Done(); c.Close() }), true, "", Wordless},
		{accept(func(c net.Conn) { fmt.Fprint(c, "HTTP/1.0 400 Bad Request\r\n\r\n"); c.Close() }), true, "", Foreign},
		{accept(func(c net.Conn) { c.Close() }), true, "", HungUp},
		{accept(asked), false, "", Spoke},
		{at(addrs[0], 30000), true, "", Silent},
		{at(addrs[0], 30000), false, "", Spoke},
		{at(addrs[0], 20000), true, "", Spoke},
		{at(addrs[0], 20000), true, "blue", OtherMesh},
		{at(addrs[2], 20000), true, "", OtherMesh},
		{at(addrs[2], 20000), true, "red", OtherMesh},
		{at(addrs[2], 20000), true, "blue", Spoke},
	} {
		v := visitor{label: c.mesh}.visit(t.Context(), "x", c.to, c.discovery)
		if v.Outcome != c.want {
			t.Errorf("%s: %s, want %s", c.to, v.Outcome, c.want)
		}
		if at := c.to.Addr().String(); c.want == OtherMesh && (v.Mesh == "blue") != (at == addrs[2]) {
			t.Errorf("%s as %q: of mesh %q", c.to, c.mesh, v.Mesh)
		}
		if c.want == Spoke && c.discovery && c.mesh == "" {
			ahead, says := v.clockAhead()
			if v.Name() != n.Name() || v.Header.Program != "p v1" || v.Header.Tags != "role=web" || !says || ahead.Abs() > clockOff {
				t.Errorf("%+v, %+v", v, v.Header)
			}
		}
	}
}

// What hinders the doctor itself says nothing of who is visited.
func TestReached(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]Outcome{
		syscall.ECONNREFUSED: Refused, syscall.ETIMEDOUT: TimedOut, context.DeadlineExceeded: TimedOut, syscall.EHOSTUNREACH: NoHost,
		syscall.ENETUNREACH: Hindered, syscall.EMFILE: Hindered, syscall.ENFILE: Hindered, syscall.EADDRNOTAVAIL: Hindered, syscall.EACCES: Hindered,
		syscall.EPERM: Hindered, syscall.ENOBUFS: Hindered,
	} {
		got, why := visitor{from: "192.0.2.1"}.reached(&net.OpError{Op: "dial", Err: err})
		if got != want || (why != "") != (want == Hindered) {
			t.Errorf("%v: %s (%s), want %s", err, got, why, want)
		}
	}
	addr := nodetest.Address(t)
	v := visitor{from: "192.0.2.1"}.visit(t.Context(), "x", netip.MustParseAddrPort(addr+":20000"), true)
	if v.Outcome != Hindered || !strings.Contains(v.says(), "192.0.2.1") {
		t.Errorf("from an address of another machine: %s", v.says())
	}
}

// The doctor looks from the address of the node that it examines, where that is one of this machine.
func TestLooksFromWhereTheNodeIs(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	for name, c := range map[string]struct {
		bind, flag, want string // want "": any but these
	}{
		"bound":                   {addrs[0], "", addrs[0]},
		"as it was told":          {addrs[0], addrs[1], addrs[1]},
		"bound to every one":      {"", "", ""},
		"bound to every one of 4": {"0.0.0.0", "", ""},
		"on another machine":      {"192.0.2.1", "", ""},
	} {
		from := make(chan string, 8)
		seed := nodetest.Address(t)
		for _, port := range []string{":20000", ":30000"} {
			nodetest.Listen(t, seed+port, func(c net.Conn) {
				from <- c.RemoteAddr().(*net.TCPAddr).IP.String()
				c.Close()
			})
		}
		f := Facts{Status: &web.Status{Name: "127.0.0.1:9", Bind: c.bind, Seeds: []topics.Name{topics.Name(seed)}}}
		seen := Gather(t.Context(), f, Options{Bind: c.flag}).Seeds[0]
		for _, v := range []Visit{best(seen.Discovery), best(seen.Messages)} {
			if v.Outcome == Unvisited || v.Outcome == Hindered {
				t.Fatalf("%s: %s", name, v.says())
			}
			if got := <-from; c.want != "" && got != c.want || c.want == "" && (got == addrs[0] || got == addrs[1]) {
				t.Errorf("%s: visited from %s, want %q", name, got, c.want)
			}
		}
	}
}

// A doctor without a key is not somebody who knocks without one, nor is one with a key at a node that is open.
func TestVisitIsNoKnock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := keys.Generate(dir, "mesh"); err != nil {
		t.Fatal(err)
	}
	locked := keys.Config{Mesh: filepath.Join(dir, "mesh.key_secret")}
	_, ring, err := keys.Open(locked, "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		of   keys.Config
		with *keys.Ring
		want Outcome
	}{{locked, nil, Locked}, {keys.Config{}, ring, Unlocked}} {
		addr := nodetest.Address(t)
		n, err := node.Start(t.Context(), node.Config{Hostname: addr, Bind: addr, Keys: c.of})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		for i, port := range []uint16{20000, 30000} {
			if v := (visitor{"", "", c.with}).visit(t.Context(), topics.Name(addr), netip.AddrPortFrom(netip.MustParseAddr(addr), port), i == 0); v.Outcome != c.want {
				t.Errorf("%d: %s, want %s", port, v.Outcome, c.want)
			}
		}
		nodetest.Eventually(t, func() error {
			s, err := n.Status(t.Context())
			if err == nil && s.Counters["link_handshake_rejects"] != 2 {
				err = fmt.Errorf("%v", s.Counters)
			}
			return err
		})
		if s, err := n.Status(t.Context()); err != nil || len(s.Refused) > 0 {
			t.Errorf("%v, %+v", err, s.Refused)
		}
	}
}

// A visitor with keys looks behind a lock that they fit, and says which do not.
func TestVisitLocked(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	pair := func(dir string) keys.Config {
		t.Helper()
		if _, err := keys.Generate(dir, "mesh"); err != nil {
			t.Fatal(err)
		}
		return keys.Config{Mesh: filepath.Join(dir, "mesh.key_secret")}
	}
	start := func(addr string, k keys.Config) {
		t.Helper()
		n, err := node.Start(context.Background(), node.Config{Hostname: addr, Bind: addr, Keys: k})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
	}
	ring := func(k keys.Config, name string) *keys.Ring {
		t.Helper()
		_, r, err := keys.Open(k, topics.Name(name), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	shared, other := pair(t.TempDir()), pair(t.TempDir())
	own, known := t.TempDir(), t.TempDir() // of addrs[1], who knows itself alone
	for _, name := range []string{addrs[1], "stranger"} {
		if _, err := keys.Generate(own, name); err != nil {
			t.Fatal(err)
		}
	}
	stranger := keys.Config{Own: filepath.Join(own, "stranger.key_secret"), Authorized: own}
	start(addrs[0], shared)
	start(addrs[1], keys.Config{Own: filepath.Join(own, addrs[1]+".key_secret"), Authorized: known})
	start(addrs[2], keys.Config{})
	for _, c := range []struct {
		with *keys.Ring
		to   string
		want Outcome
	}{
		{nil, addrs[0], Locked},
		{ring(shared, "x"), addrs[0], Spoke},
		{ring(other, "x"), addrs[0], WrongKey},
		{ring(shared, "x"), addrs[2], Unlocked},
		{ring(stranger, "stranger"), addrs[1], NotLetIn},
		{ring(stranger, "stranger"), addrs[0], KeyUnknown},
		{ring(stranger, "stranger"), addrs[2], Unlocked},
	} {
		for _, discovery := range []bool{true, false} {
			port := uint16(topics.DiscoveryPort)
			if !discovery {
				port += topics.PortStep
			}
			at := netip.AddrPortFrom(netip.MustParseAddr(c.to), port)
			v := visitor{keys: c.with}.visit(t.Context(), topics.Name(c.to), at, discovery)
			if v.Outcome != c.want || c.want == Spoke && discovery && string(v.Name()) != c.to {
				t.Errorf("%s: %s, want %s", at, v.Outcome, c.want)
			}
		}
	}
}

// The node's DNS is asked over UDP and TCP, and what it does not answer is told.
func TestAskNames(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n, err := node.Start(context.Background(), node.Config{Hostname: addr, Bind: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := dns.Listen(dns.Options{Addr: addr + ":0"})
	if err != nil {
		t.Fatal(err)
	}
	s.Start(n)
	facts := Facts{Addr: addr + ":8080", Status: &web.Status{DNS: new(s.Stats())}}
	nodetest.Eventually(t, func() error { // it asks the loop first
		if got := askNames(t.Context(), &facts); len(got) != 2 || got[0] != (Asked{"udp", ""}) || got[1] != (Asked{"tcp", ""}) {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
	elsewhere := facts
	elsewhere.Addr = "192.0.2.1:8080"
	if got := askNames(t.Context(), &elsewhere); got != nil {
		t.Errorf("a loopback address of another machine was asked: %+v", got)
	}
	s.Close()
	if got := askNames(t.Context(), &facts); len(got) != 2 || got[0].Failed != "refuses" || got[1].Failed != "refuses" {
		t.Errorf("nobody is there: %+v", got)
	}
}
