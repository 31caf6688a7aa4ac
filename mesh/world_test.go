package mesh

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// world is a small network of machines on a virtual clock. It keeps what the runtime promises: dials are answered
// once, new listeners get the last whole list at once, a Tick comes after everything that had arrived.
type world struct {
	t     *testing.T
	now   Time
	queue events
	count uint64
	rng   *rand.Rand
	procs map[string]*proc        // by address
	dns   map[string]string       // address by host name
	cut   func(a, b *proc) bool   // nothing passes between them
	drop  func(a, b *proc) bool   // this beat is lost
	seen  func(p *proc, c Change) // every change
	delay time.Duration
	nat   string // where all connections seem to come from
}

type proc struct {
	w       *world
	name    topics.Name
	addr    string
	m       *Machine
	up      bool
	frozen  bool
	naive   bool
	liar    bool
	pending []Event
	outs    connSet // dialled
	ins     connSet // listening to us
	last    *Publish
	known   []topics.Name // a naive node's list
	changes []Change
	dials   map[topics.Name]int
	tickAt  Time
	life    int
}

type conn struct {
	id       uint64
	from, to *proc
	port     Port
}

// connSet is in the order of ids, so that runs repeat.
type connSet []*conn

func (s connSet) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(s, id, func(c *conn, id uint64) int { return cmp.Compare(c.id, id) })
}

func (s connSet) has(c *conn) bool {
	_, ok := s.find(c.id)
	return ok
}

func (s *connSet) remove(c *conn) {
	if i, ok := s.find(c.id); ok {
		*s = slices.Delete(*s, i, i+1)
	}
}

type event struct {
	at  Time
	seq uint64
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any     { old := *e; x := old[len(old)-1]; *e = old[:len(old)-1]; return x }

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), procs: map[string]*proc{}, dns: map[string]string{},
		cut: func(a, b *proc) bool { return false }, drop: func(a, b *proc) bool { return false },
		seen: func(p *proc, c Change) {}, delay: time.Millisecond,
	}
}

func (w *world) in(d time.Duration, do func()) {
	w.count++
	heap.Push(&w.queue, event{w.now + d, w.count, do})
}

// lag is one way over the network.
func (w *world) lag() time.Duration { return w.delay/2 + time.Duration(w.rng.Int64N(int64(w.delay))) }

// run lets time pass.
func (w *world) run(d time.Duration) { w.until(d, func() bool { return false }) }

