package node

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

func TestStatusIsOfOneMoment(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	a, b := startAt(t, addrs[0], addrs[1]), startAt(t, addrs[1])
	whole(t, a, b)
	stop := make(chan struct{})
	defer close(stop)
	publishUntil(t, stop, func() error { return b.Publish(bytes.Repeat([]byte("x"), 100)) })
	nodetest.Eventually(t, func() error {
		s, err := a.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Received[b.Name().Key()]; got < 1000 {
			return errors.New("fewer than 1,000 bytes from the peer")
		}
		if len(s.Members) != 1 || s.Members[0].State != mesh.Alive || len(s.Links) == 0 || s.LastEvent == 0 ||
			s.Machine.Peers != 1 || s.Counters["mesh_beats"] != s.Machine.Beats || s.Alone || s.Leaving {
			t.Errorf("%+v", s)
		}
		return nil
	})
	s, err := b.Status(t.Context())
	if err != nil || !s.Alone {
		t.Errorf("a node without seeds: alone %v, %v", s.Alone, err)
	}
}

func TestStatusOfANodeThatNamesOnlyItself(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := startAt(t, addr, addr)
	s, err := n.Status(t.Context())
	if err != nil || !s.Alone {
		t.Errorf("alone %v, %v", s.Alone, err)
	}
}

func TestStatusGivesUpOnALoopThatHangs(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := startAt(t, addr)
	hold, held := make(chan struct{}), make(chan struct{})
	go n.do(func() { close(held); <-hold })
	<-held
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with a loop that hangs: %v", err)
	}
	close(hold)
	if _, err := n.Status(t.Context()); err != nil {
		t.Error("afterwards:", err)
	}
}

func TestLeaveIsSeenInStatus(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := startAt(t, addr)
	n.Leave()
	if !n.Leaving() {
		t.Error("not leaving after Leave")
	}
	<-n.Done()
	s, err := n.Status(t.Context())
	if err != nil || !s.Leaving {
		t.Errorf("after the end: leaving %v, %v", s.Leaving, err)
	}
}

func TestConfigIsWithDefaults(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	c := startAt(t, addr).Config()
	if c.MaxMessage != topics.MaxMessage || c.DiscoveryPort != topics.DiscoveryPort || c.Hostname != addr {
		t.Errorf("%+v", c)
	}
}
