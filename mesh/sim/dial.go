package sim

import (
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// dial is one that is under way.
type dial struct {
	p        *process
	asked    mesh.Dial
	eps      []string // endpoints that are left to try, the current one first
	deadline time.Duration
	until    time.Duration // for the current endpoint
	tries    int           // connection requests sent to it
	round    int           // counts the endpoints tried, so that late answers find out that they are late
	done     bool
}

// over tells an answer to an endpoint that it comes too late.
func (t *dial) over(round int) bool { return t.done || t.p.dead || t.round != round }

// synWaits are the times between connection requests: Linux doubles from one second.
var synWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// startDial does what the machine asked for.
func (w *world) startDial(p *process, d mesh.Dial) {
	t := &dial{p: p, asked: d, deadline: w.now + w.net.DialTimeout}
	if d.Within > 0 {
		t.deadline = min(t.deadline, w.now+d.Within)
	}
	if d.Addr != "" {
		t.eps = []string{d.Addr}
		w.connect(t)
		return
	}
	w.after(w.net.Lookup.pick(w.net.rng), func() { w.lookup(t) })
}

func (w *world) lookup(t *dial) {
	addrs, ok := w.net.resolve(t.asked.Target)
	switch {
	case !ok || t.p.host.noDNS > 0:
		w.at(t.deadline, func() { w.fail(t, mesh.NoDNS) })
	case len(addrs) == 0:
		w.fail(t, mesh.Unresolved)
	default:
		if t.asked.Tell {
			t.p.give(mesh.Resolved{Name: t.asked.Target, Dial: t.asked.ID, Addrs: addrs}, nil)
		}
		for _, a := range addrs {
			t.eps = append(t.eps, endpoint(a, t.asked.Target, t.asked.Port))
		}
		w.connect(t)
	}
}

// lookUp finds out what a name leads to.
func (w *world) lookUp(p *process, name topics.Name) {
	w.after(w.net.Lookup.pick(w.net.rng), func() {
		addrs, ok := w.net.resolve(name)
		if !ok || p.host.noDNS > 0 {
			w.after(w.net.DialTimeout, func() { p.give(mesh.Resolved{Name: name}, nil) })
			return
		}
		p.give(mesh.Resolved{Name: name, Addrs: addrs}, nil)
	})
}

// connect starts with the first endpoint left, and leaves the others their share of the time.
func (w *world) connect(t *dial) {
	t.tries = 0
	t.round++
	t.until = w.now + (t.deadline-w.now)/time.Duration(len(t.eps))
	w.request(t, t.round)
}

// request sends one SYN.
func (w *world) request(t *dial, round int) {
	if t.over(round) {
		return
	}
	if w.now >= t.until {
		w.nextEndpoint(t, round, mesh.Unreachable)
		return
	}
	nw, from, to := w.net, t.p.host, w.net.listen[t.eps[0]]
	if to == nil || !nw.open(from, to) || nw.shut(from, to, t.asked.Port) || nw.lost(from, to) || nw.lost(to, from) {
		wait := synWaits[min(t.tries, len(synWaits)-1)]
		t.tries++
		w.at(min(t.until, w.now+wait), func() { w.request(t, round) })
		return
	}
	rtt := nw.roundTrip(from, to)
	q := to.proc
	if q == nil {
		w.at(min(t.until, w.now+rtt), func() { w.nextEndpoint(t, round, mesh.Refused) })
		return
	}
	there, _ := nw.retransmitted(from, to, 0)
	back, _ := nw.retransmitted(to, from, 0)
	done := w.now + rtt + nw.roundTrip(from, to) + there + back
	w.at(min(t.until, done), func() { w.handshake(t, q, round) })
}

// shut reports whether a firewall drops connection requests.
func (nw *network) shut(from, to *host, port mesh.Port) bool {
	pair := from.id*nw.n + to.id
	return nw.noSyn[pair] > 0 || port == mesh.MessagePort && nw.noPosts[pair] > 0
}

// handshake completes a dial once both processes run, unless that takes too long.
func (w *world) handshake(t *dial, q *process, round int) {
	switch {
	case t.over(round):
	case w.now >= t.until || q.dead || !w.net.open(t.p.host, q.host):
		w.at(max(t.until, w.now), func() { w.nextEndpoint(t, round, mesh.Unreachable) })
	case t.p.stalls > 0:
		t.p.parked = append(t.p.parked, func() { w.handshake(t, q, round) })
	case q.stalls > 0 && !q.wedged:
		q.parked = append(q.parked, func() { w.handshake(t, q, round) })
		w.at(t.until, func() { w.nextEndpoint(t, round, mesh.Unreachable) })
	case q.host.junk:
		w.nextEndpoint(t, round, mesh.BadPeer)
	default:
		w.connected(t, q)
	}
}

// nextEndpoint gives up on an endpoint.
func (w *world) nextEndpoint(t *dial, round int, why mesh.DialReason) {
	if t.over(round) {
		return
	}
	if len(t.eps) == 1 {
		w.fail(t, why)
		return
	}
	t.eps = t.eps[1:]
	w.connect(t)
}

func (w *world) fail(t *dial, why mesh.DialReason) {
	if t.done || t.p.dead {
		return
	}
	t.done = true
	t.p.give(mesh.DialFailed{Dial: t.asked, Reason: why}, nil)
}

// connected makes the link.
func (w *world) connected(t *dial, q *process) {
	t.done = true
	w.links++
	l := &link{
		id: mesh.LinkID(w.links), listener: mesh.ListenerID(w.links), port: t.asked.Port, target: t.asked.Target,
		sub: t.p, pub: q, subUp: true, pubUp: true, inPub: -1, heard: w.now,
		aside: t.asked.Aside,
	}
	t.p.dial(l)
	t.p.give(mesh.LinkUp{Link: l.id, Dial: t.asked, Addr: t.eps[0]}, l)
	late, _ := w.net.retransmitted(t.p.host, q.host, 0)
	w.after(w.net.oneWay(t.p.host, q.host)+late, func() { w.subscribed(l) })
}

// subscribed is when a subscription reaches the publisher: the hello first, then the topic, which is answered
// with the newest whole list.
func (w *world) subscribed(l *link) {
	p := l.pub
	if p.dead && l.pubUp { // it died with the connection in its hands
		l.pubUp = false
		if p.host.power {
			w.resetSubscriber(l)
		} else {
			w.watchSilence(l)
		}
	}
	if !l.pubUp {
		return
	}
	if p.stalls > 0 && !p.wedged {
		p.parked = append(p.parked, func() { w.subscribed(l) })
		return
	}
	p.listen(l)
	if l.foreign = !p.naive && !p.host.kin(l.sub.host); l.foreign {
		w.estranged(l)
		return
	}
	if l.port != mesh.DiscoveryPort {
		p.give(mesh.ReaderUp{Reader: l.listener, Addr: l.sub.host.addrs[0]}, l)
		if !l.sub.naive {
			p.give(mesh.ReaderNamed{Reader: l.listener, Name: l.sub.host.name}, l)
		}
		return
	}
	switch {
	case p.newest == nil:
	case l.sub.naive:
		w.send(l, p.newestNameless)
	default:
		w.send(l, p.newest)
	}
	w.sendTold(l)
	p.give(mesh.ListenerUp{Listener: l.listener, Addr: l.sub.host.addrs[0]}, l)
	if !l.sub.naive {
		p.give(mesh.Hello{Listener: l.listener, Name: l.sub.host.name}, l)
	}
}

// sendTold sends all that a publisher tells of others to one who asks for it. Naive subscribers do not.
func (w *world) sendTold(l *link) {
	if l.sub.naive || l.aside {
		return
	}
	for _, told := range l.pub.newestTold {
		w.send(l, told)
	}
}

// follow is when a publisher hears that a subscriber asks for what it tells of others, or no more.
func (w *world) follow(p *process, f mesh.Follow) {
	l := p.byID[f.Link]
	if l == nil {
		return
	}
	late, _ := w.net.retransmitted(p.host, l.pub.host, 0)
	w.after(w.net.oneWay(p.host, l.pub.host)+late, func() {
		if l.aside = f.Cancel; l.pubUp && l.inPub >= 0 {
			w.sendTold(l)
		}
	})
}

// estranged is when a publisher hears from a subscriber that it is of another mesh, or not that it is of this one: it sends
// nothing, but the label of its own to whoever asks. Naive subscribers do not.
func (w *world) estranged(l *link) {
	if l.sub.naive || l.port != mesh.DiscoveryPort {
		return
	}
	label := l.pub.host.mesh
	w.send(l, &message{label: &label, size: 16})
	l.pub.give(mesh.ForeignHello{Name: l.sub.host.name, Mesh: l.sub.host.mesh, Addr: l.sub.host.addrs[0]}, l)
}