// until lets time pass until ok holds, at most d. It returns how long that took, or -1.
func (w *world) until(d time.Duration, ok func() bool) time.Duration {
	start := w.now
	for {
		if ok() {
			return w.now - start
		}
		if len(w.queue) == 0 || w.queue[0].at > start+d {
			w.now = start + d
			return -1
		}
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
}

// within fails the test unless ok holds in time.
func (w *world) within(d time.Duration, what string, ok func() bool) time.Duration {
	w.t.Helper()
	took := w.until(d, ok)
	if took < 0 {
		w.t.Fatalf("not within %v: %s\n%s", d, what, w.picture())
	}
	return took
}

func (w *world) picture() (s string) {
	for _, p := range w.all() {
		s += fmt.Sprintf("%s up=%v frozen=%v:", p.name, p.up, p.frozen)
		if p.naive || p.m == nil {
			s += fmt.Sprint(" naive ", p.known, "\n")
			continue
		}
		for _, m := range p.m.Members() {
			s += fmt.Sprintf(" %s=%v", m.Name, m.State)
		}
		s += "\n"
		if len(s) > 6000 {
			return s + "..."
		}
	}
	return s
}

func (w *world) all() (ps []*proc) {
	for _, p := range w.procs {
		ps = append(ps, p)
	}
	slices.SortFunc(ps, func(a, b *proc) int {
		if len(a.addr) != len(b.addr) {
			return len(a.addr) - len(b.addr)
		}
		return slices.Compare([]byte(a.addr), []byte(b.addr))
	})
	return ps
}

// add makes a node at an address; its name resolves to it.
func (w *world) add(name, addr string, seeds ...topics.Name) *proc {
	p := &proc{w: w, name: topics.Name(name), addr: addr, dials: map[topics.Name]int{}}
	w.dns[topics.Name(name).Host()] = addr
	w.procs[addr] = p
	p.start(seeds...)
	return p
}

// numbered makes node i of a test.
func (w *world) numbered(i int, seeds ...int) *proc {
	names := make([]topics.Name, len(seeds))
	for j, s := range seeds {
		names[j] = topics.Name(fmt.Sprintf("n%d", s))
	}
	return w.add(fmt.Sprintf("n%d", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), names...)
}

func (p *proc) start(seeds ...topics.Name) { p.startWith(Config{Seeds: seeds}) }

func (p *proc) startWith(cfg Config) {
	cfg.Self, cfg.Incarnation, cfg.Seed = p.name, int64(p.w.now/time.Millisecond)+1, p.w.rng.Uint64()
	p.m = New(cfg)
	p.up, p.frozen = true, false
	p.life++
	p.outs, p.ins, p.pending, p.last = nil, nil, nil, nil
	born := p.w.now
	p.tickAt = never
	p.born(born)
}

// born runs the first Tick.
func (p *proc) born(at Time) {
	p.tickAt = p.w.now
	life := p.life
	p.w.in(0, func() { p.tick(life) })
}

func (p *proc) tick(life int) {
	if p.life != life || !p.up || p.frozen || p.w.now < p.tickAt {
		return
	}
	p.step(Tick{})
}

// give hands an event to a node, now or when it thaws.
func (p *proc) give(ev Event) {
	switch {
	case !p.up || p.naive && !p.naiveWants(ev):
	case p.frozen:
		p.pending = append(p.pending, ev)
	case p.naive:
		p.naiveStep(ev)
	default:
		p.step(ev)
	}
}

func (p *proc) step(ev Event) {
	for _, e := range p.m.Step(p.w.now, ev) {
		p.do(e)
	}
	if p.w.count%1999 == 0 {
		if err := p.m.broken(); err != nil {
			p.w.t.Fatalf("%s at %v after %#v: %v", p.name, p.w.now, ev, err)
		}
	}
	if at := max(p.m.Deadline(), p.w.now); at < never && (p.tickAt <= p.w.now || at < p.tickAt) {
		p.tickAt = at
		life := p.life
		p.w.in(at-p.w.now, func() { p.tick(life) })
	}
}

func (p *proc) do(e Effect) {
	switch e := e.(type) {
	case Dial:
		p.dials[e.Target]++
		p.dial(e)
	case HangUp:
		if i, ok := p.outs.find(uint64(e.Link)); ok {
			p.w.close(p.outs[i])
		}
	case Publish:
		if !e.Header.Pulse {
			p.last = &e
		}
		p.send(e.Names, &e.Header)
	case Show:
		p.last = &Publish{e.Names, e.Header}
	case Emit:
		p.changes = append(p.changes, e.Change)
		p.w.seen(p, e.Change)
	}
}

func (p *proc) send(names []topics.Name, h *topics.Header) {
	for _, c := range p.ins {
		if c.port != DiscoveryPort || p.w.drop(p, c.from) {
			continue
		}
		c.deliver(names, h)
	}
}

func (c *conn) deliver(names []topics.Name, h *topics.Header) {
	w := c.from.w
	w.in(w.lag(), func() {
		if c.from.outs.has(c) && c.to.ins.has(c) && !w.cut(c.from, c.to) {
			c.from.give(Beat{LinkID(c.id), names, h})
		}
	})
}

// dial does what the runtime and the network do.
func (p *proc) dial(d Dial) {
	w, life := p.w, p.life
	answer := func(after time.Duration, ev Event) {
		w.in(after, func() {
			if p.life == life {
				p.give(ev)
			}
		})
	}
	fail := func(after time.Duration, r DialReason) { answer(after, DialFailed{d.Target, d.Port, r}) }
	host, port := d.Target.Host(), d.Target.Port()
	if d.Port == MessagePort {
		port += topics.PortStep
	}
	if d.Addr != "" {
		host = hostOf(d.Addr)
		fmt.Sscan(d.Addr[len(d.Addr)-5:], &port)
	}
	if a, ok := w.dns[host]; ok {
		host = a
	} else if !topics.Name(host).IsIP() {
		fail(w.lag(), Unresolved)
		return
	}
	w.in(w.lag(), func() {
		q := w.procs[host]
		switch {
		case q == nil:
			fail(3*time.Second, Unreachable)
		case w.cut(p, q) || q.frozen:
			w.retry(p, q, d, life, time.Second, func() { w.connect(p, q, d, host, port, life) })
		case !q.up:
			fail(w.lag(), Refused)
		default:
			w.connect(p, q, d, host, port, life)
		}
	})
}

// retry is a SYN sent again after 1, 3 and 7 s, until the runtime gives up at 5 s, or a connection that waits in
// the backlog of a frozen process.
func (w *world) retry(p, q *proc, d Dial, life int, wait time.Duration, connect func()) {
	pause := wait
	if q.frozen {
		pause = 10 * time.Millisecond
	}
	w.in(pause, func() {
		switch {
		case p.life != life:
		case q.frozen && wait < 5*time.Second:
			w.retry(p, q, d, life, wait+pause, connect)
		case wait >= 4*time.Second:
			p.give(DialFailed{d.Target, d.Port, Unreachable})
		case w.cut(p, q):
			w.retry(p, q, d, life, 2*wait, connect)
		case !q.up:
			p.give(DialFailed{d.Target, d.Port, Refused})
		default:
			connect()
		}
	})
}

func (w *world) connect(p, q *proc, d Dial, host string, port, life int) {
	if p.life != life || !p.up {
		return
	}
	w.count++
	c := &conn{id: w.count, from: p, to: q, port: d.Port}
	p.outs, q.ins = append(p.outs, c), append(q.ins, c)
	w.in(w.lag(), func() {
		p.give(LinkUp{LinkID(c.id), d.Target, d.Port, joinEndpoint(host, port)})
		if c.port != DiscoveryPort || !q.ins.has(c) {
			return
		}
		q.give(ListenerUp{ListenerID(c.id), cmp.Or(w.nat, p.addr)})
		if !p.naive {
			q.give(Hello{ListenerID(c.id), p.name})
		}
		if q.last != nil {
			h := q.last.Header
			c.deliver(q.last.Names, &h)
		}
	})
}

// close ends a connection; both ends learn of it.
func (w *world) close(c *conn) {
	from, to := c.from.life, c.to.life
	c.from.outs.remove(c)
	w.in(w.lag(), func() {
		c.to.ins.remove(c)
		if c.from.life == from {
			c.from.give(LinkDown{LinkID(c.id), "closed"})
		}
		if c.to.life == to && c.port == DiscoveryPort {
			c.to.give(ListenerDown{ListenerID(c.id)})
		}
	})
}

func (p *proc) conns() []*conn { return append(slices.Clone(p.outs), p.ins...) }

// kill ends the process; the system closes its connections.
func (p *proc) kill() {
	p.up = false
	p.life++
	for _, c := range p.conns() {
		p.w.close(c)
	}
}

// powerCut ends it without a sign.
func (p *proc) powerCut() {
	p.up, p.frozen = false, true
	p.life++
	p.outs, p.ins = nil, nil
}

func (p *proc) freeze() { p.frozen = true }

func (p *proc) thaw() {
	p.frozen = false
	pending := p.pending
	p.pending = nil
	for _, ev := range pending {
		p.give(ev)
	}
	p.born(p.w.now)
}

// naive node: a list to everybody every 2.5 s, learns every name it reads, never forgets one.

func (w *world) addNaive(name, addr string, peers ...topics.Name) *proc {
	p := &proc{w: w, name: topics.Name(name), addr: addr, naive: true, up: true, dials: map[topics.Name]int{}}
	w.dns[name], w.procs[addr] = addr, p
	p.outs, p.ins = nil, nil
	p.known = append([]topics.Name{p.name}, peers...)
	for _, n := range peers {
		p.dial(Dial{Target: n})
	}
	var beat func()
	beat = func() {
		if p.up && !p.frozen {
			p.send(slices.Clone(p.known), nil)
		}
		w.in(2500*time.Millisecond, beat)
	}
	w.in(time.Duration(w.rng.Int64N(2500))*time.Millisecond, beat)
	return p
}

func (p *proc) naiveWants(ev Event) bool {
	if p.liar {
		return false
	}
	switch ev.(type) {
	case Beat, DialFailed, LinkDown:
		return true
	}
	return false
}

func (p *proc) naiveStep(ev Event) {
	switch ev := ev.(type) {
	case Beat:
		for _, n := range ev.Names {
			if n.HasPort() {
				p.w.t.Errorf("naive %s received %s", p.name, n)
			}
			if !slices.Contains(p.known, n) {
				p.known = append(p.known, n)
				p.dial(Dial{Target: n})
			}
		}
	case DialFailed:
		p.w.in(time.Second, func() { p.dial(Dial{Target: ev.Target}) })
	}
}

// liar is a publisher that says what a test wants, once a second, with a header, or with none.
func (w *world) addLiar(name, addr string, names func() []topics.Name, strict bool) *proc {
	p := &proc{w: w, name: topics.Name(name), addr: addr, naive: true, liar: true, up: true, dials: map[topics.Name]int{}}
	w.dns[name], w.procs[addr] = addr, p
	p.outs, p.ins = nil, nil
	var seq uint64
	var beat func()
	beat = func() {
		seq++
		h := &topics.Header{
			Version: 1, Incarnation: 1, Seq: seq, Beat: 1000, List: seq, Strict: true, Complete: true,
		}
		if !strict {
			h = nil
		}
		list := append([]topics.Name{p.name}, names()...)
		if strict {
			p.last = &Publish{list, *h}
		}
		p.send(list, h)
		w.in(time.Second, beat)
	}
	beat()
	return p
}

// hears tells whether p counts q as alive.
func (p *proc) hears(q *proc) bool {
	if p.naive {
		return slices.Contains(p.known, q.name)
	}
	x := p.m.peers[q.name.Key()]
	return x != nil && x.state == Alive
}

// state is what q is to p.
func (p *proc) state(q *proc) State {
	if x := p.m.peers[q.name.Key()]; x != nil {
		return x.state
	}
	return Unknown
}

// whole tells whether all of them hear each other and nobody else.
func whole(ps ...*proc) func() bool {
	return func() bool {
		for _, p := range ps {
			if !p.naive && p.m.count[Alive] != len(ps)-1 {
				return false
			}
		}
		for _, p := range ps {
			for _, q := range ps {
				if p != q && !p.hears(q) {
					return false
				}
			}
		}
		return true
	}
}

// everybody tells whether all others see p in one of the states.
func everybody(ps []*proc, p *proc, in ...State) func() bool {
	return func() bool {
		for _, q := range ps {
			if q != p && q.up && !slices.Contains(in, q.state(p)) {
				return false
			}
		}
		return true
	}
}

// ring makes n nodes, each given the next one.
func (w *world) ring(n int) []*proc {
	ps := make([]*proc, n)
	for i := range ps {
		ps[i] = w.numbered(i, (i+1)%n)
	}
	return ps
}

func (p *proc) changesOf(k Kind) (n int) {
	for _, c := range p.changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}
