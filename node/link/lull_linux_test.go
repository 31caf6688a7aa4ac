package link

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// lowWaterOf is how many bytes the kernel waits for before it wakes a reader.
func (l *lull) lowWaterOf(t *testing.T) (bytes int) {
	t.Helper()
	var err error
	if e := l.raw.Control(func(fd uintptr) {
		bytes, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT)
	}); e != nil || err != nil {
		t.Fatal(e, err)
	}
	return bytes
}

// begun reads once, in a lull, and sends what that brings.
func (l *lull) begun(t *testing.T, c net.Conn) <-chan string {
	read := make(chan string)
	go func() {
		b := make([]byte, 1<<10)
		n, _ := l.read(c, b)
		read <- string(b[:n])
	}()
	eventually(t, "a lull", func() bool { return l.lowWaterOf(t) == len(pulse)+1 })
	return read
}

// A lull begins after some pulses. From then on the kernel wakes for more than one, and that is read at once, though
// the next glance is far; it ends the lull.
func TestLull(t *testing.T) {
	t.Parallel()
	from, to := tcpPair(t)
	l := lulled(t, to, time.Hour)
	for range lullAfter {
		l.at = l.at.Add(-lullSpare * l.glance) // as if the time had passed
		write(t, from, pulse)
		l.expect(t, to, pulse)
	}
	if n := l.lowWaterOf(t); l.on || n != 1 {
		t.Fatalf("on: %t, wakes for %d bytes", l.on, n)
	}
	const news = "news that are more than a pulse"
	read := l.begun(t, to)
	write(t, from, news)
	if got := <-read; got != news {
		t.Fatalf("read %q", got)
	}
	if n := l.lowWaterOf(t); l.on || n != 1 {
		t.Errorf("on: %t, wakes for %d bytes", l.on, n)
	}
	write(t, from, "x")
	l.expect(t, to, "x")
}

// A silence ends a lull: the kernel wakes for the first byte again.
func TestLullEndsInSilence(t *testing.T) {
	t.Parallel()
	from, to := tcpPair(t)
	l := lulled(t, to, 10*time.Millisecond)
	l.alike, l.size = lullAfter, len(pulse)
	read := l.begun(t, to)
	eventually(t, "its end", func() bool { return l.lowWaterOf(t) == 1 })
	write(t, from, "x")
	if got := <-read; got != "x" || l.on {
		t.Errorf("read %q, on: %t", got, l.on)
	}
}
