package sim

import (
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// message is what goes over a link: a beat, or with Names nil something else that is valid.
type message struct {
	names  []topics.Name
	header *topics.Header // nil from a naive node
	label  *string        // in place of all that: what the publisher says of its mesh
	told   *mesh.Tell     // or whom it tells of that others hear
	size   int            // bytes with ZMTP frames, without TCP/IP
	post   *post          // of an application; nil: it is only a sign of life
}

// link is one TCP connection, from a subscriber to a publisher. Each end has a socket of its own: either may be
// gone while the other end still believes in it.
type link struct {
	id       mesh.LinkID // of the subscriber's end
	listener mesh.ListenerID
	port     mesh.Port
	target   topics.Name
	sub, pub *process
	subUp    bool
	hungUp   bool // by its subscriber: what is read of it from then on is nobody's
	pubUp    bool
	aside    bool // its publisher is not asked to tell of others
	foreign  bool // its subscriber is of another mesh, as the publisher knows
	inSub    int  // position in sub.dialled
	inPub    int  // position in pub.listeners, or -1

	// From publisher to subscriber.
	at      time.Duration // arrival of what was sent last: TCP keeps the order
	stuck   bool          // something is unacknowledged, everything else waits
	waiting []*message
	fin     bool // the publisher's end of file waits behind them
	since   time.Duration
	rto     time.Duration
	seq     uint64 // the highest number of a beat that arrived

	// From subscriber to publisher.
	saidAt time.Duration   // arrival of the subscription that was said last
	wants  map[string]bool // relayed topics that the publisher knows of

	newcomer bool // it has asked for the newest numbers, and was told none

	asking  bool // it is asked whether anything comes over it
	retired bool // another one has taken its place, and it is read to its end

	// TCP keep-alive of the subscriber's end.
	heard   time.Duration
	probing bool
	probes  int
}

// maxWaiting bounds what waits for one subscriber. A beat of a thousand names has 16 KiB, an outbox 4 MiB.
const maxWaiting = 4096

// send gives the publisher's end a message.
func (w *world) send(l *link, msg *message) {
	nw := w.net
	if !l.pubUp || l.foreign && msg.label == nil || nw.drop > 0 && nw.rng.Float64() < nw.drop {
		return
	}
	from, to := l.pub.host, l.sub.host
	switch {
	case l.stuck:
		if len(l.waiting) < maxWaiting {
			l.waiting = append(l.waiting, msg)
		}
	case !l.subUp:
		w.resetPublisher(l, nw.roundTrip(from, to))
	case nw.works(l):
		w.deliver(l, msg)
	default:
		w.stick(l)
		if nw.passes(from, to) && nw.noSyn[to.id*nw.n+from.id] == 0 {
			w.deliver(l, msg) // it arrives, but no acknowledgement does
		} else {
			l.waiting = append(l.waiting, msg)
		}
	}
}

// deliver schedules the arrival of a message.
func (w *world) deliver(l *link, msg *message) {
	late, ok := w.net.retransmitted(l.pub.host, l.sub.host, msg.size)
	if !ok {
		w.giveUp(l)
		return
	}
	l.at = max(l.at+1, w.now+w.net.oneWay(l.pub.host, l.sub.host)+late)
	w.queue.add(item{at: l.at, link: l, msg: msg})
}

// arrive hands a message to the subscriber.
func (w *world) arrive(l *link, msg *message) {
	if !l.subUp {
		return
	}
	l.heard = w.now
	l.sub.host.received += uint64(msg.size)
	if msg.label != nil {
		l.sub.give(mesh.MeshSaid{Link: l.id, Mesh: *msg.label}, l)
		return
	}
	if msg.told != nil {
		l.sub.give(mesh.Told{Link: l.id, Records: msg.told.Records, Header: msg.told.Header, Change: msg.told.Change}, l)
		return
	}
	if msg.names == nil {
		l.sub.hear(l, msg.post)
		return
	}
	l.sub.give(mesh.Beat{Link: l.id, Names: msg.names, Header: msg.header}, l)
}

// stick starts retransmitting: until the path is open, nothing more is sent.
func (w *world) stick(l *link) {
	l.stuck, l.since, l.rto = true, w.now, w.net.Retransmit
	w.after(l.rto, func() { w.retransmit(l) })
}

// retransmit tries whether the path is open again. The waits double, as TCP's do, so that a link may need as
// long again as the path was closed.
func (w *world) retransmit(l *link) {
	from, to := l.pub.host, l.sub.host
	if !l.stuck || !l.pubUp && !l.fin {
		return
	}
	if !w.net.works(l) || w.net.lost(from, to) {
		if w.now-l.since > w.net.GiveUp[l.port] {
			w.giveUp(l)
			return
		}
		l.rto = min(2*l.rto, w.net.RetransMax)
		w.after(l.rto, func() { w.retransmit(l) })
		return
	}
	w.unstick(l)
}

// unstick sends what waits.
func (w *world) unstick(l *link) {
	waiting, fin := l.waiting, l.fin
	l.stuck, l.waiting, l.fin = false, nil, false
	if !l.subUp {
		w.resetPublisher(l, w.net.oneWay(l.sub.host, l.pub.host))
		return
	}
	for _, msg := range waiting {
		w.deliver(l, msg)
	}
	if fin {
		w.finish(l)
	}
}

// finish schedules the publisher's end of file.
func (w *world) finish(l *link) {
	late, _ := w.net.retransmitted(l.pub.host, l.sub.host, 0)
	l.at = max(l.at+1, w.now+w.net.oneWay(l.pub.host, l.sub.host)+late)
	w.queue.add(item{at: l.at, call: func() { w.dropDialled(l, "closed by peer") }})
}

// giveUp ends the publisher's end of a connection whose other end does not acknowledge.
func (w *world) giveUp(l *link) {
	l.stuck, l.waiting, l.fin = false, nil, false
	w.dropListener(l)
	w.watchSilence(l)
}

// resetPublisher tells the publisher that its subscriber is gone.
func (w *world) resetPublisher(l *link, in time.Duration) {
	w.after(in, func() {
		if !l.subUp {
			w.dropListener(l)
		}
	})
}

// resetSubscriber tells the subscriber that nobody holds the other end, if that can pass.
func (w *world) resetSubscriber(l *link) {
	if !w.net.works(l) {
		w.watchSilence(l)
		return
	}
	w.after(w.net.oneWay(l.pub.host, l.sub.host), func() { w.dropDialled(l, "reset by peer") })
}

// dropListener closes the publisher's end.
func (w *world) dropListener(l *link) {
	if !l.pubUp {
		return
	}
	l.pubUp = false
	if p := l.pub; l.inPub >= 0 {
		p.unlisten(l)
		if l.port == mesh.DiscoveryPort {
			p.give(mesh.ListenerDown{Listener: l.listener}, l)
		} else {
			p.give(mesh.ReaderDown{Reader: l.listener}, l)
		}
	}
}

// dropDialled closes the subscriber's end.
func (w *world) dropDialled(l *link, why string) {
	if !l.subUp {
		return
	}
	l.subUp = false
	l.sub.undial(l)
	l.sub.give(mesh.LinkDown{Link: l.id, Why: why}, l)
}

// hangUp is the subscriber's wish to end a link.
func (w *world) hangUp(p *process, id mesh.LinkID) {
	l := p.byID[id]
	if l == nil {
		return
	}
	l.hungUp = true
	w.after(0, func() { w.dropDialled(l, "hung up") })
	w.closeToPublisher(l)
}

// What package node/link takes for these.
const (
	readOutTime = 10 * time.Second
	doubtTime   = 10 * time.Second
)

// hangUpDead ends a link whose other end is gone, or out of reach.
func (w *world) hangUpDead(p *process, id mesh.LinkID) {
	if l := p.byID[id]; l != nil && !(l.pubUp && w.net.works(l)) {
		w.hangUp(p, id)
	}
}

// closeToPublisher sends the subscriber's end of file. Where it cannot pass, the publisher learns from the
// reset that its next data is answered with.
func (w *world) closeToPublisher(l *link) {
	from, to := l.sub.host, l.pub.host
	if !w.net.works(l) {
		return
	}
	late, _ := w.net.retransmitted(from, to, 0)
	w.after(w.net.oneWay(from, to)+late, func() { w.dropListener(l) })
}

// watchSilence starts TCP keep-alive on the subscriber's end: something may have gone without a word. While
// nothing has, its probes would change nothing, so they are not simulated.
func (w *world) watchSilence(l *link) {
	if !l.subUp || l.probing || l.sub.naive {
		return
	}
	l.probing, l.probes = true, 0
	w.after(max(0, l.heard+w.net.KeepAlive-w.now), func() { w.probe(l) })
}

func (w *world) probe(l *link) {
	if !l.subUp {
		return
	}
	open := w.net.works(l)
	switch idle := w.now - l.heard; {
	case idle < w.net.KeepAlive:
		l.probes = 0
		w.after(w.net.KeepAlive-idle, func() { w.probe(l) })
	case open && l.pubUp:
		l.probing = false
	case open && !l.fin:
		w.after(w.net.roundTrip(l.sub.host, l.pub.host), func() { w.dropDialled(l, "reset by peer") })
	case l.probes == w.net.Probes[l.port]:
		w.dropDialled(l, "keep-alive timed out")
	default:
		l.probes++
		w.after(w.net.KeepAlive, func() { w.probe(l) })
	}
}
