package web

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// Readers of the past that then read no more hold little of it. Not parallel, as memory is measured.
func TestReadersOfThePastHoldLittle(t *testing.T) {
	const readers, most = 50, 300 << 10
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{ReaderBytes: 1 << 20})
	for i := range node.MaxPast {
		if err := n.Publish([]byte(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	everything := func(string) bool { return true }
	nodetest.Eventually(t, func() error {
		if got := len(n.Past(everything, 0, 0)); got != node.MaxPast {
			return fmt.Errorf("%d messages", got)
		}
		return nil
	})
	before := heap()
	for range readers {
		listen(t, base+"/v1/messages?replay="+strconv.Itoa(node.MaxPast))
	}
	if held := heap() - before - 1<<20; held > readers*most {
		t.Errorf("%d kB for each of %d readers", held>>10/readers, s.feed.Readers())
	}
}

// The past is gathered for one reader at a time; who waits for it may go.
func TestThePastIsGatheredForOneAtATime(t *testing.T) {
	t.Parallel()
	s, _ := startServer(t, startNode(t, node.Config{}), Options{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	everything := func(string) bool { return true }
	s.past <- struct{}{}
	for range 50 {
		if s.replay(gone, everything, past{count: 1}).in != nil {
			t.Fatal("it was gathered while somebody else gathered it")
		}
	}
	<-s.past
	then := s.replay(t.Context(), everything, past{count: 1})
	defer then.close()
	if then.in == nil || len(s.past) != 0 {
		t.Error("it was not gathered")
	}
}

// What was shown is known, and nothing else.
func TestShown(t *testing.T) {
	t.Parallel()
	all := newShown(100)
	for i := range 100 {
		all.add(strconv.Itoa(2 * i))
	}
	all.sort()
	for i := range 200 {
		if all.has(strconv.Itoa(i)) != (i%2 == 0) {
			t.Errorf("%d", i)
		}
	}
	if all = nil; all.has("0") {
		t.Error("nothing was shown")
	}
}
