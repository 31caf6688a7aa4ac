package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// idle is a node whose judge does nothing unless somebody brings something.
func idle(t *testing.T) *Node {
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	n.hearing.judge.asked.Store(true)
	n.hearing.judge.due.Store(true)
	return n
}

// brings has a node take a run, as the link does: after it was admitted.
func brings(n *Node, id link.ID, run link.Run) (tell bool) {
	run = slices.Clip(run)
	n.inbox.admit(len(run), run.Len())
	return n.takeMessages(link.Event{Kind: link.Received, Port: link.Message, ID: id, Run: run})
}

// What comes over several links at once is judged when all who bring it are done: by them or by who is at it.
func TestWhatComesAtOnceIsJudged(t *testing.T) {
	t.Parallel()
	n := idle(t)
	for id := range link.ID(2) {
		n.takeMessages(link.Event{Kind: link.Up, Port: link.Message, ID: id + 1, Target: "7/" + string(rune('a'+id))})
	}
	for number := range uint64(5000) {
		var done sync.WaitGroup
		for id := range link.ID(2) {
			run := onTheWire("1", string(rune('a'+id)), 1, number+1, []byte("x"))
			done.Go(func() { brings(n, id+1, run) })
		}
		done.Wait()
		nodetest.Eventually(t, func() error { // the node's own goroutine may be at it
			if n.inbox.waits() {
				return fmt.Errorf("round %d: something waits, and nobody judges it", number)
			}
			return nil
		})
	}
}

// Who reads a connection judges some of what others bring, and leaves the rest to the goroutine that hears.
func TestWhoReadsJudgesLittleOfOthers(t *testing.T) {
	t.Parallel()
	n := idle(t)
	n.Close() // that goroutine has ended, and nobody else judges
	n.hearing.over, n.inbox.ended = false, false
	const parcels = 1000
	for number := range uint64(parcels) {
		run := slices.Clip(onTheWire("1", "a", 1, number+1, []byte("x")))
		n.inbox.admit(len(run), 1)
		n.inbox.came.push(parcel{from: "a", run: run, count: 1})
	}
	n.judgeUpTo(inPlace)
	if left := n.inbox.came.len(); left == 0 || left == parcels {
		t.Errorf("%d of %d parcels are left", left, parcels)
	}
	if len(n.inbox.arrived) == 0 {
		t.Error("nobody is told of the rest")
	}
	for len(n.inbox.arrived) > 0 {
		<-n.inbox.arrived
		n.judgeUpTo(inPlace)
	}
	if left := n.inbox.came.len(); left > 0 {
		t.Errorf("%d parcels are left to nobody", left)
	}
}

// during does something at each line of a log.
type during struct {
	slog.Handler
	do func()
}

func (d during) Enabled(context.Context, slog.Level) bool      { return true }
func (d during) Handle(_ context.Context, _ slog.Record) error { d.do(); return nil }

// What comes while a judge has judged all, and is not done, is judged by it: who brings it finds the judge taken.
func TestWhoJudgesLooksOnceMore(t *testing.T) {
	t.Parallel()
	n := idle(t)
	n.Close() // nobody else judges
	n.hearing.over, n.inbox.ended = false, false
	j := n.hearing.judge
	j.links["a"] = []link.ID{1 << 60}
	j.rules.Up(0, "a")
	j.rules.Message(0, relay.Stream{Origin: "a", Topic: topics.Message}, 0, "", Message{}, 1, nil)
	for now := time.Duration(0); now < time.Minute; now += time.Second {
		j.rules.Tick(now, lacked{"a", "b"}, nil) // there is something to say after the next messages: a line of the log
	}
	bring := func() {
		n.inbox.putFirst(parcel{from: "c", news: &news{kind: newsNumbers}})
		n.judgeUpTo(inPlace)
	}
	lines := 0
	n.log = slog.New(during{slog.DiscardHandler, func() {
		lines++
		bring()
	}})
	bring()
	if left := n.inbox.came.len(); lines == 0 || left > 0 {
		t.Errorf("%d lines, and %d parcels are left to nobody", lines, left)
	}
}

// Nobody but who judges has the judge: who finds it taken leaves to it what has come.
func TestTheJudgeIsTakenOnlyToJudge(t *testing.T) {
	t.Parallel()
	n := idle(t)
	n.hearing.mu.Lock()
	defer n.hearing.mu.Unlock()
	asked := make(chan bool, 1)
	go func() { asked <- n.hearing.asks() }()
	nodetest.Eventually(t, func() error {
		if len(asked) == 0 {
			return errors.New("a question waits for who judges")
		}
		return nil
	})
}

// The loop is told of the first message of a link, and then now and then; of its beginning and its end always. What comes over a
// link that is not up is let go of.
func TestWhatTheLoopIsToldOfMessages(t *testing.T) {
	t.Parallel()
	n := idle(t)
	run := func(number uint64) link.Run { return onTheWire("1", "peer", 1, number, []byte("x")) }
	if brings(n, 9, run(1)) || n.incoming.links[9] != nil {
		t.Error("a link that is not up")
	}
	if !n.takeMessages(link.Event{Kind: link.Up, Port: link.Message, ID: 9, Target: "7/peer"}) {
		t.Error("not told of a beginning")
	}
	if !brings(n, 9, run(1)) {
		t.Error("not told of the first message")
	}
	told := 0
	for number := range uint64(1000) {
		if brings(n, 9, run(number+2)) {
			told++
		}
	}
	if told > 500 {
		t.Errorf("told of %d messages in a row", told)
	}
	received := make(map[topics.Name]uint64)
	if n.incoming.count(received); received["peer"] == 0 {
		t.Error("nothing is counted as received")
	}
	if !n.takeMessages(link.Event{Kind: link.Down, Port: link.Message, ID: 9}) || len(n.incoming.links) > 0 {
		t.Error("the end")
	}
	for left := 1001; left > 0; {
		got, err := n.Receive(t.Context(), make([]Message, left))
		if err != nil {
			t.Fatal(err)
		}
		left -= got
	}
	if left := n.inbox.bytes(); left != 0 {
		t.Errorf("%d bytes count though all was read", left)
	}
}

// What comes from within this process, and what is large, is left to the goroutine that hears: who brings it reads others' lists.
func TestWhatIsNotJudgedByWhoReadsIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		within bool
		size   int
		left   bool
	}{
		"small":                {false, 1, false},
		"from within":          {true, 1, true},
		"larger than in place": {false, inPlace, true},
	} {
		n := &Node{inbox: newInbox(1<<20, func(int) {}, func() {})} // and nobody who hears
		n.hearing.over = true
		n.incoming.links = map[link.ID]*messageLink{1: {peer: "a"}}
		run := slices.Clip(onTheWire("1", "a", 1, 1, make([]byte, tc.size)))
		n.inbox.admit(len(run), 1)
		n.takeMessages(link.Event{Kind: link.Received, Port: link.Message, ID: 1, Run: run, Within: tc.within})
		if left := len(n.inbox.arrived) > 0; left != tc.left || !n.inbox.waits() {
			t.Errorf("%s: it is left to who hears: %v", name, left)
		}
	}
}
