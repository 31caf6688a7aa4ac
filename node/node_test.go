package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// start runs a node until the test ends.
func start(t *testing.T, cfg Config) *Node {
	t.Helper()
	if cfg.Beat == 0 {
		cfg.Beat, cfg.Interval = 200*time.Millisecond, 500*time.Millisecond
	}
	n, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// startAt runs a node that is called by its address.
func startAt(t *testing.T, addr string, seeds ...string) *Node {
	t.Helper()
	return start(t, Config{Hostname: addr, Bind: addr, Seeds: seeds})
}

// alive returns the names that a node hears, sorted.
func alive(n *Node) []topics.Name {
	names := n.Alive()
	slices.Sort(names)
	return names
}

// whole waits until every node hears all others, and nobody else.
func whole(t *testing.T, nodes ...*Node) {
	t.Helper()
	var all []topics.Name
	for _, n := range nodes {
		all = append(all, n.Name())
	}
	slices.Sort(all)
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			want := slices.DeleteFunc(slices.Clone(all), func(name topics.Name) bool { return name == n.Name() })
			if got := alive(n); !slices.Equal(got, want) {
				return fmt.Errorf("%s hears %v, want %v", n.Name(), got, want)
			}
		}
		return nil
	})
}

// inState waits until all nodes have the name in a state.
func inState(t *testing.T, name topics.Name, want mesh.State, nodes []*Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			if got := stateOf(n, name); got != want {
				return fmt.Errorf("%s has %s as %v, want %v", n.Name(), name, got, want)
			}
		}
		return nil
	})
}

func stateOf(n *Node, name topics.Name) mesh.State {
	for _, m := range n.Members() {
		if m.Name == name {
			return m.State
		}
	}
	return mesh.Unknown
}

func TestShapes(t *testing.T) {
	shapes := map[string]func(i int, addrs []string) []string{
		"ring":  func(i int, a []string) []string { return a[(i+1)%len(a):][:1] },
		"star":  func(i int, a []string) []string { return a[:min(i, 1)] },
		"chain": func(i int, a []string) []string { return a[max(0, i-1):i] },
		"full":  func(i int, a []string) []string { return a },
		"self":  func(i int, a []string) []string { return []string{a[i], a[0]} },
	}
	for name, seeds := range shapes {
		for _, overTCP := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/tcp=%t", name, overTCP), func(t *testing.T) {
				t.Parallel()
				addrs := nodetest.Addresses(t, 8)
				var nodes []*Node
				for i, addr := range addrs {
					nodes = append(nodes, start(t, Config{Hostname: addr, Bind: addr, Seeds: seeds(i, addrs), OverTCP: overTCP}))
				}
				whole(t, nodes...)
			})
		}
	}
}

func TestTwoRingsJoinedByANewcomer(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 7)
	var nodes []*Node
	for i := range 6 {
		nodes = append(nodes, startAt(t, addrs[i], addrs[i/3*3+(i+1)%3]))
	}
	whole(t, nodes[:3]...)
	whole(t, nodes[3:]...)
	nodes = append(nodes, startAt(t, addrs[6], addrs[0], addrs[5]))
	whole(t, nodes...)
}

// receive waits for a message with this body, and returns it. Others are passed over.
func receive(t *testing.T, n *Node, body string) Message {
	t.Helper()
	late := time.After(nodetest.Patience)
	for {
		select {
		case m := <-n.Messages():
			if string(m.Body) == body {
				return m
			}
		case <-late:
			t.Fatalf("%s did not receive %q", n.Name(), body)
		}
	}
}

