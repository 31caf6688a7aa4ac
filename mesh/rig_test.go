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
	t       *testing.T
	m       *Machine
	now     Time
	ids     uint64
	puppets []*puppet
	changes []Change
	dials   []Dial // that nobody answered yet
	count   map[topics.Name]int
	hung    []LinkID
	lists   []Publish // whole ones
	pulses  int
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
	beatAt Time
	fail   DialReason // how dials of it end
	hang   bool       // they do not
}

func newRig(t *testing.T, cfg Config) *rig {
	cfg.Self, cfg.Incarnation, cfg.Seed = "self", 1000, 1
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, m: New(cfg), count: map[topics.Name]int{}}
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
	return p
}

func (r *rig) puppetOf(name topics.Name) *puppet {
	for _, p := range r.puppets {
		if p.name.Key() == name.Key() {
			return p
		}
	}
	return nil
}

func (r *rig) step(ev Event) {
	turns, alive := r.m.Turns(), r.m.Alive()
	defer func() {
		if now := r.m.Alive(); r.m.Turns() == turns && !slices.Equal(now, alive) {
			r.t.Errorf("after %#v: alive were %v and are %v, which Turns does not tell", ev, alive, now)
		}
	}()
	for _, e := range r.m.Step(r.now, ev) {
		switch e := e.(type) {
		case Emit:
			r.changes = append(r.changes, e.Change)
		case Dial:
			r.count[e.Target]++
			r.dials = append(r.dials, e)
		case HangUp:
			r.hung = append(r.hung, e.Link)
		case Publish:
			if e.Header.Pulse {
				r.pulses++
			} else {
				r.lists = append(r.lists, e)
			}
		}
	}
	if err := r.m.broken(); err != nil {
		r.t.Helper()
		r.t.Fatalf("after %#v: %v", ev, err)
	}
}

// up answers a dial with a link.
func (r *rig) up(target topics.Name, port Port, addr string) LinkID {
	r.ids++
	r.step(LinkUp{LinkID(r.ids), target, port, addr})
	return LinkID(r.ids)
}

// answer answers the dials that are not to hang.
func (r *rig) answer() (did bool) {
	for i := 0; i < len(r.dials); i++ {
		d := r.dials[i]
		p := r.puppetOf(d.Target)
		if p != nil && p.hang {
			continue
		}
		r.dials = slices.Delete(r.dials, i, i+1)
		i--
		did = true
		switch {
		case p == nil:
			r.step(DialFailed{d.Target, d.Port, Unresolved})
		case p.fail != 0:
			r.step(DialFailed{d.Target, d.Port, p.fail})
		case d.Port == MessagePort:
			r.up(d.Target, d.Port, messageAddr(&link{addr: p.addr}))
		default:
			p.link = r.up(d.Target, d.Port, p.addr)
			if !p.mute {
				p.beat()
			}
		}
	}
	return did
}

// beat makes the puppet publish its list.
func (p *puppet) beat() {
	p.beatAt = p.r.now + time.Second
	h := p.header
	if h != nil {
		h.Seq++
		c := *h
		h = &c
	}
	p.r.step(Beat{p.link, append([]topics.Name{p.name}, p.lists...), h})
}

// lists a changed set from now on.
func (p *puppet) say(names ...topics.Name) {
	p.lists = append(names, "self")
	p.header.List++
	p.beat()
}

// breaks loses the link.
func (p *puppet) breaks() { p.r.step(LinkDown{p.link, "broken"}) }

// pass lets time pass: puppets that are not mute beat once a second.
func (r *rig) pass(d time.Duration) {
	for end := r.now + d; ; {
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

// listed tells whether the last whole list has a name.
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
