package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// A seed that leads to nobody is told, with its cause, by the log, members, health and wait alike.
func TestWrongSeedsAreTold(t *testing.T) {
	t.Parallel()
	accept := func(serve func(net.Conn)) string {
		addr := nodetest.Address(t)
		nodetest.Listen(t, addr+":20000", serve)
		return addr
	}
	other := nodetest.Address(t)
	begin(t, nil, "node", "--hostname", other, "--bind", other)
	blue := nodetest.Address(t)
	begin(t, nil, "node", "--hostname", blue, "--bind", blue, "--mesh", "blue")
	self := nodetest.Address(t)
	for _, c := range []struct{ name, seed, want string }{
		{nodetest.Address(t), nodetest.Address(t), ":20000 refuses connections"},
		{nodetest.Address(t), accept(func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9.2\r\n"+strings.Repeat(" ", 64)); c.Close() }), "not as a ZeroMQ publisher"},
		{nodetest.Address(t), accept(func(c net.Conn) { <-t.Context().Done(); c.Close() }), "accepts, but says nothing"},
		{nodetest.Address(t), other + ":30000", ":30000 answers, but sends no lists"},
		{nodetest.Address(t), blue, "another mesh (blue)"},
		{"nobody", self, "it leads to this node itself"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			bind := c.name
			if c.name == "nobody" {
				bind = self
			}
			p := begin(t, nil, "node", "--hostname", c.name, "--bind", bind, c.seed)
			nodetest.Eventually(t, func() error {
				if log := p.log.String(); !strings.Contains(log, "level=WARN msg=\"peer unreached\"") || !strings.Contains(log, c.want) {
					return fmt.Errorf("no %q in:\n%s", c.want, log)
				}
				return nil
			})
			addr := bind + ":8080"
			if out := must(t, "members", "--addr", addr); !strings.Contains(out, "seed "+c.seed+": ") || !strings.Contains(out, c.want) {
				t.Errorf("members:\n%s", out)
			}
			fails(t, exitFailed, c.want, "health", "--ready", "--addr", addr)
			fails(t, exitTimeout, c.want, "wait", "--members", "2", "--timeout", "500ms", "--addr", addr)
			if answer, err := http.Get("http://" + addr + "/readyz"); err != nil || answer.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("/readyz: %v, %v", answer, err)
			} else {
				answer.Body.Close()
			}
		})
	}
}
