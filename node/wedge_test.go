//go:build unix

package node

import (
	"fmt"
	"io"
	"testing"

	"hearsay/mesh"
	"hearsay/node/nodetest"
)

// wedgeWord is the line that stops a child's loop for good. What accepts connections, and answers those that subscribe
// with the last list, goes on.
const wedgeWord = "wedge"

func (n *Node) wedge() { go n.do(func() { select {} }) }

// A process whose loop is dead answers everybody who dials it with what it said last. It is evicted all the same, once,
// and however often it is dialled after that.
func TestNodeWhoseLoopIsDeadIsEvicted(t *testing.T) {
	t.Parallel()
	nodes, c, name := observed(t)
	before := told(nodes)
	if _, err := io.WriteString(c.stdin, wedgeWord+"\n"); err != nil {
		t.Fatal(err)
	}
	inState(t, name, mesh.Quarantined, nodes)
	nodetest.Eventually(t, func() error { // each of them has dialled it again, and was answered
		for _, n := range nodes {
			var repeats uint64
			n.ask(func(m *mesh.Machine) { repeats = m.Stats().Repeats })
			if repeats < 3 {
				return fmt.Errorf("%s was told %d old lists", n.Name(), repeats)
			}
		}
		return nil
	})
	for i, n := range nodes {
		if got := kinds(n, before[i], name); !died(got) {
			t.Errorf("%s told of %v", n.Name(), got)
		}
	}
}
