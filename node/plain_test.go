package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// A program that listens at a node on the default port, and says no name, is told of no name with a port, from its
// first list on, while the nodes with ports learn of each other from that node alone; and it makes nobody else hear
// more lists.
func TestWhoSaysNoNameIsToldOfNoPorts(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	hub := startAt(t, addrs[0])
	port := func(addr string, port int) *Node {
		return start(t, Config{
			Hostname: fmt.Sprintf("%s:%d", addr, port), Bind: addr, DiscoveryPort: port, Seeds: []string{addrs[0]},
		})
	}
	a := port(addrs[1], 21000)
	hears := func(n *Node, names ...topics.Name) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if got := alive(n); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
				return fmt.Errorf("%s hears %v, want %v", n.Name(), got, names)
			}
			return nil
		})
	}
	hears(hub, a.Name())

	l, err := link.Open(link.Config{Bind: addrs[2]})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(0)
	lists := make(chan []topics.Name, 1000) // whole ones
	go func() {
		for e := range l.Events() {
			if e.Kind != link.Received {
				continue
			}
			run := e.Run
			for f := run.Next(nil); f != nil; f = run.Next(nil) {
				names, _, err := topics.ParseList(f[1], nil)
				h, errHeader := topics.ParseHeader(f[2])
				if err != nil || errHeader != nil {
					t.Error(err, errHeader)
				}
				if slices.ContainsFunc(names, topics.Name.HasPort) {
					t.Errorf("told of %v", names)
				}
				if !h.Pulse {
					lists <- names
				}
			}
		}
	}()
	at := netip.AddrPortFrom(netip.MustParseAddr(addrs[0]), topics.DiscoveryPort)
	if err := l.Dial(context.Background(), link.Discovery, at, addrs[0]); err != nil {
		t.Fatal(err)
	}
	b := port(addrs[1], 22000)
	hears(a, hub.Name(), b.Name())
	hears(b, hub.Name(), a.Name())
	hears(hub, a.Name(), b.Name())
	for len(lists) > 0 {
		<-lists
	}
	before := hub.Machine().Lists
	const enough = 5
	nodetest.Eventually(t, func() error {
		if n := len(lists); n < enough {
			return fmt.Errorf("%d whole lists were sent to the listener without a name", n)
		}
		return nil
	})
	if n := hub.Machine().Lists - before; n >= enough {
		t.Errorf("%d lists to all in the time of %d to the listener without a name", n, enough)
	}
}

// A listener that subscribes between two lists is sent a whole list, and not a pulse that nobody could read: with a
// name, and without.
func TestNewListenerIsSentAWholeList(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	a, b := startAt(t, addrs[0]), startAt(t, addrs[1], addrs[0])
	whole(t, a, b)
	nodetest.Eventually(t, func() error { // a pulse has gone out since the list
		if s := a.Machine(); s.Rounds < 10 {
			return fmt.Errorf("%d rounds", s.Rounds)
		}
		return nil
	})
	for i, hello := range []topics.Name{"", topics.Name(addrs[3])} {
		l, err := link.Open(link.Config{Bind: addrs[2+i], Hello: hello, OverTCP: true})
		if err != nil {
			t.Fatal(err)
		}
		at := netip.AddrPortFrom(netip.MustParseAddr(addrs[0]), topics.DiscoveryPort)
		if err := l.Dial(context.Background(), link.Discovery, at, addrs[0]); err != nil {
			t.Fatal(err)
		}
		for e := range l.Events() {
			if e.Kind != link.Received {
				continue
			}
			f := e.Run.Next(nil)
			h, err := topics.ParseHeader(f[2])
			if err != nil || h.Pulse || !h.Replay || string(f[1]) != addrs[0]+","+addrs[1] {
				t.Errorf("hello %q is sent %q %q, %v", hello, f[1], f[2], err)
			}
			break
		}
		l.Close(0)
	}
}
