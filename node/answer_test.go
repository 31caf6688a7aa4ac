package node

import (
	"context"
	"testing"

	"hearsay/node/nodetest"
)

// What waits when one of several handlers stops is left to the others.
func TestAHandlerThatStopsTakesNothingAlong(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	const first, more = 16, 40
	var all []*Asked
	ask := func(many int) {
		for range many {
			a, err := n.Ask(patient(t), Request{Channel: "c"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(a.Close)
			all = append(all, a)
		}
	}
	began := make(chan struct{}, first)
	stop, err := n.Answer("c", first, func(ctx context.Context, _ Message) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	ask(first)
	for range first {
		<-began
	}
	stopped := make(chan struct{})
	answers(t, n, "c", func(context.Context, Message) ([]byte, error) {
		<-stopped
		return nil, nil
	})
	ask(more)
	stop()
	close(stopped)
	good := 0
	for _, a := range all {
		r, err := a.Next(patient(t))
		if err != nil {
			t.Fatal(err)
		}
		if r.Fail == "" {
			good++
		}
	}
	if good != more {
		t.Errorf("%d good replies, want %d", good, more)
	}
}
