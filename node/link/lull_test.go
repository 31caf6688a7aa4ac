package link

import (
	"io"
	"net"
	"testing"
	"time"
)

// tcpPair is a publisher's end of a connection and the dialled one.
func tcpPair(t *testing.T) (from, to net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if to, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if from, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close(); to.Close() })
	return from, to
}

// lulled is a reader of pulses of so many bytes, between two glances of which is as long as given.
func lulled(t *testing.T, c net.Conn, glance time.Duration) *lull {
	t.Helper()
	if !lowWater {
		t.Skip("the kernel wakes for every byte")
	}
	l := newLull(c, time.Now())
	if l.raw == nil {
		t.Fatal("no lull for TCP")
	}
	l.glance = glance
	return &l
}

const pulse = "a pulse of 20 bytes."

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

func (l *lull) expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, 1<<10)
	if n, err := l.read(c, b); err != nil || string(b[:n]) != want {
		t.Fatalf("read %q, %v; want %q", b[:n], err, want)
	}
}

// A lull is no reason to hear of the end later.
func TestLullEnds(t *testing.T) {
	t.Parallel()
	from, to := tcpPair(t)
	l := lulled(t, to, time.Hour)
	l.alike, l.size = lullAfter, len(pulse)
	read := make(chan error)
	go func() {
		_, err := l.read(to, make([]byte, 1))
		read <- err
	}()
	from.Close()
	if err := <-read; err == nil {
		t.Error("read from a closed connection")
	}
}

// A pulse is read at the next glance, and ends nothing.
func TestLullGlances(t *testing.T) {
	t.Parallel()
	from, to := tcpPair(t)
	l := lulled(t, to, 10*time.Millisecond)
	l.alike, l.size = lullAfter, len(pulse)
	for range 3 {
		write(t, from, pulse)
		l.expect(t, to, pulse)
		if !l.on {
			t.Fatal("a pulse ends a lull")
		}
	}
}

// Beats faster than glances may not wait for them.
func TestLullFastBeats(t *testing.T) {
	t.Parallel()
	from, to := tcpPair(t)
	l := lulled(t, to, time.Hour)
	for range 2 * lullAfter {
		write(t, from, pulse)
		l.expect(t, to, pulse)
	}
	if l.on || l.alike > 0 {
		t.Errorf("%d pulses taken for slow ones, on: %t", l.alike, l.on)
	}
}

func TestLullNext(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := lull{glance: time.Second, phase: now.Add(-2300 * time.Millisecond)}
	if got := l.next(now).Sub(now); got != 700*time.Millisecond {
		t.Errorf("next glance in %v", got)
	}
}

// What has no low water mark is read at once.
func TestNoLull(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	l := newLull(there, time.Now())
	for range 2 * lullAfter {
		go func() { _, _ = io.WriteString(here, pulse) }() // it waits for the reader
		l.expect(t, there, pulse)
	}
	if l.begin() {
		t.Error("a lull in memory")
	}
}
