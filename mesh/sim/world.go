package sim

import (
	"fmt"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// world is one run: hosts, what lies between them, and a clock.
type world struct {
	seed    uint64
	now     time.Duration
	queue   queue
	net     *network
	hosts   []*host
	profile mesh.Config
	links   uint64

	watch      *watch
	trace      *trace
	marks      []Mark
	violations []Violation
	meters     []*meter
	figures    map[string][]float64
	ledger     *ledger       // of messages; nil where nobody talks
	forgers    map[int]bool  // hosts that forge messages
	postLoss   float64       // share of the messages that outboxes drop
	talkAt     time.Duration // when they began to talk
	tamper     tamper        // nil, or how a test spoils couriers
	stop       func() bool   // may be nil
	stopped    bool
	calm       time.Duration // the last fault is over
}

// Kind says what runs on a host.
type Kind uint8

const (
	Honest Kind = iota
	Naive       // the naive program: lists everything it ever heard of, never forgets
	Liar        // an honest machine whose beats are changed on their way out
	Forger      // a liar that speaks in the names of others: nobody owes it a place in the mesh
)

func newWorld(seed uint64, p *Plan) *world {
	w := &world{seed: seed, profile: p.Profile, figures: make(map[string][]float64)}
	w.net = newNetwork(w, p.Network, len(p.Hosts))
	for i, hs := range p.Hosts {
		h := &host{
			id: i, name: hs.Name, addrs: hs.Addrs, kind: hs.Kind, mesh: hs.Mesh, power: true, junk: hs.Junk, noName: hs.NoName, seeds: hs.Seeds,
			lie: hs.Lie, forge: hs.Forge, flood: hs.Flood, rumour: hs.Rumour, made: hs.Machine, changed: -time.Hour,
		}
		w.hosts = append(w.hosts, h)
		w.net.attach(h)
		for _, n := range append([]topics.Name{h.name}, hs.Aliases...) {
			if !hs.NoName {
				w.net.setDNS(n, h.addrs)
			}
		}
	}
	for name, style := range p.Styles {
		w.net.styles[name.Key().Host()] = style
	}
	for name, addrs := range p.DNS {
		w.net.setDNS(name, addrs)
	}
	if p.Talk {
		w.ledger, w.forgers, w.tamper = newLedger(w), make(map[int]bool), p.tamper
		for _, i := range p.Forgers {
			w.forgers[i] = true
		}
	}
	w.trace = newTrace(w)
	w.watch = newWatch(w, p)
	for _, a := range p.Actions {
		w.at(a.At, func() { w.act(a.Fault) })
	}
	return w
}

// at calls f at a time, or at once when that is past.
func (w *world) at(t time.Duration, f func()) {
	w.queue.add(item{at: max(t, w.now), call: f})
}

// after calls f in a while, or never.
func (w *world) after(d time.Duration, f func()) { w.at(w.now+d, f) }

// run lets time pass.
func (w *world) run(until time.Duration) {
	for w.now < until && !w.stopped {
		w.runSecond(min(until, w.now+time.Second))
		w.stopped = w.stop != nil && w.stop()
	}
}

func (w *world) runSecond(until time.Duration) {
	for {
		it, ok := w.queue.next(until)
		if !ok {
			break
		}
		w.now = it.at
		if it.msg != nil {
			w.arrive(it.link, it.msg)
		} else {
			it.call()
		}
		if w.watch.dirty {
			w.watch.dirty = false
			w.checkMeters()
		}
	}
	w.now = until
}

// act applies a fault, and writes it down.
func (w *world) act(f Fault) {
	if m, ok := f.(marked); ok {
		mark := m.mark()
		mark.At, mark.Until, mark.Text = w.now, w.now+mark.Until, f.String()
		w.marks = append(w.marks, mark)
		w.calm = max(w.calm, mark.Until)
		for _, i := range mark.Hosts {
			w.hosts[i].changed = w.now
		}
	}
	w.calm = max(w.calm, w.now)
	w.trace.fault(f)
	f.apply(w)
	w.watch.dirty = true
}

// violate reports a broken rule, once for each rule and pair.
func (w *world) violate(rule string, observer, subject int, format string, args ...any) {
	for i, v := range w.violations {
		if v.Rule == rule && v.observer == observer && v.subject == subject {
			w.violations[i].Times++
			return
		}
	}
	if len(w.violations) == violationsMost {
		return
	}
	v := Violation{
		Rule: rule, At: w.now, Times: 1, observer: observer, subject: subject,
		Observer: w.nameOf(observer), Subject: w.nameOf(subject),
		What: fmt.Sprintf(format, args...),
	}
	if len(w.violations) < violationsTraced {
		v.Trace = w.trace.about(observer, subject)
	}
	w.violations = append(w.violations, v)
}

// One fault in a machine shows at many pairs: what comes later in a run says no more.
const (
	violationsMost   = 50
	violationsTraced = 3
)

func (w *world) nameOf(i int) string {
	if i < 0 {
		return ""
	}
	return string(w.watch.names[i])
}
