package zmtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"

	"github.com/go-zeromq/zmq4"
	zmq4null "github.com/go-zeromq/zmq4/security/null"
)

var greeting = AppendGreeting(nil, "NULL")

func greetingWith(at int, b ...byte) []byte {
	g := bytes.Clone(greeting)
	copy(g[at:], b)
	return g
}

// head is the head of a frame that announces a body of this size.
func head(flags byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | FlagLong}, size)
}

// spoken is a connection over which all of this has been said.
type spoken struct {
	net.Conn
	*bytes.Reader
}

func (c spoken) Read(p []byte) (int, error) { return c.Reader.Read(p) }
func (spoken) Write(p []byte) (int, error)  { return len(p), nil }
func (spoken) Close() error                 { return nil }

// What Item measures, Run takes apart, and AppendMessage puts together again.
func FuzzItem(f *testing.F) {
	f.Add(AppendMessage(nil, []byte("1"), []byte("body"), nil), 100, 8)
	f.Add(AppendMessage(nil, make([]byte, 300)), 300, 1)
	f.Add(AppendCommand(nil, "PING", []byte("\x00\x00context")), 100, 1)
	f.Add(head(FlagMore, 1<<63), 100, 2)
	f.Fuzz(func(t *testing.T, b []byte, message, frames int) {
		limit := Limits{Message: message & (1<<20 - 1), Frames: frames&15 + 1}
		n, need, command, err := limit.Item(b)
		switch {
		case err != nil:
			var v *Violation
			if n != 0 || !errors.As(err, &v) {
				t.Fatalf("%d, %v", n, err)
			}
		case n == 0:
			if most := len(b) + limit.Message + 9*limit.Frames; need <= len(b) || need > most {
				t.Fatalf("needs %d, has %d, may have %d", need, len(b), most)
			}
		case command:
			if _, size, head := Head(b); n != head+int(size) {
				t.Fatalf("%d bytes", n)
			}
		default:
			checkRun(t, b[:n], limit)
		}
	})
}

func checkRun(t *testing.T, b []byte, limit Limits) {
	run := append(bytes.Clone(b), b...) // twice the same
	if n := Run(run).Len(); n != 2 {
		t.Fatalf("%d messages", n)
	}
	r := Run(run)
	first := r.Next(nil)
	second := r.Next(nil)
	if r.Next(nil) != nil || len(first) > limit.Frames || len(bytes.Join(first, nil)) > limit.Message {
		t.Fatalf("%d frames, and more", len(first))
	}
	again := AppendMessage(nil, first...)
	if !bytes.Equal(again, AppendMessage(nil, second...)) {
		t.Fatal("two that are the same are not")
	}
	// A short size may have been sent long.
	if n, _, _, err := limit.Item(again); n != len(again) || n > len(b) || err != nil {
		t.Fatalf("%d of %d bytes, %v", n, len(again), err)
	}
}

// What is wrong in part of a greeting is wrong in all of it, and what passes, zmq4 takes as well.
func FuzzGreeting(f *testing.F) {
	f.Add(greeting)
	f.Add(greetingWith(10, 3, 1))
	f.Add(greetingWith(12, []byte("CURVE")...))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), GreetingSize)]
		bad := false
		for i := range len(b) + 1 {
			err := CheckGreeting(b[:i], "NULL")
			if bad && err == nil {
				t.Fatalf("%d bytes are right, fewer wrong", i)
			}
			bad = err != nil
		}
		if bad || len(b) < GreetingSize || b[32] > 1 { // zmq4 minds the as-server flag, which NULL does not use
			return
		}
		if _, err := zmq4.Open(spoken{Reader: bytes.NewReader(AppendReady(bytes.Clone(b), "SUB"))}, zmq4null.Security(), zmq4.Pub, nil, false, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// What ParseReady accepts, zmq4 understands in the same way.
func FuzzReady(f *testing.F) {
	f.Add([]byte("\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB\x08Identity\x00\x00\x00\x00"))
	f.Add([]byte("\x05READY\x0bSocket-Type\x00\x00\x00\xffSUB"))
	f.Add([]byte("\x05READY\x0bSocket-Type\x00"))
	f.Add([]byte("\x05READY"))
	f.Fuzz(func(t *testing.T, b []byte) {
		socketType, err := ParseReady(b)
		if err != nil {
			return
		}
		_, properties, _ := ParseCommand(b)
		md := zmq4.Metadata{}
		if err := md.UnmarshalZMTP(properties); err != nil {
			t.Fatal(err)
		}
		if got := md["Socket-Type"]; bytes.Contains(properties, []byte("Socket-Type")) && got != socketType {
			t.Fatalf("%q to zmq4, %q to us", got, socketType)
		}
	})
}

func TestItem(t *testing.T) {
	limit := Limits{Message: 1000, Frames: 3}
	message := func(frames ...string) []byte {
		var all [][]byte
		for _, f := range frames {
			all = append(all, []byte(f))
		}
		return AppendMessage(nil, all...)
	}
	long := string(make([]byte, 1000))
	for _, c := range []struct {
		name string
		b    []byte
		kind string // of the violation
	}{
		{"one frame", message("a"), ""},
		{"empty frames", message("", "", ""), ""},
		{"the largest", message(long), ""},
		{"the largest in three", message("", long[:999], "x"), ""},
		{"four frames", message("", "", "", ""), "too_many_frames"},
		{"a byte too many", message(long, "x"), "too_large"},
		{"a byte too many at once", message(long + "x"), "too_large"},
		{"2^63", head(0, 1<<63), "too_large"},
		{"2^64-1", head(0, 1<<64-1), "too_large"},
		{"sums over 2^64", append(head(FlagMore, 1), append([]byte("x"), head(0, 1<<64-1)...)...), "too_large"},
		{"a command", AppendCommand(nil, "PING", nil), ""},
		{"an unknown flag", []byte{16, 0}, "bad_frame"},
		{"a command with more", []byte{FlagCommand | FlagMore, 0}, "bad_frame"},
	} {
		n, _, command, err := limit.Item(c.b)
		if c.kind != "" {
			if v, ok := err.(*Violation); !ok || v.Kind != c.kind {
				t.Errorf("%s: %v; want %s", c.name, err, c.kind)
			}
			continue
		}
		if n != len(c.b) || err != nil || command != (c.b[0]&FlagCommand != 0) {
			t.Errorf("%s: %d of %d, %v, %v", c.name, n, len(c.b), command, err)
		}
		for i := range c.b { // any part of it asks for more, and not for more than there will be
			n, need, _, err := limit.Item(c.b[:i])
			if n != 0 || err != nil || need <= i || need > len(c.b)+9 {
				t.Fatalf("%s: %d of %d bytes: %d, %d, %v", c.name, i, len(c.b), n, need, err)
			}
		}
	}
}
