package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/node/nodetest"
)

// flowing waits until what a node publishes reaches so many members.
func flowing(t *testing.T, n *Node, peers int) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		flows := 0
		for _, m := range n.Members() {
			if m.Flowing {
				flows++
			}
		}
		if flows < peers {
			return fmt.Errorf("messages flow to %d of %d", flows, peers)
		}
		return nil
	})
}

func body(number uint64, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, number)
	return b
}

// asks has an application ask for messages: one that never has loses what its inbox has no room for.
func asks(t *testing.T, n *Node) {
	t.Helper()
	if _, err := n.Receive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// inOrder reads a peer's messages, which are numbered from 0, until it has so many of them. pause comes between two reads.
func inOrder(ctx context.Context, n *Node, from *Node, most int, pause time.Duration) (got int, err error) {
	var dst [64]Message
	for got < most {
		k, err := n.Receive(ctx, dst[:])
		if err != nil {
			return got, err
		}
		for _, m := range dst[:k] {
			if m.From != from.Name() {
				continue
			}
			if number := binary.BigEndian.Uint64(m.Body); number != uint64(got) {
				return got, fmt.Errorf("message %d after %d", number, got-1)
			}
			got++
		}
		if pause > 0 {
			<-time.After(pause)
		}
	}
	return got, nil
}

// slowPatience is how long one that takes nothing is waited for.
const slowPatience = time.Second

// A publisher that waits loses nothing to an application that is slower than it is, however small all buffers are, and
// nobody is suspected meanwhile.
func TestPublishWaitLosesNothing(t *testing.T) {
	for name, overTCP := range map[string]bool{"TCP": true, "memory": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const messages, size = 15_000, 4 << 10 // 60 MB
			addrs := nodetest.Addresses(t, 3)
			var nodes []*Node
			for i := range addrs {
				nodes = append(nodes, start(t, Config{Hostname: addrs[i], Bind: addrs[i], Seeds: addrs[:1], OverTCP: overTCP,
					InboxBytes: 1 << 20, OutboxBytes: MinOutboxBytes, MaxMessage: 64 << 10}))
			}
			from := nodes[0]
			whole(t, nodes...)
			flowing(t, from, 2)
			ctx, on := nodetest.Progress(t)
			results := make(chan error, 2)
			for i, pause := range []time.Duration{0, time.Millisecond} {
				asks(t, nodes[i+1])
				go func() {
					_, err := inOrder(ctx, nodes[i+1], from, messages, pause)
					results <- err
				}()
			}
			for i := range uint64(messages) {
				if err := from.PublishWait(ctx, body(i, size)); err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				on()
			}
			for range 2 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			if dropped := from.Stats()["link_messages_dropped"]; dropped != 0 {
				t.Errorf("%d dropped", dropped)
			}
			if held := nodes[2].Stats()["link_messages_held"]; held == 0 {
				t.Error("the slow one never held anything up")
			}
			for _, n := range nodes {
				if s := n.Machine(); s.LostBeats > 0 {
					t.Errorf("%s lost %d beats", n.Name(), s.LostBeats)
				}
				for _, m := range n.Members() {
					if m.State != mesh.Alive {
						t.Errorf("%s is %v at %s", m.Name, m.State, n.Name())
					}
				}
			}
		})
	}
}

