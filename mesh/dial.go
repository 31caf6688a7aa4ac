package mesh

import "hearsay/topics"

// class orders the dials that wait. Each has a bound of its own, so that no kind of name, however many there
// are of it, keeps the others from being dialled.
type class uint8

const (
	classMember  class = iota // a member whose link broke, or that must hear our hello again
	classHello                // said to be listening to us: fair by address
	classVouched              // listed by two strict peers, or lost here and heard elsewhere
	classSeed                 // configured
	classHearsay              // in somebody's list: fair by lister
	classProbe                // silent for a while
	classMessage              // message port of an alive peer
	classes
)

// maxFlying bounds the dials under way: file descriptors, and SYNs that a router sees at once.
const maxFlying = 64

// maxPerLane bounds those on the word of one source.
const maxPerLane = 4

// maxPerClass bounds each class. What outsiders can cause (hello, vouched, hearsay) leaves a quarter to others.
var maxPerClass = [classes]int{
	classMember: 24, classHello: 8, classVouched: 10, classSeed: 24, classHearsay: 6, classProbe: 12, classMessage: 16,
}

// dial is one that waits or is under way.
type dial struct {
	peer  *peer
	port  Port
	class class
	lane  *lane
	addr  string // dialled instead of the name
	since Time   // when it was started
	off   bool   // cancelled while it waited
}

// lane holds the waiting dials of one source in one class.
type lane struct {
	waiting []*dial
	flying  int
	queued  bool // in its class's ring
}

// dialer is the queue in front of all dials.
type dialer struct {
	flying  int
	perKind [classes]int
	rings   [classes][]*lane
	own     [classes]lane // for classes that are not divided by source
	lost    map[flight][]*dial
	usual   Time // what a dial takes lately
}

// flight names dials under way of peers that were dropped meanwhile.
type flight struct {
	key  topics.Name
	port Port
}

// laneOf is where a dial of a peer waits.
func (m *Machine) laneOf(p *peer, c class) *lane {
	switch {
	case p.source != nil && c == classHello:
		return &p.source.hello
	case p.source != nil && c == classHearsay:
		return &p.source.hearsay
	}
	return &m.dials.own[c]
}

// dial queues a dial of p's discovery port. One that waits already is kept, in the better class of the two.
// One under way is enough, except for a sign of life, which may not wait for a dial that hangs.
func (m *Machine) dial(p *peer, c class) {
	if !m.enough(p, c) {
		m.enqueue(p, DiscoveryPort, c)
	}
}

// enough tells whether the dials under way will do.
func (m *Machine) enough(p *peer, c class) bool {
	ds := p.flying[DiscoveryPort]
	return len(ds) > 1 || len(ds) == 1 && (c >= classSeed || m.now-ds[0].since < hanging(m.dials.usual, m.cfg.Beat))
}

// took notes how long a dial took that led to a link: where all take long, this machine is short of time, and a
// second dial would make it worse.
func (q *dialer) took(t Time) { q.usual += (t - q.usual) / 8 }

// classOf is the class for a name never heard.
func (p *peer) classOf() class {
	switch {
	case p.seed:
		return classSeed
	case p.claims > 0:
		return classHello
	case p.vouches > 1:
		return classVouched
	}
	return classHearsay
}

// enqueue adds to the queue.
func (m *Machine) enqueue(p *peer, port Port, c class) {
	if d := p.waiting[port]; d != nil {
		if d.class <= c {
			return
		}
		d.off = true
	}
	d := &dial{peer: p, port: port, class: c, lane: m.laneOf(p, c)}
	p.waiting[port] = d
	d.lane.waiting = append(d.lane.waiting, d)
	if !d.lane.queued {
		d.lane.queued = true
		m.dials.rings[c] = append(m.dials.rings[c], d.lane)
	}
}

// unqueue takes back what waits.
func (m *Machine) unqueue(p *peer) {
	for port, d := range p.waiting {
		if d != nil {
			d.off = true
			p.waiting[port] = nil
		}
	}
}

// dialWaiting starts as many dials as the bounds allow, the better classes first, each source in turn.
func (m *Machine) dialWaiting() {
	for c := range classes {
		for len(m.dials.rings[c]) > 0 && m.dials.flying < maxFlying && m.dials.perKind[c] < maxPerClass[c] {
			d := m.dials.pick(c)
			if d == nil {
				break
			}
			m.start(d)
		}
	}
}

// pick takes the next dial of a class: one of the first lane in the ring that has one and may fly, which then
// goes to the end of the ring.
func (q *dialer) pick(c class) *dial {
	divided := c == classHello || c == classHearsay
	for range q.rings[c] {
		l := q.rings[c][0]
		q.rings[c] = append(q.rings[c][:0], q.rings[c][1:]...)
		d := l.pop(divided)
		if l.queued = len(l.waiting) > 0; l.queued {
			q.rings[c] = append(q.rings[c], l)
		}
		if d != nil {
			return d
		}
	}
	return nil
}

// pop takes the first dial that still counts, unless the lane has enough under way.
func (l *lane) pop(divided bool) *dial {
	for len(l.waiting) > 0 && l.waiting[0].off {
		l.waiting = l.waiting[1:]
	}
	if len(l.waiting) == 0 || divided && l.flying >= maxPerLane {
		return nil
	}
	d := l.waiting[0]
	l.waiting = l.waiting[1:]
	return d
}

// start turns a waiting dial into an effect.
func (m *Machine) start(d *dial) {
	p := d.peer
	p.waiting[d.port] = nil
	if d.port == MessagePort && (p.state != Alive || p.message != nil) {
		return
	}
	if d.port == MessagePort {
		d.addr = messageAddr(p.link)
	} else {
		d.addr = m.address(p)
	}
	d.since = m.now
	p.flying[d.port] = append(p.flying[d.port], d)
	d.lane.flying++
	m.dials.flying++
	m.dials.perKind[d.class]++
	m.stats.Dials++
	m.do(Dial{Target: p.name, Port: d.port, Addr: d.addr})
}

// landed accounts for the answer to a dial. It returns the peer and the dial, or nil when the peer was dropped
// meanwhile or never dialled.
func (m *Machine) landed(target topics.Name, port Port) (*peer, *dial) {
	key := target.Key()
	if p := m.peers[key]; p != nil && len(p.flying[port]) > 0 {
		d := p.flying[port][0]
		p.flying[port] = append(p.flying[port][:0], p.flying[port][1:]...)
		m.land(d)
		return p, d
	}
	f := flight{key, port}
	if ds := m.dials.lost[f]; len(ds) > 0 {
		m.land(ds[0])
		if m.dials.lost[f] = ds[1:]; len(ds) == 1 {
			delete(m.dials.lost, f)
		}
	}
	return nil, nil
}

func (m *Machine) land(d *dial) {
	d.lane.flying--
	m.dials.flying--
	m.dials.perKind[d.class]--
}

// orphan remembers the dials under way of a peer that is dropped.
func (m *Machine) orphan(p *peer) {
	for port, ds := range p.flying {
		if len(ds) > 0 {
			f := flight{p.key, Port(port)}
			m.dials.lost[f] = append(m.dials.lost[f], ds...)
			p.flying[port] = nil
		}
	}
}
