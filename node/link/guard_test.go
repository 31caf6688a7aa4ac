package link

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"hearsay/node/link/zmtp"
)

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Sizes that no message has. Those beyond 2^48 cannot even be asked for.
var announced = []struct {
	size uint64
	bare string // what bare zmq4 dies of; empty: it takes the memory
}{
	{1 << 32, ""},
	{1 << 49, "makeslice: len out of range"},
	{1 << 62, "makeslice: len out of range"},
}

// bareAnnounced runs the bare part of a frame that announces too much.
func bareAnnounced(t *testing.T, size uint64, dies string, attack func()) {
	if dies != "" {
		bareDies(t, dies, func() { attack(); forever() })
		return
	}
	bare(t, func() {
		before := allocated()
		attack()
		eventually(t, "4 GiB allocated", func() bool { return allocated()-before >= size })
	})
}

func TestAnnouncedSizeToPub(t *testing.T) {
	t.Parallel()
	for _, c := range announced {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			attack := func(addr string) *peer { return subscribed(t, addr).say(head(0, c.size)...) }
			bareAnnounced(t, c.size, c.bare, func() { _, addr := barePub(t); attack(addr) })

			l, addr := attacked(t, Config{})
			attack(addr).hungUp()
			counts(t, l, "too_large", 1)
			counts(t, l, "violations", 1)
			well(t, l)
		})
	}
}

// publish is a hand-made publisher that sends these bytes once somebody has subscribed.
func publish(b []byte) func(*peer) {
	return func(p *peer) {
		if p.shake("PUB") == nil {
			if _, _, err := p.frame(); err == nil {
				p.say(b...)
			}
		}
	}
}

func TestAnnouncedSizeToSub(t *testing.T) {
	t.Parallel()
	for _, c := range announced {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			attack := publish(append(zmtp.AppendMessage(nil, []byte("1"), []byte("fine")), head(0, c.size)...))
			bareAnnounced(t, c.size, c.bare, func() { bareSub(t, publishing(t, attack)) })

			l := open(t, Config{Subscribe: []string{"1"}})
			if err := l.Dial(t.Context(), Message, netipAddr(publishing(t, attack)), ""); err != nil {
				t.Fatal(err)
			}
			run := next(t, l, Received).Run
			if got := run.Next(nil); string(bytes.Join(got, nil)) != "1fine" {
				t.Errorf("got %q", got)
			}
			var v *zmtp.Violation
			if down := next(t, l, Down); !errors.As(down.Err, &v) || v.Kind != "too_large" {
				t.Errorf("down: %v", down.Err)
			}
			counts(t, l, "too_large", 1)
		})
	}
}

// What is announced within the limits takes memory only as it comes.
func TestAnnouncingIsNotAllocating(t *testing.T) {
	const publishers = 50
	l := open(t, Config{Subscribe: []string{"1"}})
	discard(l)
	size := uint64(l.cfg.MaxMessage)
	addr := publishing(t, publish(append(append(ping, head(0, size)...), "the first bytes"...)))
	before := allocated()
	for range publishers {
		if err := l.Dial(t.Context(), Message, netipAddr(addr), ""); err != nil {
			t.Fatal(err)
		}
	}
	counts(t, l, "pings", publishers) // so what came with the PING has been read
	if took := allocated() - before; took > publishers*size/10 {
		t.Errorf("%d connections that announced %d bytes each took %d", publishers, size, took)
	}
}

func TestTooManyFrames(t *testing.T) {
	t.Parallel()
	const frames = 10_000
	message := zmtp.AppendMessage(nil, bytes.Split(bytes.Repeat([]byte("x"), frames), nil)...)

	bare(t, func() {
		sub := bareSub(t, publishing(t, publish(message)))
		if msg, err := sub.Recv(); err != nil || len(msg.Frames) != frames {
			t.Fatalf("%d frames, %v", len(msg.Frames), err)
		}
	})

	l := open(t, Config{Subscribe: []string{"1"}})
	if err := l.Dial(t.Context(), Message, netipAddr(publishing(t, publish(message))), ""); err != nil {
		t.Fatal(err)
	}
	next(t, l, Down)
	counts(t, l, "too_many_frames", 1)

	subscribed(t, l.Addr(Message).String()).say(message...).hungUp()
	counts(t, l, "too_many_frames", 2)
}

