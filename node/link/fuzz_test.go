package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// What item measures, Run takes apart, and appendMessage puts together again.
func FuzzItem(f *testing.F) {
	f.Add(appendMessage(nil, []byte("1"), []byte("body"), nil), 100, 8)
	f.Add(appendMessage(nil, make([]byte, 300)), 300, 1)
	f.Add(appendCommand(nil, "PING", []byte("\x00\x00context")), 100, 1)
	f.Add(head(flagMore, 1<<63), 100, 2)
	f.Fuzz(func(t *testing.T, b []byte, message, frames int) {
		limit := limits{message: message & (1<<20 - 1), frames: frames&15 + 1}
		n, need, command, err := limit.item(b)
		switch {
		case err != nil:
			var v *violation
			if n != 0 || !errors.As(err, &v) {
				t.Fatalf("%d, %v", n, err)
			}
		case n == 0:
			if most := len(b) + limit.message + 9*limit.frames; need <= len(b) || need > most {
				t.Fatalf("needs %d, has %d, may have %d", need, len(b), most)
			}
		case command:
			if _, size, head := frameHead(b); n != head+int(size) {
				t.Fatalf("%d bytes", n)
			}
		default:
			checkRun(t, b[:n], limit)
		}
	})
}

func checkRun(t *testing.T, b []byte, limit limits) {
	run := append(bytes.Clone(b), b...) // twice the same
	if n := Run(run).Len(); n != 2 {
		t.Fatalf("%d messages", n)
	}
	r := Run(run)
	first := r.Next(nil)
	second := r.Next(nil)
	if r.Next(nil) != nil || len(first) > limit.frames || len(bytes.Join(first, nil)) > limit.message {
		t.Fatalf("%d frames, and more", len(first))
	}
	again := appendMessage(nil, first...)
	if !bytes.Equal(again, appendMessage(nil, second...)) {
		t.Fatal("two that are the same are not")
	}
	if n, _, _, err := limit.item(again); n != len(again) || n > len(b) || err != nil { // a short size may have been sent long
		t.Fatalf("%d of %d bytes, %v", n, len(again), err)
	}
}

