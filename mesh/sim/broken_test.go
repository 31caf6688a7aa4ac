package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// broken is a machine with one fault.
type broken struct {
	Machine
	now    mesh.Time
	alive  []topics.Name // as told
	silent []topics.Name // told to be suspect
	since  mesh.Time     // the last of them
	gone   []topics.Name // told to have left
	last   mesh.Time     // Tick
	twice  map[topics.Name]int
	whole  []topics.Name // as published last
	count  mesh.Time     // when it dialled last

	keeps    bool        // lists whom it listed once
	numb     bool        // never tells of a suspect
	gullible bool        // believes that whoever is listed is alive
	slander  bool        // suspects whom another list does not have
	hasty    bool        // counts silence on the wall clock
	ruthless bool        // evicts all suspects at once
	eager    bool        // evicts a suspect four seconds later, whatever others say
	fickle   bool        // tells of older incarnations
	undead   bool        // takes the departed back at once
	frantic  bool        // dials without end
	restive  int         // dials so many names a beat, each of them now and then
	eternal  bool        // dials one that is nowhere ten times a second
	double   bool        // dials every message port twice
	wordy    bool        // publishes whole lists instead of pulses
	restless bool        // wants a Tick all the time
	shuts    topics.Name // takes no link to this name once it was lost
	deaf     bool        // takes in nothing
	loyal    bool        // never tells that nobody hears a far member any more
	aloof    bool        // tells of no far member
}

func (b *broken) Unwrap() Machine { return b.Machine }

func (b *broken) Deadline() mesh.Time {
	if b.restless && b.now > time.Second {
		return b.now
	}
	return b.Machine.Deadline()
}

func (b *broken) Step(now mesh.Time, ev mesh.Input) []mesh.Effect {
	b.now = now
	if _, tick := ev.(mesh.Tick); b.deaf && !tick || b.refuses(ev) {
		return nil
	}
	effects := b.filter(slices.Clone(b.Machine.Step(now, ev)))
	switch ev := ev.(type) {
	case mesh.Beat:
		effects = append(effects, b.onBeat(ev)...)
	case mesh.Tick:
		effects = append(effects, b.onTick()...)
		b.last = now
	}
	return effects
}

// refuses reports whether an event is kept from the machine.
func (b *broken) refuses(ev mesh.Input) bool {
	up, ok := ev.(mesh.LinkUp)
	if !ok {
		return false
	}
	if b.double && up.Dial.Port == mesh.MessagePort {
		b.twice[up.Dial.Target]++
		return b.twice[up.Dial.Target]%2 == 0
	}
	return up.Dial.Target == b.shuts && (slices.Contains(b.silent, b.shuts) || slices.Contains(b.gone, b.shuts))
}

// filter changes what the machine wants, and notes what it tells.
func (b *broken) filter(effects []mesh.Effect) (out []mesh.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case mesh.Emit:
			b.note(e.Change)
			if b.numb && e.To == mesh.Suspect {
				continue
			}
			if b.loyal && e.Kind == mesh.Unattested || b.aloof && e.Kind == mesh.Attested {
				continue
			}
		case mesh.Publish:
			if b.keeps {
				e.Kept.Names = b.union(e.Kept.Names)
				if !e.Header.Pulse {
					e.Names = e.Kept.Names
				}
			}
			if b.wordy && e.Header.Pulse && b.whole != nil {
				e.Names, e.Header.Pulse = b.whole, false
			}
			b.whole = e.Names
			out = append(out, e)
			continue
		case mesh.Dial:
			if b.double && e.Port == mesh.MessagePort {
				out = append(out, e)
			}
		}
		out = append(out, e)
	}
	return out
}

