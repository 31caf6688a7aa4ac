package node

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
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

// A reply over a link that has ended just then is said to all, in a partial mesh. Over one that stays it is not.
func TestAReplyOverALinkThatEnds(t *testing.T) {
	addrs := nodetest.Addresses(t, 2)
	asker := start(t, Config{Hostname: addrs[0], Bind: addrs[0]})
	n := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: []string{addrs[0]}})
	meet(t, asker, n)
	to := func(name topics.Name) *owed {
		return &owed{to: name, topic: topics.Direct{Name: name}.String(), by: time.Now().Add(time.Hour), envelope: topics.Envelope{UID: "u", Re: "r"}}
	}
	kept := func() int {
		n.talk.mu.Lock()
		defer n.talk.mu.Unlock()
		return len(n.talk.owed)
	}
	nodetest.Eventually(t, func() error {
		n.sparse.Store(true) // the node sees at each look that it is in no partial mesh
		if n.replyLater(to(asker.Name())); kept() == 0 {
			return errors.New("it is not kept")
		}
		return nil
	})
	nodetest.Eventually(t, func() error {
		if left := kept(); left > 0 {
			return fmt.Errorf("%d are kept", left)
		}
		return nil
	})
	if n.speaker.count > 0 {
		t.Error("it is said to all, though the link stays")
	}
	gone := to("gone")
	gone.said, gone.at = true, time.Now()
	n.talk.owed = append(n.talk.owed, gone)
	if n.payOwed(); n.speaker.count != 1 {
		t.Errorf("%d messages to all", n.speaker.count)
	}
}

// So a reply may come twice. The second one is late, also where it is none: who said it was asked.
func TestAReplyThatComesTwiceIsLate(t *testing.T) {
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	a := &Asked{node: n, changes: n.Follow(n.hub.newest()), arrived: make(chan struct{}, 1), all: make(map[topics.Name]*one)}
	a.add("b")
	a.add("c")
	n.talk.pending["u"] = a
	for range 2 {
		n.takeReply(&arrival{via: "b", envelope: &topics.Envelope{Re: "u", Fail: topics.NobodyAnswers}, Message: &Message{From: "b"}})
	}
	if s := n.Stats(); s["replies_taken"] != 1 || s["replies_late"] != 1 || s["replies_unasked"] > 0 {
		t.Errorf("%v", s)
	}
	if silent := a.Silent().Silent; len(silent) != 1 {
		t.Errorf("silent: %v", silent)
	}
}
