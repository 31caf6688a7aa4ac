package node

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// onTheWire is a message of an origin as it goes over the wire.
func onTheWire(topic, origin string, incarnation int64, n uint64, body []byte) link.Run {
	e := topics.Envelope{Version: 1, Origin: topics.Name(origin), UID: fmt.Sprint("u", n), SentAt: 1, Incarnation: incarnation, Number: n, Type: "text/plain"}
	return zmtp.AppendMessage(nil, []byte(topic), body, topics.AppendEnvelope(nil, e))
}

// arrivalOf is the first message of a run, as it is decoded.
func arrivalOf(t *testing.T, run link.Run) *arrival {
	t.Helper()
	r := reader{limit: 1 << 20}
	a := &arrival{via: "x", Message: &Message{}}
	rest := run
	if !r.decode(a, rest.Next(nil)) {
		t.Fatal("it is no message")
	}
	a.From = a.envelope.Origin
	return a
}

// shares reports whether a text is a part of the run.
func shares(run link.Run, text string) bool {
	at := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(run)))
	return len(text) > 0 && at >= begin && at < begin+uintptr(len(run))
}

// What outlives the run that it came in holds nothing of it.
func TestWhatIsKeptSharesNothingWithItsRun(t *testing.T) {
	run := onTheWire("2/x", "origin", 7, 9, []byte("body"))
	a := arrivalOf(t, run)
	if !shares(run, text(a.Body)) || !shares(run, string(a.From)) || !shares(run, a.UID) || !shares(run, a.Type) {
		t.Fatal("this test sees nothing")
	}
	m := kept(*a.Message)
	if string(m.Body) != "body" || m.From != "origin" || m.UID != "u9" || m.Type != "text/plain" || m.Channel != "x" {
		t.Errorf("%+v", m)
	}
	if shares(run, text(m.Body)) || shares(run, string(m.From)) || shares(run, m.UID) || shares(run, m.Type) || shares(run, m.Channel) {
		t.Errorf("%+v shares the memory of the run", m)
	}
}

// A request that waits holds no run either, which may be a thousand times as large.
func TestRequestThatWaitsHoldsNoRun(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	g, err := n.talk.join("desk")
	if err != nil {
		t.Fatal(err)
	}
	e := topics.Envelope{Version: 1, Origin: "asks", UID: "u", SentAt: 1, Ask: 60_000}
	run := link.Run(zmtp.AppendMessage(nil, []byte("4/desk"), []byte("body"), topics.AppendEnvelope(nil, e)))
	n.takeRequest(arrivalOf(t, run), "desk", false)
	select {
	case c := <-g.calls:
		if c.to != "asks" || string(c.message.Body) != "body" {
			t.Errorf("%+v", c)
		}
		if shares(run, string(c.to)) || shares(run, text(c.message.Body)) || shares(run, c.message.UID) || shares(run, string(c.message.From)) {
			t.Errorf("%+v shares the memory of the run", c)
		}
	default:
		t.Fatal("it does not wait")
	}
}

// Nor does a reply that waits for who asked, where nobody took the request.
func TestReplyThatIsOwedHoldsNoRun(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	e := topics.Envelope{Version: 1, Origin: "asks", UID: "u", SentAt: 1, Ask: 60_000}
	run := link.Run(zmtp.AppendMessage(nil, []byte("4/desk"), []byte("body"), topics.AppendEnvelope(nil, e)))
	n.takeRequest(arrivalOf(t, run), "desk", true)
	n.talk.mu.Lock()
	defer n.talk.mu.Unlock()
	if len(n.talk.owed) != 1 {
		t.Fatalf("%d replies are owed", len(n.talk.owed))
	}
	if o := n.talk.owed[0].envelope; shares(run, o.Re) {
		t.Errorf("%+v shares the memory of the run", o)
	}
}

// What rings keep of runs takes no more memory than they count, whatever else came in the runs. Not parallel, as memory is
// measured.
func TestRingsTakeWhatTheyCount(t *testing.T) {
	const most = 4 << 20
	for _, kept := range []int{100, 5 << 10, 30 << 10} {
		before := heap()
		r := newRing(most, time.Hour, time.Now())
		for n := uint64(1); n <= 2*most/uint64(kept); n++ {
			var s span
			run := onTheWire("1", "a", 1, n, make([]byte, kept))
			to := len(run)
			run = append(run, make([]byte, 60<<10)...)
			s.add(r, run, relay.Stream{Origin: "a", Incarnation: 1, Topic: "1"}, n, 0, to)
			s.flush(r, run)
		}
		if grown := heap() - before; grown > most*9/8 || r.kept.Bytes() < most*9/10 {
			t.Errorf("messages of %d bytes: %d counted, %d in use", kept, r.kept.Bytes(), grown)
		}
		runtime.KeepAlive(r)
	}
}

