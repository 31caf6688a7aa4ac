package sim

import (
	"fmt"
	"time"
)

// stalls are the scenarios in which processes stop for a while.
func stalls() []Scenario {
	var all []Scenario
	for _, s := range []struct {
		length time.Duration
		goals  []Goal
	}{
		{2 * time.Second, []Goal{none("evictions", "evicted")}},
		{10 * time.Second, []Goal{within("alive everywhere", "alive everywhere after CONT", 1)}},
		{30 * time.Second, []Goal{within("alive everywhere", "alive everywhere after CONT", 1)}},
	} {
		all = append(all, Scenario{
			Name: fmt.Sprintf("freeze-%.0fs", s.length.Seconds()), Title: fmt.Sprintf("SIGSTOP of one for %v", s.length),
			Nodes: 16, Least: 2, Length: warm + s.length + 12*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				at := warm + p.Between(0, time.Second)
				p.At(at, Freeze{Host: x, For: s.length})
				p.At(at+s.length, Measure{Figure: "alive everywhere", Until: AliveEverywhere(x)})
			},
			Goals: append(s.goals, noFalse()),
		})
	}
	return append(all,
		Scenario{
			Name: "stalled", Title: "1 or 16 stalled for 8 to 128 s, over and over", Nodes: 64, Least: 8, Weight: 25,
			Length: 5*time.Minute + warm,
			Plan:   planStalled,
			Goals:  []Goal{noFalse(), none("stall evictions", "of them, by stalled ones")},
		},
		Scenario{
			Name: "starved", Title: "a quarter gets the CPU for 50 ms every 0.2 to 4 s", Nodes: 16, Least: 4, Weight: 2,
			Length: warm + 90*time.Second,
			Plan: func(p *Plan) {
				for _, x := range p.Some(p.N / 4) {
					p.At(warm, Starve{
						Host: x, Stall: Span{200 * time.Millisecond, 4 * time.Second},
						Run: Span{20 * time.Millisecond, 80 * time.Millisecond}, For: p.Length - warm - time.Second,
					})
				}
			},
			Goals: []Goal{noFalse(), within("recover", "whole after the last of it", 5)},
		},
		Scenario{
			Name: "laptop", Title: "lid closed for a minute: the clock stands too", Nodes: 8, Least: 2,
			Length: warm + 75*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, Freeze{Host: x, For: time.Minute, Suspend: true})
				p.At(warm+time.Minute, Measure{Figure: "alive everywhere", Until: AliveEverywhere(x)})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after", 1), noFalse()},
		},
	)
}

// planStalled stalls 1 or a quarter of the nodes, frozen or deaf, for a length drawn from the seed, lets them go
// for five seconds, and so on.
func planStalled(p *Plan) {
	count := []int{1, p.N / 4}[p.Rand.IntN(2)]
	length := 8 * time.Second << p.Rand.IntN(5)
	deaf := p.Rand.IntN(2) == 0
	for _, x := range p.Some(count) {
		for t := warm + p.Between(0, 5*time.Second); t+length < p.Length; t += length + 5*time.Second {
			if deaf {
				p.At(t, Deaf{x, length})
			} else {
				p.At(t, Freeze{Host: x, For: length})
			}
		}
	}
	p.At(p.Length, Measure{Figure: "stall evictions", Read: func(w *world) float64 { return float64(w.watch.stallEvictions) }})
}
