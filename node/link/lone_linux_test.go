package link

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"hearsay/node/link/zmtp"
)

// marking is a session that puts a mark in front of all that it seals.
type marking struct{ zmtp.Session }

func (marking) Seal(_, frames []byte) []byte { return append([]byte("sealed:"), frames...) }

// loneOutbox is an outbox to a far end that is read by the test alone.
func loneOutbox(t *testing.T, s zmtp.Session) (*outbox, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return &outbox{conn: near, kernel: kernelOf(near), budget: &budget{limit: 1 << 30}, stall: patience, session: s,
		fail: func(error) {}}, far
}

// A lone message is in the kernel when put returns. Of one that the kernel takes in part the rest is written once it takes more,
// before what was put later, whether it is sealed or not.
func TestLoneMessageIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	for _, s := range []zmtp.Session{nil, marking{}} {
		o, far := loneOutbox(t, s)
		var want []byte
		put := func(number, size int) {
			run := zmtp.AppendMessage(nil, []byte("1"), bytes.Repeat(fmt.Append(nil, number), size))
			if !o.putShared(run, nil, true) {
				t.Fatal("refused")
			}
			if s != nil {
				run = s.Seal(nil, run)
			}
			want = append(want, run...)
		}
		if put(0, 1); o.writing || o.left() != 0 {
			t.Error("a goroutine writes what the kernel has room for")
		}
		for number := 1; o.left() == 0; number++ {
			put(number, 10_000)
		}
		for number := range 100 {
			put(number, 100)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("session %v: something else came, %v", s, err)
		}
		eventually(t, "the writer has ended", func() bool { return o.left() == 0 })
		if put(0, 1); o.left() != 0 {
			t.Error("a goroutine writes again what the kernel has room for")
		}
		o.writing = true
		if put(0, 1); o.left() == 0 {
			t.Error("what is written is overtaken")
		}
		o.write()
	}
}

// A lone message of which the kernel took a part, and that ends with its connection, is lost and counted, and so is what waits
// behind it.
func TestLoneMessageThatEndsIsCounted(t *testing.T) {
	t.Parallel()
	for _, s := range []zmtp.Session{nil, marking{}} {
		o, far := loneOutbox(t, s)
		var lost atomic.Int64
		o.lost = func(count int) { lost.Add(int64(count)) }
		run := zmtp.AppendMessage(nil, []byte("1"), make([]byte, 10_000))
		for o.left() == 0 {
			o.putShared(run, nil, true)
		}
		for range 9 {
			o.putShared(run, nil, true)
		}
		far.Close()
		o.conn.Close()
		eventually(t, "ten are lost", func() bool { return lost.Load() == 10 && o.over() })
	}
}

// A connection over which a lone message went is not taken for one over which nothing was said: its kernel is asked whether
// anything comes back.
func TestLoneMessageIsSomethingSaid(t *testing.T) {
	t.Parallel()
	o, _ := loneOutbox(t, nil)
	c := &conn{kernel: o.kernel, out: o, watched: new(watched)}
	eventually(t, "nothing is under way", func() bool {
		now := clock()
		v, ok := c.look(now)
		return ok && v.held == 0
	})
	if _, rests := c.rests(c.last.at); !rests {
		t.Fatal("something was said already")
	}
	if !o.putShared(zmtp.AppendMessage(nil, []byte("1"), nil), nil, true) || o.left() != 0 {
		t.Fatal("not written at once")
	}
	if _, rests := c.rests(c.last.at); rests {
		t.Error("nothing seems to be said")
	}
}
