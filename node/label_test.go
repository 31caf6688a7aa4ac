package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// metForeigner waits until a node has told of one in another mesh, and fails if it does so twice.
func metForeigner(t *testing.T, n *Node, name topics.Name, why string) {
	t.Helper()
	told := func() (words []string) {
		w := n.Watch(0)
		defer w.Close()
		for {
			select {
			case e := <-w.C:
				if e.Kind == mesh.Foreign && e.Peer.Key() == name.Key() {
					words = append(words, e.Why)
				}
			default:
				return words
			}
		}
	}
	nodetest.Eventually(t, func() error {
		if words := told(); len(words) != 1 || !strings.Contains(words[0], why) {
			return fmt.Errorf("%s told of %s: %q, want %q once", n.Name(), name, words, why)
		}
		return nil
	})
}

// Two meshes that share a seed stay two, whether one has no label, over TCP and through memory: neither lists anybody of
// the other, nor gets its messages, and each says why.
func TestTwoMeshesWithOneSeed(t *testing.T) {
	for _, c := range []struct {
		other   string
		overTCP bool
	}{{"red", false}, {"red", true}, {"", false}, {"", true}} {
		t.Run(fmt.Sprintf("%q over TCP %v", c.other, c.overTCP), func(t *testing.T) {
			t.Parallel()
			addrs := nodetest.Addresses(t, 6)
			member := func(i int, label string, seeds ...string) *Node {
				return start(t, Config{Hostname: addrs[i], Bind: addrs[i], Mesh: label, Seeds: seeds, OverTCP: c.overTCP})
			}
			blue := []*Node{member(0, "blue"), member(1, "blue", addrs[0]), member(2, "blue", addrs[1], addrs[3])}
			other := []*Node{member(3, c.other, addrs[0]), member(4, c.other, addrs[3], addrs[0]), member(5, c.other, addrs[4])}
			whole(t, blue...)
			whole(t, other...)
			metForeigner(t, blue[2], other[0].Name(), "another mesh ("+want(c.other)+")")
			metForeigner(t, other[0], blue[0].Name(), "another mesh (blue)")
			metForeigner(t, blue[0], other[0].Name(), "another mesh ("+want(c.other)+")")
			s, err := other[0].Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			cause := ""
			for _, lost := range s.LostSeeds {
				cause = lost.Cause
			}
			if !strings.HasPrefix(cause, "another mesh (blue)") {
				t.Errorf("the seed's cause is %q", cause)
			}
			for _, pair := range [][2]*Node{{blue[0], blue[1]}, {other[0], other[1]}} {
				waitLinked(t, pair[0], pair[1].Name())
				body := "from " + string(pair[0].Name())
				if err := pair[0].Publish([]byte(body)); err != nil {
					t.Fatal(err)
				}
				receive(t, pair[1], body)
			}
			whole(t, blue...) // and nobody else
			whole(t, other...)
			if n := blue[0].Stats()["mesh_foreign"]; n == 0 {
				t.Error("nothing is counted")
			}
		})
	}
}

func want(label string) string {
	if label == "" {
		return "without a label"
	}
	return label
}

// A node of another mesh that gets the address of one that is gone is no member, and one that is back is.
func TestAddressGoesToAnotherMesh(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	blue := func(i int, seeds ...string) *Node {
		return start(t, Config{Hostname: addrs[i], Bind: addrs[i], Mesh: "blue", Seeds: seeds, OverTCP: true})
	}
	a, b, c := blue(0), blue(1, addrs[0]), blue(2, addrs[0])
	whole(t, a, b, c)
	c.Close()
	red := start(t, Config{Hostname: addrs[2], Bind: addrs[2], Mesh: "red", Seeds: []string{addrs[0]}, OverTCP: true})
	whole(t, a, b)
	metForeigner(t, red, a.Name(), "another mesh (blue)")
	metForeigner(t, a, red.Name(), "another mesh (red)")
	if got := alive(a); slices.Contains(got, red.Name()) {
		t.Errorf("%v", got)
	}
	red.Close()
	whole(t, a, b, blue(2, addrs[1]))
}

// A mesh is given a label by starting its nodes again, one by one: for as long as that takes it is two, and then one.
func TestLabelByRollingRestart(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	nodes := make([]*Node, len(addrs))
	run := func(i int, label string) *Node {
		return start(t, Config{Hostname: addrs[i], Bind: addrs[i], Mesh: label, Seeds: []string{addrs[0], addrs[(i+1)%len(addrs)]}})
	}
	for i := range nodes {
		nodes[i] = run(i, "")
	}
	whole(t, nodes...)
	for i := range nodes {
		nodes[i].Close()
		nodes[i] = run(i, "blue")
		whole(t, nodes[:i+1]...)
		whole(t, nodes[i+1:]...)
	}
}

// The label of a configuration is checked.
func TestMeshConfig(t *testing.T) {
	for label, good := range map[string]bool{"": true, "a": true, "Blue-2.x_": true, strings.Repeat("m", 32): true,
		strings.Repeat("m", 33): false, "a b": false, "a/b": false, "ü": false} {
		if err := (Config{Hostname: "a", Mesh: label}).Validate(); (err == nil) != good {
			t.Errorf("%q: %v", label, err)
		}
	}
}
