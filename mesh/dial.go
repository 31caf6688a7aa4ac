package mesh

import (
	"cmp"
	"slices"
	"time"

	"hearsay/mesh/rate"
	"hearsay/mesh/shares"
)

// class orders the dials that wait. Each has a bound of its own, so that no kind of name, however many there
// are of it, keeps the others from being dialled.
type class uint8

const (
	classMember  class = iota // a member whose link broke, or that must hear our hello again
	classHello                // said to be listening to us: fair by network, then address
	classVouched              // listed by two strict peers, or lost here and heard elsewhere
	classSeed                 // configured
	classFound                // an address that a configured name leads to
	classHearsay              // in somebody's list: fair by network, then lister
	classSilent               // such an address, once it had its head start
	classKnown                // from an earlier life, while nobody is heard: there is nothing else to go by
	classProbe                // silent for a while: rationed
	classMessage              // message port of an alive peer
	classes
)

// maxFlying bounds the dials under way: file descriptors, and SYNs that a router sees at once.
const maxFlying = 64

// maxPerLane bounds those on the word of one source.
const maxPerLane = 4

// maxPerPeer bounds those of one peer's discovery port: of a node that comes back elsewhere, the dial that its end
// caused and one that a list caused may hang at the old address when its hello comes.
const maxPerPeer = 3

// maxPerClass bounds each class. What outsiders can cause (hello, vouched, hearsay) leaves most to others. The addresses
// of services (found, silent) leave a quarter.
var maxPerClass = [classes]int{
	classMember: 24, classHello: 8, classVouched: 10, classSeed: 24, classFound: 36, classHearsay: 6, classSilent: 12,
	classKnown: 12, classProbe: 12, classMessage: 16,
}

// headStart is for how long the first dial of a found address keeps its place: any number may lead nowhere, and whoever
// is there answers the first SYN, which is sent again after a second. RFC 8305 (Happy Eyeballs) has a quarter of that.
const headStart = time.Second

// dial is one that waits or is under way.
type dial struct {
	id    DialID // from when it was started
	peer  *peer  // nil: dropped meanwhile
	port  Port
	class class
	lane  *lane
	addr  string // dialled instead of the name
	first string // endpoint that is tried first, where that was told
	since Time   // when it was started
	off   bool   // cancelled while it waited
	aside bool   // it is not asked to tell of others
	twin  bool   // looks for another process under the peer's name
}

// lane holds the waiting dials of one source in one class.
type lane struct {
	network string // of the source
	waiting []*dial
	flying  int
	queued  bool // in its class's ring
}

// dialer is the queue in front of all dials.
type dialer struct {
	flying  int
	perKind [classes]int
	perNet  map[string]int // of those that are divided by source
	rings   [classes][]*lane
	waiting int           // lanes in all of them
	own     [classes]lane // for classes that are not divided by source
	last    DialID        // given to a dial
	started map[DialID]*dial
	usual   Time // what a dial takes lately
	ration  rate.Bucket
}

func (q *dialer) init() {
	q.started = make(map[DialID]*dial)
	q.perNet = make(map[string]int)
}

// laneOf is where a dial of a peer waits.
func (m *Machine) laneOf(p *peer, c class) *lane {
	switch {
	case p.origin.source != nil && c == classHello:
		return p.origin.source.lane(&p.origin.source.hello)
	case p.origin.source != nil && c == classHearsay:
		return p.origin.source.lane(&p.origin.source.hearsay)
	}
	return &m.dials.own[c]
}

// lane says of a source's lane where the source is.
func (s *source) lane(l *lane) *lane {
	if l.network == "" {
		l.network = shares.Network(s.addr)
	}
	return l
}

// want is the one door to a dial of a peer's discovery port.
func (m *Machine) want(p *peer, why cause, c class) {
	m.stir(p)
	s := situation{
		now: m.now, state: p.state, heard: p.detector.quiet == 0, beat: m.cfg.Beat, usual: m.dials.usual,
	}
	if why == signed && (p.state == Quarantined || p.state == Left) {
		s.heldTill = m.held(p)
	}
	s.unwanted, s.longest = !m.view.links(p) && why != broken && (p.state != Far || why != due), m.cfg.BackOffCap
	again := p.reach.againDue
	do := p.reach.decide(why, c, s)
	if do.afresh {
		p.reach.tour.first(m.ways(p), p.reach.flying(DiscoveryPort))
	}
	if do.dial {
		m.enqueue(p, DiscoveryPort, c)
	}
	if do.retry > 0 && !(s.unwanted && p.due != never) {
		m.schedule(p, m.after(do.retry))
	}
	if do.sooner > 0 {
		do.by = m.after(do.sooner)
	}
	if do.by > 0 && do.by < p.due {
		m.schedule(p, do.by)
	}
	if p.reach.againDue != again {
		m.wakeBy(p, p.reach.againDue)
	}
}

// took notes how long a dial took that led to a link: where all take long, this machine is short of time, and a
// second dial would make it worse.
func (q *dialer) took(t Time) { q.usual += (t - q.usual) / 8 }

// classOf is the class for a name never heard.
func (p *peer) classOf() class {
	switch {
	case p.origin.seed:
		return classSeed
	case p.origin.found && p.reach.tries > 0:
		return classSilent
	case p.origin.found:
		return classFound
	case p.origin.claims > 0:
		return classHello
	case p.column.vouches > 1:
		return classVouched
	}
	return classHearsay
}

