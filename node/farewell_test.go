//go:build unix

package node

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

// What was published before a node was closed arrives, though its goodbye overtakes it.
func TestPublishThenClose(t *testing.T) {
	addrs := nodetest.Addresses(t, 2)
	n := startAt(t, addrs[0])
	for _, many := range []int{100, 100, 100, 1, 30_000, 100} {
		c := spawn(t, addrs[1], addrs[0])
		flows(t, n, c, topics.Name(addrs[1]))
		c.publish(t, many)
		left := make(chan bool)
		go func() { c.leave(t); close(left) }()
		if got := numbered(t, n, many); got != many {
			t.Errorf("%d of %d messages", got, many)
		}
		<-left
	}
}

// flows waits until what a child publishes arrives.
func flows(t *testing.T, n *Node, c *child, name topics.Name) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		c.publish(t, 1)
		select {
		case m := <-n.Messages():
			if m.From == name {
				return nil
			}
		case <-time.After(10 * time.Millisecond):
		}
		return fmt.Errorf("nothing came of %s", name)
	})
	c.publish(t, 2) // before "1" comes all that was published meanwhile
	for late := time.After(nodetest.Patience); ; {
		select {
		case m := <-n.Messages():
			if m.From == name && string(m.Body) == "1" {
				return
			}
		case <-late:
			t.Fatal("what was published after the first that came does not")
		}
	}
}

// numbered counts messages until the last of so many has come, or none comes for as long as a test is patient.
func numbered(t *testing.T, n *Node, many int) (got int) {
	t.Helper()
	for got < many {
		select {
		case m := <-n.Messages():
			if string(m.Body) != strconv.Itoa(got) {
				t.Errorf("message %q after %d", m.Body, got)
			}
			got++
		case <-time.After(nodetest.Patience):
			return got
		}
	}
	return got
}
