package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/transport"

	"hearsay/node/link/zmtp"
)

// Publishers that say this much, or nothing, and no more.
var silentPublishers = map[string]int{"nothing": 0, "10 bytes": 10, "64 bytes": zmtp.GreetingSize, "half a READY": zmtp.GreetingSize + 5}

func TestFrozenPublisher(t *testing.T) {
	t.Parallel()
	for name, n := range silentPublishers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serve := func(p *peer) { p.say(opening("PUB")[:n]...) }

			bare(t, func() {
				conns := make(chan *peer, 1)
				addr := publishing(t, func(p *peer) {
					serve(p)
					_, _ = p.r.Peek(1) // zmq4's greeting: it is in the handshake now
					conns <- p
				})
				ctx, cancel := context.WithCancel(context.Background())
				sub := zmq4.NewSub(ctx, append(bareOptions(), zmq4.WithDialerTimeout(window/3), zmq4.WithTimeout(window/3))...)
				dialled := make(chan error)
				go func() { dialled <- sub.Dial("tcp://" + addr) }()
				frozen := <-conns
				cancel()
				sub.Close()
				select {
				case err := <-dialled:
					t.Fatalf("Dial returned: %v", err)
				case <-time.After(window):
				}
				frozen.Close()
				<-dialled
			})

			l := open(t, Config{HandshakeTimeout: window})
			addr := netipAddr(publishing(t, serve))
			if err := l.Dial(t.Context(), Message, addr, ""); !errors.Is(err, ErrHandshake) {
				t.Errorf("after the handshake's time: %v", err)
			}
			l = open(t, Config{HandshakeTimeout: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), window)
			defer cancel()
			if err := l.Dial(ctx, Message, addr, ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after the caller's time: %v", err)
			}
		})
	}
}

// refusing is a transport whose every dial is refused.
type refusing struct {
	handover
	dials *atomic.Int64
}

func (r refusing) Dial(context.Context, transport.Dialer, string) (net.Conn, error) {
	r.dials.Add(1)
	return nil, syscall.ECONNREFUSED
}