// Where an application has stopped, its peers wait for a second at most, are told whom they waited for, and others miss
// nothing.
func TestPublishWaitNamesWhoIsSlow(t *testing.T) {
	t.Parallel()
	const size = 4 << 10
	addrs := nodetest.Addresses(t, 3)
	var nodes []*Node
	for i := range addrs {
		nodes = append(nodes, start(t, Config{Hostname: addrs[i], Bind: addrs[i], Seeds: addrs[:1], OverTCP: true,
			InboxBytes: 1 << 20, OutboxBytes: MinOutboxBytes, MaxMessage: 64 << 10}))
	}
	from, stopped, other := nodes[0], nodes[1], nodes[2]
	whole(t, nodes...)
	flowing(t, from, 2)
	ctx, on := nodetest.Progress(t)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := from.Publish(body(0, size)); err != nil {
		t.Fatal(err)
	}
	if _, err := inOrder(ctx, stopped, from, 1, 0); err != nil { // it reads one message, and then no more
		t.Fatal(err)
	}
	asks(t, other)
	var got int
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, err = inOrder(ctx, other, from, 1<<60, 0)
	}()
	i := uint64(1)
	publish := func(patience time.Duration) (slow *SlowError) {
		short, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if e := from.PublishWait(short, body(i, size)); e != nil && !errors.As(e, &slow) {
			t.Fatal(e)
		}
		i++
		return slow
	}
	var slow *SlowError
	for slow == nil {
		nodetest.Eventually(t, func() error { // the other one has room, and so has the stopped one alone to be waited for
			if full := from.link.Full(2 * size); slices.ContainsFunc(full, func(s link.Slow) bool { return s.Name == other.Name() }) {
				return fmt.Errorf("full: %v", full)
			}
			return nil
		})
		slow = publish(slowPatience / 2)
		on()
	}
	if !errors.Is(slow, context.DeadlineExceeded) || !slices.Equal(slow.Peers, []string{string(stopped.Name())}) {
		t.Errorf("%v: %v", slow.Peers, slow)
	}
	alone := time.Now()            // when it was last the one that had no room
	for stuck := 0; stuck < 200; { // and with more patience than it takes
		slow := publish(nodetest.Patience)
		if slow == nil {
			alone = time.Now()
			continue
		}
		if slow.Unwrap() != nil || !slices.Contains(slow.Peers, string(stopped.Name())) {
			t.Fatalf("%v: %v", slow.Peers, slow)
		}
		if len(slow.Peers) > 1 { // on a machine that lets the other one take nothing for so long
			if waited := time.Since(alone); waited < slowPatience {
				t.Fatalf("%v after %v", slow.Peers, waited)
			}
			continue
		}
		stuck++
		alone = time.Now()
		on()
	}
	nodetest.Eventually(t, func() error {
		if n := other.Stats()["messages_delivered"]; n < i {
			return fmt.Errorf("%d of %d", n, i)
		}
		return nil
	})
	cancel()
	<-done
	if !errors.Is(err, context.Canceled) || uint64(got) < i-1 {
		t.Errorf("the other got %d of %d: %v", got, i, err)
	}
	if dropped := from.Stats()["link_messages_dropped"]; dropped == 0 {
		t.Error("nothing was dropped for the one that has stopped")
	}
	for _, n := range nodes {
		for _, m := range n.Members() {
			if m.State != mesh.Alive {
				t.Errorf("%s is %v at %s", m.Name, m.State, n.Name())
			}
		}
	}
}

// An application that has never asked for messages holds nobody up: it loses them.
func TestWhoNeverReadsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	deaf := start(t, Config{Hostname: addrs[0], Bind: addrs[0], InboxBytes: 1 << 20, MaxMessage: 64 << 10, OverTCP: true})
	from := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1], OutboxBytes: MinOutboxBytes, OverTCP: true})
	whole(t, deaf, from)
	flowing(t, from, 1)
	const messages = 5000
	for i := range uint64(messages) {
		if err := from.PublishWait(t.Context(), body(i, 4<<10)); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, func() error {
		if s := deaf.Stats(); s["messages_lost"]+uint64(deaf.inbox.toRead()) != messages {
			return fmt.Errorf("%d lost, %d to be read", s["messages_lost"], deaf.inbox.toRead())
		}
		return nil
	})
	if held, lost := deaf.Stats()["link_messages_held"], deaf.Stats()["messages_lost"]; held != 0 || lost == 0 {
		t.Errorf("held up %d times, lost %d", held, lost)
	}
	if s := statusOf(t, deaf); s.Lost != "" {
		t.Errorf("it wants no messages, and its status has %q", s.Lost)
	}
	if deaf.inbox.next(make([]Message, 1)); !strings.Contains(statusOf(t, deaf).Lost, " not delivered, the last ") {
		t.Errorf("it reads, and its status has %q", statusOf(t, deaf).Lost)
	}
}

// One that reads no more counts as one that never did, after a while.
func TestWhoStopsReadingHoldsNobodyUpForLong(t *testing.T) {
	lost := 0
	in := newInbox(1000, func(n int) { lost += n }, func() {})
	in.next(make([]Message, 1))
	if v := in.admit(10_000, 1); v != 0 {
		t.Fatalf("an empty inbox says %v", v)
	}
	if v := in.admit(10, 1); v != 1 || lost != 0 {
		t.Errorf("a full inbox says %v, %d lost", v, lost)
	}
	in.idle.at = 2 * deafAfter
	if v := in.admit(10, 1); v != 0 || lost != 0 {
		t.Errorf("after a while it says %v, %d lost", v, lost)
	}
	in.put(parcel{run: make([]byte, 10), count: 1})
	_, b, _ := in.take()
	b.messages = append(b.messages, Message{})
	if in.deliver(b); lost != 1 || in.toRead() != 0 {
		t.Errorf("after a while %d are lost, and %d to be read", lost, in.toRead())
	}
	if v := in.admit(2*deafSpare, 1); v != 2 || lost != 2 {
		t.Errorf("a flood that nobody reads: %v, %d lost", v, lost)
	}
}

