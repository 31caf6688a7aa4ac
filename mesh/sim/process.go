package sim

import (
	"math/rand/v2"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// host is a machine on the network, whether a process runs on it or not.
type host struct {
	id      int
	name    topics.Name
	addrs   []string
	kind    Kind
	mesh    string // its label; a naive node has none
	power   bool
	junk    bool // what listens there is no publisher
	noName  bool // DNS does not know it
	noDNS   int  // its resolver does not answer
	offset  time.Duration
	seeds   []topics.Name
	lie     Lie
	forge   Forgery
	rumour  Rumour
	flood   int
	proc    *process // nil: nothing runs
	starts  int
	made    func(Birth) Machine
	changed time.Duration // when a fault last touched it

	received uint64 // bytes
	lists    uint64 // whole lists published
	steps    uint64
}

// owed reports whether a host that runs has to be alive to the others.
func (h *host) owed() bool { return h.proc != nil && !h.junk && h.kind != Forger }

// kin reports whether two hosts are meant to be of one mesh.
func (h *host) kin(o *host) bool { return h.mesh == o.mesh }

// endpoints are the two publishers of a host at all its addresses.
func (h *host) endpoints() (eps []string) {
	for _, a := range h.addrs {
		eps = append(eps, endpoint(a, h.name, mesh.DiscoveryPort), endpoint(a, h.name, mesh.MessagePort))
	}
	return eps
}

// process is one run of a node: the runtime around a machine.
type process struct {
	w     *world
	host  *host
	brain Machine
	naive bool
	rng   *rand.Rand

	born        time.Duration
	incarnation int64
	asleep      time.Duration // time that its clock has missed
	dead        bool
	deadAt      time.Duration
	leaving     bool

	// A stalled process receives nothing, and everything at once when it runs again.
	stalls    int
	suspended bool // its clock stands too
	wedged    bool // what answers connections lives on
	since     time.Duration
	inbox     []input
	parked    []func()

	dialled        []*link
	byID           map[mesh.LinkID]*link
	listeners      [2][]*link // by port
	newest         *message   // what a new listener gets
	newestNameless *message   // and one without a name
	newestTold     []*message // and those who ask for it: the last whole telling, and what has changed since

	courier *courier // nil where nobody talks

	timerAt time.Duration
	onTimer func()
	ticks   int // since tickAt
	tickAt  time.Duration
}

// input waits for a stalled process.
type input struct {
	ev   mesh.Input
	l    *link
	post *post
}

// maxTicks is how often a machine may ask for a Tick in a second. One in a storm of joins takes a hundred.
const maxTicks = 1000

// start runs a node on a host.
func (w *world) start(h *host) {
	if h.proc != nil || !h.power {
		return
	}
	h.starts++
	p := &process{
		w: w, host: h, naive: h.kind == Naive, born: w.now,
		byID:    make(map[mesh.LinkID]*link),
		rng:     source(w.seed, purposeProcess+uint64(h.id)<<8+uint64(h.starts)<<40),
		timerAt: never,
	}
	p.incarnation = (epoch + w.now + h.offset).Milliseconds()
	p.onTimer = p.fire
	seeds := h.seeds
	p.brain = h.made(Birth{
		Self: h.name, Mesh: h.mesh, Incarnation: p.incarnation, Seeds: seeds, Profile: w.profile,
		Seed: w.seed<<20 ^ uint64(h.id)<<8 ^ uint64(h.starts),
	})
	if h.lie != nil || h.forge != nil || h.flood > 0 || h.rumour != nil {
		p.brain = &liar{Machine: p.brain, lie: h.lie, forge: h.forge, flood: h.flood, rumour: h.rumour, rng: p.rng}
	}
	h.proc = p
	if w.ledger != nil {
		p.courier = w.newCourier(p)
	}
	w.watch.born(p)
	p.rearm()
}

// epoch is the wall clock at the start of a run: 2025-01-01 00:00 UTC, as Unix time.
const epoch = 1735689600 * time.Second

const never = time.Duration(1<<63 - 1)

// clock is the machine's time.
func (p *process) clock() mesh.Time { return p.w.now - p.born - p.asleep }

// give puts an event to the machine, or into the backlog of a stalled process.
func (p *process) give(ev mesh.Input, l *link) {
	switch {
	case p.dead:
	case p.stalls > 0:
		p.inbox = append(p.inbox, input{ev: ev, l: l})
	default:
		p.step(ev, l)
		p.rearm()
	}
}

// hear takes a message of an application, which is a sign of life too.
func (p *process) hear(l *link, m *post) {
	p.give(mesh.Heard{Link: l.id}, l)
	switch {
	case m == nil || p.dead || p.courier == nil || l.hungUp:
	case p.stalls > 0:
		p.inbox[len(p.inbox)-1].post = m
	default:
		p.courier.take(l, m)
	}
}

// step gives the machine one event and does what it wants done.
func (p *process) step(ev mesh.Input, l *link) {
	p.host.steps++
	w := p.w
	now := p.clock()
	w.watch.before(p, ev, l)
	effects := p.brain.Step(now, ev)
	w.watch.after(p, ev, effects)
	if p.courier != nil {
		p.courier.see(ev, l)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case mesh.Dial:
			w.startDial(p, e)
		case mesh.Lookup:
			w.lookUp(p, e.Name)
		case mesh.HangUp:
			w.hangUp(p, e.Link)
		case mesh.ReadOut:
			w.after(readOutTime, func() { w.hangUp(p, e.Link) })
		case mesh.Retire:
			w.retire(p, e.Link)
		case mesh.Doubt:
			w.after(doubtTime, func() { w.hangUpDead(p, e.Link) })
		case mesh.Ask:
			w.ask(p, e.Link)
		case mesh.Follow:
			w.follow(p, e)
		case mesh.Publish:
			p.publish(e)
		case mesh.Keep:
			p.keep(e.Edition)
		case mesh.Tell:
			p.tell(e)
		}
	}
	if p.leaving && !p.dead && p.brain.Left() {
		w.end(p)
	}
}

