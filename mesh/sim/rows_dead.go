package sim

import (
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// theDead are the scenarios about what those who are gone cost those who stay.
func theDead() []Scenario {
	return []Scenario{
		{
			Name: "scale-down-kill", Title: "all but three killed, or power-cut, at once", Nodes: 100, Least: 8, Weight: 10,
			Length: warm + 3*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				stays := p.Some(3)
				for _, x := range p.Others(stays...) {
					p.At(warm, p.death(x))
				}
				p.At(warm+time.Minute,
					Measure{Figure: "not clean", Read: func(w *world) float64 { return float64(w.unclean()) }})
				p.rate("dials", warm+2*time.Minute, p.Length, func(w *world) float64 { return w.each(stays, dials) })
			},
			Goals: []Goal{
				none("not clean", "suspects, and nodes degraded, a minute after it"),
				{Figure: "dials", Title: "dials a second by each node, two minutes after it", Most: 2.1, Unit: Count},
				noFalse(),
			},
		},
		{
			Name: "deploys", Title: "three observers outlive pods of which eight a minute are killed and replaced",
			Nodes: observers + 12*perMinute, Least: observers + 3*perMinute, Weight: 10, Length: warm + 12*time.Minute,
			Plan: planDeploys,
			Goals: []Goal{
				none("suspects", "suspects of an observer at the end"),
				{Figure: "table", Title: "entries of an observer's table for each after two minutes", Most: 1.6, Unit: Count},
				{Figure: "dials", Title: "dials a second by an observer", Most: 4, Unit: Count},
				noFalse(),
			},
		},
		{
			Name: "wedged", Title: "one answers connections and does nothing else, for five minutes", Nodes: 16, Least: 4, Weight: 3,
			Length: warm + 5*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.gone(x, Wedge{x})
				p.At(p.Length-time.Second,
					Measure{Figure: "suspicions", Read: func(w *world) float64 {
						return float64(w.watch.suspicions) / float64(len(p.Others(x)))
					}},
					Crash{x})
			},
			Goals: []Goal{
				within("off all lists", "off everybody's list", 4.5),
				within("evicted everywhere", "evicted everywhere", 9),
				{Figure: "suspicions", Title: "times suspected by each", Most: 1, Unit: Count},
				noFalse(),
			},
		},
		{
			Name: "departed-seed", Title: "the seed of all is gone for four hours, then back", Nodes: 8, Least: 4, Weight: 20,
			Length: warm + 4*time.Hour + 10*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				for i := range p.N - 1 {
					p.Hosts[i+1].Seeds = []topics.Name{HostName(0)}
				}
				p.At(warm, p.departure(0))
				others := p.Others(0)
				p.rate("dials", warm+3*time.Hour, warm+4*time.Hour, func(w *world) float64 { return 3600 * w.each(others, dials) })
				p.comeBack(0, warm+4*time.Hour, PowerOn{0})
			},
			Goals: []Goal{
				{Figure: "dials", Title: "dials in the fourth hour by each", Most: 13, Unit: PerHour},
				within("alive everywhere", "alive everywhere after the start", 1),
				noFalse(),
			},
		},
		{
			Name: "nat", Title: "nobody can connect to one, for two hours", Nodes: 8, Least: 4, Weight: 10,
			Length: warm + 2*time.Hour, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				others := p.Others(x)
				p.At(0, Firewall{From: others, To: []int{x}})
				p.At(45*time.Second, Measure{Figure: "not told", Read: func(w *world) float64 { return 1 - w.each([]int{x}, mute) }})
				p.rate("hellos", warm+time.Hour, p.Length, func(w *world) float64 {
					return 3600 * w.each([]int{x}, dials) / float64(len(others))
				})
				p.rate("dials", warm+time.Hour, p.Length, func(w *world) float64 { return 3600 * w.each(others, dials) })
			},
			Goals: []Goal{
				none("not told", "does not know after 45 s that it is mute"),
				{Figure: "hellos", Title: "dials of each peer for another hello", Most: 4, Unit: PerHour},
				{Figure: "dials", Title: "dials by each of the others, by its name and its address", Most: 25, Unit: PerHour},
				noFalse(),
			},
		},
	}
}

