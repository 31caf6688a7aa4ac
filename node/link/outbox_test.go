package link

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// numbered reads whole messages until one says last, and returns how many there were, all in order. taken, unless nil,
// follows it.
func (p *peer) numbered(last uint64, taken *atomic.Int64) (n int) {
	p.t.Helper()
	before := int64(-1)
	for {
		p.SetReadDeadline(time.Now().Add(patience))
		frames, err := p.message()
		if err != nil || len(frames) != 2 {
			p.t.Errorf("after %d messages: %q, %v", n, frames, err)
			return n
		}
		number := binary.BigEndian.Uint64([]byte(frames[1]))
		if int64(number) <= before {
			p.t.Errorf("message %d after %d", number, before)
		}
		before = int64(number)
		n++
		if taken != nil {
			taken.Add(1)
		}
		if number == last {
			return n
		}
	}
}

func numberedBody(n uint64, size int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, n), make([]byte, size-8)...)
}

func TestFrozenSubscriber(t *testing.T) {
	const size, many = 8 << 10, 5000 // 40 MB: more than any kernel holds for one connection

	bare(t, func() {
		pub, addr := barePub(t)
		frozen, healthy := subscribed(t, addr, "1"), subscribed(t, addr, "1")
		eventually(t, "both have subscribed", func() bool { return len(pub.(zmq4.Topics).Topics()) > 0 })
		for i := range many {
			_ = pub.Send(zmq4.NewMsgFrom([]byte("1"), numberedBody(uint64(i), size)))
		}
		n := 0
		for ; n < many; n++ {
			healthy.SetReadDeadline(time.Now().Add(window))
			if _, err := healthy.message(); errors.Is(err, os.ErrDeadlineExceeded) {
				break // silence
			}
		}
		if n == many {
			t.Fatal("the healthy one got everything")
		}
		frozen.Close()
		healthy.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := healthy.frame(); err != nil {
			t.Fatalf("silent for another reason: %v", err)
		}
	})

	stall := time.Second
	for frozenAmong(t, stall, many, size) == 0 { // it was hung up before its outbox was full: the machine is slow
		if stall *= 4; stall > patience {
			t.Fatal("nothing was dropped")
		}
	}
}

// frozenAmong has one of four subscribers take nothing, and returns how many messages it lost to a full outbox before it was
// hung up for it. The others get all.
func frozenAmong(t *testing.T, stall time.Duration, many, size int) (dropped uint64) {
	l := open(t, Config{StallTimeout: stall, OutboxBytes: 8 << 20})
	discard(l)
	addr := l.Addr(Message).String()
	frozen := subscribed(t, addr, "1").takenIn()
	var healthy []*peer
	got := make(chan int)
	for range 3 {
		healthy = append(healthy, subscribed(t, addr, "1").takenIn())
	}
	var taken [3]atomic.Int64
	for i, p := range healthy {
		go func() { got <- p.numbered(uint64(many-1), &taken[i]) }()
	}
	before := memory()
	var most uint64
	for i := range uint64(many) {
		if i%500 == 0 {
			most = max(most, memory())
		}
		// At the pace of the healthy: what they have not taken yet fits their outboxes.
		eventually(t, "room", func() bool {
			slowest := min(taken[0].Load(), taken[1].Load(), taken[2].Load())
			return (int(i)-int(slowest))*size < l.cfg.OutboxBytes/8
		})
		if err := l.Publish(Message, []byte("1"), numberedBody(i, size)); err != nil {
			t.Fatal(err)
		}
	}
	for range healthy {
		if n := <-got; n != many {
			t.Errorf("a healthy subscriber got %d of %d", n, many)
		}
	}
	if most > before+uint64(4*l.cfg.OutboxBytes) {
		t.Errorf("%d MB in use, after %d", most>>20, before>>20)
	}
	counts(t, l, "stalled_hang_ups", 1)
	frozen.hungUp()
	return l.Stats()["messages_dropped"]
}

