package link

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// block drops all that comes in over a connection, as a firewall does that is closed while it stands, until it is opened.
func block(t *testing.T, k *kernel) (open func()) {
	t.Helper()
	drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	_ = k.raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop[0]}); err != nil {
			t.Skip("this kernel does not filter: ", err)
		}
	})
	return func() {
		_ = k.raw.Control(func(fd uintptr) {
			if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// waitForSilence waits for the only news of a link's silences, while every publisher answers a PING.
func (l *Link) waitForSilence(t *testing.T, want Silence) {
	t.Helper()
	l.waitForSilenceOf(t, pingable, want)
}

func (l *Link) waitForSilenceOf(t *testing.T, answers func(ID) bool, want Silence) {
	t.Helper()
	begin, tick := time.Now(), time.NewTicker(time.Second)
	defer tick.Stop()
	for late := time.After(2 * silentAfter); ; <-tick.C {
		if news := l.Silences(answers); len(news) > 0 {
			if !slices.Equal(news, []Silence{want}) {
				t.Errorf("%+v, not %+v", news, want)
			}
			return
		}
		select {
		case <-late:
			t.Fatalf("no news after %v, not %+v", time.Since(begin), want)
		default:
		}
	}
}

// pingable says that every publisher answers a PING.
func pingable(ID) bool { return true }

// A connection that is blocked in one direction may still bring what was sent over it then. It is silent all the same until
// something that this end has said gets through, and where nothing may be asked, until anything comes.
func TestSilentThoughSomethingComes(t *testing.T) {
	t.Parallel()
	for name, may := range map[string]bool{"asked": true, "not to be asked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pub, sub := open(t, Config{}), open(t, Config{Subscribe: []string{"1"}})
			hide(pub)
			discard(pub)
			dial(t, sub, Message, pub)
			id := next(t, sub, Up).ID
			settled(t, pub, Message, 1, "1")
			reader := pub.pubs[Message].gate.subscribers()[0]
			eventually(t, "what it subscribed to has been taken", func() bool {
				v, ok := sub.dialledBy(id).kernel.look()
				return ok && v.held == 0
			})
			unblock := block(t, reader.kernel)
			answers := func(ID) bool { return may }
			sub.waitForSilenceOf(t, answers, Silence{id, true, true})
			if err := pub.Publish(Message, []byte("1"), []byte("m")); err != nil {
				t.Fatal(err)
			}
			next(t, sub, Received)
			for range 3 {
				want := []Silence(nil)
				if !may {
					want = []Silence{{id, true, false}}
				}
				if news := sub.Silences(answers); !slices.Equal(news, want) {
					t.Fatalf("%+v, not %+v", news, want)
				}
				if !may {
					return
				}
			}
			unblock()
			sub.waitForSilence(t, Silence{id, true, false})
			if news := sub.Silences(pingable); len(news) > 0 {
				t.Errorf("again: %+v", news)
			}
		})
	}
}

// A connection that is blocked while it stands is silent at both ends, after some seconds where it may be asked and some tens
// where not, and without anything that was published over it; it is not hung up; and what was published meanwhile arrives when it is open again. One that is idle,
// and one whose far end is frozen, is not.
func TestSilences(t *testing.T) {
	t.Parallel()
	pub, sub, idle := open(t, Config{}), open(t, Config{Subscribe: []string{"1"}}), open(t, Config{Subscribe: []string{"1"}})
	hide(pub)
	discard(pub)
	discard(idle)
	dial(t, sub, Message, pub)
	id := next(t, sub, Up).ID
	dial(t, idle, Message, pub)
	subscribed(t, pub.Addr(Message).String(), "1").takenIn() // it never reads
	settled(t, pub, Message, 3)
	var reader ID
	for _, s := range pub.pubs[Message].gate.subscribers() {
		if s.remote == addrPort(sub.dialledBy(id).raw.LocalAddr()) {
			reader = s.id
		}
	}
	eventually(t, "what it subscribed to has been taken", func() bool { // what is sent again would be heard at the other end
		v, ok := sub.dialledBy(id).kernel.look()
		return ok && v.held == 0
	})
	begin := time.Now()
	unblock := block(t, sub.dialledBy(id).kernel)
	sub.waitForSilence(t, Silence{id, true, true})
	if took := time.Since(begin); took < lostAfter {
		t.Errorf("silent after %v", took)
	}
	pub.waitForSilence(t, Silence{reader, false, true}) // it said no name, and is not asked
	if took := time.Since(begin); took < silentAfter-keepAlive {
		t.Errorf("silent after %v, and was not asked", took)
	}
	const many = 20
	for i := range many {
		if err := pub.Publish(Message, []byte("1"), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	unblock()
	sub.waitForSilence(t, Silence{id, true, false})
	pub.waitForSilence(t, Silence{reader, false, false})
	for came := 0; came < many; {
		e := next(t, sub, Received)
		for f := e.Run.Next(nil); f != nil; f = e.Run.Next(nil) {
			if string(f[1]) != fmt.Sprint(came) {
				t.Fatalf("%q after %d", f[1], came)
			}
			came++
		}
	}
	if news := idle.Silences(pingable); len(news) > 0 {
		t.Errorf("idle: %+v", news)
	}
}
