package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// A name that leads past the node is told of where the node sees it: an address or localhost, beside a --bind of another.
func TestMisnamed(t *testing.T) {
	const self = "leads each machine to itself: give it another --hostname"
	for _, c := range []struct {
		name, bind, seed, want string
	}{
		{"10.0.0.8", "10.0.0.9", "", "the name of this node leads to 10.0.0.8, and it listens on 10.0.0.9 alone: give it --hostname 10.0.0.9"},
		{"[fd00::8]", "fd00::9", "", "alone: give it --hostname [fd00::9]"},
		{"10.0.0.8", "10.0.0.8", "", ""},
		{"[fd00::8]", "fe80::9%eth0", "", "leads to fd00::8, and it listens on fe80::9 alone: give it another --bind"},
		{"10.0.0.8", "0.0.0.0", "", ""},
		{"10.0.0.8", "", "a", ""},
		{"a", "10.0.0.9", "", ""},
		{"localhost", "10.0.0.9", "", "the name of this node, localhost, " + self},
		{"a.localhost", "127.0.0.1", "10.0.0.7", self},
		{"localhost", "", "b", self},
		{"localhost", "127.0.0.1", "localhost:20001", ""},
		{"localhost", "", "127.0.0.1:20001", ""},
		{"localhost", "", "", ""},
	} {
		cfg := Config{Hostname: c.name, Bind: c.bind}.withDefaults()
		if c.seed != "" {
			cfg.Seeds = []string{c.seed}
		}
		id, err := cfg.check()
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.misnamed(id); !strings.HasSuffix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// The log of a node has it at the start, and the machine says it of a peer that does not hear the node.
func TestMisnamedIsToldOf(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	said := make(chan string, 9)
	logger := slog.New(slog.NewTextHandler(first{"may not find this node by its name", said}, nil))
	n := start(t, Config{Hostname: addrs[0], Bind: addrs[1], Logger: logger, OverTCP: true})
	nodetest.Eventually(t, func() error {
		if len(said) == 0 {
			return errors.New("nothing said")
		}
		return nil
	})
	if s, err := n.Status(t.Context()); err != nil || !strings.Contains(s.Misnamed, "leads to "+addrs[0]) {
		t.Errorf("%q, %v", s.Misnamed, err)
	}
	n.do(func() {
		if n.ownFault != n.nameFault {
			t.Errorf("the machine was told %q", n.ownFault)
		}
		n.nameFault, n.cfg.Bind, n.turnaway.since = "", "", 1
		n.sayOwnFault()
		if !strings.HasPrefix(n.ownFault, "newcomers are turned away: all connections") {
			t.Errorf("the machine was told %q", n.ownFault)
		}
	})
}

// Where a name leads here is told, if that is not the one address that the node listens on.
func TestNameThatLeadsPastTheNode(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	said := make(chan string, 9)
	logger := slog.New(slog.NewTextHandler(first{"may not find this node by its name", said}, nil))
	names := &book{}
	names.set("n", addrs[0])
	n := start(t, Config{Hostname: "n", Bind: addrs[1], Resolver: names, Logger: logger, OverTCP: true})
	want := "the name of this node, n, leads to " + addrs[0] + " here, and it listens on " + addrs[1] + " alone: give it --hostname " + addrs[1] +
		", or a name that leads there"
	nodetest.Eventually(t, func() error {
		s, err := n.Status(t.Context())
		if err == nil && (s.Misnamed != want || len(said) == 0) {
			err = fmt.Errorf("%q, told %d times", s.Misnamed, len(said))
		}
		return err
	})
	n.do(func() {
		if n.ownFault != want+"; or can it reach port 20000 of this node?" {
			t.Errorf("the machine was told %q", n.ownFault)
		}
	})
	for _, bind := range []string{"", "0.0.0.0", "10.0.0.1"} {
		if why := (Config{Bind: bind}).leadsPast("n", []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("::ffff:10.0.0.1")}); why != "" {
			t.Errorf("%q: %q", bind, why)
		}
	}
}