func (b *broken) union(names []topics.Name) []topics.Name {
	names = slices.Clone(names)
	for _, n := range b.gone {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	b.gone = names[1:]
	return names
}

func (b *broken) note(c mesh.Change) {
	drop := func(ns []topics.Name) []topics.Name {
		return slices.DeleteFunc(ns, func(n topics.Name) bool { return n == c.Peer })
	}
	if b.keeps {
		return
	}
	b.alive, b.silent, b.gone = drop(b.alive), drop(b.silent), drop(b.gone)
	switch c.To {
	case mesh.Alive:
		b.alive = append(b.alive, c.Peer)
	case mesh.Suspect:
		b.silent, b.since = append(b.silent, c.Peer), b.now
	case mesh.Left, mesh.Quarantined:
		b.gone = append(b.gone, c.Peer)
	}
}

func tell(k mesh.Kind, peer topics.Name, from, to mesh.State, inc int64) mesh.Effect {
	return mesh.Emit{Change: mesh.Change{Kind: k, Peer: peer, From: from, To: to, Incarnation: inc, Why: "broken"}}
}

func (b *broken) onBeat(ev mesh.Beat) (out []mesh.Effect) {
	for _, n := range ev.Names {
		if b.gullible && n == "nobody" && !slices.Contains(b.alive, n) {
			b.alive = append(b.alive, n)
			out = append(out, tell(mesh.Joined, n, mesh.Candidate, mesh.Alive, 0))
		}
	}
	if b.slander && !ev.Header.Pulse && b.now > 5*time.Second {
		for _, n := range b.alive {
			if !slices.Contains(ev.Names, n) {
				out = append(out, tell(mesh.Suspected, n, mesh.Alive, mesh.Suspect, 0))
			}
		}
	}
	if b.fickle && b.now > 5*time.Second {
		out = append(out, tell(mesh.Restarted, ev.Names[0], mesh.Alive, mesh.Alive, ev.Header.Incarnation-1))
	}
	return out
}

func (b *broken) onTick() (out []mesh.Effect) {
	if b.hasty && b.now-b.last > 4*time.Second {
		for _, n := range b.alive {
			out = append(out, tell(mesh.Suspected, n, mesh.Alive, mesh.Suspect, 0))
		}
	}
	if b.ruthless && b.now > 22*time.Second || b.eager && len(b.silent) > 0 && b.now > b.since+4*time.Second {
		for _, n := range b.silent {
			out = append(out, tell(mesh.Evicted, n, mesh.Suspect, mesh.Quarantined, 0))
		}
		b.silent = nil
	}
	if b.undead {
		for _, n := range b.gone {
			out = append(out, tell(mesh.Returned, n, mesh.Left, mesh.Alive, 0))
		}
		b.gone = nil
	}
	if b.frantic {
		out = append(out, slices.Repeat([]mesh.Effect{mesh.Dial{Target: "nobody"}}, 30)...)
	}
	if b.eternal && b.now > 12*time.Second {
		out = append(out, mesh.Dial{Target: "nobody"})
	}
	if b.restive > 0 && b.now > b.count+time.Second {
		b.count = b.now
		for i := range b.restive {
			out = append(out, mesh.Dial{Target: topics.Name(fmt.Sprintf("nobody%d", (int(b.now/time.Second)*b.restive+i)%64))})
		}
	}
	return out
}

// cooked keeps false books.
type cooked struct {
	*mesh.Machine
	penalty func(mesh.Time) float64
	gone    int  // so many more have left
	hoards  bool // no penalty ever decays
	most    map[topics.Name]float64
	missed  int
	stats   mesh.Stats
	now     mesh.Time
}

func (c *cooked) Step(now mesh.Time, ev mesh.Input) []mesh.Effect {
	c.now = now
	return c.Machine.Step(now, ev)
}

func (c *cooked) Members() []mesh.Member {
	ms := c.Machine.Members()
	for i := range ms {
		if c.penalty != nil {
			ms[i].Penalty = c.penalty(c.now)
		}
		if c.hoards {
			c.most[ms[i].Name] = max(c.most[ms[i].Name], ms[i].Penalty)
			ms[i].Penalty = c.most[ms[i].Name]
		}
		if c.now > 20*time.Second {
			ms[i].Missed += c.missed
		}
	}
	for i := range c.gone {
		ms = append(ms, mesh.Member{Name: topics.Name(fmt.Sprintf("gone%d", i)), State: mesh.Left})
	}
	return ms
}

func (c *cooked) Stats() mesh.Stats { return c.stats }

// Every check sees a machine that breaks its rule.
func TestChecksSee(t *testing.T) {
	t.Parallel()
	with := func(b broken) func(Machine) Machine {
		return func(m Machine) Machine {
			c := b
			c.Machine, c.twice = m, make(map[topics.Name]int)
			return &c
		}
	}
	books := func(c cooked) func(Machine) Machine {
		return func(m Machine) Machine {
			d := c
			d.Machine, d.most = m.(*mesh.Machine), make(map[topics.Name]float64)
			return &d
		}
	}
	made := 0
	for _, c := range []struct {
		rule, scenario string
		damage         func(Machine) Machine
	}{
		{"S0", "crash", with(broken{restless: true})},
		{"S1", "power-cut", with(broken{numb: true})},
		{"S2", "crash", with(broken{keeps: true})},
		{"S2", "leave", with(broken{slander: true})}, // it goes on listing whom it suspects
		{"S3", "test-praise", with(broken{gullible: true})},
		{"S1", "test-slow", with(broken{numb: true})}, // who claims a beat of an hour is given 30 beats, and no more
		{"S4", "leave", with(broken{slander: true})},
		{"S4", "test-alone", with(broken{eager: true})}, // nobody confirms it
		{"S5", "freeze-10s", with(broken{hasty: true})},
		{"S5", "freeze-10s", books(cooked{missed: 2})},
		{"S6", "blackout", with(broken{ruthless: true})},
		{"S6", "test-narrow", with(broken{ruthless: true})},
		{"S7", "starved", books(cooked{penalty: func(now mesh.Time) float64 { return now.Minutes() }})},
		{"S7", "starved", books(cooked{penalty: func(mesh.Time) float64 { return 7 }})},
		{"S7", "flapper", books(cooked{penalty: func(mesh.Time) float64 { return 0 }})},
		{"S7", "flapper", books(cooked{hoards: true})},
		{"S8", "starved", books(cooked{stats: mesh.Stats{Candidates: 2000}})},
		{"S8", "test-silence", with(broken{frantic: true})},
		{"S8", "starved", with(broken{eternal: true})},
		{"S8", "test-rest", with(broken{restive: 3})},
		{"S13", "test-rest", books(cooked{gone: 40})},
		{"S14", "crash", with(broken{wordy: true})},
		{"S9", "crash", with(broken{fickle: true})},
		{"S10", "leave", with(broken{undead: true})},
		{"S11", "starved", with(broken{double: true})},
		{"S16", "subnets-bridge-dies", with(broken{loyal: true})},
		{"L6", "subnets-bridge-dies", with(broken{aloof: true})},
		{"L1", "crash", with(broken{keeps: true})},
		{"L3", "test-long-cut", with(broken{shuts: "node_3"})},
		{"L2", "test-long-cut", with(broken{shuts: "node_3"})}, // and long before the end
		{"L2", "crash", func(m Machine) Machine {
			if made++; made == 5 {
				return &broken{Machine: m, deaf: true}
			}
			return m
		}},
		{"L5", "test-hermit", func(m Machine) Machine { return &broken{Machine: m, deaf: true} }},
	} {
		s := testScenario(t, c.scenario)
		r, err := Run(s, 2, Options{Nodes: max(s.Least, 8), Damage: c.damage})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Rule == c.rule }) {
			var got []string
			for _, v := range r.Violations {
				got = append(got, v.Rule)
			}
			t.Errorf("%s in %s was not seen; seen was %v", c.rule, c.scenario, slices.Compact(got))
		}
		if clean, err := Run(s, 2, Options{Nodes: max(s.Least, 8)}); err != nil || len(clean.Violations) > 0 {
			t.Errorf("%s: a sound machine breaks %v, %v", c.scenario, clean.Violations, err)
		}
	}
}