// message is a beat as it goes over the wire.
func (p *process) message(s mesh.Said) *message {
	header := s.Header
	if p.courier != nil {
		header.Last = p.courier.last()
	}
	msg := &message{names: s.Names, header: &header}
	if p.naive {
		msg.header = nil
	}
	msg.size = beatSize(msg)
	msg.names = msg.names[:min(len(msg.names), topics.MaxNames)] // whoever reads more drops it
	return msg
}

// publish sends a beat to all who listen. Naive listeners say no name.
func (p *process) publish(e mesh.Publish) {
	p.keep(e.Kept)
	if p.naive || !e.Header.Pulse {
		p.host.lists++
	}
	if p.dead {
		return
	}
	msg := p.message(e.Said)
	nameless := msg
	if e.Nameless != nil {
		nameless = p.message(*e.Nameless)
	}
	for _, l := range p.listeners[mesh.DiscoveryPort] {
		m := msg
		if l.sub.naive {
			m = nameless
		}
		p.w.send(l, m)
	}
}

// keep holds a whole list ready for those who come.
func (p *process) keep(e mesh.Edition) {
	p.newest = p.message(e.Said)
	p.newestNameless = p.newest
	if e.Nameless != nil {
		p.newestNameless = p.message(*e.Nameless)
	}
}

// tell sends a telling to all who ask for such, and keeps it for who comes. Naive listeners do not ask.
func (p *process) tell(e mesh.Tell) {
	msg := tellingOf(&e)
	switch {
	case e.Whole != nil:
		p.newestTold = []*message{tellingOf(&mesh.Tell{Records: e.Whole, Header: e.Header})}
	case e.Change:
		p.newestTold = append(p.newestTold, msg)
	default:
		p.newestTold = []*message{msg}
	}
	for _, l := range p.listeners[mesh.DiscoveryPort] {
		if !l.sub.naive && !l.aside && !p.dead {
			p.w.send(l, msg)
		}
	}
}

// tellingOf is one as it goes over the wire.
func tellingOf(e *mesh.Tell) *message {
	body, _ := topics.AppendRecords(nil, e.Records)
	topic := topics.Told
	if e.Change {
		topic = topics.ToldChange
	}
	return &message{told: e, size: frameSize(len(topic)) + frameSize(len(body)) + frameSize(len(topics.AppendHeader(nil, e.Header)))}
}

// chat publishes something on the message port, as applications do.
func (p *process) chat() {
	for _, l := range p.listeners[mesh.MessagePort] {
		p.w.send(l, &message{size: 100})
	}
}

// rearm sets the timer to the machine's deadline, and to no earlier one.
func (p *process) rearm() {
	if p.dead || p.stalls > 0 {
		return
	}
	d := p.brain.Deadline()
	if d >= never-p.born-p.asleep {
		return
	}
	at := p.born + p.asleep + d
	if p.timerAt <= at+p.w.net.Slack && p.timerAt >= p.w.now {
		return
	}
	at = max(at, p.w.now) + time.Duration(p.rng.Int64N(int64(p.w.net.Slack)+1))
	p.timerAt = at
	p.w.queue.add(item{at: at, call: p.onTimer})
}

