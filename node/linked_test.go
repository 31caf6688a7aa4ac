package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// What is published right after "linked" arrives, for every member that it was told of, over TCP as through memory;
// and the state says the same as the event.
func TestLinked(t *testing.T) {
	for _, overTCP := range []bool{false, true} {
		for round := range 5 {
			t.Run(fmt.Sprintf("tcp=%t/%d", overTCP, round), func(t *testing.T) {
				t.Parallel()
				const many = 4
				addrs := nodetest.Addresses(t, many)
				first := start(t, Config{Hostname: addrs[0], Bind: addrs[0], OverTCP: overTCP, Channels: []string{"c"}})
				for _, addr := range addrs[1:] {
					other := start(t, Config{
						Hostname: addr, Bind: addr, Seeds: addrs[:1], OverTCP: overTCP, Channels: []string{"a", "b", "c"},
					})
					for _, pair := range [][2]*Node{{first, other}, {other, first}} {
						waitLinked(t, pair[0], pair[1].Name())
						if m := member(pair[0], pair[1].Name()); !m.Reads || !m.Messages { // else repair brings what is lost
							t.Errorf("%s is linked to %s, and it reads %t, is read %t", pair[0].Name(), m.Name, m.Reads, m.Messages)
						}
						body := fmt.Sprintf("from %s to %s", pair[0].Name(), pair[1].Name())
						if err := pair[0].PublishTo("c", []byte(body)); err != nil {
							t.Fatal(err)
						}
						receive(t, pair[1], body)
					}
				}
				for _, m := range first.Members() {
					if !m.Flowing {
						t.Errorf("%s: not flowing", m.Name)
					}
				}
			})
		}
	}
}

// waitLinked reads a node's events until it is linked to a member.
func waitLinked(t *testing.T, n *Node, name topics.Name) {
	t.Helper()
	late := time.After(nodetest.Patience)
	for {
		select {
		case e := <-n.Events():
			if e.Kind == mesh.Linked && e.Peer == name {
				return
			}
		case <-late:
			t.Fatalf("%s is not linked to %s", n.Name(), name)
		}
	}
}

// linkedTo waits until messages flow between the name and each of the nodes: nothing more is told of it by itself.
func linkedTo(t *testing.T, name topics.Name, nodes []*Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			if !slices.ContainsFunc(n.Members(), func(m mesh.Member) bool { return m.Name == name && m.Flowing }) {
				return fmt.Errorf("no messages flow between %s and %s", n.Name(), name)
			}
		}
		return nil
	})
}

// kinds returns what a node told of a name after an event.
func kinds(n *Node, after uint64, name topics.Name) (ks []mesh.Kind) {
	w := n.Watch(after)
	defer w.Close()
	for {
		select {
		case e := <-w.C:
			if e.Peer == name {
				ks = append(ks, e.Kind)
			}
		default:
			return ks
		}
	}
}
