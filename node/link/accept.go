package link

import (
	"errors"
	"net"
	"time"
)

// A gate accepts whatever comes, gives it a place or hangs it up, and lets nobody wait for a handshake.

// accept takes connections until the gate closes. Errors (no file descriptors left, mostly) are waited out.
func (g *gate) accept() {
	defer g.wg.Done()
	wait := time.Duration(0)
	for {
		raw, err := g.ln.Accept()
		if err == nil {
			wait = 0
			if s := g.newSubscriber(raw); g.enter(s) {
				go g.shake(s)
			} else {
				s.hangUp(errFull)
			}
			continue
		}
		if g.closing() {
			return
		}
		g.link.counters.add(acceptErrors, 1)
		g.hangUpStranger()
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(wait):
		case <-g.done:
			return
		}
	}
}

func (g *gate) newSubscriber(raw net.Conn) *subscriber {
	s := &subscriber{conn: g.link.newConn(raw, g.port), gate: g}
	s.belongs.Store(g.link.open())
	s.out.lost = s.unsent
	return s
}

// enter makes room for a connection, and reports whether there is any.
func (g *gate) enter(s *subscriber) bool {
	g.link.counters.add(accepted, 1)
	in, out := g.admit(s)
	if out != nil {
		g.link.counters.add(shed, 1)
		out.hangUp(errShed)
	}
	if !in {
		g.link.counters.add(refusedFull, 1)
	}
	return in
}

var (
	errShed = errors.New("closed to make room")
	errFull = errors.New("too many connections")
)

// hangUpStranger gives a file descriptor back. Listeners are left alone: they are limited to half of the
// descriptors, so it is not they who took the last.
func (g *gate) hangUpStranger() {
	g.mu.Lock()
	s := g.strangerFor("")
	if s != nil {
		g.forgetLocked(s)
	}
	g.mu.Unlock()
	if s != nil {
		g.link.counters.add(shed, 1)
		s.hangUp(errShed)
	}
}
