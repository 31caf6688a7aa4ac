package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"hearsay/node/nodetest"
)

// In a partial mesh copies are spared, by who brings them second, and who is spared tells of numbers. All that is said comes.
func TestCopiesAreSparedInAPartialMesh(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, MinFullMesh+8)
	var nodes []*Node
	for i, addr := range addrs {
		nodes = append(nodes, start(t, Config{Hostname: addr, Bind: addr, Seeds: []string{addrs[(i+1)%len(addrs)]}, FullMesh: MinFullMesh}))
	}
	said, first := 0, 0 // first: when something had come to all
	nodetest.Eventually(t, func() error {
		say(t, nodes[0], said, said)
		said++
		prunes, digests := uint64(0), uint64(0)
		for _, n := range nodes {
			s := n.judged.Load()
			prunes, digests = prunes+s.Prunes, digests+s.Digests
			if n != nodes[0] && s.Following == 0 {
				return fmt.Errorf("nothing has come to %s", n.Name())
			}
		}
		if first == 0 {
			first = said
		}
		if prunes == 0 || digests == 0 {
			return errors.New("nobody is spared, or nobody who is tells of numbers")
		}
		return nil
	})
	say(t, nodes[0], said, said)
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	for _, n := range nodes[1:] {
		var dst [64]Message
		for last := -1; last < said; {
			got, err := n.Receive(ctx, dst[:])
			if err != nil {
				t.Fatalf("%s has %d of %d: %v\n%+v", n.Name(), last, said, err, *n.judged.Load())
			}
			for _, m := range dst[:got] {
				number, _ := strconv.Atoi(string(m.Body))
				if number != last+1 && last >= first || last < first && number > first {
					t.Fatalf("%s got %d after %d, and %d told missing", n.Name(), number, last, m.Missed)
				}
				last = number
			}
		}
	}
}
