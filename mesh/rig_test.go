package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// rig is one machine whose peers are puppets.
type rig struct {
	t        *testing.T
	m        *Machine
	now      Time
	ids      uint64
	puppets  []*puppet
	changes  []Change
	unlinked []Change
	dials    []Dial // that nobody answered yet
	asked    []Lookup
	lookups  map[topics.Name]int
	dns      map[topics.Name][]string // what configured names lead to, where a test says so
	count    map[topics.Name]int
	to       []string // where all dials went; "" to the name itself
	hung     []LinkID
	readOut  []LinkID
	doubted  []LinkID
	retired  []LinkID
	askedFor []LinkID
	lists    []Publish // whole ones
	tellings []Tell
	follows  []Follow
	kept     Edition // what new listeners get
	pulses   int
	pulse    Edition // the last one
	plain    int     // whole lists to listeners without a name
	plainAt  Time
	plainGap time.Duration // longest between two of them

	steps  int
	ticks  int
	sparse int // the invariants are looked at after each so many steps; 0: after each
}

// puppet is a peer that does as it is told.
type puppet struct {
	r      *rig
	name   topics.Name // what its beats start with
	addr   string
	link   LinkID
	lists  []topics.Name
	header *topics.Header // nil: naive
	mute   bool
	ahead  time.Duration // its clock is, where its header says what that is
	wedged bool          // it answers dials with its last list
	beatAt Time
	beats  int
	fail   DialReason // how dials of it end
	hang   bool       // they do not
}

func newRig(t *testing.T, cfg Config) *rig {
	cfg.Self, cfg.Incarnation, cfg.Seed = "self", 1000, 1
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, m: New(cfg), count: map[topics.Name]int{}, lookups: map[topics.Name]int{}, dns: map[topics.Name][]string{}}
	r.step(Tick{})
	return r
}

// puppet adds a peer that can be dialled by its name. It lists everybody with a header from the start.
func (r *rig) puppet(name topics.Name, lists ...topics.Name) *puppet {
	p := &puppet{
		r: r, name: name, addr: fmt.Sprintf("10.0.0.%d:20000", len(r.puppets)+1), lists: append(lists, "self"),
		header: &topics.Header{Version: 1, Incarnation: 1, Beat: 1000, List: 1, Strict: true, Complete: true},
	}
	r.puppets = append(r.puppets, p)
	r.m.listeners.named[name.Key()]++
	r.m.listeners.changes++ // it listens, or it would be told of a twin of ours
	r.m.stirAll()
	return p
}

func (r *rig) puppetOf(name topics.Name) *puppet {
	for _, p := range r.puppets {
		if p.name.Key() == name.Key() {
			return p
		}
	}
	for _, p := range r.puppets {
		if name.IsIP() && p.addr == name.DiscoveryAddr() {
			return p
		}
	}
	return nil
}

func (r *rig) step(ev Input) {
	turns, alive := r.m.Turns(), r.m.Alive()
	defer func() {
		if now := r.m.Alive(); r.m.Turns() == turns && !slices.Equal(now, alive) {
			r.t.Errorf("after %#v: alive were %v and are %v, which Turns does not tell", ev, alive, now)
		}
	}()
	for _, e := range r.m.Step(r.now, ev) {
		switch e := e.(type) {
		case Emit:
			if e.Change.Kind == Unlinked { // puppets read no messages: it would be told of each
				r.unlinked = append(r.unlinked, e.Change)
				continue
			}
			r.changes = append(r.changes, e.Change)
		case Dial:
			r.count[e.Target]++
			r.to = append(r.to, e.Addr)
			r.dials = append(r.dials, e)
		case Lookup:
			r.lookups[e.Name]++
			r.asked = append(r.asked, e)
		case HangUp:
			r.hung = append(r.hung, e.Link)
		case ReadOut:
			r.readOut = append(r.readOut, e.Link)
		case Ask:
			r.askedFor = append(r.askedFor, e.Link)
		case Retire:
			r.retired = append(r.retired, e.Link)
		case Doubt:
			r.doubted = append(r.doubted, e.Link)
		case Keep:
			r.kept = e.Edition
		case Tell:
			r.tellings = append(r.tellings, e)
		case Follow:
			r.follows = append(r.follows, e)
		case Publish:
			r.kept = e.Kept
			if e.Nameless == nil && !e.Header.Pulse || e.Nameless != nil && !e.Nameless.Header.Pulse {
				if r.plain > 0 {
					r.plainGap = max(r.plainGap, r.now-r.plainAt)
				}
				r.plain, r.plainAt = r.plain+1, r.now
			}
			if e.Header.Pulse {
				r.pulses, r.pulse = r.pulses+1, e.Edition
			} else {
				r.lists = append(r.lists, e)
			}
		}
	}
	if r.steps++; r.sparse > 0 && r.steps%r.sparse != 0 {
		return
	}
	if err := r.m.broken(); err != nil {
		r.t.Helper()
		r.t.Fatalf("after %#v: %v", ev, err)
	}
}

// up answers a dial with a link.
func (r *rig) up(d Dial, addr string) LinkID {
	r.ids++
	r.step(LinkUp{LinkID(r.ids), d, addr})
	return LinkID(r.ids)
}

// underWay is the first dial of a discovery port that is not answered.
func (r *rig) underWay(target topics.Name) Dial {
	for _, d := range r.m.peers[target.Key()].reach.flying(DiscoveryPort) {
		return Dial{ID: d.id, Target: target, Addr: d.addr}
	}
	r.t.Fatalf("no dial of %s is under way", target)
	return Dial{}
}