// A process that was stopped comes back to its reader: while it was, nobody could take anything.
func TestWhoWasStoppedStillReads(t *testing.T) {
	in := newInbox(1000, func(int) {}, func() {})
	in.next(make([]Message, 1))
	in.admit(10_000, 1)
	in.admit(10, 1)
	in.idle.seen = in.idle.seen.Add(-time.Hour)
	if !in.isHeld() {
		t.Error("after an hour in which it did not run, it counts as one that reads no more")
	}
	in.idle.at += deafAfter
	if in.isHeld() {
		t.Error("it reads nothing for long, and holds others up")
	}
}

// What fills a gap gets in though what is held behind gaps fills the inbox.
func TestWhatFillsAGapGetsIn(t *testing.T) {
	in := newInbox(1000, func(int) {}, func() {})
	in.next(make([]Message, 1))
	b := in.batch()
	in.hold(900, b)
	if v := in.admit(800, 1); v != link.Admitted {
		t.Errorf("what fills the gap is not let in: %v", v)
	}
	in.put(parcel{run: make([]byte, 800), count: 1})
	if v := in.admit(800, 1); v != link.Held {
		t.Errorf("more than the inbox holds is let in: %v", v)
	}
	_, filled, _ := in.take()
	filled.messages = append(filled.messages, Message{}, Message{})
	in.hold(-900, filled)
	in.deliver(filled)
	in.next(make([]Message, 2))
	if in.size != 0 || in.gaps != 0 {
		t.Errorf("all is read, and %d bytes count, %d behind gaps", in.size, in.gaps)
	}
}

// What is not read in time is told by the next message of its stream.
func TestWhatIsNotReadInTimeIsMissed(t *testing.T) {
	in := newInbox(1000, func(int) {}, func() {})
	in.next(make([]Message, 1))
	in.held, in.idle = true, judgeClock{at: 2 * deafAfter, seen: time.Now()}
	deliver := func(size int, m ...Message) {
		b := in.batch()
		b.messages, b.size = append(b.messages, m...), size
		in.size += size
		in.deliver(b)
	}
	deliver(2000, Message{From: "a"}, Message{From: "a", Missed: 3}, Message{From: "a", Channel: "c"})
	deliver(10, Message{From: "a"}, Message{From: "b"}, Message{From: "a", Channel: "c"})
	var got [3]Message
	if n := in.next(got[:]); n != 3 || got[0].Missed != 5 || got[1].Missed != 0 || got[2].Missed != 1 {
		t.Errorf("%d messages: %+v", n, got)
	}
}

// A node that only publishes does not fill its inbox with what it says, but still hears what it asks itself.
func TestOwnMessagesThatNobodyAskedForTakeLittle(t *testing.T) {
	lost := 0
	in := newInbox(64<<20, func(n int) { lost += n }, func() {})
	one := parcel{run: make([]byte, 1000), count: 1}
	for range 5000 {
		in.putOwn(one, true)
	}
	if in.size > ownUnread || in.size < ownUnread-one.size() || lost != 0 {
		t.Errorf("%d bytes wait, %d count as lost", in.size, lost)
	}
	if in.putOwn(one, false); lost != 0 {
		t.Error("what it asks itself is lost")
	}
	in.next(make([]Message, 1))
	if in.putOwn(one, true); lost != 0 {
		t.Error("lost, though the application reads")
	}
}

// Who asks for messages gets what its own node says from then on, though nothing was read yet.
func TestWhoAsksForMessagesReads(t *testing.T) {
	addr := nodetest.Address(t)
	n := startAt(t, addr)
	if n.inbox.isRead() {
		t.Fatal("nobody asked")
	}
	if n.Messages(); !n.inbox.isRead() {
		t.Error("the channel is asked for, and the application counts as one that only publishes")
	}
}
