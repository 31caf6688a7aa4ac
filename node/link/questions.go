package link

import (
	"time"

	"hearsay/node/link/zmtp"
)

// A gate that is nearly full asks its listeners whether they are there, with the PING of ZMTP. A connection that
// subscribed and reads nothing, and one whose far end is long dead, look like any other until then: a kernel takes a
// few bytes a second for hours. One that does not answer is a stranger again, until it says anything.
//
// Not everybody can be asked. libzmq 4.3 (its greeting says ZMTP 3.1) and hearsay (which says hello) answer. zmq4 v0.17.0
// hands a PING to its application, as a message. So who says neither is not asked, and keeps its place.

const (
	// askEvery is between two questions to one connection, and how long an answer may take where everything before
	// the question has been read.
	askEvery = 2 * time.Second

	// lookEvery is between two looks at all connections: they are thousands, and newcomers may be many.
	lookEvery = askEvery / 8

	// slowestReader is what a listener reads at least, in bytes a second: what its kernel holds for it stands before
	// the question. Nothing tells a process that reads its kernel's bytes slowly from one that does not, so this is
	// little: one small message a second.
	slowestReader = 1 << 10
)

// question is the one that a connection was asked last.
type question struct {
	open  bool      // it is not answered
	since time.Time // it was asked, or the last that was sent before it was taken
	at    uint64    // bytes that are acknowledged when the question is
	acked uint64    // bytes that are acknowledged now
}

var pingFrame = zmtp.AppendCommand(nil, "PING", []byte{0, 0}) // without a time to live, and without a context

// askLocked asks those who were not asked lately, and makes strangers of those who have not answered in time.
func (g *gate) askLocked(now time.Time) {
	if len(g.all) < g.link.cfg.MaxSubscribers*3/4 || now.Sub(g.looked) < lookEvery {
		return
	}
	g.looked = now
	for s := range g.all {
		switch {
		case s.at != nil || s.wired() || !s.answers && !s.named:
		case !s.asked.open && now.Sub(s.asked.since) >= askEvery:
			s.ask(now)
		case s.asked.open && s.mute(now):
			g.link.counters.add(unanswered, 1)
			g.strangeLocked(s)
		}
	}
}

// ask sends the question.
func (s *subscriber) ask(now time.Time) {
	v, _ := s.kernel.look()
	s.asked = question{open: true, since: now, at: v.acked + uint64(v.held+s.out.left()+len(pingFrame)), acked: v.acked}
	s.silent.Store(true)
	s.link.counters.add(asked, 1)
	s.out.put(pingFrame)
}

// mute reports whether a connection has had its time to answer.
func (s *subscriber) mute(now time.Time) bool {
	v, ok := s.kernel.look()
	return s.asked.late(now, v, ok, 2*termsOf(s.port, false).send) // Linux doubles it
}

// late judges a question that is open. v is what the kernel says, where it says anything, and most the bytes that the far
// end's may hold unread. What has come and was not read yet may be the answer: this process may have been stopped.
func (q *question) late(now time.Time, v view, known bool, most int) bool {
	if known {
		if v.unread > 0 {
			return false
		}
		if v.acked > q.acked && q.acked < q.at {
			q.since = now // what was sent before is being read
		}
		q.acked = v.acked
	}
	unread := min(q.at, uint64(most))
	return now.Sub(q.since) >= askEvery+time.Duration(unread)*time.Second/slowestReader
}

// spoke notes that something came from a connection: whatever it is, somebody is there.
func (s *subscriber) spoke() {
	if !s.silent.CompareAndSwap(true, false) {
		return
	}
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	s.asked.open = false
	if _, in := g.all[s]; in {
		g.settledLocked(s)
	}
}
