package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"go.uber.org/goleak"

	"hearsay/node/link/zmtp"
)

// closes checks that Close returns and leaves nothing behind: no goroutine, no connection, no event.
func closes(t *testing.T, l *Link, grace time.Duration) {
	t.Helper()
	hangs := time.AfterFunc(patience, func() {
		all := make([]byte, 1<<20)
		panic("Close hangs\n" + string(all[:runtime.Stack(all, true)]))
	})
	if err := l.Close(grace); err != nil {
		t.Error(err)
	}
	hangs.Stop()
	for range l.Events() {
	}
	if err := l.Close(0); err != ErrClosed {
		t.Errorf("the second Close: %v", err)
	}
	if err := l.Publish(Discovery, []byte("0")); err != ErrClosed {
		t.Errorf("Publish: %v", err)
	}
	if err := l.Dial(t.Context(), Discovery, l.Addr(Discovery), ""); err != ErrClosed {
		t.Errorf("Dial: %v", err)
	}
	l.HangUp(1)
	l.SetBeats([][]byte{[]byte("0")}, nil)
}

// Not parallel to any other test: it looks for goroutines left.
func TestClose(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *Link){
		"at once":          func(*testing.T, *Link) {},
		"in dials":         closeInDials,
		"in handshakes":    closeInHandshakes,
		"under a flood":    closeUnderFlood,
		"publishing":       closePublishing,
		"with subscribers": closeWithSubscribers,
		"nobody reads":     closeUnread,
		"among newcomers":  closeAmongNewcomers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t) }) // the last, after the test's own have been closed
			l := open(t, Config{Subscribe: []string{"1"}, HandshakeTimeout: time.Hour, EventBuffer: 1})
			before(t, l)
			closes(t, l, 0)
		})
	}
}

func closeInDials(t *testing.T, l *Link) {
	shaking := make(chan bool)
	silent := publishing(t, func(p *peer) { _, _ = p.r.Peek(1); shaking <- true })
	for range 10 {
		go func() {
			if err := l.Dial(context.Background(), Message, netipAddr(silent), ""); !errors.Is(err, ErrClosed) {
				t.Errorf("a dial that Close ended: %v", err)
			}
		}()
		<-shaking
	}
}

func closeInHandshakes(t *testing.T, l *Link) {
	for i := range 100 {
		connect(t, l.Addr(Port(i%2)).String()).say(opening("SUB")[:i%70]...)
	}
	counts(t, l, "accepted", 100)
}

// A publisher that says as much as it can, and a client that does.
func closeUnderFlood(t *testing.T, l *Link) {
	batch := bytes.Repeat(zmtp.AppendMessage(nil, []byte("1"), make([]byte, 100)), 1000)
	addr := publishing(t, func(p *peer) {
		for publish(batch)(p); ; {
			if _, err := p.Write(batch); err != nil {
				return
			}
		}
	})
	for range 3 {
		go func() { _ = l.Dial(context.Background(), Message, netipAddr(addr), "") }()
	}
	next(t, l, Received)
	p := subscribed(t, l.Addr(Discovery).String())
	go p.say(bytes.Repeat(subscription("0"), 10_000)...)
}

func closePublishing(t *testing.T, l *Link) {
	subscribed(t, l.Addr(Message).String(), "1")
	settled(t, l, Message, 1, "1")
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	for range 4 {
		wg.Go(func() {
			for l.Publish(Message, []byte("1"), make([]byte, 1000)) == nil {
			}
		})
	}
	eventually(t, "much is published", func() bool { return l.Stats()["bytes_out"] > 1<<20 })
}

func closeWithSubscribers(t *testing.T, l *Link) {
	const many = 300
	other := open(t, Config{Hello: "other", Subscribe: []string{"1"}})
	discard(other)
	for i := range many {
		if i == many-10 {
			hide(l)
		}
		dial(t, other, Message, l)
		dial(t, other, Discovery, l)
		next(t, l, ListenerUp)
	}
}

func closeUnread(t *testing.T, l *Link) {
	for i := range 20 {
		subscribed(t, l.Addr(Discovery).String(), fmt.Sprint("hello/n", i), "0")
	}
	addr := publishing(t, publish(bytes.Repeat(zmtp.AppendMessage(nil, []byte("1")), 100_000)))
	for range 3 {
		go func() { _ = l.Dial(context.Background(), Message, netipAddr(addr), "") }()
	}
	eventually(t, "the events are full", func() bool { return len(l.Events()) == cap(l.Events()) })
}

// Clients that come and go all the time, at every stage.
func closeAmongNewcomers(t *testing.T, l *Link) {
	discard(l)
	hello := append(opening("SUB"), subscription("0")...)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	for i := range 4 {
		wg.Go(func() {
			for n := i; ; n += 7 {
				c, err := net.DialTimeout("tcp", l.Addr(Discovery).String(), patience)
				if err != nil {
					return // it is closed
				}
				_, _ = c.Write(hello[:n%len(hello)+1])
				c.Close()
			}
		})
	}
	eventually(t, "many have come", func() bool { return l.Stats()["accepted"] > 500 })
}