// fullest is how much the fullest outbox of these subscribers holds.
func fullest(l *Link, peers []*peer) (most int) {
	for _, p := range peers {
		for _, s := range l.pubs[Message].gate.subscribers() {
			if s.remote == addrPort(p.LocalAddr()) {
				s.out.mu.Lock()
				most = max(most, s.out.bytes)
				s.out.mu.Unlock()
			}
		}
	}
	return most
}

// A subscriber that pauses gets everything that was not dropped, each message whole and in order, and what
// was dropped is counted exactly.
func TestPausedSubscriber(t *testing.T) {
	l := open(t, Config{StallTimeout: time.Hour, OutboxBytes: 1 << 20})
	discard(l)
	paused := subscribed(t, l.Addr(Message).String(), "1")
	settled(t, l, Message, 1, "1")
	n := uint64(0)
	for ; l.Stats()["messages_dropped"] < 1000; n++ {
		if err := l.Publish(Message, []byte("1"), numberedBody(n, 5<<10)); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan int)
	go func() { got <- paused.numbered(1<<62, nil) }()
	eventually(t, "the outbox is empty", func() bool { return fullest(l, []*peer{paused}) == 0 })
	if err := l.Publish(Message, []byte("1"), numberedBody(1<<62, 8)); err != nil {
		t.Fatal(err)
	}
	if got, dropped := <-got, l.Stats()["messages_dropped"]; uint64(got)+dropped != n+1 {
		t.Errorf("%d published, %d received and %d dropped", n+1, got, dropped)
	}
	if n := l.Stats()["stalled_hang_ups"]; n != 0 {
		t.Errorf("%d hung up", n)
	}
}

// Many who read nothing, on purpose, hold no more memory than a few; who reads gets everything.
func TestManyFrozenSubscribers(t *testing.T) {
	const many, size = 500, 1 << 10
	l := open(t, Config{OutboxBytes: 1 << 20, MaxStrangers: 2 * many, StallTimeout: time.Hour})
	discard(l)
	enter := func() *peer {
		here, there := net.Pipe()
		g := l.pubs[Message].gate
		s := g.newSubscriber(there)
		g.enter(s)
		go g.shake(s)
		p := newPeer(t, here)
		if err := p.shake("SUB"); err != nil {
			t.Fatal(err)
		}
		return p.say(subscription("1")...).takenIn()
	}
	for range many {
		enter()
	}
	healthy := enter()
	for i := range uint64(300) {
		if err := l.Publish(Message, []byte("1"), numberedBody(i, size)); err != nil {
			t.Fatal(err)
		}
		if frames, err := healthy.message(); err != nil || len(frames[1]) != size {
			t.Fatal(err)
		}
	}
	if most := int64(l.cfg.OutboxBytes) + many*outboxOverhead; l.waiting.held.Load() > most {
		t.Errorf("%d bytes wait, more than %d", l.waiting.held.Load(), most)
	}
	for _, s := range l.pubs[Message].gate.subscribers() {
		s.hangUp(errHungUp)
	}
	eventually(t, "nothing waits", func() bool { return l.waiting.held.Load() == 0 })
}

// A frozen node takes no memory for the messages it does not fetch: its events are bounded, and the rest
// waits at the publishers.
func TestEventsUnread(t *testing.T) {
	from := open(t, Config{StallTimeout: time.Second, OutboxBytes: 8 << 20})
	to := open(t, Config{Subscribe: []string{"1"}})
	discard(from)
	dial(t, to, Message, from)
	settled(t, from, Message, 1, "1")
	before := memory()
	for from.Stats()["stalled_hang_ups"] == 0 {
		if err := from.Publish(Message, []byte("1"), make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
	}
	most := uint64(to.cfg.EventBuffer*maxRun + 2*from.cfg.OutboxBytes + maxPending + 8<<20)
	if after := memory(); after > before+most {
		t.Errorf("%d MB more than before", (after-before)>>20)
	}
}

// memory is what the process holds of the system's.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
