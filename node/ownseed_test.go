package node

import (
	"errors"
	"log/slog"
	"testing"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

// A node whose only seed is its own name says so in its log, once it starts.
func TestOwnSeedIsToldOf(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	said := make(chan string, 9)
	logger := slog.New(slog.NewTextHandler(first{"the only seed is this node's own name", said}, nil))
	n := start(t, Config{Hostname: addr, Bind: addr, Seeds: []string{addr, addr + ":20000"}, Logger: logger, OverTCP: true})
	nodetest.Eventually(t, func() error {
		if len(said) == 0 {
			return errors.New("nothing said")
		}
		return nil
	})
	if s, err := n.Status(t.Context()); err != nil || s.OwnSeed != topics.Name(addr) || !s.Alone {
		t.Errorf("%q, %v", s.OwnSeed, err)
	}
}

func TestOnlySeed(t *testing.T) {
	for _, c := range []struct {
		seeds []topics.Name
		only  topics.Name
	}{
		{nil, ""},
		{[]topics.Name{"A"}, "A"},
		{[]topics.Name{"a", "b"}, ""},
		{[]topics.Name{"b"}, ""},
	} {
		if o := newOwnSeed(identity{name: "a", seeds: c.seeds}); o.only != c.only {
			t.Errorf("%v: %q", c.seeds, o.only)
		}
	}
}
