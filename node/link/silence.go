package link

import (
	"cmp"
	"slices"
	"time"
)

// A connection for messages may have nothing to carry for hours, and stands for minutes though the network carries nothing,
// since TCP waits for long: so that it stands says nothing. What tells is keep-alive, which goes over it anyway: whether
// anything at all has come back, be it an acknowledgement. The kernel of the far end sends that, whatever program is there,
// and however busy, so it is a sign of the way and not of the peer. One that is silent is not hung up.
//
// Keep-alive takes tens of seconds for that. What is said over a connection shows it within a few, as the kernel says it again
// and again and has no answer. So in a mesh of 16 members or fewer the kernel asks over the connection over which nothing came
// for longest, one at each look: each is within some seconds. In a larger one its turn would come no sooner than keep-alive
// shows the same.
//
// What the kernel knows takes three system calls, and there may be hundreds of connections. So one over which nothing was said
// since the last look is looked at again when it may have been silent for long.
//
// A way may be shut in one direction: then what the far end says still comes, until that waits for its acknowledgement. So one
// that was silent is so until what this end has said since is acknowledged.

const (
	// hushAfter is when the kernel begins to probe often: after the probe that keep-alive sends anyway.
	hushAfter = keepAlive + time.Second

	// silentAfter is how long nothing comes back of a connection that is silent. By then ten probes have gone out; with a
	// third of all packets lost, one honest connection in a thousand answers none of them.
	silentAfter = 20 * time.Second

	// hushProbes is between two of these.
	hushProbes = time.Second

	// lostAfter is how long nothing comes back of a connection that is silent as what was said over it is not taken, and
	// lostTries how often the kernel has said it again by then: after 0.2, 0.6, 1.4 and 3 s, later on a long way. Where nothing
	// is said, lostProbes is how often it has asked, once a second. With a fifth of all packets lost, one honest connection in
	// five hundred is asked so often in vain.
	lostAfter  = 3 * time.Second
	lostTries  = 4
	lostProbes = 6

	// idleAfter is how long nothing has come over a connection over which the kernel is to ask: others carry something anyway.
	idleAfter = 1500 * time.Millisecond

	// askedMost is how many connections there may be for one of them to be asked at each look, and idleLooks how many are
	// looked at for that: something may have come over those that seem idle.
	askedMost = 32
	idleLooks = 4
)

// Silence is a connection for messages over which nothing comes back, or something again.
type Silence struct {
	ID      ID
	Dialled bool // by this link; else it is one that came
	Silent  bool
}

// silences are those of which it was said that they are silent: by the ID that events have.
type silences map[ID]bool

// change takes the ones that are silent now, and returns what is new.
func (s silences) change(of func(ID, bool) Silence, silent map[ID]bool) (news []Silence) {
	for id := range s {
		if _, there := silent[id]; !there {
			delete(s, id) // it is gone
		}
	}
	for id, is := range silent {
		if is == s[id] {
			continue
		}
		if is {
			s[id] = true
		} else {
			delete(s, id)
		}
		news = append(news, of(id, is))
	}
	return news
}

// Silences returns which connections have become silent since the last call, and which are no more. Where the kernel cannot
// be asked none ever is. A publisher that answers a PING is asked for one before it is said to be silent no more.
func (l *Link) Silences(answers func(ID) bool) []Silence {
	now := clock()
	dialled := l.publishers()
	silent := make(map[ID]bool, len(dialled))
	var idle idlest
	for _, d := range dialled {
		if d.kernel == nil {
			continue
		}
		may := answers(d.told)
		is, v := d.hush(now, may)
		idle.take(d.conn, v, may)
		if before, twice := silent[d.told]; twice { // one is the heir of the other
			is = is && before
		}
		silent[d.told] = is
	}
	news := l.silent[0].change(func(id ID, is bool) Silence { return Silence{id, true, is} }, silent)
	clear(silent)
	for _, s := range l.pubs[Message].gate.subscribers() {
		if s.kernel == nil {
			continue
		}
		is, v := s.hush(now, false)
		silent[s.id] = is
		idle.take(s.conn, v, s.introduced.Load())
	}
	if c := idle.next(now); c != nil { // its kernel asks, and no process wakes up for that, here or there
		c.hushed = true
		c.kernel.probe(hushProbes)
	}
	return append(news, l.silent[1].change(func(id ID, is bool) Silence { return Silence{id, false, is} }, silent)...)
}

