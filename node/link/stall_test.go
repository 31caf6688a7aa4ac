package link

import (
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

func TestStall(t *testing.T) {
	type look struct {
		after time.Duration // since the last look
		v     view
		known bool
		wrote bool
	}
	s, nothing := time.Second, view{}
	for name, c := range map[string]struct {
		looks []look
		want  bool
	}{
		"too early":             {[]look{{9 * s, nothing, true, false}}, false},
		"takes nothing":         {[]look{{5 * s, nothing, true, false}, {5 * s, nothing, true, false}}, true},
		"unknown":               {[]look{{5 * s, nothing, false, false}, {5 * s, nothing, false, false}}, true},
		"written to":            {[]look{{5 * s, nothing, true, true}, {9 * s, nothing, true, false}}, false},
		"its kernel takes some": {[]look{{9 * s, view{acked: 1}, true, false}, {9 * s, view{acked: 2}, true, false}}, false},
		"and then nothing":      {[]look{{9 * s, view{acked: 1}, true, false}, {10 * s, view{acked: 1}, true, false}}, true},
		"out of reach":          {[]look{{99 * s, view{silent: true}, true, false}}, false},
		"and back, and silent":  {[]look{{99 * s, view{silent: true}, true, false}, {10 * s, nothing, true, false}}, true},
	} {
		now := time.Unix(1000, 0)
		st := stall{limit: 10 * s, since: now, asked: true}
		got := false
		for _, l := range c.looks {
			now = now.Add(l.after)
			if l.wrote {
				st.progress(now)
			}
			got = st.stalled(now, l.v, l.known)
		}
		if got != c.want {
			t.Errorf("%s: stalled %v", name, got)
		}
	}
}

// What the kernel says first is where a write began: that it has said it is no progress that counts twice.
func TestFirstLook(t *testing.T) {
	now, limit := time.Unix(1000, 0), 8*time.Second
	s := stall{limit: limit, since: now}
	for i := range 8 {
		now = s.look(now)
		if s.stalled(now, view{acked: 7}, true) {
			t.Fatalf("stalled at look %d, %v after the first", i+1, time.Duration(i)*limit/8)
		}
	}
	if now = s.look(now); !s.stalled(now, view{acked: 7}, true) {
		t.Error("took nothing for the whole limit since the first look, and is not stalled")
	}
}

// A subscriber that reads 50 kB/s is not hung up, nor is one that reads more, though its kernel takes nothing for a while:
// one whose buffer has grown to megabytes wants some of it read first. Nothing is scaled: the stall time is that of a
// node, and the kernel's times cannot be others.
func TestSlowSubscriber(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one and a half times the stall time")
	}
	t.Parallel()
	for _, rate := range []int{50_000, 100_000} {
		t.Run(strconv.Itoa(rate/1000)+" kB a second", func(t *testing.T) {
			t.Parallel()
			readsSlowly(t, rate)
		})
	}
}

func readsSlowly(t *testing.T, rate int) {
	l := open(t, Config{OutboxBytes: 16 << 20})
	discard(l)
	slow := subscribed(t, l.Addr(Message).String(), "1").takenIn()
	const many, size = 4000, 8 << 10
	var taken atomic.Int64
	fast := make(chan int)
	go func() { fast <- slow.numbered(many-1, &taken) }() // at first: so that its kernel gives it room
	for i := range uint64(many) {
		eventually(t, "room", func() bool { return (int64(i)-taken.Load())*size < 8<<20 })
		if err := l.Publish(Message, []byte("1"), numberedBody(i, size)); err != nil {
			t.Fatal(err)
		}
	}
	<-fast
	out := l.pubs[Message].gate.subscribers()[0].out
	eventually(t, "its kernel is full", func() bool {
		for out.left() < 6<<20 {
			if err := l.Publish(Message, []byte("1"), make([]byte, 1<<10)); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(time.Unix(0, out.moved.Load())) > time.Second
	})
	_ = slow.SetReadDeadline(time.Time{})
	const tick = 100 * time.Millisecond
	every := time.NewTicker(tick)
	defer every.Stop()
	buf := make([]byte, rate/int(time.Second/tick))
	v, _ := out.kernel.look()
	longest, last := time.Duration(0), time.Now()
	for begin := last; time.Since(begin) < 3*l.cfg.StallTimeout/2; {
		<-every.C
		if _, err := io.ReadFull(slow, buf); err != nil {
			t.Fatal(err)
		}
		if now, _ := out.kernel.look(); now.acked != v.acked {
			longest, last, v = max(longest, time.Since(last)), time.Now(), now
		}
	}
	t.Logf("its kernel took nothing for %v at the longest", max(longest, time.Since(last)))
	if out.left() == 0 {
		t.Error("it was waited for at no time")
	}
	if n := l.Stats()["stalled_hang_ups"]; n != 0 {
		t.Errorf("%d hung up", n)
	}
}
