package sim

import (
	"fmt"
	"time"
)

// deaths are the scenarios in which processes end, and come back.
func deaths() []Scenario {
	return []Scenario{
		{
			Name: "crash", Title: "kill -9 of one", Nodes: 16, Least: 4, Length: warm + 15*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.gone(x, Crash{x})
			},
			Goals: []Goal{
				within("off all lists", "off everybody's list", 0.5),
				within("evicted everywhere", "evicted everywhere", 9),
				noFalse(),
			},
		},
		{
			Name: "power-cut", Title: "power cut of one", Nodes: 16, Least: 4, Length: warm + 15*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.gone(x, PowerCut{x})
			},
			Goals: []Goal{
				within("off all lists", "off everybody's list", 4.5),
				within("evicted everywhere", "evicted everywhere", 9),
				noFalse(),
			},
		},
		{
			Name: "frozen", Title: "SIGSTOP of one, for good", Nodes: 16, Least: 4, Length: warm + 15*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.gone(x, Freeze{Host: x})
				p.At(p.Length-time.Second, Thaw{x})
			},
			Goals: []Goal{
				within("off all lists", "off everybody's list", 4.5),
				within("evicted everywhere", "evicted everywhere", 9),
				noFalse(),
			},
		},
		{
			Name: "one-by-one", Title: "all but four lose power within 10 s, one after the other", Nodes: 16, Least: 8,
			Length: warm + time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				for _, x := range p.Others(p.Some(4)...) {
					p.At(warm+p.Between(0, 10*time.Second), PowerCut{x}, Measure{Figure: "evicted everywhere", Until: EvictedEverywhere(x)})
				}
			},
			Goals: []Goal{within("evicted everywhere", "evicted everywhere", 30), noFalse()},
		},
		{
			Name: "restart", Title: "killed and started again", Nodes: 16, Least: 2, Length: warm + 50*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				at := warm + p.Between(0, 5*time.Second)
				p.At(at, Crash{x})
				p.comeBack(x, at+p.Between(50*time.Millisecond, 40*time.Second), Start{x})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after the start", 1), noFalse()},
		},
		{
			Name: "restart-moved", Title: "killed and started with another address", Nodes: 16, Least: 2,
			Length: warm + 50*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				at := warm + p.Between(0, 5*time.Second)
				back := at + p.Between(50*time.Millisecond, 40*time.Second)
				p.At(at, Crash{x})
				p.At(back, Readdress{x, []string{fmt.Sprintf("10.9.0.%d", x+1)}})
				p.comeBack(x, back, Start{x})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after the start", 1), noFalse()},
		},
		{
			Name: "power-cycle", Title: "power cut, same address back after 5 s", Nodes: 16, Least: 2,
			Length: warm + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, PowerCut{x})
				p.comeBack(x, warm+5*time.Second, PowerOn{x})
			},
			Goals: []Goal{within("alive everywhere", "heard again by all", 3), noFalse()},
		},
		{
			Name: "clock-back", Title: "restarted with a clock set back an hour", Nodes: 16, Least: 2,
			Length: warm + 30*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, Crash{x}, ClockStep{x, -time.Hour})
				p.comeBack(x, warm+p.Between(100*time.Millisecond, 15*time.Second), Start{x})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after the start", 3), noFalse()},
		},
		{
			Name: "mass-restart", Title: "all restarted in random order within 10 s", Nodes: 64, Least: 4, Weight: 20,
			Length: warm + 25*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				var last time.Duration
				for _, x := range p.All() {
					down := warm + p.Between(0, 10*time.Second)
					up := down + p.Between(100*time.Millisecond, 500*time.Millisecond)
					p.At(down, Crash{x})
					p.At(up, Start{x})
					last = max(last, up)
				}
				p.At(last+time.Microsecond, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all alive after the last start", 5), noFalse()},
		},
		{
			Name: "blackout", Title: "all but one power-cut at once, back after 30 s", Nodes: 16, Least: 4,
			Length: warm + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				last := warm + 40*time.Second
				for _, x := range p.Others(p.Any()) {
					p.At(warm, PowerCut{x})
					p.At(last-p.Between(0, 10*time.Second), PowerOn{x})
				}
				p.At(last, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all alive after the last start", 10)},
		},
		{
			Name: "leave", Title: "goodbye of one", Nodes: 16, Least: 2, Length: warm + 40*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, Leave{x}, Measure{Figure: "off all lists", Until: OffLists(x)})
				p.At(warm+time.Second, Measure{Figure: "suspicions", Read: func(w *world) float64 { return float64(w.watch.suspicions) }})
				p.comeBack(x, warm+p.Between(2*time.Second, 30*time.Second), Start{x})
				p.At(p.Length, Measure{Figure: "penalty", Read: highestPenalty(x)})
			},
			Goals: []Goal{
				within("off all lists", "off everybody's list", 0.2),
				none("suspicions", "suspicions"),
				none("penalty", "penalty after it"),
				within("alive everywhere", "alive everywhere after the next start", 1),
			},
		},
		{
			Name: "flapper", Title: "up 30 s, down 30 s, for an hour", Nodes: 8, Least: 3, Weight: 10,
			Length: warm + 70*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				for t := time.Duration(0); t < time.Hour; t += time.Minute {
					p.At(warm+t, Crash{x})
					p.At(warm+t+30*time.Second, Start{x})
				}
				p.perHour("admissions", warm+15*time.Minute, warm+time.Hour, admissions(x))
				p.At(warm+time.Hour, Crash{x})
				p.comeBack(x, warm+time.Hour+30*time.Second, Start{x})
			},
			Goals: []Goal{
				{Figure: "admissions", Title: "admissions by each observer", Most: 5, Unit: PerHour},
				within("alive everywhere", "alive everywhere once it stays", 120),
				noFalse(),
			},
		},
		{
			Name: "daily-crash", Title: "a steady node crashes once a day, down for up to 10 min", Nodes: 4, Least: 2, Weight: 50,
			Length: 3 * 24 * time.Hour, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				for day := range 3 {
					at := time.Duration(day)*24*time.Hour + warm + p.Between(0, 23*time.Hour)
					p.At(at, Crash{x})
					p.comeBack(x, at+p.Between(time.Second, 10*time.Minute), Start{x})
				}
			},
			Goals: []Goal{within("alive everywhere", "wait for re-admission", 1), noFalse()},
		},
		{
			Name: "long-gone", Title: "off for 10 to 50 min, then back", Nodes: 8, Least: 3, Weight: 8,
			Length: warm + time.Hour, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, PowerCut{x})
				p.comeBack(x, warm+p.Between(10*time.Minute, 50*time.Minute), PowerOn{x})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after the start", 1), noFalse()},
		},
	}
}

// gone takes one host away after the warm-up, and times how it leaves the mesh.
func (p *Plan) gone(x int, f Fault) {
	p.At(warm+p.Between(0, time.Second), f,
		Measure{Figure: "off all lists", Until: OffLists(x)},
		Measure{Figure: "evicted everywhere", Until: EvictedEverywhere(x)})
}

// comeBack starts one again, and times how it returns.
func (p *Plan) comeBack(x int, at time.Duration, f Fault) {
	p.At(at, f, Measure{Figure: "alive everywhere", Until: AliveEverywhere(x)})
}

// highestPenalty is the worst that anybody thinks of a host.
func highestPenalty(x int) func(w *world) float64 {
	return func(w *world) float64 {
		worst := 0.0
		for _, h := range w.hosts {
			if h.proc != nil && w.watch.observes(h) {
				w.watch.look(h.proc)
				worst = max(worst, w.watch.view(h.id, x).penalty)
			}
		}
		return worst
	}
}
