package link

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"hearsay/node/link/zmtp"
)

// A READY whose property is said to be longer than the command.
var malformedReady = zmtp.AppendCommand(nil, "READY", []byte("\x0bSocket-Type\x00\x00\x00"))

func greetingWith(at int, b ...byte) []byte {
	g := bytes.Clone(greeting)
	copy(g[at:], b)
	return g
}

func TestMalformedReadyToPub(t *testing.T) {
	t.Parallel()
	attack := func(addr string) { connect(t, addr).say(greeting...).say(malformedReady...) }

	bareDies(t, "slice bounds out of range", func() {
		_, addr := barePub(t)
		attack(addr)
		forever()
	})

	l, addr := attacked(t, Config{})
	attack(addr)
	counts(t, l, "handshake_rejects", 1)
	well(t, l)
}

func TestMalformedReadyToSub(t *testing.T) {
	t.Parallel()
	attack := func(p *peer) { p.say(greeting...).say(malformedReady...) }

	bareDies(t, "slice bounds out of range", func() { bareSub(t, publishing(t, attack)) })

	l := open(t, Config{})
	err := l.Dial(t.Context(), Message, netipAddr(publishing(t, attack)), "")
	if !errors.Is(err, ErrHandshake) || !errors.Is(err, zmtp.ErrReady) {
		t.Errorf("got %v", err)
	}
}

// Clients that say this much, or nothing, and no more.
var silentClients = map[string]func(*peer){
	"nothing":  func(p *peer) {},
	"10 bytes": func(p *peer) { p.say(greeting[:10]...) },
	"64 bytes": func(p *peer) { p.say(greeting...) },
	"trickle": func(p *peer) {
		go func() {
			for _, b := range opening("SUB")[:70] {
				if _, err := p.Write([]byte{b}); err != nil {
					return
				}
				<-time.After(window / 10)
			}
		}()
	},
	"half a READY": func(p *peer) { p.say(greeting...).say(ready("SUB")[:10]...) },
}

func TestSilentClient(t *testing.T) {
	t.Parallel()
	for name, attack := range silentClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bare(t, func() {
				_, addr := barePub(t)
				p := connect(t, addr)
				attack(p)
				bareWedged(t, addr, func() { p.Close() })
			})

			l, addr := attacked(t, Config{HandshakeTimeout: window})
			p := connect(t, addr)
			attack(p)
			well(t, l)
			p.hungUp()
			counts(t, l, "handshake_timeouts", 1)
		})
	}
}

func TestIdleConnections(t *testing.T) {
	t.Parallel()
	const idle = 500
	attack := func(addr string) (all []*peer) {
		for range idle {
			all = append(all, connect(t, addr))
		}
		return all
	}

	bare(t, func() {
		_, addr := barePub(t)
		all := attack(addr)
		bareWedged(t, addr, func() {
			for _, p := range all {
				p.Close()
			}
		})
	})

	l, addr := attacked(t, Config{HandshakeTimeout: time.Hour, MaxStrangers: 100})
	attack(addr)
	counts(t, l, "accepted", idle)
	well(t, l)
	counts(t, l, "shed", idle+1-100) // the newcomer took a place too
}

// What is no ZMTP 3 client of a PUB.
var rejected = map[string][]byte{
	"garbage":       bytes.Repeat([]byte{0xA5}, 100),
	"HTTP":          []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	"ZMTP 1":        []byte("\x01\x00"),
	"ZMTP 2":        greetingWith(10, 1),
	"PLAIN":         greetingWith(12, []byte("PLAIN")...),
	"CURVE":         greetingWith(12, []byte("CURVE")...),
	"no signature":  greetingWith(9, 0),
	"ERROR":         append(greeting[:len(greeting):len(greeting)], zmtp.AppendCommand(nil, "ERROR", []byte("\x03bad"))...),
	"a message":     append(greeting[:len(greeting):len(greeting)], subscription("0")...),
	"no type":       append(greeting[:len(greeting):len(greeting)], zmtp.AppendCommand(nil, "READY", nil)...),
	"large READY":   append(greeting[:len(greeting):len(greeting)], head(zmtp.FlagCommand, 1<<20)...),
	"PUB":           opening("PUB"),
	"XPUB":          opening("XPUB"),
	"REQ":           opening("REQ"),
	"DEALER":        opening("DEALER"),
	"lower case":    opening("sub"),
	"long type":     opening(strings.Repeat("SUB", 1000)),
	"empty command": append(greeting[:len(greeting):len(greeting)], zmtp.FlagCommand, 0),
}

func TestRejectedHandshakeLeavesNoFile(t *testing.T) {
	t.Parallel()
	reject := func(addr string) *peer { return connect(t, addr).say(opening("REQ")...) }

	bare(t, func() {
		_, addr := barePub(t)
		p := reject(addr)
		if err := joins(t, addr, "0", patience); err != nil { // so p has been rejected
			t.Fatal(err)
		}
		p.SetReadDeadline(time.Now().Add(window))
		for {
			_, err := p.Read(make([]byte, 1000))
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				return // the other end is still open
			}
			if err != nil {
				t.Fatalf("closed: %v", err)
			}
		}
	})

	_, addr := attacked(t, Config{HandshakeTimeout: time.Hour})
	reject(addr).hungUp()
}

// A client that speaks slowly, a byte at a time, but within its time, is let in; so are XSUB, and a READY
// that says more than we know.
func TestUnusualButRight(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{HandshakeTimeout: time.Hour})
	long := append(greetingWith(10, 3, 1), zmtp.AppendCommand(nil, "READY",
		[]byte("\x08Identity\x00\x00\x00\x00\x0bSOCKET-TYPE\x00\x00\x00\x03SUB\x03X-Y\x00\x00\x00\x01z"))...)
	for _, hello := range [][]byte{opening("SUB"), opening("XSUB"), long} {
		p := connect(t, addr)
		for _, b := range append(hello, subscription("0")...) {
			p.say(b)
		}
		if _, err := p.r.Discard(len(opening("PUB"))); err != nil {
			t.Fatal(err)
		}
		p.expect("0", "beat")
	}
	if n := l.Stats()["handshake_rejects"]; n != 0 {
		t.Errorf("%d rejected", n)
	}
}

// zmq4 sees only handshakes of our own making, so that it rejects none.
func TestZMQ4TakesOurScript(t *testing.T) {
	for _, own := range []zmq4.SocketType{zmq4.Pub, zmq4.Sub} {
		e := newEnder()
		e.script = script
		if _, err := zmq4.Open(e, judged{zmq4Null}, own, nil, false, nil); err != nil {
			t.Error(err)
		}
		if len(e.script) > 0 {
			t.Errorf("%s left %q of its script", own, e.script)
		}
	}
}