// ReadersSilent reports whether nothing came back over some connection that came, as of the last call of Silences.
func (l *Link) ReadersSilent() bool { return len(l.silent[1]) > 0 }

// idlest are the connections over which nothing seems to have come for a while, of those whose far end answers a PING: others
// may be naive, and are left to keep-alive.
type idlest struct {
	all  int // connections, idle or not
	idle []idleConn
}

type idleConn struct {
	*conn
	heard time.Duration // ago
}

// idles reports whether a connection that was looked at may be asked.
func (v view) idles() bool { return v.held == 0 && v.heard >= idleAfter }

func (i *idlest) take(c *conn, v view, answers bool) {
	i.all++
	if answers && v.idles() && !c.hushed {
		i.idle = append(i.idle, idleConn{c, v.heard})
	}
}

// next is the one that is to be asked: over which nothing came for longest. There may be none.
func (i *idlest) next(now time.Duration) *conn {
	if i.all > askedMost {
		return nil
	}
	slices.SortFunc(i.idle, func(a, b idleConn) int { return cmp.Compare(b.heard, a.heard) })
	for _, c := range i.idle[:min(len(i.idle), idleLooks)] {
		if c.last.at < now {
			if v, ok := c.look(now); !ok || !v.idles() {
				continue // something has come meanwhile
			}
		}
		return c.conn
	}
	return nil
}

// watched is what is known of the silence of a connection. It is Silences' own.
type watched struct {
	last   looked // what the kernel said of it last
	hushed bool   // it probes often
	mute   bool   // nothing comes back
	proof  uint64 // bytes that are acknowledged once something comes back again; 0: it was not asked
}

// looked is a look at what the kernel knows of a connection.
type looked struct {
	view
	at    time.Duration // by clock; 0: there was none
	moved int64         // what outbox.moved was then
}

// look asks the kernel, and keeps what it says.
func (c *conn) look(now time.Duration) (v view, ok bool) {
	c.last.at, c.last.moved = now, c.out.moved.Load()
	c.last.view, ok = c.kernel.look()
	return c.last.view, ok
}

// rests reports whether a connection is as it was at the last look, for all that anybody needs to know: nothing was said over
// it, and it cannot have been silent for long. It returns what is known of it then.
func (c *conn) rests(now time.Duration) (v view, ok bool) {
	l := &c.last
	v = l.view
	v.heard += now - l.at // at the most
	ok = l.at > 0 && !c.hushed && !c.mute && v.heard < hushAfter && l.held == 0 && l.moved == c.out.moved.Load() && c.out.left() == 0
	return v, ok
}

// hush reports whether nothing comes back over a connection, and what the kernel knows of it. It has the kernel probe the more
// often before that is said. Its far end answers a PING, or it is not sent one.
func (c *conn) hush(now time.Duration, answers bool) (mute bool, v view) {
	if v, rests := c.rests(now); rests {
		return false, v
	}
	v, ok := c.look(now)
	if !ok {
		return false, v
	}
	if hushed := v.heard >= hushAfter || c.hushed && v.heard >= idleAfter; hushed != c.hushed {
		c.hushed = hushed
		every := keepAlive
		if hushed {
			every = hushProbes
		}
		c.kernel.probe(every)
	}
	before := c.mute
	c.mute = v.mute(before)
	switch {
	case c.mute && !before:
		c.proof = 0
	case before && !c.mute && answers:
		if c.proof == 0 {
			c.proof = v.acked + uint64(v.held) + 1
			c.out.put(pingFrame)
		}
		c.mute = v.acked < c.proof
	}
	return c.mute, v
}

// mute reports whether so little comes back of a far end that nobody knows whether it is there. Before says what was so until
// now. One that does not read closes its window: then keep-alive waits, and the kernel asks for room ever more rarely, so that
// an answer may be minutes old and the far end there. It becomes mute by answers that do not come, and answers again at any,
// unless what was sent has to be sent again.
func (v view) mute(before bool) bool {
	asked := v.held == 0 || v.silent
	lost := v.heard >= lostAfter && (v.tries >= lostTries || v.probes >= lostProbes)
	return lost || v.heard >= silentAfter && (before || asked) || before && v.silent
}
