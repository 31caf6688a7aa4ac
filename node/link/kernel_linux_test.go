package link

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A subscriber that reads nothing holds no more of the kernel's memory than is said.
func TestKernelMemory(t *testing.T) {
	const many = 20
	l := open(t, Config{StallTimeout: time.Hour, OutboxBytes: 4 << 20})
	discard(l)
	for range many {
		subscribed(t, l.Addr(Message).String(), "1").takenIn()
	}
	all := l.pubs[Message].gate.subscribers()
	eventually(t, "no kernel takes more", func() bool {
		if err := l.Publish(Message, []byte("1"), make([]byte, 8<<10)); err != nil {
			t.Fatal(err)
		}
		return l.Stats()["messages_dropped"] > 0 && !slices.ContainsFunc(all, func(s *subscriber) bool { return takes(s.kernel) })
	})
	for _, s := range all {
		if v, ok := s.kernel.look(); !ok || v.held == 0 || v.held > 2*messageKernel+64<<10 { // it takes a packet more
			t.Errorf("a kernel holds %d bytes that nobody reads, %v", v.held, ok)
		}
	}
}

// A subscriber that takes little is waited for, though one write to it lasts for long.
func TestWhoTakesLittleIsNotStuck(t *testing.T) {
	l := open(t, Config{StallTimeout: time.Hour, OutboxBytes: 4 << 20}) // no write ends but where all of it is taken
	discard(l)
	slow := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	_ = slow.SetReadDeadline(time.Time{})
	s := l.pubs[Message].gate.subscribers()[0]
	moved, since := int64(0), time.Now()
	eventually(t, "one write lasts", func() bool {
		if err := l.Publish(Message, []byte("1"), make([]byte, 8<<10)); err != nil {
			t.Fatal(err)
		}
		if now := s.out.moved.Load(); now != moved || takes(s.kernel) {
			moved, since = now, time.Now()
		}
		return time.Since(since) > time.Second && len(l.Full(1<<20)) == 1
	})
	stuck := func() bool {
		l.pubs[Message].gate.mu.Lock()
		s.unmoved.at = slowPatience
		l.pubs[Message].gate.mu.Unlock()
		is := l.Full(1 << 20)
		return len(is) == 1 && is[0].Stuck
	}
	eventually(t, "it takes nothing", stuck)
	before, _ := s.kernel.look()
	buf := make([]byte, 1<<10)
	eventually(t, "its kernel takes some", func() bool {
		if _, err := io.ReadFull(slow, buf); err != nil {
			t.Fatal(err)
		}
		now, _ := s.kernel.look()
		return now.acked != before.acked
	})
	if stuck() && s.out.moved.Load() == moved {
		t.Error("it takes some, and is not waited for")
	}
}

// takes reports whether the kernel takes more of what is written.
func takes(k *kernel) (yes bool) {
	_ = k.raw.Control(func(fd uintptr) {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0)
		yes = ready > 0 || err != nil
	})
	return yes
}

// counted waits until a counter is not zero.
func counted(t *testing.T, l *Link, name string) {
	t.Helper()
	eventually(t, name, func() bool { return l.Stats()[name] > 0 })
}