// publishUntil publishes the body again and again until stop is closed: PUB/SUB gives no receipt.
func publishUntil(t *testing.T, stop <-chan struct{}, publish func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	go func() {
		defer tick.Stop()
		for {
			if err := publish(); err != nil {
				return
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
}

func TestMessagesReachEverybodyTheSenderIncluded(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	var nodes []*Node
	for i, addr := range addrs {
		cfg := Config{Hostname: addr, Bind: addr, Seeds: addrs[:1]}
		if i < 2 {
			cfg.Channels = []string{"news"}
		}
		nodes = append(nodes, start(t, cfg))
	}
	whole(t, nodes...)

	stop := make(chan struct{})
	defer close(stop)
	publishUntil(t, stop, func() error { return nodes[0].Publish([]byte("to all")) })
	for _, n := range nodes {
		m := receive(t, n, "to all")
		if m.From != nodes[0].Name() || m.Channel != "" || m.UID == "" || m.SentAt.IsZero() {
			t.Errorf("%s received %+v", n.Name(), m)
		}
	}
	publishUntil(t, stop, func() error { return nodes[2].PublishTo("news", []byte("to some")) })
	publishUntil(t, stop, func() error { return nodes[2].PublishTo("newspaper", []byte("to none")) })
	for _, n := range nodes[:2] {
		if m := receive(t, n, "to some"); m.Channel != "news" || m.From != nodes[2].Name() {
			t.Errorf("%s received %+v", n.Name(), m)
		}
	}
	nodetest.Eventually(t, func() error {
		if nodes[0].Stats()["messages_unsubscribed"] == 0 {
			return errors.New("\"2/newspaper\" was not dropped by who asked for \"2/news\"")
		}
		return nil
	})
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr, MaxMessage: 10})
	if err := n.Publish(make([]byte, 11)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("11 bytes of at most 10: %v", err)
	}
	if err := n.PublishTo("no spaces", nil); err == nil {
		t.Error("a channel with a space was taken")
	}
	n.Close()
	if err := n.Publish(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, open := <-n.Messages(); open {
		t.Error("Messages is open after Close")
	}
}

func TestSlowApplicationLosesMessagesNotPeers(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	slow := start(t, Config{Hostname: addrs[0], Bind: addrs[0], Queue: 1, InboxBytes: 1 << 20, Beat: 200 * time.Millisecond})
	fast := startAt(t, addrs[1], addrs[0])
	whole(t, slow, fast)
	body := make([]byte, 256<<10)
	nodetest.Eventually(t, func() error {
		if err := fast.Publish(body); err != nil {
			return err
		}
		if lost := slow.Stats()["messages_lost"]; lost == 0 {
			return errors.New("nothing lost yet")
		}
		return nil
	})
	rounds := slow.Stats()["mesh_beats"]
	nodetest.Eventually(t, func() error {
		if slow.Stats()["mesh_beats"] < rounds+10 {
			return errors.New("fewer than ten beats since")
		}
		return nil
	})
	whole(t, slow, fast)
	for {
		select {
		case e := <-slow.Events():
			if e.Kind == mesh.Suspected {
				t.Errorf("%s: %s", e.Peer, e.Why)
			}
			continue
		default:
		}
		break
	}
}

// book is a resolver by hand. A name without entry does not exist; one with an empty entry never answers.
type book struct {
	mu      sync.Mutex
	entries map[string][]netip.Addr
}

func (b *book) set(name string, addrs ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries == nil {
		b.entries = make(map[string][]netip.Addr)
	}
	b.entries[name] = nil
	for _, a := range addrs {
		b.entries[name] = append(b.entries[name], netip.MustParseAddr(a))
	}
}

func (b *book) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	b.mu.Lock()
	addrs, ok := b.entries[strings.ToLower(host)]
	b.mu.Unlock()
	switch {
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case len(addrs) == 0:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return addrs, nil
}

func TestSilentResolverHoldsUpOneDial(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	dns := new(book)
	var seeds []string
	for i := range 40 {
		name := fmt.Sprintf("silent_%d", i)
		seeds = append(seeds, name)
		dns.set(name)
	}
	var nodes []*Node
	for _, addr := range addrs {
		nodes = append(nodes, start(t, Config{Hostname: addr, Bind: addr, Seeds: append(seeds, addrs[0]), Resolver: dns}))
	}
	whole(t, nodes...)
}

func TestNameThatMovesToAnotherAddressIsFound(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	dns := new(book)
	names := []string{"n1", "n2", "n3"}
	var nodes []*Node
	for i, name := range names {
		dns.set(name, addrs[i])
		nodes = append(nodes, start(t, Config{Hostname: name, Bind: addrs[i], Seeds: []string{"n1"}, Resolver: dns,
			Beat: 200 * time.Millisecond, Interval: 500 * time.Millisecond}))
	}
	whole(t, nodes...)
	nodes[0].Close()
	dns.set("n1", addrs[3])
	nodes[0] = start(t, Config{Hostname: "n1", Bind: addrs[3], Resolver: dns, Seeds: []string{"n2"}, Beat: 200 * time.Millisecond, Interval: 500 * time.Millisecond})
	whole(t, nodes...)
}

func TestAliasesAreOnePeerHeardOnce(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dns := new(book)
	dns.set("real", addrs[0])
	dns.set("alias", addrs[0])
	dns.set("other", addrs[1])
	real := start(t, Config{Hostname: "real", Bind: addrs[0], Resolver: dns})
	other := start(t, Config{Hostname: "other", Bind: addrs[1], Resolver: dns, Seeds: []string{"alias", "REAL", addrs[0], "real"}})
	whole(t, real, other)
	for i := range 50 {
		if err := real.Publish(fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]int)
	stop := make(chan struct{})
	defer close(stop)
	publishUntil(t, stop, func() error { return real.Publish([]byte("last")) })
	for m := range other.Messages() {
		if string(m.Body) == "last" {
			break
		}
		if seen[m.UID]++; seen[m.UID] > 1 {
			t.Errorf("%q was delivered twice", m.Body)
		}
	}
	whole(t, real, other)
}

func TestUnresolvableHostnameIsReachedAtItsAddress(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dns := new(book)
	a := start(t, Config{Hostname: "laptop", Bind: addrs[0], Resolver: dns})
	b := start(t, Config{Hostname: "desktop", Bind: addrs[1], Resolver: dns, Seeds: addrs[:1]})
	whole(t, a, b)
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	n, err := Start(ctx, Config{Hostname: addrs[0], Bind: addrs[0], Seeds: addrs})
	if err != nil {
		t.Fatal(err)
	}
	other := startAt(t, addrs[1])
	whole(t, n, other)
	cancel()
	<-n.Done()
	if got := n.Members(); len(got) == 0 {
		t.Error("Members is empty after the end")
	}
	nodetest.Eventually(t, func() error {
		if got := alive(other); len(got) > 0 {
			return fmt.Errorf("%s still hears %v", other.Name(), got)
		}
		return nil
	})
	again, err := Start(context.Background(), Config{Hostname: addrs[0], Bind: addrs[0], Seeds: addrs})
	if err != nil {
		t.Fatal("the ports are not free again:", err)
	}
	again.Close()
	again.Close()
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	startAt(t, addr)
	_, err := Start(context.Background(), Config{Hostname: addr, Bind: addr})
	if err == nil || !strings.Contains(err.Error(), addr+":20000") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a second node at %s: %v", addr, err)
	}
}

func TestValidate(t *testing.T) {
	ok := Config{Hostname: "n", Seeds: []string{"node_2", "[::1]:20100", "10.0.0.1"}}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field  string
		break_ func(*Config)
	}{
		{"Hostname", func(c *Config) { c.Hostname = "" }},
		{"Hostname", func(c *Config) { c.Hostname = "two words" }},
		{"Hostname", func(c *Config) { c.Hostname = "n:20100" }},
		{"Seeds[1]", func(c *Config) { c.Seeds = []string{"fine", "tcp://x"} }},
		{"Seeds", func(c *Config) { c.Seeds = make([]string, MaxSeeds+1) }},
		{"Bind", func(c *Config) { c.Bind = "localhost" }},
		{"DiscoveryPort", func(c *Config) { c.DiscoveryPort = 60000 }},
		{"DiscoveryPort", func(c *Config) { c.DiscoveryPort = -1 }},
		{"MessagePort", func(c *Config) { c.MessagePort = 30001 }},
		{"Beat", func(c *Config) { c.Beat = time.Millisecond }},
		{"Interval", func(c *Config) { c.Interval = time.Hour }},
		{"Channels[0]", func(c *Config) { c.Channels = []string{""} }},
		{"MaxMessage", func(c *Config) { c.MaxMessage = 1 << 30 }},
		{"InboxBytes", func(c *Config) { c.InboxBytes = MinInboxBytes - 1 }},
		{"InboxBytes", func(c *Config) { c.InboxBytes = MaxInboxBytes + 1 }},
		{"OutboxBytes", func(c *Config) { c.OutboxBytes = MinOutboxBytes - 1 }},
		{"OutboxBytes", func(c *Config) { c.OutboxBytes = MaxOutboxBytes + 1 }},
		{"Queue", func(c *Config) { c.Queue = -1 }},
	} {
		bad := ok
		c.break_(&bad)
		var field *FieldError
		if err := bad.Validate(); !errors.As(err, &field) || field.Field != c.field || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}

func TestIPv6NameWithoutBracketsIsToldWhatItLacks(t *testing.T) {
	for what, cfg := range map[string]Config{
		"Hostname": {Hostname: "fd00:81::1"},
		"Seeds[0]": {Hostname: "n", Seeds: []string{"fd00:81::1"}},
	} {
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "in brackets: [fd00:81::1]") {
			t.Errorf("%v", err)
		}
	}
}

// An application that has read that a peer joined, or left, finds it so in Alive.
func TestAliveKnowsOfEventsRead(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	n, peer := startAt(t, addrs[0]), startAt(t, addrs[1], addrs[0])
	for e := range n.Events() {
		if got, want := slices.Contains(n.Alive(), peer.Name()), e.To == mesh.Alive; e.Peer == peer.Name() && got != want {
			t.Errorf("%v -> %v was read, and alive are %v", e.From, e.To, n.Alive())
		}
		switch e.Kind {
		case mesh.Joined:
			go peer.Close()
		case mesh.Departed:
			return
		}
	}
	t.Error("no goodbye")
}
