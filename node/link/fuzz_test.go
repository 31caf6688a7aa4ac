package link

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
)

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
	f.Add(append(opening("SUB"), zmtp.AppendCommand(nil, "SUBSCRIBE", []byte("0"))...), uint8(1))
	f.Add(append(bytes.Clone(greeting), malformedReady...), uint8(1))
	l := open(f, Config{})
	l.SetBeats([][]byte{[]byte("0"), []byte("beat")}, nil)
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
	f.Add(zmtp.AppendMessage(nil, []byte("0"), []byte("body")), uint8(0))
	f.Add(append(zmtp.AppendMessage(nil, []byte("0")), ping...), uint8(3))
	// Gone before the PONG.
	f.Add(append(bytes.Clone(ping), bytes.Repeat(zmtp.AppendMessage(nil, make([]byte, 900)), 60)...), uint8(0))
	f.Add(append(zmtp.AppendMessage(nil, []byte("0")), head(zmtp.FlagMore, 1<<49)...), uint8(200))
	f.Add(zmtp.AppendMessage(nil, bytes.Split(bytes.Repeat([]byte("x"), 20), nil)...), uint8(200))
	l := open(f, Config{MaxMessage: 1000})
	f.Fuzz(func(t *testing.T, b []byte, pieces uint8) {
		here, there := net.Pipe()
		done := make(chan bool)
		go func() {
			say(here, append(opening("PUB"), b...), pieces)
			close(done)
		}()
		d := l.newDialled(pipe{there}, Discovery, netip.AddrPort{}, "")
		if err := d.shake(context.Background(), time.Hour, zmtp.Client, "SUB", "PUB"); err != nil {
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
func messagesOf(b []byte, limit zmtp.Limits) (all []byte) {
	for {
		n, _, command, err := limit.Item(b)
		if n == 0 || err != nil {
			return all
		}
		if !command {
			all = append(all, b[:n]...)
		}
		b = b[n:]
	}
}
