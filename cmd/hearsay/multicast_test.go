package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// Nodes that are given nobody find each other by multicast, and status, doctor and readiness say what it does; what is
// wrong with its flags is one line.
func TestMulticast(t *testing.T) {
	t.Parallel()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	group := fmt.Sprintf("239.77.%d.7:%d", 80+os.Getpid()%100, free.LocalAddr().(*net.UDPAddr).Port)
	free.Close()
	addrs := nodetest.Addresses(t, 3)
	for _, addr := range addrs[:2] {
		begin(t, nil, "node", "--hostname", addr, "--bind", addr, "--mesh", "blue", "--multicast", "--multicast-group", group)
	}
	must(t, "wait", "--addr", addrs[0], "--members", "2", "--timeout", "30s")
	if out := must(t, "doctor", "--addr", addrs[0], "--bind", addrs[0], "--hostname", addrs[0]); !strings.Contains(out, "multicast over ") {
		t.Errorf("doctor:\n%s", out)
	}
	begin(t, nil, "node", "--hostname", addrs[2], "--bind", addrs[2], "--multicast", "--multicast-group", group, "--multicast-interface", "nosuch0")
	nodetest.Eventually(t, func() error {
		status, _, err := run(t, "health", "--ready", "--addr", addrs[2])
		if status != exitFailed || !strings.Contains(fmt.Sprint(err), "multicast leads nowhere: this machine has no interface nosuch0") {
			return fmt.Errorf("status %d, %v", status, err)
		}
		return nil
	})
	fails(t, exitUsage, `--multicast-group "10.0.0.1:5": must be a multicast address`, "node", "--multicast-group", "10.0.0.1:5")
	fails(t, exitUsage, `--multicast-group "x": must be GROUP:PORT`, "node", "--multicast-group", "x")
	fails(t, exitUsage, `--mesh "a b": must be 1 to 32 letters`, "node", "--mesh", "a b")
}
