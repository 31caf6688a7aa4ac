package node

import (
	"context"
	"sync/atomic"
	"testing"

	"hearsay/mesh"
	"hearsay/node/nodetest"
)

// A reply to a request that comes before its asker has connected to the messages of who answers waits for that, and is
// not lost.
func TestReplyWaitsForItsAsker(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	var shut atomic.Bool
	shut.Store(true)
	asker := start(t, Config{Hostname: addrs[0], Bind: addrs[0], OverTCP: true, blocked: func(d mesh.Dial) bool {
		return d.Port == mesh.MessagePort && shut.Load()
	}})
	other := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1], OverTCP: true})
	heard := make(chan string, 1)
	stop := answers(t, other, "", func(_ context.Context, m Message) ([]byte, error) {
		heard <- string(m.Body)
		return []byte("here"), nil
	})
	ctx := patient(t)
	var asked *Asked
	nodetest.Eventually(t, func() (err error) {
		asked, err = asker.Ask(ctx, Request{To: addrs[1], Body: []byte("where?")})
		return err
	})
	defer asked.Close()
	if got := <-heard; got != "where?" {
		t.Fatalf("%q was asked", got)
	}
	stop() // waits until the reply was said, or is kept
	shut.Store(false)
	if got, err := asked.Next(ctx); err != nil || string(got.Body) != "here" {
		t.Fatalf("replied: %q, %v", got.Body, err)
	}
}
