package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// Who asks for the newest numbers is told of those that came before.
func TestWhatCameBeforeIsTold(t *testing.T) {
	t.Parallel()
	nodes := meshOf(t, nil, nodetest.Addresses(t, 2), nil)
	meet(t, nodes...)
	say(t, nodes[0], 0, 0)
	nodetest.Eventually(t, func() error {
		if nodes[1].judged.Load().Following == 0 {
			return errors.New("nothing has come")
		}
		return nil
	})
	want := fmt.Appendf(nil, "%s/%d/1/1", nodes[0].Name().Key(), nodes[0].start.UnixMilli())
	for range 2 { // nothing is new for the second one
		c, err := net.Dial("tcp", net.JoinHostPort(string(nodes[1].Name()), "30000"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		said := append([]byte{0xff, 9: 0x7f, 10: 3, 12: 'N', 13: 'U', 14: 'L', 15: 'L', 63: 0},
			zmtp.AppendCommand(nil, "READY", []byte("\x0bSocket-Type\x00\x00\x00\x03SUB"))...)
		if _, err := c.Write(zmtp.AppendSubscription(said, topics.Newest)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(nodetest.Patience))
		for got := []byte{}; !bytes.Contains(got, want); {
			var b [1024]byte
			n, err := c.Read(b[:])
			if got = append(got, b[:n]...); err != nil {
				t.Fatalf("got %q, want %q: %v", got, want, err)
			}
		}
	}
}

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