// testScenario finds one, or makes one that only this test needs.
func testScenario(t *testing.T, name string) Scenario {
	s := Scenario{Name: name, Nodes: 8, Least: 4, Length: warm + 50*time.Second}
	switch name {
	case "test-praise": // somebody lists a name of nobody
		s.Plan = func(p *Plan) { p.Hosts[1].Kind, p.Hosts[1].Lie = Liar, Praise("nobody") }
	case "test-slow": // one says that it beats once an hour, and dies
		s.Length = warm + 3*time.Minute
		s.Plan = func(p *Plan) {
			p.Hosts[1].Kind, p.Hosts[1].Forge = Liar, Beats(time.Hour)
			p.At(warm, PowerCut{1})
		}
	case "test-alone": // one is gone, and all but one of the others are naive: they confirm nothing
		s.Plan = func(p *Plan) {
			for i := range p.N - 2 {
				p.Hosts[i].Kind = Naive
			}
			p.At(warm, PowerCut{p.N - 1})
		}
	case "test-rest":
		s.Length = warm + 3*time.Minute
		s.Plan = func(p *Plan) {}
	case "test-silence": // DNS does not answer
		s.Plan = func(p *Plan) { p.At(warm, NoDNS{For: 30 * time.Second}) }
	case "test-narrow": // one does not hear half of the others, who hear each other
		s.Plan = func(p *Plan) {
			p.At(2*warm, Cut{From: p.Others(0)[:p.N/2], To: []int{0}, OneWay: true, For: 20 * time.Second})
		}
	case "test-long-cut":
		s.Plan = func(p *Plan) {
			p.At(warm, PowerCut{2})
			p.At(warm+40*time.Second, PowerOn{2})
		}
	case "test-hermit":
		s.Plan = func(p *Plan) {}
	default:
		return scenario(t, name)
	}
	return s
}