// What waits for the application takes no more memory than it counts, however small the runs are in which it came. Not
// parallel, as memory is measured.
func TestInboxTakesWhatItCounts(t *testing.T) {
	const most = 4 << 20
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	one := zmtp.AppendMessage(nil, []byte("1"), []byte("x"))
	for _, together := range []int{1, 2, 129} {
		for _, judged := range []bool{false, true} {
			before := heap()
			in := newInbox(most, func(int) {}, func() {})
			j := newJudge(n)
			for in.bytes() < most*19/20 {
				run := link.Run(bytes.Repeat(one, together))
				if in.admit(len(run), together) != link.Admitted {
					t.Fatalf("no room beside %d bytes", in.bytes())
				}
				in.put(parcel{from: "a", run: run[:len(run):len(run)], count: together})
				if judged {
					p, b, _ := in.take()
					n.judgeParcel(j, p, b)
					in.deliver(b)
				}
			}
			j.tick.Stop()
			nodetest.Eventually(t, func() error { // the node publishes a beat now and then
				if grown := heap() - before; grown > in.bytes()*9/8 || in.bytes() < most*9/10 {
					return fmt.Errorf("runs of %d messages, judged %t: %d counted, %d in use", together, judged, in.bytes(), grown)
				}
				return nil
			})
			runtime.KeepAlive(in)
		}
	}
}

// What was counted for runs is given back when they are read, and the judge holds none, over TCP and within a process.
func TestInboxGivesBackWhatItCounted(t *testing.T) {
	t.Parallel()
	for _, overTCP := range []bool{false, true} {
		addrs := nodetest.Addresses(t, 2)
		a := start(t, Config{Hostname: addrs[0], Bind: addrs[0], OverTCP: overTCP})
		b := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1], OverTCP: overTCP})
		whole(t, a, b)
		flowing(t, a, 1)
		const count = 5000
		done := make(chan error, 1)
		go func() {
			_, err := inOrder(t.Context(), b, a, count, 0)
			done <- err
		}()
		for i := range uint64(count) {
			if err := a.PublishWait(t.Context(), body(i, 300)); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		nodetest.Eventually(t, func() error {
			b.inbox.mu.Lock()
			defer b.inbox.mu.Unlock()
			if b.inbox.size != 0 || b.inbox.fresh != 0 {
				return fmt.Errorf("nothing waits, and %d bytes count, %d of them fresh", b.inbox.size, b.inbox.fresh)
			}
			return nil
		})
	}
}

// The judge holds no run that is judged.
func TestJudgeHoldsNoRun(t *testing.T) {
	addr := nodetest.Address(t)
	n := start(t, Config{Hostname: addr, Bind: addr})
	j := newJudge(n)
	defer j.tick.Stop()
	j.rules.Admit(0, []topics.Name{"other"})
	for _, from := range []string{"other", "stranger"} {
		run := onTheWire("1", from, 1, 1, make([]byte, 100))
		n.judgeParcel(j, parcel{link: 7, from: topics.Name(from), run: run, count: 1}, &batch{})
		if j.run != nil || j.topic != nil || j.envelopes != (topics.EnvelopeReader{}) {
			t.Errorf("it holds the run of %s", from)
		}
	}
}

// What waits in memory that was used for more before takes no more than it counts.
func TestBatchesThatWaitAreNoLargerThanTheyCount(t *testing.T) {
	in := newInbox(1<<30, func(int) {}, func() {})
	for range 100 {
		b := in.batch()
		b.messages = append(make([]Message, 0, keptMessages), Message{UID: strings.Repeat("x", 8)})
		in.deliver(b)
	}
	places := 0
	for range 100 {
		b, _ := in.nextBatch()
		places += cap(b.messages)
	}
	if most := keptBatches*keptMessages + 200; places > most {
		t.Errorf("100 messages wait in %d places, more than %d", places, most)
	}
}