// The largest message that is allowed arrives, in a run of its own, between small ones.
func TestLargestMessage(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		from := open(t, Config{})
		to := open(t, Config{Subscribe: []string{"1"}})
		discard(from)
		if tcp {
			hide(from)
		}
		dial(t, to, Message, from)
		settled(t, from, Message, 1, "1")
		large := bytes.Repeat([]byte("x"), from.cfg.MaxMessage-1)
		if err := from.Publish(Message, []byte("1"), append(large, 'x')); err == nil {
			t.Error("a message too large was taken")
		}
		for range 3 {
			for _, body := range [][]byte{[]byte("small"), large} {
				if err := from.Publish(Message, []byte("1"), body); err != nil {
					t.Fatal(err)
				}
			}
		}
		sizes := ""
		for n := 0; n < 6; {
			run := next(t, to, Received).Run
			for frames := run.Next(nil); frames != nil; frames = run.Next(frames) {
				sizes += fmt.Sprint(len(frames[1]), " ")
				n++
			}
		}
		if want := strings.Repeat(fmt.Sprintf("5 %d ", len(large)), 3); sizes != want {
			t.Errorf("got %s; want %s", sizes, want)
		}
	}
}

func TestEndlessSubscriptions(t *testing.T) {
	t.Parallel()
	const many = 5000
	attack := func(addr string) *peer {
		p := subscribed(t, addr)
		for i := range many {
			p.say(subscription(fmt.Sprintf("topic %04d", i))...)
		}
		return p
	}

	bare(t, func() {
		pub, addr := barePub(t)
		attack(addr)
		eventually(t, "all subscriptions taken in", func() bool { return len(pub.(zmq4.Topics).Topics()) == many })
	})

	l := open(t, Config{})
	p := attack(l.Addr(Discovery).String()).takenIn()
	if e := next(t, l, Unheeded); e.Port != Discovery || e.Err == nil {
		t.Errorf("got %+v", e)
	}
	const heeded = uint64(maxTopics / (topicOverhead + 10)) // bytes of a topic
	if n := l.Stats()["subscriptions_ignored"]; n != many-heeded {
		t.Errorf("%d of %d ignored", n, many)
	}
	if n := len(l.Events()); n != 0 {
		t.Errorf("%d more events", n)
	}
	l.Publish(Discovery, []byte(fmt.Sprintf("topic %04d", many-1)), []byte("!")) // ignored
	l.Publish(Discovery, []byte(fmt.Sprintf("topic %04d", 850)), []byte("!"))
	p.expect("topic 0850", "!")
	for i := range many / 10 { // room is made
		p.say(cancellation(fmt.Sprintf("topic %04d", i))...)
	}
	p.say(subscription("late")...).takenIn()
	l.Publish(Discovery, []byte("late"), []byte("!"))
	p.expect("late", "!")
}

func TestSubscriptionChurn(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{})
	p := subscribed(t, addr, "0")
	p.expect("0", "beat") // the first subscription gets the beat, and no other
	for range controlBurst {
		p.say(cancellation("0")...).say(subscription("0")...)
	}
	if got, err := p.message(); err == nil {
		t.Errorf("another beat: %q", got)
	}
	p.hungUp()
	counts(t, l, "flood", 1)
	well(t, l)
}

