package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"hearsay/node"
	"hearsay/node/dns"
	"hearsay/node/nodetest"
	"hearsay/node/web"
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
		{accept(func(c net.Conn) { c.Close() }), true, "", Foreign},
		{at(addrs[0], 30000), true, "", Silent},
		{at(addrs[0], 30000), false, "", Spoke},
		{at(addrs[0], 20000), true, "", Spoke},
		{at(addrs[0], 20000), true, "blue", OtherMesh},
		{at(addrs[2], 20000), true, "", OtherMesh},
		{at(addrs[2], 20000), true, "red", OtherMesh},
		{at(addrs[2], 20000), true, "blue", Spoke},
	} {
		v := visit(t.Context(), "", c.mesh, c.to, c.discovery)
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