// answer answers the dials that are not to hang.
func (r *rig) answer() (did bool) {
	for len(r.asked) > 0 {
		name := r.asked[0].Name
		r.asked = r.asked[1:]
		r.step(Resolved{Name: name, Addrs: r.dns[name]})
		did = true
	}
	for i := 0; i < len(r.dials); i++ {
		d := r.dials[i]
		p := r.puppetOf(d.Target)
		if q := r.namesakeAt(d); q != nil {
			p = q
		}
		if p != nil && p.hang {
			continue
		}
		r.dials = slices.Delete(r.dials, i, i+1)
		i--
		did = true
		if addrs := r.dns[d.Target]; d.Tell && addrs != nil {
			r.step(Resolved{d.Target, d.ID, addrs})
			first, _ := literal(addrs[0], d.Target.Port())
			p = r.puppetOf(first)
		}
		switch {
		case p == nil:
			r.step(DialFailed{Dial: d, Reason: Unresolved})
		case p.fail != 0:
			r.step(DialFailed{Dial: d, Reason: p.fail, Addr: p.addr})
		case d.Port == MessagePort:
			r.up(d, messageAddr(&link{addr: p.addr}))
		default:
			p.link = r.up(d, p.addr)
			switch {
			case p.wedged:
				again := *p.header
				again.Replay = true
				r.step(Beat{p.link, append([]topics.Name{p.name}, p.lists...), &again, p.ahead})
			case !p.mute:
				p.beat()
			}
		}
	}
	return did
}

// namesakeAt is the puppet at the endpoint that a dial names, where others go by the name of its target too.
func (r *rig) namesakeAt(d Dial) *puppet {
	at := func(p *puppet) bool { return d.Port == DiscoveryPort && p.addr == d.Addr }
	if i := slices.IndexFunc(r.puppets, at); i >= 0 {
		return r.puppets[i]
	}
	return nil
}

// beat makes the puppet publish its list.
func (p *puppet) beat() {
	p.beatAt = p.r.now + time.Second
	h := p.header
	if h != nil {
		if h.Seq > 0 || p.beats == 0 {
			h.Seq++
		}
		p.beats++
		c := *h
		h = &c
	}
	names := append([]topics.Name{p.name}, p.lists...)
	p.r.step(Beat{p.link, names, h, p.ahead})
}

// tells of others from now on.
func (p *puppet) tells(records ...topics.Record) {
	p.header.Told++
	h := *p.header
	h.Pulse = true
	p.r.step(Told{Link: p.link, Records: records, Header: h})
}

// tellsOfAChange tells what is something else in what it told.
func (p *puppet) tellsOfAChange(records ...topics.Record) {
	p.header.Told++
	h := *p.header
	h.Pulse = true
	p.r.step(Told{Link: p.link, Records: records, Header: h, Change: true})
}

// lists a changed set from now on.
func (p *puppet) say(names ...topics.Name) {
	p.lists = append(names, "self")
	p.header.List++
	p.beat()
}

// breaks loses the link.
func (p *puppet) breaks() { p.r.step(LinkDown{p.link, "broken"}) }

// maxTicks is how often a machine may be asked at one moment: one that asks for a Tick without end fails.
const maxTicks = 10000

// pass lets time pass: puppets that are not mute beat once a second.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	for end, at, ticks := r.now+d, r.now, 0; ; ticks++ {
		if r.now > at {
			at, ticks = r.now, 0
		}
		if ticks > maxTicks {
			r.t.Fatalf("%d steps, and it is still %v", ticks, r.now)
		}
		if r.answer() {
			continue
		}
		next := r.m.Deadline()
		for _, p := range r.puppets {
			if p.link != 0 && !p.mute {
				next = min(next, p.beatAt)
			}
		}
		if next > end {
			r.now = end
			return
		}
		r.now = max(r.now, next)
		for _, p := range r.puppets {
			if p.link != 0 && !p.mute && p.beatAt <= r.now {
				p.beat()
			}
		}
		if r.now >= r.m.Deadline() {
			r.ticks++
			r.step(Tick{})
		}
	}
}

// hear makes the machine know some puppets.
func (r *rig) hear(ps ...*puppet) {
	r.t.Helper()
	for _, p := range ps {
		r.step(Known{[]topics.Name{p.name}})
	}
	r.pass(100 * time.Millisecond)
	for _, p := range ps {
		r.want(p.name, Alive)
	}
}

func (r *rig) state(name topics.Name) State {
	if p := r.m.peers[name.Key()]; p != nil {
		return p.state
	}
	return Unknown
}

func (r *rig) want(name topics.Name, s State) {
	r.t.Helper()
	if got := r.state(name); got != s {
		r.t.Fatalf("%s is %v, not %v; changes: %v", name, got, s, r.changes)
	}
}

func (r *rig) wantTold(k Kind, name topics.Name) {
	r.t.Helper()
	for _, c := range r.changes {
		if c.Kind == k && c.Peer == name {
			return
		}
	}
	r.t.Fatalf("%v of %s not told: %v", k, name, r.changes)
}

// listed reports whether the last whole list has a name.
func (r *rig) listed(name topics.Name) bool {
	return slices.Contains(r.lists[len(r.lists)-1].Names[1:], name)
}

// reachable and gone set how dials of a puppet end from now on.
func (p *puppet) reachable() { p.fail, p.hang, p.mute = 0, false, false }

// dies breaks the link and refuses dials.
func (p *puppet) dies() {
	p.mute, p.fail = true, Refused
	p.breaks()
}