func TestRefusedDial(t *testing.T) {
	t.Parallel()
	bare(t, func() {
		var dials atomic.Int64
		if err := zmq4.RegisterTransport("refusing", refusing{dials: &dials}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := zmq4.NewSub(context.Background(), bareOptions()...).Dial("refusing://x")
		if err == nil || dials.Load() != 11 || time.Since(start) < 2500*time.Millisecond {
			t.Fatalf("%d dials in %v: %v", dials.Load(), time.Since(start), err)
		}
	})

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // nobody listens there now
	l := open(t, Config{})
	if err := l.Dial(t.Context(), Message, addrPort(ln.Addr()), ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// Somebody who accepts and closes, or is full.
func TestAcceptThenClose(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int64
	serve := func(p *peer) { accepted.Add(1); p.Close() }

	bare(t, func() {
		addr := publishing(t, serve)
		sub := zmq4.NewSub(context.Background(), append(bareOptions(), zmq4.WithAutomaticReconnect(true))...)
		go func() { _ = sub.Dial("tcp://" + addr) }()
		eventually(t, "a hundred connections for one dial", func() bool { return accepted.Load() >= 100 })
	})

	l := open(t, Config{})
	if err := l.Dial(t.Context(), Message, netipAddr(publishing(t, serve)), ""); !errors.Is(err, ErrHandshake) {
		t.Errorf("got %v", err)
	}
	if n := accepted.Load(); n != 1 {
		t.Errorf("%d connections for one dial", n)
	}
}

// A publisher of the wrong type, or that says the wrong things, is no publisher.
func TestDialNoPublisher(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	for name, say := range map[string][]byte{
		"SUB":   opening("SUB"),
		"REP":   opening("REP"),
		"HTTP":  []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"CURVE": greetingWith(12, []byte("CURVE")...),
	} {
		addr := publishing(t, func(p *peer) { p.say(say...) })
		if err := l.Dial(t.Context(), Message, netipAddr(addr), ""); !errors.Is(err, ErrHandshake) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.dialled) != 0 {
		t.Errorf("%d connections", len(l.dialled))
	}
}

func TestConcurrentDials(t *testing.T) {
	t.Parallel()
	const many = 32
	addr := publishing(t, func(p *peer) { publish(zmtp.AppendMessage(nil, []byte("0")))(p) })
	all := func(dial func() error) {
		var wg sync.WaitGroup
		for range many {
			wg.Go(func() {
				if err := dial(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}

	if raceDetector {
		bareDies(t, "DATA RACE", func() {
			sub := zmq4.NewSub(context.Background(), bareOptions()...)
			go func() {
				for {
					_, _ = sub.Recv()
				}
			}()
			all(func() error { return sub.Dial("tcp://" + addr) })
		})
	}

	l := open(t, Config{})
	done := make(chan bool)
	go func() {
		for range many {
			next(t, l, Received)
		}
		close(done)
	}()
	all(func() error { return l.Dial(t.Context(), Discovery, netipAddr(addr), "") })
	<-done
}

// Up comes before what is received, Down after, and nothing is lost between them; whether the publisher ends
// the connection, or breaks a limit.
func TestDownOvertakesNothing(t *testing.T) {
	t.Parallel()
	const many = 3000
	var b []byte
	for i := range many {
		b = zmtp.AppendMessage(b, []byte("1"), fmt.Append(nil, i))
	}
	for name, end := range map[string]func(p *peer){
		"closes":   func(p *peer) { p.Close() },
		"breaks":   func(p *peer) { p.say(head(0, 1<<40)...) },
		"half way": func(p *peer) { p.say(head(0, 1000)...).Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := publishing(t, func(p *peer) { publish(b)(p); end(p) })
			l := open(t, Config{Subscribe: []string{""}, EventBuffer: 1})
			dialled := make(chan error, 1)
			go func() { dialled <- l.Dial(t.Context(), Message, netipAddr(addr), "target") }()
			up := <-l.Events()
			if up.Kind != Up || up.Target != "target" || up.Addr.String() != addr || up.Port != Message {
				t.Fatalf("first came %+v", up)
			}
			n := 0
			for e := range l.Events() {
				if e.ID != up.ID || e.Addr != up.Addr {
					t.Fatalf("%+v", e)
				}
				if e.Kind == Down {
					break
				}
				for frames := e.Run.Next(nil); frames != nil; frames = e.Run.Next(frames) {
					if got := string(frames[1]); got != fmt.Sprint(n) {
						t.Fatalf("%q after %d messages", got, n)
					}
					n++
				}
			}
			if n != many {
				t.Errorf("%d messages of %d before Down", n, many)
			}
			if err := <-dialled; err != nil {
				t.Error(err)
			}
			if got := l.Stats()["messages_in"]; got != many {
				t.Errorf("%d counted", got)
			}
		})
	}
}

func TestHangUp(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		from, to := open(t, Config{}), open(t, Config{})
		if tcp {
			hide(to)
		}
		ids := make(map[ID]bool)
		for range 3 {
			dial(t, from, Discovery, to)
			ids[next(t, from, Up).ID] = true
			next(t, to, ListenerUp)
		}
		for id := range ids {
			from.HangUp(id)
			from.HangUp(id)
			if down := next(t, from, Down); down.ID != id || !errors.Is(down.Err, errHungUp) {
				t.Errorf("hung up %d: %+v", id, down)
			}
			next(t, to, ListenerDown)
			from.HangUp(id)
		}
		from.HangUp(12345)
	}
}

// A link in the same process is reached through memory, another through TCP, and neither can tell.
func TestAddresses(t *testing.T) {
	t.Parallel()
	to := open(t, Config{Bind: "127.9.8.7"})
	from := open(t, Config{Bind: "127.7.8.9", Hello: "name"})
	for _, tcp := range []bool{false, true} {
		if tcp {
			hide(to)
		}
		dial(t, from, Discovery, to)
		up := next(t, from, Up)
		if up.Addr != to.Addr(Discovery) || up.Target != "target" {
			t.Errorf("up: %+v", up)
		}
		listener := next(t, to, ListenerUp)
		hello := next(t, to, HelloReceived)
		if hello.Addr.Addr() != netip.MustParseAddr("127.7.8.9") || hello.Name != "name" || hello.Port != Discovery {
			t.Errorf("hello: %+v", hello)
		}
		if listener.ID != hello.ID || listener.Addr != hello.Addr {
			t.Errorf("listener up: %+v", listener)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	for want, cfg := range map[string]Config{
		"discovery": {Bind: "127.0.0.1", DiscoveryPort: int(l.Addr(Discovery).Port())},
		"message":   {Bind: "127.0.0.1", MessagePort: int(l.Addr(Message).Port())},
	} {
		_, err := Open(cfg)
		if !errors.Is(err, syscall.EADDRINUSE) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Where there is nothing to subscribe to, nothing is written, and nothing waits to be.
func TestNothingToSubscribe(t *testing.T) {
	t.Parallel()
	to, from := open(t, Config{}), open(t, Config{})
	hide(to)
	dial(t, from, Message, to)
	id := next(t, from, Up).ID
	from.mu.Lock()
	out := from.dialled[id].out
	from.mu.Unlock()
	eventually(t, "the outbox is at rest", func() bool {
		out.mu.Lock()
		defer out.mu.Unlock()
		return !out.writing && out.bytes == 0
	})
}