// What is wrong in part of a greeting is wrong in all of it, and what passes, zmq4 takes as well.
func FuzzGreeting(f *testing.F) {
	f.Add(greeting[:])
	f.Add(greetingWith(10, 3, 1))
	f.Add(greetingWith(12, []byte("CURVE")...))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), greetingSize)]
		bad := false
		for i := range len(b) + 1 {
			err := checkGreeting(b[:i])
			if bad && err == nil {
				t.Fatalf("%d bytes are right, fewer wrong", i)
			}
			bad = err != nil
		}
		if bad || len(b) < greetingSize || b[32] > 1 { // zmq4 minds the as-server flag, which NULL does not use
			return
		}
		m := &meter{script: append(bytes.Clone(b), ready("SUB")...)}
		if _, err := zmq4.Open(m, zmq4Null, zmq4.Pub, nil, false, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// What parseReady accepts, zmq4 understands in the same way.
func FuzzReady(f *testing.F) {
	f.Add([]byte("\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB\x08Identity\x00\x00\x00\x00"))
	f.Add([]byte("\x05READY\x0bSocket-Type\x00\x00\x00\xffSUB"))
	f.Add([]byte("\x05READY\x0bSocket-Type\x00"))
	f.Add([]byte("\x05READY"))
	f.Fuzz(func(t *testing.T, b []byte) {
		socketType, err := parseReady(b)
		if err != nil {
			return
		}
		_, properties, _ := parseCommand(b)
		md := zmq4.Metadata{}
		if err := md.UnmarshalZMTP(properties); err != nil {
			t.Fatal(err)
		}
		if got := md["Socket-Type"]; bytes.Contains(properties, []byte("Socket-Type")) && got != socketType {
			t.Fatalf("%q to zmq4, %q to us", got, socketType)
		}
	})
}

// say writes these bytes in so many pieces, reads whatever comes, and closes.
func say(c net.Conn, b []byte, pieces uint8) {
	go io.Copy(io.Discard, c)
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	for n := len(b)/(int(pieces)+1) + 1; len(b) > 0; b = b[min(n, len(b)):] {
		if _, err := c.Write(b[:min(n, len(b))]); err != nil {
			break
		}
	}
	c.Close()
}

// A client that says anything at all to a publisher: the connection ends, the publisher lives.
func FuzzClient(f *testing.F) {
	hello := append(opening("SUB"), subscription("0")...)
	f.Add(hello, uint8(0))
	f.Add(append(hello, ping...), uint8(3))
	f.Add(append(hello, head(0, 1<<62)...), uint8(255))
	f.Add(append(opening("SUB"), append(subscription("hello/a"), cancellation("x")...)...), uint8(1))
	f.Add(append(opening("SUB"), appendCommand(nil, "SUBSCRIBE", []byte("0"))...), uint8(1))
	f.Add(append(bytes.Clone(greeting[:]), malformedReady...), uint8(1))
	l := open(f, Config{})
	l.SetBeat([]byte("0"), []byte("beat"))
	discard(l)
	g := l.pubs[Discovery].gate
	f.Fuzz(func(t *testing.T, b []byte, pieces uint8) {
		here, there := net.Pipe()
		s := g.newSubscriber(there)
		g.enter(s)
		go g.shake(s)
		say(here, b, pieces)
		eventually(t, "the connection is forgotten", func() bool { return len(g.subscribers()) == 0 })
		if err := l.Publish(Discovery, []byte("0"), b[:min(len(b), 100)]); err != nil {
			t.Fatal(err)
		}
	})
}

// A publisher that says anything at all: what comes through is in order, then the connection goes down.
func FuzzPublisher(f *testing.F) {
	f.Add(appendMessage(nil, []byte("0"), []byte("body")), uint8(0))
	f.Add(append(appendMessage(nil, []byte("0")), ping...), uint8(3))
	f.Add(append(bytes.Clone(ping), bytes.Repeat(appendMessage(nil, make([]byte, 900)), 60)...), uint8(0)) // gone before the PONG
	f.Add(append(appendMessage(nil, []byte("0")), head(flagMore, 1<<49)...), uint8(200))
	f.Add(appendMessage(nil, bytes.Split(bytes.Repeat([]byte("x"), 20), nil)...), uint8(200))
	l := open(f, Config{MaxMessage: 1000})
	f.Fuzz(func(t *testing.T, b []byte, pieces uint8) {
		here, there := net.Pipe()
		done := make(chan bool)
		go func() {
			say(here, append(opening("PUB"), b...), pieces)
			close(done)
		}()
		d := l.newDialled(pipe{there}, Discovery, netip.AddrPort{}, "")
		if err := d.shake(context.Background(), time.Hour, "SUB", "PUB"); err != nil {
			t.Fatal(err)
		}
		if err := l.take(d); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for e := range l.Events() {
			if e.Kind == Received {
				for r := e.Run; len(r) > 0; {
					if r.Next(nil) == nil {
						t.Fatal("an empty message")
					}
				}
				got = append(got, e.Run...)
			}
			if e.Kind == Down {
				break
			}
		}
		<-done
		// Whatever came is what was said, but for commands.
		if want := messagesOf(b, l.cfg.limits()); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes came through of %d", len(got), len(want))
		}
	})
}

// pipe is one end of a net.Pipe. Like a socket, it has deadlines after the other end is closed.
type pipe struct{ net.Conn }

func (p pipe) SetReadDeadline(t time.Time) error {
	_ = p.Conn.SetReadDeadline(t)
	return nil
}

// messagesOf returns the whole messages at the start of b, up to the first breach.
func messagesOf(b []byte, limit limits) (all []byte) {
	for {
		n, _, command, err := limit.item(b)
		if n == 0 || err != nil {
			return all
		}
		if !command {
			all = append(all, b[:n]...)
		}
		b = b[n:]
	}
}