// What a subscriber that goes away had not taken is counted: messages that waited, bytes that the kernel held.
func TestLostAtTheEnd(t *testing.T) {
	const many, size = 1000, 1 << 10
	l := open(t, Config{StallTimeout: time.Hour})
	discard(l)
	frozen := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	for range many {
		if err := l.Publish(Message, []byte("1"), make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	s := l.pubs[Message].gate.subscribers()[0]
	held := func() int { v, _ := s.kernel.look(); return v.held }
	eventually(t, "all is in the kernels or waits", func() bool {
		return l.Stats()["bytes_out"] >= many*size && held() > 0 && s.out.left() > 0
	})
	if n := l.Stats()["messages_dropped"]; n > 0 {
		t.Fatalf("set-up: %d were dropped", n)
	}
	frozen.Close()
	eventually(t, "it is gone", func() bool { return len(l.pubs[Message].gate.subscribers()) == 0 })
	counted(t, l, "messages_unsent")
	counted(t, l, "bytes_unacked")
	stats := l.Stats()
	wire := uint64(size + 2 + 1 + 9)
	took := uint64(many)*wire - stats["messages_unsent"]*wire - stats["bytes_unacked"]
	if most := uint64(2*messageKernel + 4<<20); took > most {
		t.Errorf("%d messages and %d bytes counted; %d bytes more are missing than a receiver's kernel takes",
			stats["messages_unsent"], stats["bytes_unacked"], took-most)
	}
	if n := stats["messages_dropped"]; n > 0 {
		t.Errorf("%d that waited are said to have been dropped", n)
	}
}

// Lists that somebody had not taken are no messages that were lost: others come after them.
func TestListsLostAtTheEnd(t *testing.T) {
	l := open(t, Config{StallTimeout: time.Hour, OutboxBytes: 1 << 20})
	discard(l)
	frozen := subscribed(t, l.Addr(Discovery).String(), "0").takenIn()
	for range 1000 {
		if err := l.Publish(Discovery, []byte("0"), make([]byte, 8<<10)); err != nil {
			t.Fatal(err)
		}
	}
	s := l.pubs[Discovery].gate.subscribers()[0]
	eventually(t, "some wait", func() bool { v, _ := s.kernel.look(); return v.held > 0 && s.out.left() > 0 })
	frozen.Close()
	eventually(t, "it is gone", func() bool { return len(l.pubs[Discovery].gate.subscribers()) == 0 })
	counted(t, l, "lists_dropped")
	if stats := l.Stats(); stats["messages_dropped"]+stats["messages_unsent"]+stats["bytes_unacked"] > 0 {
		t.Errorf("%d messages and %d bytes of them counted", stats["messages_dropped"]+stats["messages_unsent"], stats["bytes_unacked"])
	}
}

// has compares options of a connection that are times with what they should be: the first in milliseconds, the second
// in seconds.
func has(t *testing.T, k *kernel, who string, ms int, silence time.Duration, s int, pause time.Duration) {
	t.Helper()
	_ = k.raw.Control(func(fd uintptr) {
		for option, want := range map[int]int{ms: int(silence / time.Millisecond), s: int(pause / time.Second)} {
			if got, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option); got != want || err != nil {
				t.Errorf("%s: option %d is %d, not %d: %v", who, option, got, want, err)
			}
		}
	})
}

// What is asked of the kernel holds at both ends. A connection that is doubted stays where its far end answers, also when
// nobody reads there.
func TestTermsAreSet(t *testing.T) {
	t.Parallel()
	from, to := open(t, Config{}), open(t, Config{Subscribe: []string{"1"}})
	hide(from)
	discard(from)
	for _, p := range []Port{Discovery, Message} {
		dial(t, to, p, from)
		id := next(t, to, Up).ID
		k := to.dialledBy(id).kernel
		to.Doubt(id)
		terms := termsOf(p, true)
		has(t, k, "dials "+p.String(), unix.TCP_USER_TIMEOUT, terms.silence, unix.TCP_KEEPINTVL, time.Second)
		eventually(t, "it is accepted", func() bool { return len(from.pubs[p].gate.subscribers()) == 1 })
		far, terms := from.pubs[p].gate.subscribers()[0].kernel, termsOf(p, false)
		has(t, far, p.String(), unix.TCP_USER_TIMEOUT, terms.silence, unix.TCP_KEEPINTVL, keepAlive)
		eventually(t, fmt.Sprint(p, ": its kernel answers a probe"), func() bool {
			v, ok := k.look()
			return ok && v.heard > 500*time.Millisecond // it was silent, and then
		})
		eventually(t, fmt.Sprint(p, ": its kernel answers a probe"), func() bool {
			v, ok := k.look()
			return ok && v.heard < 500*time.Millisecond
		})
	}
}