// Connections that end after their handshake and before zmq4 has accepted them are none that Close waits for.
func TestCloseAfterEarlyEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := open(t, Config{HandshakeTimeout: time.Hour})
	discard(l)
	p := l.pubs[Discovery]
	p.ender.mu.Lock() // zmq4 cannot write, so it accepts one more at most
	if err := p.sock.Send(zmq4.NewMsgString(topicEnd)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		subscribed(t, l.Addr(Discovery).String())
	}
	all := p.gate.subscribers()
	eventually(t, "all are to be accepted", func() bool {
		n := 0
		for _, s := range all {
			s.mu.Lock()
			if s.handed {
				n++
			}
			s.mu.Unlock()
		}
		return n == len(all)
	})
	for _, s := range all {
		s.hangUp(errHungUp)
	}
	p.ender.mu.Unlock()
	closes(t, l, 0)
}

// Nodes that know each other close at the same time, while they publish and dial each other again.
func TestCloseTogether(t *testing.T) {
	defer goleak.VerifyNone(t)
	const nodes = 8
	links := make([]*Link, nodes)
	for i := range links {
		links[i] = open(t, Config{Hello: "n", Subscribe: []string{"1"}})
		links[i].SetBeats([][]byte{[]byte("0")}, nil)
	}
	discard(links...)
	var busy sync.WaitGroup
	for _, from := range links {
		for _, to := range links {
			busy.Go(func() {
				for range 40 { // fewer in all than a publisher takes, and each brings a list
					if from.Dial(context.Background(), Discovery, to.Addr(Discovery), "") != nil ||
						from.Publish(Message, []byte("1")) != nil {
						return
					}
				}
			})
		}
	}
	eventually(t, "they hear each other", func() bool { return links[0].Stats()["messages_in"] > 100 })
	var wg sync.WaitGroup
	for _, l := range links {
		wg.Go(func() { closes(t, l, time.Second) })
	}
	wg.Wait()
	busy.Wait()
}

// What was published before Close arrives, whole and to the last message, and the grace time is not waited
// for where nothing is left to send.
func TestCloseSendsTheRest(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		t.Run(fmt.Sprintf("tcp=%v", tcp), func(t *testing.T) {
			const many = 2000
			from, to := open(t, Config{}), open(t, Config{Subscribe: []string{"1", "LEAVING"}})
			discard(from)
			if tcp {
				hide(from)
			}
			dial(t, to, Message, from)
			settled(t, from, Message, 1, "1", "LEAVING")
			for range many {
				from.Publish(Message, []byte("1"), make([]byte, 1000))
			}
			from.Publish(Message, []byte("LEAVING"))
			closing := make(chan bool)
			go func() { closes(t, from, time.Hour); close(closing) }()
			t.Cleanup(func() { <-closing })
			n, last := 0, ""
			for e := range to.Events() {
				if e.Kind == Down {
					break
				}
				for frames := e.Run.Next(nil); frames != nil; frames = e.Run.Next(frames) {
					last = string(frames[0])
					n++
				}
			}
			if n != many+1 || last != "LEAVING" {
				t.Errorf("%d of %d messages, the last one %q", n, many+1, last)
			}
		})
	}
}

// Who takes something within each second is waited for, however long it takes all in all; who does not is not.
func TestRest(t *testing.T) {
	const pause = flushIdle * 3 / 4
	now := time.Unix(1000, 0)
	r := rest{-1, now}
	for left := 10; left > 0; left-- {
		if r.done(left, now) {
			t.Fatalf("not waited for with %d left, though it takes some", left)
		}
		now = now.Add(pause)
	}
	if !r.done(0, now) {
		t.Error("waited for with nothing left")
	}
	r = rest{-1, now}
	if r.done(10, now) || r.done(10, now.Add(pause)) || !r.done(10, now.Add(flushIdle)) {
		t.Error("one that takes nothing is waited for, or not for a second")
	}
}

// A subscriber that does not take the rest delays Close by the grace time and no more.
func TestCloseGivesUp(t *testing.T) {
	l := open(t, Config{StallTimeout: time.Hour})
	discard(l)
	subscribed(t, l.Addr(Message).String(), "1") // and reads nothing
	settled(t, l, Message, 1, "1")
	for l.Stats()["messages_dropped"] == 0 {
		l.Publish(Message, []byte("1"), make([]byte, 64<<10))
	}
	closes(t, l, window)
}

func TestBarePubLeaks(t *testing.T) {
	bare(t, func() {
		pub := zmq4.NewPub(context.Background(), bareOptions()...)
		if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		pub.Close()
		stacks := func() string {
			all := make([]byte, 1<<20)
			return string(all[:runtime.Stack(all, true)])
		}
		eventually(t, "the accept loop has ended", func() bool { return !strings.Contains(stacks(), "(*socket).accept") })
		if !strings.Contains(stacks(), "newPubMWriter") { // who started it
			t.Fatal("no goroutine is left")
		}
	})
}
