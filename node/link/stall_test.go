package link

import (
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
		st := stall{limit: 10 * s, since: now}
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

// A subscriber that reads slowly is not hung up, though its kernel says for a while that it has no room: a kernel whose
// buffer has grown to 32 MiB wants 1 MiB of it read first. 50 kB/s in the usual stall time are as much as 500 kB/s in
// this one.
func TestSlowSubscriber(t *testing.T) {
	t.Parallel()
	l := open(t, Config{StallTimeout: 3 * time.Second, OutboxBytes: 16 << 20})
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
	for range 12 << 10 {
		if err := l.Publish(Message, []byte("1"), make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	buf := make([]byte, 50<<10)
	for range 90 {
		<-tick.C
		if _, err := slow.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.Stats()["stalled_hang_ups"]; n != 0 {
		t.Errorf("%d hung up", n)
	}
}