// bareDeaf asserts that a bare PUB takes no subscription after something, but would have before.
func bareDeaf(t *testing.T, something []byte) {
	_, addr := barePub(t)
	well := subscribed(t, addr, "0")
	well.expect("0", "beat")
	p := subscribed(t, addr)
	p.say(bytes.Repeat(something, 20)...).say(subscription("0")...)
	p.SetReadDeadline(time.Now().Add(window))
	if got, err := p.message(); err == nil {
		t.Fatalf("got %q", got)
	}
}

func TestPings(t *testing.T) {
	t.Parallel()
	bare(t, func() { bareDeaf(t, ping) })

	l, addr := attacked(t, Config{})
	p := subscribed(t, addr).takenIn().say(subscription("0")...)
	p.expect("0", "beat")
	counts(t, l, "pings", 1)

	// A publisher may ping too.
	pong := make(chan string, 1)
	publisher := publishing(t, func(p *peer) {
		publish(ping)(p)
		_, body, err := p.frame()
		for err == nil && len(body) > 0 && body[0] == 1 { // the rest of what it subscribes to
			_, body, err = p.frame()
		}
		pong <- string(body)
	})
	if err := l.Dial(t.Context(), Discovery, netipAddr(publisher), ""); err != nil {
		t.Fatal(err)
	}
	if got := <-pong; got != "\x04PONGcontext" {
		t.Errorf("got %q", got)
	}
}

func TestPingFlood(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{})
	flood := bytes.Repeat(ping, 100*controlBurst)
	p := subscribed(t, addr)
	go p.say(flood...) // p reads no answer, either
	counts(t, l, "flood", 1)
	p.hungUp()
	well(t, l)

	publisher := publishing(t, publish(flood))
	if err := l.Dial(t.Context(), Discovery, netipAddr(publisher), ""); err != nil {
		t.Fatal(err)
	}
	counts(t, l, "flood", 2)
}

func TestStrays(t *testing.T) {
	t.Parallel()
	stray := zmtp.AppendMessage(nil, []byte("a message"), []byte("to a publisher"))
	stray = zmtp.AppendCommand(stray, "NONSENSE", nil)
	stray = zmtp.AppendFrame(stray, zmtp.FlagCommand, nil)
	bare(t, func() { bareDeaf(t, stray) })

	l, addr := attacked(t, Config{})
	subscribed(t, addr).say(bytes.Repeat(stray, 20)...).say(subscription("0")...).expect("0", "beat")
	counts(t, l, "strays", 60)
}

// ZMTP 3.1 says subscriptions as commands.
func TestSubscribeCommands(t *testing.T) {
	t.Parallel()
	subscribe := func(topic string) []byte { return zmtp.AppendCommand(nil, "SUBSCRIBE", []byte(topic)) }
	cancel := func(topic string) []byte { return zmtp.AppendCommand(nil, "CANCEL", []byte(topic)) }

	bare(t, func() {
		_, addr := barePub(t)
		p := subscribed(t, addr).say(subscribe("0")...)
		p.SetReadDeadline(time.Now().Add(window))
		if got, err := p.message(); err == nil {
			t.Fatalf("got %q", got)
		}
	})

	l, addr := attacked(t, Config{})
	p := subscribed(t, addr).say(subscribe("0")...).say(subscribe("x")...)
	p.expect("0", "beat")
	p.say(cancel("0")...).say(cancel("never subscribed")...).takenIn()
	l.Publish(Discovery, []byte("0"), []byte("not subscribed"))
	l.Publish(Discovery, []byte("x"), []byte("subscribed"))
	p.expect("x", "subscribed")
}

// What breaks the framing ends the connection.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{})
	for i, b := range [][]byte{
		{8, 1, 'x'}, // a flag that does not exist
		{zmtp.FlagMore | zmtp.FlagCommand, 1, 'x'},        // a command of several frames
		{zmtp.FlagMore, 1, 'x', zmtp.FlagCommand, 1, 'x'}, // a command inside a message
	} {
		subscribed(t, addr).say(b...).hungUp()
		counts(t, l, "bad_frame", uint64(i+1))
	}
	well(t, l)
}
