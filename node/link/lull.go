package link

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// lull reads a connection that has little to say. Most of the time a publisher of lists sends a pulse a beat, and
// to be woken for each costs a process several times what reading it does: the threads of the Go runtime start and
// stop for it. So as long as nothing but pulses come, they are fetched together, a few times a second. The kernel is
// asked to wake the reader only once more than one pulse has come (SO_RCVLOWAT). Anything else is read at once, the end
// of the connection too, and so is whatever comes after a silence.
//
// The zero value reads everything at once.
type lull struct {
	raw    syscall.RawConn // what SO_RCVLOWAT is set on
	glance time.Duration   // between two looks
	phase  time.Time       // a moment of a look: all connections of a link are looked at together

	on    bool
	size  int       // bytes of a pulse
	alike int       // reads in a row that may have been one pulse each
	at    time.Time // the last of them
}

const (
	lullGlance = 250 * time.Millisecond // a quarter of a beat: not enough to miss one
	lullAfter  = 4                      // pulses in a row begin a lull
	lullSpare  = 3                      // glances between two pulses, at least: those of a faster beat may not wait
	lullSilent = 6                      // glances without a pulse end a lull
	pulseMost  = 512                    // bytes
)

// newLull is for connections whose kernel can do it.
func newLull(c net.Conn, phase time.Time) (l lull) {
	if t, ok := c.(*net.TCPConn); ok && lowWater {
		if raw, err := t.SyscallConn(); err == nil {
			return lull{raw: raw, glance: lullGlance, phase: phase}
		}
	}
	return lull{}
}

func (l *lull) read(c net.Conn, p []byte) (int, error) {
	if !l.begin() {
		n, err := c.Read(p)
		l.note(n)
		return n, err
	}
	for range lullSilent {
		_ = c.SetReadDeadline(l.next(time.Now()))
		n, err := c.Read(p)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if n > l.size {
			l.end(c)
		}
		return n, err
	}
	l.end(c)
	return c.Read(p)
}

// note takes in what a read has brought.
func (l *lull) note(n int) {
	if l.raw == nil {
		return
	}
	now := time.Now()
	switch {
	case n > pulseMost || now.Sub(l.at) < lullSpare*l.glance:
		l.size, l.alike = 0, 0
	case n > l.size || n < l.size/2:
		l.size, l.alike = n, 1
	default:
		l.alike++
	}
	l.at = now
}

func (l *lull) begin() bool {
	if !l.on && l.alike >= lullAfter {
		l.on = setLowWater(l.raw, l.size+1)
		l.alike = 0
	}
	return l.on
}

func (l *lull) end(c net.Conn) {
	l.on, l.size = false, 0
	setLowWater(l.raw, 1)
	_ = c.SetReadDeadline(time.Time{})
}

// next is the first glance after now.
func (l *lull) next(now time.Time) time.Time {
	return now.Add(l.glance - now.Sub(l.phase)%l.glance)
}
