package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// names is a resolver of names that a test gives addresses.
type names struct {
	mu    sync.Mutex
	addrs map[string][]string
}

func (n *names) set(host string, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addrs[host] = addrs
}

func (n *names) LookupNetIP(_ context.Context, _, host string) (out []netip.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.addrs[host] {
		out = append(out, netip.MustParseAddr(a))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return out, nil
}

// younger waits until a node that starts is younger than this one: two that start in one millisecond may each take the
// other for itself.
func younger(t *testing.T, n *Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		if time.Now().UnixMilli() <= n.start.UnixMilli() {
			return errors.New("the same millisecond")
		}
		return nil
	})
}

// Nodes that have a service name for their own, and for their seed, find out that they are of one name, and say where the
// other one is. One that has it alone says nothing, however often it looks.
func TestNodesWhoseSeedIsTheirOwnName(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	dns := &names{addrs: map[string][]string{"service": addrs[:2], "alone": addrs[2:]}}
	at := func(name, addr string) *Node {
		return start(t, Config{Hostname: name, Bind: addr, Seeds: []string{name}, Resolver: dns, OverTCP: true})
	}
	alone, first := at("alone", addrs[2]), at("service", addrs[0])
	younger(t, first)
	second := at("service", addrs[1])
	nodetest.Eventually(t, func() error {
		one, two := first.Machine(), second.Machine()
		if one.Conflicts == 0 || !strings.Contains(one.Namesake, "younger") || !strings.Contains(one.Namesake, addrs[1]+":") {
			return fmt.Errorf("the first says %q", one.Namesake)
		}
		if two.Conflicts == 0 || !strings.Contains(two.Namesake, "older") || !strings.Contains(two.Namesake, addrs[0]+":") {
			return fmt.Errorf("the second says %q", two.Namesake)
		}
		return nil
	})
	nodetest.Eventually(t, func() error { // by then it has looked twice
		if r := rounds(alone); mesh.Time(r)*alone.cfg.Beat < 2*ownSeedEvery {
			return fmt.Errorf("round %d", r)
		}
		return nil
	})
	if m := alone.Machine(); m.Conflicts > 0 || m.Namesake != "" {
		t.Errorf("one that is alone: %d conflicts, %q", m.Conflicts, m.Namesake)
	}
}

// Two nodes with one name: the others say so, hear the older one and nothing of what the other one says; the second one
// knows. Once the older one is gone the second one is the member.
func TestTwoNodesWithOneName(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	dns := &names{addrs: map[string][]string{"n1": addrs[:1], "n2": addrs[1:2], "twin": addrs[2:3]}}
	at := func(name, addr string, seeds ...string) *Node {
		return start(t, Config{Hostname: name, Bind: addr, Seeds: seeds, Resolver: dns, OverTCP: true})
	}
	one, first := at("n1", addrs[0]), at("twin", addrs[2], "n1")
	two := at("n2", addrs[1], "n1")
	whole(t, one, first, two)
	dns.set("twin", addrs[3], addrs[2])
	second := at("twin", addrs[3], "n1")
	for range 3 {
		_ = second.Publish([]byte("second")) // its beats tell of these numbers
	}
	nodetest.Eventually(t, func() error {
		for _, n := range []*Node{one, two} {
			m := member(n, "twin")
			if m.State != mesh.Alive || !strings.HasPrefix(m.Addr, addrs[2]+":") || !strings.Contains(m.Conflict, addrs[2]) || !strings.Contains(m.Conflict, addrs[3]) {
				return fmt.Errorf("%s: %+v", n.Name(), m)
			}
		}
		if twin := first.Machine().Namesake; !strings.Contains(twin, "younger than this one, uses the name twin at "+addrs[3]+":") {
			return fmt.Errorf("the first says %q of the second", twin)
		}
		if first.Machine().Second != "" || second.Machine().Second == "" {
			return fmt.Errorf("first %q, second %q", first.Machine().Second, second.Machine().Second)
		}
		return nil
	})
	said := make(chan string, 64)
	go func() {
		for m := range one.Messages() {
			said <- string(m.Body)
		}
	}()
	for range 5 {
		_ = second.Publish([]byte("second"))
		_ = first.Publish([]byte("first"))
	}
	for range 5 {
		select {
		case text := <-said:
			if text != "first" {
				t.Fatalf("heard of the %s one", text)
			}
		case <-time.After(nodetest.Patience):
			t.Fatal("nothing is heard of the first one")
		}
	}
	until := rounds(one) + 10
	nodetest.Eventually(t, func() error {
		if r := rounds(one); r < until {
			return fmt.Errorf("round %d", r)
		}
		return nil
	})
	for _, n := range []*Node{one, two} {
		if s := n.Stats(); s["repair_questions"] > 0 || s["messages_missed"] > 0 {
			t.Errorf("%s asks %d times for messages of the second one, and misses %d", n.Name(), s["repair_questions"], s["messages_missed"])
		}
	}
	dns.set("twin", addrs[3])
	first.Close()
	nodetest.Eventually(t, func() error {
		for _, n := range []*Node{one, two} {
			m := member(n, "twin")
			if m.State != mesh.Alive || !strings.HasPrefix(m.Addr, addrs[3]+":") || !m.Flowing || m.Conflict != "" {
				return fmt.Errorf("%s: %+v", n.Name(), m)
			}
		}
		if why := second.Machine().Second; why != "" {
			return fmt.Errorf("%s", why)
		}
		return nil
	})
}

// Two nodes of one name of which one has the other as its only seed: each says so, with the other's address.
func TestNamesakesThatSeedFromEachOther(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dns := &names{addrs: map[string][]string{"twin": addrs[:1], "first": addrs[:1]}}
	first := start(t, Config{Hostname: "twin", Bind: addrs[0], Resolver: dns, OverTCP: true})
	told := first.Events()
	younger(t, first)
	start(t, Config{Hostname: "twin", Bind: addrs[1], Seeds: []string{"first"}, Resolver: dns, OverTCP: true})
	late := time.After(nodetest.Patience)
	for {
		select {
		case e := <-told:
			if e.Kind == mesh.Conflict && e.Peer == "twin" && strings.Contains(e.Why, addrs[1]+":") {
				if first.Stats()["mesh_conflicts"] == 0 {
					t.Errorf("not counted: %v", first.Stats())
				}
				return
			}
		case <-late:
			t.Fatalf("the first one says nothing; %+v; %v", first.Members(), first.Stats())
		}
	}
}

func member(n *Node, name topics.Name) mesh.Member {
	for _, m := range n.Members() {
		if m.Name == name {
			return m
		}
	}
	return mesh.Member{}
}
