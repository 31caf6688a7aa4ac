package link

import (
	"errors"
	"os"

	"hearsay/node/link/zmtp"
)

// Every connection has its handshake in a goroutine of its own and under a deadline, so that one that is silent holds up
// nobody.

// shake judges the other side of a connection that has entered.
func (g *gate) shake(s *subscriber) {
	defer g.wg.Done()
	err := s.conn.shake(g.link.ctx, g.link.cfg.HandshakeTimeout, zmtp.Server, "PUB", "SUB", "XSUB")
	if err != nil {
		switch {
		case s.ended() != nil, g.link.ctx.Err() != nil: // shed, or we are closing
		case errors.Is(err, os.ErrDeadlineExceeded):
			g.link.counters.add(handshakeTimeouts, 1)
		default:
			g.link.counters.add(handshakeRejects, 1)
			g.link.refuse(g.port, s.remote, err)
		}
		s.hangUp(err)
		g.gone(s)
		return
	}
	g.pass(s)
}

// pass gives a connection to zmq4.
func (g *gate) pass(s *subscriber) {
	s.script = script
	s.hand()
	select {
	case g.ready <- s:
	case <-g.done:
		s.Close()
		g.gone(s)
	}
}
