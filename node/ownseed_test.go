package node

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

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
	if line := <-said; !strings.Contains(line, "level=INFO") {
		t.Errorf("the first of a mesh is right, and says %s", line)
	}
	if s, err := n.Status(t.Context()); err != nil || s.OwnSeed != topics.Name(addr) || !s.Alone {
		t.Errorf("%q, %v", s.OwnSeed, err)
	}
}

// It warns once nobody has found it for a while, and never if somebody was met before.
func TestNodeThatNobodyFindsWarns(t *testing.T) {
	t.Parallel()
	type look struct {
		at  time.Duration
		met bool
	}
	for i, c := range []struct {
		only  topics.Name
		looks []look
		want  int
	}{
		{"a", []look{{time.Second, false}, {aloneFor - 1, false}}, 0},
		{"a", []look{{time.Second, false}, {aloneFor, false}, {2 * aloneFor, false}}, 1},
		{"a", []look{{time.Second, true}, {aloneFor, false}}, 0},
		{"a", []look{{aloneFor, true}}, 0},
		{"", []look{{aloneFor, false}}, 0},
	} {
		o, told := ownSeed{only: c.only}, 0
		for _, l := range c.looks {
			if o.isAlone(l.at, l.met) {
				told++
			}
		}
		if told != c.want {
			t.Errorf("%d: told %d times", i, told)
		}
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
