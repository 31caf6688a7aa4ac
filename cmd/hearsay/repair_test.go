package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// repairOf is what a command line says about missed messages.
func repairOf(t *testing.T, args ...string) (cfg node.Config) {
	t.Helper()
	command := nodeCommand()
	command.Action = func(c *cli.Context) error { return readRepair(c, &cfg) }
	app := &cli.App{Name: "hearsay", Commands: []*cli.Command{command}}
	if err := app.Run(append([]string{"hearsay", "node"}, args...)); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// The program's defaults are the library's, and a zero that a person wrote is none of them.
func TestRepairFlags(t *testing.T) {
	n := startNode(t, node.Config{}).Config()
	if got := repairOf(t); got.TTL != n.TTL || got.RingBytes != n.RingBytes || got.RingTime != n.RingTime || got.ReplayCount != 0 || got.ReplayTime != 0 {
		t.Errorf("%+v, the library has TTL %d, %d bytes, %v", got, n.TTL, n.RingBytes, n.RingTime)
	}
	if got := repairOf(t, "--ttl", "0"); got.TTL != -1 {
		t.Errorf("--ttl 0: %d", got.TTL)
	}
	if got := repairOf(t, "--replay", "100"); got.ReplayCount != 100 || got.ReplayTime != 0 {
		t.Errorf("--replay 100: %+v", got)
	}
	if got := repairOf(t, "--replay", "30s"); got.ReplayTime != 30*time.Second || got.ReplayCount != 0 {
		t.Errorf("--replay 30s: %+v", got)
	}
	file := config(t, "replay: 1m\nttl: 3\nring-bytes: 2097152\nring-time: 10s\n")
	got := repairOf(t, "--config", file)
	if got.ReplayTime != time.Minute || got.TTL != 3 || got.RingBytes != 2<<20 || got.RingTime != 10*time.Second {
		t.Errorf("of a file: %+v", got)
	}
	if got := repairOf(t, "--config", config(t, "replay: 100\n")); got.ReplayCount != 100 {
		t.Errorf("a number of a file: %+v", got)
	}
}

// A node that asks gets what was published before it came.
func TestNodeReplays(t *testing.T) {
	t.Parallel()
	old := startNode(t, node.Config{})
	for _, text := range []string{"past 1", "past 2", "past 3"} {
		if err := old.Publish([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ ask, past string }{
		{"2", "past 2\npast 3\n"}, {"1m", "past 1\npast 2\npast 3\n"},
	} {
		addr := nodetest.Address(t)
		p := begin(t, nil, "node", "--hostname", addr, "--bind", addr, "--beat", "200ms", "--replay", c.ask, string(old.Name()))
		must(t, "wait", "--members", "2", "--addr", addr+":8080")
		nodetest.Eventually(t, func() error { // the last ones are those at the time of the answer
			if out := p.out.String(); out != c.past {
				return fmt.Errorf("--replay %q: %q of the past", c.ask, out)
			}
			return nil
		})
		must(t, "leave", "--addr", addr+":8080")
		p.end(t)
		if out := p.out.String(); out != c.past {
			t.Errorf("--replay %q: %q in the end", c.ask, out)
		}
	}
}
