package node

import (
	"fmt"
	"testing"

	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// A loop takes nothing in while others work, and goes on when it is its turn.
func TestLoopsTakeTurns(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	working := make(chan struct{}, 1)
	working <- struct{}{}
	n := start(t, Config{Hostname: addrs[0], Bind: addrs[0], working: working})
	l, err := link.Open(link.Config{Bind: addrs[1], Hello: topics.Name(addrs[1])})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(0)
	go func() {
		for range l.Events() { // until it is closed
		}
	}()
	const listeners = 4
	for range listeners {
		if !l.Join(link.Discovery, n.link.Addr(link.Discovery), n.Name(), "", false) {
			t.Fatal("not connected")
		}
	}
	waiting := func(want func(events int) bool) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if events := len(n.tells); !want(events) {
				return fmt.Errorf("%d events wait", events)
			}
			return nil
		})
	}
	waiting(func(events int) bool { return events >= 2*listeners-1 }) // one may be in the loop's hands
	<-working
	waiting(func(events int) bool { return events == 0 })
}
