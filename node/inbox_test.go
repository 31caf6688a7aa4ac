package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// heap is the memory in use after what nobody holds has been given back.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what a sync.Pool has goes with the second
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// bytes is how much an inbox counts now.
func (in *inbox) bytes() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.size
}

// An application that does not read costs 64 MiB, whether the messages come from a peer or from the node itself. Not
// parallel, as memory is measured.
func TestApplicationThatDoesNotReadCostsBytesNotMessages(t *testing.T) {
	const messages, bound = 400, 64 << 20
	addrs := nodetest.Addresses(t, 2)
	slow := start(t, Config{Hostname: addrs[0], Bind: addrs[0], RingBytes: MinRingBytes})
	peer := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1], RingBytes: MinRingBytes})
	whole(t, slow, peer)
	slow.Messages() // it asks for them, and reads none
	body := make([]byte, 1<<20)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for what, from := range map[string]*Node{"its own": slow, "a peer's": peer} {
		go func() {
			for range peer.Messages() {
			}
		}()
		before, begin := heap(), taken(slow)
		ctx, on := nodetest.Progress(t)
		for last, got := begin, begin; got-begin < messages; got = taken(slow) {
			if got > last {
				on()
			}
			last = got
			if err := errors.Join(from.Publish(body), context.Cause(ctx)); err != nil {
				t.Fatalf("%d messages: %v", got-begin, err)
			}
			<-tick.C
		}
		grown := heap() - before
		t.Logf("%d messages of 1 MiB, %s: %d MiB more in use", messages, what, grown>>20)
		if grown > bound*3/2 {
			t.Errorf("%s: %d MiB more in use", what, grown>>20)
		}
		for slow.inbox.bytes() > 0 { // let the next begin with less
			<-slow.Messages()
		}
	}
}

// taken is how many messages a node has received, and given to its application or not.
func taken(n *Node) uint64 {
	return n.Stats()["messages_delivered"] + n.Stats()["messages_lost"]
}

func TestInboxBytesCountWhatMessagesTake(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, InboxBytes: 1 << 20, MaxMessage: 64 << 10})
	messages := n.Messages()
	body := make([]byte, 64<<10)
	const published = 100
	for range published {
		if err := n.Publish(body); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.inbox.bytes() + len(n.messages)*len(body); got > 1<<20 {
		t.Errorf("%d bytes are held", got)
	}
	n.Close()
	left := 0
	for range messages {
		left++
	}
	stats := n.Stats()
	if all := stats["messages_delivered"] + stats["messages_lost"]; all != published || stats["messages_delivered"] != uint64(left) {
		t.Errorf("%d published; %d delivered, of which %d were read after the end, and %d lost", published, stats["messages_delivered"], left, stats["messages_lost"])
	}
}

func TestEnvelopeThatDoesNotSayWhenHasNoTime(t *testing.T) {
	t.Parallel()
	r := reader{limit: 10}
	for range 2 {
		for envelope, want := range map[string]time.Time{
			`{"v":1,"from":"x","uid":"u"}`:        {},
			`{"v":1,"from":"x","uid":"u","at":0}`: {},
			`{"v":1,"from":"x","uid":"u","at":5}`: time.UnixMilli(5),
		} {
			a := arrival{Message: new(Message)}
			ok := r.decode(&a, [][]byte{[]byte(topics.Message), []byte("body"), []byte(envelope)})
			if !ok || !a.SentAt.Equal(want) || a.SentAt.IsZero() != want.IsZero() {
				t.Errorf("%s: %v, sent at %v, want %v", envelope, ok, a.SentAt, want)
			}
		}
	}
}

// The log says how many messages of a peer were delivered, and nothing of a peer whose messages were all refused.
func TestLogCountsWhatIsDelivered(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	forged := framed("1", "forged", `{"v":1,"from":"z","uid":"u1"}`)
	for from, run := range map[topics.Name]link.Run{"x": append(framed("1", "naive"), forged...), "liar": append(forged, forged...)} {
		n.inbox.admit(len(run), run.Len())
		n.inbox.put(parcel{from: from, run: slices.Clip(run), count: run.Len()})
	}
	nodetest.Eventually(t, func() error {
		if refused := n.Stats()["forged_origins"]; refused != 3 {
			return fmt.Errorf("%d messages were refused", refused)
		}
		return nil
	})
	n.Close() // and the log is whole
	if text := log.String(); !strings.Contains(text, "from=x count=1\n") || strings.Contains(text, "liar") {
		t.Error(text)
	}
}

