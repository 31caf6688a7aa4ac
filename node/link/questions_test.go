package link

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"hearsay/node/files"
	"hearsay/node/link/zmtp"
)

// greeting31 is what libzmq 4.3 says.
var greeting31 = append(append(bytes.Clone(greeting[:11]), 1), greeting[12:]...)

// idle fills a publisher's places with connections that say a name and a topic, and never read.
func idle(t *testing.T, addr, topic string, n int) (all []*peer) {
	t.Helper()
	for i := range n {
		p := connectFrom(t, "127.0.0.1", addr).let()
		all = append(all, p.say(subscription(fmt.Sprint("hello/idle", i))...).say(subscription(topic)...))
	}
	return all
}

// answering connects as libzmq 4.3 does, and answers every PING until the connection ends.
func answering(t *testing.T, addr, topic string) (ended <-chan struct{}) {
	t.Helper()
	p := connect(t, addr)
	p.say(greeting31...).say(ready("SUB")...).let()
	p.say(subscription(topic)...)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			flags, body, err := p.frame()
			if err != nil {
				return
			}
			if name, rest, ok := zmtp.ParseCommand(body); ok && flags&zmtp.FlagCommand != 0 && name == "PING" {
				p.say(zmtp.AppendCommand(nil, "PONG", rest[2:])...)
			}
		}
	}()
	return over
}

// deaf connects as zmq4 does, without a name: it reads, and knows no PING.
func deaf(t *testing.T, addr, topic string) (ended <-chan struct{}) {
	t.Helper()
	p := subscribed(t, addr, topic)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			flags, _, err := p.frame()
			if flags&zmtp.FlagCommand != 0 {
				t.Error("it was asked")
			}
			if err != nil {
				return
			}
		}
	}()
	return over
}

// asksFrom has a gate ask nobody before a time.
func asksFrom(g *gate, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looked = at.Add(-lookEvery)
}

// An address whose connections are all silent lets a newcomer in, be they as many as there are places with 1,024 file
// descriptors, or with many. Whoever reads keeps its place.
func TestSilentListenersGiveWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		port   Port
		places int
	}{{Discovery, 256}, {Message, 256}, {Discovery, 2048}} {
		t.Run(fmt.Sprint(c.port, " ", c.places), func(t *testing.T) {
			t.Parallel()
			if files.Limit() < 4*c.places {
				t.Skip("too few file descriptors")
			}
			l := open(t, Config{MaxSubscribers: c.places, OutboxBytes: 1 << 20})
			l.SetBeats([][]byte{[]byte("0"), []byte("beat")}, nil)
			discard(l)
			addr, topic := l.Addr(c.port).String(), fmt.Sprint(uint8(c.port))
			hearsay := open(t, Config{Hello: "honest", Subscribe: []string{"1"}, OverTCP: true})
			discard(hearsay)
			dial(t, hearsay, c.port, l)
			libzmq, zmq4 := answering(t, addr, topic), deaf(t, addr, topic)
			settled(t, l, c.port, 3)
			asksFrom(l.pubs[c.port].gate, time.Now().Add(time.Hour)) // however long it takes to fill it
			idle(t, addr, topic, c.places-3)
			settled(t, l, c.port, c.places)
			asksFrom(l.pubs[c.port].gate, time.Now())

			tick := time.NewTicker(askEvery / 2)
			defer tick.Stop()
			stop := time.After(patience)
			for came := 0; came < 3; {
				p := connect(t, addr)
				p.say(opening("SUB")...).say(subscription(fmt.Sprint("hello/n", came))...).say(subscription(topic)...).say(ping...)
				if _, err := p.r.Discard(len(opening("PUB"))); err == nil {
					came++
					continue
				}
				select {
				case <-tick.C:
				case <-stop:
					t.Fatal("no newcomer from the same address finds a place")
				}
			}
			if c.port == Discovery {
				well(t, l)
			}
			select {
			case <-libzmq:
				t.Error("a listener that answers lost its place")
			case <-zmq4:
				t.Error("a listener that cannot be asked lost its place")
			default:
			}
			hearsay.mu.Lock()
			up := len(hearsay.dialled)
			hearsay.mu.Unlock()
			if up != 1 {
				t.Error("a hearsay node lost its place")
			}
			if n := l.Stats()["unanswered"]; n == 0 {
				t.Error("nobody was found silent")
			}
		})
	}
}

// A listener that answers late is one again.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxSubscribers: 4})
	discard(l)
	addr := l.Addr(Discovery).String()
	all := idle(t, addr, "0", 3)
	settled(t, l, Discovery, 3)
	strangers := func() int {
		g := l.pubs[Discovery].gate
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.strangers.Len()
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for late := time.After(patience); strangers() < len(all); <-tick.C {
		connect(t, addr).Close() // somebody comes: so the others are looked at
		select {
		case <-late:
			t.Fatalf("%d of %d are strangers", strangers(), len(all))
		default:
		}
	}
	for _, p := range all {
		p.say(subscription("x")...)
	}
	settled(t, l, Discovery, 3)
}

// What was sent before a question may be read slowly; once it is read, nothing excuses silence.
func TestQuestion(t *testing.T) {
	t.Parallel()
	const sec = time.Second
	type look struct {
		at     time.Duration // since the question
		acked  uint64
		unread int // here
	}
	for name, c := range map[string]struct {
		at    uint64 // where the question ends
		looks []look
		want  bool
	}{
		"in time":                      {0, []look{{askEvery - 1, 0, 0}}, false},
		"late":                         {0, []look{{askEvery, 0, 0}}, true},
		"has much to read":             {100 << 10, []look{{askEvery + 100*sec - 1, 100 << 10, 0}}, false},
		"has had the time for it":      {100 << 10, []look{{0, 100 << 10, 0}, {askEvery + 100*sec, 100 << 10, 0}}, true},
		"has more than a kernel holds": {1 << 30, []look{{0, 1 << 30, 0}, {askEvery + 512*sec, 1 << 30, 0}}, true},
		"takes what was before":        {1 << 20, []look{{60 * sec, 1 << 19, 0}, {60*sec + askEvery + 512*sec - 1, 1 << 19, 0}}, false},
		"takes nothing of it":          {1 << 20, []look{{60 * sec, 1 << 19, 0}, {60*sec + askEvery + 512*sec, 1 << 19, 0}}, true},
		"takes what was sent later":    {0, []look{{1 * sec, 50, 0}, {2 * sec, 100, 0}}, true},
		"took the question, no later":  {100, []look{{1 * sec, 100, 0}, {2 * sec, 150, 0}, {4 * sec, 200, 0}}, true},
		"is not read here yet":         {0, []look{{60 * sec, 0, 7}}, false},
		"is read, and was no answer":   {0, []look{{60 * sec, 0, 7}, {61 * sec, 0, 0}}, true},
	} {
		now := time.Unix(1000, 0)
		q := question{open: true, since: now, at: c.at}
		got := false
		for _, l := range c.looks {
			got = q.late(now.Add(l.at), view{acked: l.acked, unread: l.unread}, true, 512<<10)
		}
		if got != c.want {
			t.Errorf("%s: late %v", name, got)
		}
	}
}
