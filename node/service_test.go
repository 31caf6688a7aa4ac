package node

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// service answers for one name as DNS does for a headless service, and for others as a book.
type service struct {
	book
	style string
	turn  int
}

func (s *service) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	addrs, err := s.book.LookupNetIP(ctx, network, host)
	if err != nil || host != "svc" {
		return addrs, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs = slices.Clone(addrs)
	switch s.style {
	case "shuffled":
		rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	case "one by one":
		s.turn++
		addrs = addrs[s.turn%len(addrs):][:1]
	}
	return addrs, nil
}

// pod starts a node that is given the service alone.
func (s *service) pod(t *testing.T, i int, addr string) *Node {
	return start(t, Config{Hostname: fmt.Sprintf("pod-%d", i), Bind: addr, Seeds: []string{"svc"}, Resolver: s, OverTCP: true})
}

// Nodes whose only seed is a name that leads to all of them find each other, and a newcomer, and those that take the
// places of others at other addresses: however DNS answers, and whether it knows the names of their own or not.
func TestOneNameForAll(t *testing.T) {
	for _, style := range []string{"fixed", "shuffled", "one by one"} {
		for _, named := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/named=%t", style, named), func(t *testing.T) {
				t.Parallel()
				addrs := nodetest.Addresses(t, 8)
				dns := &service{style: style}
				for i, addr := range addrs[:6] {
					if named {
						dns.set(fmt.Sprintf("pod-%d", i), addr)
					}
				}
				dns.set("svc", addrs[:5]...)
				began := time.Now()
				var nodes []*Node
				for i, addr := range addrs[:5] {
					nodes = append(nodes, dns.pod(t, i, addr))
				}
				whole(t, nodes...)
				t.Logf("whole after %v", time.Since(began))

				dns.set("svc", addrs[:6]...)
				nodes = append(nodes, dns.pod(t, 5, addrs[5]))
				whole(t, nodes...)

				for i, addr := range addrs[6:] { // the first two go, and come back elsewhere
					nodes[i].Close()
					if named {
						dns.set(fmt.Sprintf("pod-%d", i), addr)
					}
					dns.set("svc", append(slices.Clone(addrs[i+1:6]), addrs[6:7+i]...)...)
					nodes[i] = dns.pod(t, i, addr)
					whole(t, nodes...)
				}
			})
		}
	}
}

// Two meshes whose names begin to lead to both become one.
func TestMeshesThatShareANameMerge(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	halves := []*service{{style: "shuffled"}, {style: "shuffled"}} // who looks a name up again does not find the other half
	var nodes []*Node
	for half, dns := range halves {
		dns.set("svc", addrs[2*half:2*half+2]...)
		for i := range 2 {
			nodes = append(nodes, dns.pod(t, 2*half+i, addrs[2*half+i]))
		}
		whole(t, nodes[2*half:]...)
	}
	for _, dns := range halves {
		dns.set("svc", addrs...)
		for i, addr := range addrs {
			dns.set(fmt.Sprintf("pod-%d", i), addr)
		}
	}
	whole(t, nodes...)
}

// A live address is reached behind eight that hang.
func TestEveryAddressOfANameIsTried(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 20)
	ln := silentListeners(t, addrs[:10])
	dns := new(book)
	dns.set("late", append(slices.Clone(ln), addrs[19])...)
	live := start(t, Config{Hostname: "late", Bind: addrs[19], OverTCP: true})
	n := start(t, Config{Hostname: addrs[18], Bind: addrs[18], Resolver: dns, OverTCP: true})
	n.do(func() { n.step(mesh.Known{Names: []topics.Name{"late"}}) })
	whole(t, n, live)
}

// silentListeners accept connections on discovery ports, and say nothing.
func silentListeners(t *testing.T, addrs []string) []string {
	for _, addr := range addrs {
		ln, err := net.Listen("tcp", net.JoinHostPort(addr, strconv.Itoa(topics.DiscoveryPort)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
	}
	return addrs
}

// A race that nobody wins says that nobody is there only where all said so.
func TestWhatARaceSays(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	n := start(t, Config{Hostname: addrs[0], Bind: addrs[0], OverTCP: true})
	silent := silentListeners(t, addrs[1:2])
	ep := func(addr string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(addr), 20000) }
	for _, c := range []struct {
		to   []netip.AddrPort
		want mesh.DialReason
	}{
		{[]netip.AddrPort{ep(addrs[2])}, mesh.Refused},
		{[]netip.AddrPort{ep(addrs[2]), ep(silent[0])}, mesh.Wordless},
		{[]netip.AddrPort{ep(silent[0]), ep(addrs[2])}, mesh.Wordless},
	} {
		var why mesh.DialReason
		var err error
		for most := time.Second; why != c.want && most < nodetest.Patience; most *= 2 { // a slow machine needs more
			ctx, cancel := context.WithTimeout(t.Context(), most)
			why, err = n.race(ctx, mesh.Dial{Target: "x", Port: mesh.Port(link.Discovery)}, c.to)
			cancel()
		}
		if err == nil || why != c.want {
			t.Errorf("%v: %v, %v, want %v", c.to, why, err, c.want)
		}
	}
}

// deafResolver goes on for as long as the test, whatever its context says.
type deafResolver chan struct{}

func (r deafResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	<-r
	return nil, &net.DNSError{Err: "no answer", IsTimeout: true}
}

// A resolver that does not heed its context does not hold up the end.
func TestResolverThatGoesOnHoldsUpNothing(t *testing.T) {
	r := make(deafResolver)
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Seeds: []string{"somewhere"}, Resolver: r})
	nodetest.Eventually(t, func() error {
		if n.Machine().Dials == 0 {
			return fmt.Errorf("nothing is dialled")
		}
		return nil
	})
	closed := make(chan error)
	go func() { closed <- n.Close() }()
	select {
	case <-closed:
	case <-time.After(nodetest.Patience):
		t.Error("still closing")
	}
	close(r)
}

// The slowest beat that a node takes is one that its machine takes.
func TestSlowestBeat(t *testing.T) {
	addr := nodetest.Address(t)
	start(t, Config{Hostname: addr, Bind: addr, Beat: MaxBeat, Interval: MaxBeat})
}

// A dial that is to tell says what its name leads to, before it has led anywhere, and once; any other does not.
func TestDialTells(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	l, err := link.Open(link.Config{Bind: addrs[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close(0) }()
	dns := &service{style: "fixed"}
	dns.set("svc", addrs[1:]...)
	for _, tell := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		n := &Node{cfg: Config{Resolver: dns}, link: l, ctx: ctx, answers: make(chan mesh.Input), log: slog.New(slog.DiscardHandler)}
		d := mesh.Dial{ID: 7, Target: "svc", Port: mesh.DiscoveryPort, Tell: tell}
		n.dials.Add(1)
		go n.dial(d)
		told, failed, want := 0, 0, 0
		if tell {
			want = 1
		}
		for told < want || failed < 1 {
			switch e := (<-n.answers).(type) {
			case mesh.Resolved:
				told++
				if e.Name != "svc" || e.Dial != d.ID || !slices.Equal(e.Addrs, addrs[1:]) {
					t.Errorf("told %+v", e)
				}
			case mesh.DialFailed:
				failed++
				if e.Dial != d || e.Reason != mesh.Refused {
					t.Errorf("failed: %+v", e)
				}
			}
		}
		n.dials.Wait() // nothing more is reported
		cancel()
		if told != want || failed != 1 {
			t.Errorf("tell %v: told %d times, failed %d", tell, told, failed)
		}
	}
}