// fire is the timer. Everything that arrived before has been given to the machine already.
func (p *process) fire() {
	if p.dead || p.w.now != p.timerAt {
		return
	}
	p.timerAt = never
	if p.stalls > 0 {
		return
	}
	p.tick()
	p.rearm()
}

// tick tells the machine that its deadline has passed, if it has.
func (p *process) tick() {
	if p.clock() < p.brain.Deadline() {
		return
	}
	if p.w.now-p.tickAt >= time.Second {
		p.tickAt, p.ticks = p.w.now, 0
	}
	if p.ticks++; p.ticks > maxTicks && !p.naive {
		p.w.violate("S0", p.host.id, -1, "the deadline does not move on: more than %d ticks a second", maxTicks)
	}
	p.step(mesh.Tick{}, nil)
}

// stall stops a process. Stalls nest.
func (p *process) stall() {
	if p.stalls == 0 {
		p.since = p.w.now
	}
	p.stalls++
}

// resume lets a process run again: the backlog first, then one Tick if it is due.
func (p *process) resume() {
	if p.dead || p.stalls == 0 {
		return
	}
	if p.stalls--; p.stalls > 0 {
		return
	}
	if p.suspended {
		p.asleep += p.w.now - p.since
		p.suspended = false
	}
	p.w.watch.resumed(p, p.w.now-p.since)
	parked, inbox := p.parked, p.inbox
	p.parked, p.inbox = nil, nil
	for _, in := range inbox {
		if p.dead {
			return
		}
		p.step(in.ev, in.l)
		if in.post != nil {
			p.courier.take(in.l, in.post)
		}
	}
	for _, f := range parked {
		f()
	}
	if p.dead {
		return
	}
	p.timerAt = never
	p.tick()
	p.rearm()
}

// end is the death of a process on a host that lives: the kernel says so on every connection.
func (w *world) end(p *process) {
	w.detach(p)
	for _, l := range p.dialled {
		l.subUp = false
		w.closeToPublisher(l)
	}
	for _, ls := range p.listeners {
		for _, l := range ls {
			l.pubUp = false
			if l.stuck || !w.net.works(l) {
				if !l.stuck {
					w.stick(l)
				}
				l.fin = true
			} else {
				w.finish(l)
			}
		}
	}
}

// powerOff is the death of a host: nobody is told.
func (w *world) powerOff(h *host) {
	h.power = false
	p := h.proc
	if p == nil {
		return
	}
	w.detach(p)
	for _, l := range p.dialled {
		l.subUp = false
	}
	for _, ls := range p.listeners {
		for _, l := range ls {
			l.pubUp, l.fin, l.waiting = false, false, nil
			w.watchSilence(l)
		}
	}
}

func (w *world) detach(p *process) {
	p.dead, p.deadAt = true, w.now
	p.host.proc = nil
	w.watch.died(p)
}

// dial adds a link that this process subscribes over.
func (p *process) dial(l *link) {
	l.inSub = len(p.dialled)
	p.dialled = append(p.dialled, l)
	p.byID[l.id] = l
}

func (p *process) undial(l *link) {
	if p.dead {
		return
	}
	delete(p.byID, l.id)
	last := p.dialled[len(p.dialled)-1]
	p.dialled[l.inSub], last.inSub = last, l.inSub
	p.dialled = p.dialled[:len(p.dialled)-1]
}

// listen adds a link that this process publishes over.
func (p *process) listen(l *link) {
	l.inPub = len(p.listeners[l.port])
	p.listeners[l.port] = append(p.listeners[l.port], l)
}

func (p *process) unlisten(l *link) {
	if p.dead {
		return
	}
	ls := p.listeners[l.port]
	last := ls[len(ls)-1]
	ls[l.inPub], last.inPub = last, l.inPub
	p.listeners[l.port] = ls[:len(ls)-1]
}

// beatSize is a beat's bytes on the wire: three frames, each with two bytes before it or nine.
func beatSize(msg *message) int {
	size := frameSize(len(topics.Discovery)) + frameSize(listSize(msg.names))
	if msg.header != nil {
		var buf [topics.MaxHeader]byte
		size += frameSize(len(topics.AppendHeader(buf[:0], *msg.header)))
	}
	return size
}

func frameSize(body int) int {
	if body > 255 {
		return body + 9
	}
	return body + 2
}

func listSize(names []topics.Name) int {
	size := max(0, len(names)-1)
	for _, n := range names {
		size += len(n)
	}
	return size
}