// enqueue adds to the queue.
func (m *Machine) enqueue(p *peer, port Port, c class) {
	if d := p.reach.waiting(port); d != nil {
		if d.class <= c {
			return
		}
		d.off = true
	}
	d := &dial{peer: p, port: port, class: c, lane: m.laneOf(p, c)}
	p.reach.wait(port, d)
	d.lane.waiting = append(d.lane.waiting, d)
	if !d.lane.queued {
		d.lane.queued = true
		m.dials.rings[c] = append(m.dials.rings[c], d.lane)
		m.dials.waiting++
	}
}

// unqueue takes back what waits.
func (m *Machine) unqueue(p *peer) {
	for port := range ports {
		if d := p.reach.waiting(port); d != nil {
			d.off = true
			p.reach.wait(port, nil)
		}
	}
}

// dialWaiting starts as many dials as the bounds allow, the better classes first, each source in turn.
func (m *Machine) dialWaiting() {
	for c := range classes {
		for len(m.dials.rings[c]) > 0 && m.mayDial(c) {
			d := m.dials.pick(c)
			if d == nil {
				break
			}
			if c.rationed() {
				m.dials.ration.Spend(m.now, 1, rationLimit(m.cfg.Beat))
			}
			m.start(d)
		}
	}
}

// pick takes the next dial of a class: one of the first lane in the ring that has one and may fly, which then
// goes to the end of the ring. Networks that have few dials under way go first: whoever comes from a thousand addresses
// whose dials all hang makes nobody wait from elsewhere.
func (q *dialer) pick(c class) *dial {
	divided := c == classHello || c == classHearsay
	for range q.rings[c] {
		i := 0
		if divided {
			if i = q.leastBusy(q.rings[c]); i < 0 {
				return nil
			}
		}
		l := q.rings[c][i]
		q.rings[c] = slices.Delete(q.rings[c], i, i+1)
		d := l.pop(divided)
		if l.queued = len(l.waiting) > 0; l.queued {
			q.rings[c] = append(q.rings[c], l)
		} else {
			q.waiting--
		}
		if d != nil {
			return d
		}
	}
	return nil
}

// leastBusy is the first lane, of those that may fly, whose network has the fewest dials under way; -1 where none may.
func (q *dialer) leastBusy(ring []*lane) int {
	best, least := -1, maxFlying+1
	for i, l := range ring {
		if n := q.perNet[l.network]; n < least && l.flying < maxPerLane {
			best, least = i, n
		}
	}
	return best
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
	p.reach.wait(d.port, nil)
	if m.needless(p) {
		return
	}
	if d.port == MessagePort && (p.state != Alive || !p.feed.wants()) {
		return
	}
	if d.port == MessagePort {
		d.addr = messageAddr(p.reach.link)
	} else {
		d.addr = cmp.Or(m.memberAt(p), p.reach.tour.addr(m.ways(p)))
		p.reach.probedAt = m.now
	}
	p.reach.fly(d.port, append(p.reach.flying(d.port), d))
	m.launch(d, p.reach.lookup != nil && d.addr == "")
}

// launch accounts for a dial that begins, until landed, and has it made.
func (m *Machine) launch(d *dial, tell bool) {
	q := &m.dials
	q.last++
	d.id, d.since = q.last, m.now
	q.started[d.id] = d
	d.lane.flying++
	if d.lane.network != "" {
		q.perNet[d.lane.network]++
	}
	q.flying++
	q.perKind[d.class]++
	m.stats.Dials++
	d.aside = d.port == DiscoveryPort && !m.heeds(d.peer)
	e := Dial{ID: d.id, Target: d.peer.name, Port: d.port, Addr: d.addr, Aside: d.aside, Tell: tell}
	if d.class == classFound {
		e.Within = max(headStart, 4*q.usual)
	}
	m.do(e)
}

// landed accounts for the answer to a dial. Two of one peer may be answered in any order, so it goes by the ID. It
// returns the peer and the dial, or nil when the peer was dropped meanwhile or never dialled.
func (m *Machine) landed(id DialID) (*peer, *dial) {
	d := m.dials.started[id]
	if d == nil {
		return nil, nil
	}
	delete(m.dials.started, id)
	d.lane.flying--
	if net := d.lane.network; net != "" {
		if m.dials.perNet[net]--; m.dials.perNet[net] == 0 {
			delete(m.dials.perNet, net)
		}
	}
	m.dials.flying--
	m.dials.perKind[d.class]--
	if d.peer == nil {
		return nil, nil
	}
	if d.twin {
		d.peer.twins.dial = nil
		return d.peer, d
	}
	r := &d.peer.reach
	r.fly(d.port, without(r.flying(d.port), d))
	return d.peer, d
}

// orphan lets the dials under way of a peer that is dropped lead to nobody.
func (p *peer) orphan() {
	for port := range ports {
		for _, d := range p.reach.flying(port) {
			d.peer = nil
		}
		p.reach.fly(port, nil)
	}
	if d := p.twins.dial; d != nil {
		d.peer, p.twins.dial = nil, nil
	}
}
