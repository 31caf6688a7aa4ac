package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// A node answers DNS where --dns says, in the domain of --dns-domain, and shows it.
func TestNodeAnswersDNS(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	p := begin(t, nil, "node", "--hostname", addr, "--bind", addr, "--tag", "role=web", "--dns", addr+":5300", "--dns-domain", "mesh.test")
	p.log.shows(t, "dns started")
	resolver := net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, _ string) (net.Conn, error) { return net.Dial(network, addr+":5300") }}
	nodetest.Eventually(t, func() error {
		ips, err := resolver.LookupHost(t.Context(), "role-web.mesh.test")
		if err == nil && (len(ips) != 1 || ips[0] != addr) {
			t.Errorf("%v", ips)
		}
		return err
	})
	out := must(t, "doctor", "--addr", addr+":8080", "--bind", addr)
	if !strings.Contains(out, addr+":5300 answers for ") || !strings.Contains(out, "in mesh.test") {
		t.Errorf("the doctor does not see it:\n%s", out)
	}
	p.stop()
	if status := p.end(t); status != 0 {
		t.Errorf("status %d, %v", status, p.err)
	}
}

func TestNodeRefusesDNS(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	taken, err := net.ListenPacket("udp", addr+":5300")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	nodeAt := []string{"node", "--hostname", addr, "--bind", addr}
	with := func(args ...string) []string { return append(nodeAt[:len(nodeAt):len(nodeAt)], args...) }
	fails(t, exitUsage, `--dns "5300": must be HOST:PORT, such as 127.0.0.1:5300`, with("--dns", "5300")...)
	fails(t, exitUsage, `--dns-domain "a..b": must be the name of a domain`, with("--dns", addr+":0", "--dns-domain", "a..b")...)
	fails(t, exitUsage, "--dns-domain: needs --dns", with("--dns-domain", "mesh")...)
	fails(t, exitFailed, "listen on "+addr+":5300 for DNS: address already in use", with("--dns", addr+":5300")...)
	fails(t, exitFailed, "listen on 192.0.2.1:5300 for DNS: ", with("--dns", "192.0.2.1:5300")...)
}