// What is wrong with a message is found out before it waits for the application: who does not read has no more of it.
func TestMessagesAreJudgedBeforeTheApplicationReads(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	run := link.Run(framed("1", "good", `{"v":1,"from":"x","uid":"u1"}`))
	run = append(run, framed("1", "forged", `{"v":1,"from":"y","uid":"u2"}`)...)
	run = append(run, framed("1", "no envelope", `{"v":1,`)...)
	run = append(run, framed("10", "not asked for")...)
	run = append(run, framed("1", "naive")...)
	n.inbox.admit(len(run), run.Len())
	n.inbox.put(parcel{from: "x", run: slices.Clip(run), count: run.Len()})
	nodetest.Eventually(t, func() error { // nobody has read anything
		if stats := n.Stats(); stats["forged_origins"] != 1 || stats["bad_messages"] != 1 || stats["messages_unsubscribed"] != 1 {
			return fmt.Errorf("%v", stats)
		}
		return nil
	})
	var dst [10]Message
	if got, err := n.Receive(t.Context(), dst[:]); got != 2 || err != nil || string(dst[0].Body) != "good" || string(dst[1].Body) != "naive" {
		t.Errorf("received %d, %v: %q, %q", got, err, dst[0].Body, dst[1].Body)
	}
	if held := n.inbox.bytes(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}

// Receive gives what came in its order, in as many pieces as its reader likes, and the rest after the end.
func TestReceive(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	const published = 1000
	for i := range published {
		if err := n.Publish(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	next := 0
	read := func(dst []Message) error {
		got, err := n.Receive(t.Context(), dst)
		for _, m := range dst[:got] {
			if string(m.Body) != fmt.Sprint(next) {
				t.Fatalf("%q, want %d", m.Body, next)
			}
			next++
		}
		return err
	}
	for size := 1; next < published/2; size++ {
		if err := read(make([]Message, size)); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, func() error { // or the end would be the end of them
		if got := n.inbox.toRead(); next+got < published {
			return fmt.Errorf("%d read, and %d to be read", next, got)
		}
		return nil
	})
	n.Close()
	for {
		if err := read(make([]Message, 100)); err != nil {
			if !errors.Is(err, ErrClosed) || next != published {
				t.Errorf("%v after %d", err, next)
			}
			break
		}
	}
	if _, open := <-n.Messages(); open {
		t.Error("Messages is open after the end")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	other := start(t, Config{Hostname: addr, Bind: addr})
	if got, err := other.Receive(ctx, make([]Message, 1)); got != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", got, err)
	}
}

// toRead is how many messages wait for the application.
func (in *inbox) toRead() (n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, b := range in.ready.items[in.ready.head:] {
		n += len(b.messages) - b.next
	}
	return n
}

// A node hears itself as others hear it, in the order in which it spoke, also where many speak at once.
func TestOwnMessages(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr, Channels: []string{"news"}})
	asks(t, n)
	const speakers, each = 8, 500
	var all sync.WaitGroup
	began := time.Now()
	for who := range speakers {
		all.Go(func() {
			for i := range each {
				if err := n.Publish(fmt.Appendf(nil, "%d %d", who, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if err := n.PublishTo("other", []byte("not for itself")); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := n.PublishTo("news", []byte("the last")); err != nil {
		t.Fatal(err)
	}
	var next [speakers]int
	uids := make(map[string]bool)
	number := uint64(0)
	for got := 0; got <= speakers*each; got++ {
		var m [1]Message
		if _, err := n.Receive(t.Context(), m[:]); err != nil {
			t.Fatal(err)
		}
		_, count, _ := strings.Cut(m[0].UID, "-")
		now, err := strconv.ParseUint(count, 36, 64)
		if err != nil || now <= number || uids[m[0].UID] {
			t.Fatalf("UID %q after %d: %v", m[0].UID, number, err)
		}
		number, uids[m[0].UID] = now, true
		if m[0].From != n.Name() || m[0].SentAt.Before(began.Truncate(time.Millisecond)) || m[0].SentAt.After(time.Now()) {
			t.Errorf("%+v", m[0])
		}
		if m[0].Channel == "news" {
			if string(m[0].Body) != "the last" || got != speakers*each {
				t.Errorf("%q as number %d", m[0].Body, got)
			}
			continue
		}
		var who, i int
		if _, err := fmt.Sscan(string(m[0].Body), &who, &i); err != nil || i != next[who] {
			t.Fatalf("%q, want %d: %v", m[0].Body, next[who], err)
		}
		next[who]++
	}
	if stats := n.Stats(); stats["messages_unsubscribed"] != 0 || stats["messages_lost"] != 0 {
		t.Errorf("%v", stats)
	}
}
