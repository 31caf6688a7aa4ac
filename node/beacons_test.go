package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"hearsay/mesh"
	"hearsay/node/multicast"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

var lastGroup atomic.Uint32

// groupOf returns a group that no other test has.
func groupOf(t *testing.T) string {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return fmt.Sprintf("239.77.%d.%d:%d", 80+os.Getpid()%100, lastGroup.Add(1), c.LocalAddr().(*net.UDPAddr).Port)
}

// nowhere is DNS that knows nobody.
type nowhere struct{}

func (nowhere) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

func nameOf(i int) topics.Name { return topics.Name(fmt.Sprint("hinted_", i)) }

// Nodes that know nobody, and whose names DNS does not know, find each other by multicast; those of another mesh on the
// same group do not, and that is told.
func TestMulticast(t *testing.T) {
	for _, locked := range []bool{false, true} {
		t.Run(fmt.Sprint("locked ", locked), func(t *testing.T) {
			t.Parallel()
			addrs, group := nodetest.Addresses(t, 6), groupOf(t)
			keys := Keys{}
			if locked {
				keys.Mesh = filepath.Join(generate(t, "mesh"), "mesh.key_secret")
			}
			run := func(i int, label string) *Node {
				return start(t, Config{
					Hostname: fmt.Sprint("cast_", i), Bind: addrs[i], Mesh: label, Multicast: true, MulticastGroups: []string{group}, Resolver: nowhere{}, Keys: keys,
				})
			}
			var nodes []*Node
			for i := range 4 {
				nodes = append(nodes, run(i, ""))
			}
			other := []*Node{run(4, "blue"), run(5, "blue")}
			whole(t, nodes...)
			whole(t, other...)
			metForeigner(t, nodes[0], other[0].Name(), "another mesh (blue)")
			s, err := nodes[0].Status(t.Context())
			if err != nil || s.Multicast == nil || s.Multicast.Problem != "" || s.Counters["multicast_heard"] == 0 {
				t.Errorf("%+v, %v", s.Multicast, err)
			}
		})
	}
}

// A beacon is a hint and no more: whoever it names is no member before it is heard, and costs its quota.
func TestBeaconsAreHints(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Resolver: nowhere{}})
	for i := range 500 {
		b := multicast.Beacon{Version: 1, Name: nameOf(i), Incarnation: 1}
		n.do(func() { n.takeBeacon(multicast.Hint{Beacon: b, From: netip.MustParseAddr("127.0.0.1")}) })
	}
	s := n.Machine()
	if len(n.Alive()) > 0 || s.Candidates > 64 || s.OverQuota == 0 {
		t.Errorf("alive %v, %d candidates, %d over quota", n.Alive(), s.Candidates, s.OverQuota)
	}
	for _, m := range n.Members() {
		if m.State != mesh.Candidate {
			t.Errorf("%s is %v", m.Name, m.State)
		}
	}
}

// Nobody waits for a loop that is held up: beacons are lost, and counted.
func TestBeaconsDoNotWait(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Multicast: true, MulticastGroups: []string{groupOf(t)}})
	release := make(chan struct{})
	held := make(chan struct{})
	go n.do(func() { close(held); <-release })
	<-held
	for i := range 2 * beaconsWaiting {
		n.hearBeacon(multicast.Hint{Beacon: multicast.Beacon{Version: 1, Name: nameOf(i)}, From: netip.MustParseAddr("127.0.0.1")})
	}
	close(release)
	if lost := n.Stats()["multicast_lost"]; lost < beaconsWaiting {
		t.Errorf("%d lost", lost)
	}
}

// An interface that is not there is told, and no reason not to start; a group that is none is.
func TestMulticastConfig(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Multicast: true, MulticastGroups: []string{groupOf(t)}, MulticastInterfaces: []string{"nosuch0"}})
	s, err := n.Status(t.Context())
	if err != nil || !strings.Contains(s.Multicast.Problem, "no interface nosuch0") {
		t.Errorf("%+v, %v", s.Multicast, err)
	}
	for _, bad := range [][]string{{"239.1.1.1"}, {"10.0.0.1:5"}, {"239.1.1.1:0"}, {"239.1.1.1:5", "239.1.1.2:5"}, {"x"}} {
		var field *FieldError
		if err := (Config{Hostname: "a", MulticastGroups: bad}).Validate(); !errors.As(err, &field) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