const (
	observers = 3
	perMinute = 8
)

// death is the end of a host, told to the others or not: by seed, the same for all.
func (p *Plan) death(x int) Fault {
	if p.silent() {
		return PowerCut{x}
	}
	return Crash{x}
}

// departure is a death, or a goodbye.
func (p *Plan) departure(x int) Fault {
	if p.Rand.IntN(2) == 0 {
		return Leave{x}
	}
	return p.death(x)
}

// silent reports whether the dead of this plan tell nobody.
func (p *Plan) silent() bool { return len(p.Hosts) > 0 && p.Hosts[0].Begin%2 == 0 }

// planDeploys kills and replaces pods for as many minutes as there are hosts for.
func planDeploys(p *Plan) {
	pods := func(generation int) (xs []int) {
		for i := range perMinute {
			if x := observers + generation*perMinute + i; x < p.N {
				xs = append(xs, x)
			}
		}
		return xs
	}
	for i := range p.Hosts {
		p.Hosts[i].Seeds = []topics.Name{HostName((i + 1) % observers)}
		if i >= observers+perMinute {
			p.Hosts[i].Begin = -1
		}
	}
	minutes := int((p.Length - warm) / time.Minute)
	for g := range minutes {
		at := warm + time.Duration(g)*time.Minute
		for _, x := range pods(g + 1) {
			p.At(at+p.Between(0, 10*time.Second), Start{x})
		}
		for _, x := range pods(g) {
			p.At(at+p.Between(10*time.Second, 20*time.Second), p.death(x))
		}
	}
	stay := p.All()[:observers]
	var early float64
	table := func(w *world) float64 {
		return w.each(stay, func(s mesh.Stats) float64 { return float64(s.Peers) })
	}
	p.At(warm+119*time.Second, Measure{Figure: "table after two", Read: func(w *world) float64 {
		early = table(w)
		return early
	}})
	end := warm + time.Duration(minutes)*time.Minute
	p.At(end-time.Millisecond,
		Measure{Figure: "table", Read: func(w *world) float64 { return table(w) / early }},
		Measure{Figure: "suspects", Read: func(w *world) float64 {
			sum := 0
			for i := range observers {
				sum += w.watch.states(i, mesh.Suspect, mesh.Detached)
			}
			return float64(sum) / observers
		}})
	p.rate("dials", end-time.Minute, end-time.Millisecond, func(w *world) float64 { return w.each(stay, dials) })
}

func dials(s mesh.Stats) float64 { return float64(s.Dials) }

func mute(s mesh.Stats) float64 {
	if s.Mute {
		return 1
	}
	return 0
}

// rate reads a counter twice and records its growth a second.
func (p *Plan) rate(figure string, from, to time.Duration, count func(w *world) float64) {
	var before float64
	p.At(from, Measure{Figure: figure + ", at first", Read: func(w *world) float64 {
		before = count(w)
		return before
	}})
	p.At(to, Measure{Figure: figure, Read: func(w *world) float64 { return (count(w) - before) / (to - from).Seconds() }})
}

// unclean counts what the dead left behind at those who run: members that are not heard, and machines that doubt
// themselves.
func (w *world) unclean() (n int) {
	for i, h := range w.hosts {
		if h.proc == nil || !w.watch.observes(h) {
			continue
		}
		n += w.watch.states(i, mesh.Suspect, mesh.Detached)
		if m := accounts(h.proc.brain); m != nil && m.Stats().Degraded {
			n++
		}
	}
	return n
}

// states counts the peers of an observer that are in one of these states.
func (a *watch) states(i int, states ...mesh.State) (n int) {
	for _, v := range a.views[i] {
		for _, s := range states {
			if v.state == s {
				n++
			}
		}
	}
	return n
}

// each is the mean of a number that the machines of some hosts have.
func (w *world) each(hosts []int, of func(mesh.Stats) float64) (mean float64) {
	for _, i := range hosts {
		if p := w.hosts[i].proc; p != nil && accounts(p.brain) != nil {
			mean += of(accounts(p.brain).Stats()) / float64(len(hosts))
		}
	}
	return mean
}
