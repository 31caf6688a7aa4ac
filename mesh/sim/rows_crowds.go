package sim

import (
	"fmt"
	"time"

	"hearsay/topics"
)

// crowds are the scenarios about how a mesh finds itself, and naive nodes in it.
func crowds() []Scenario {
	return []Scenario{
		{
			Name: "join", Title: "ring, star or chain finds itself", Nodes: 32, Least: 2, Weight: 2, Length: warm, Fixed: true,
			Plan: func(p *Plan) {
				p.topology(p.Rand.IntN(3))
				p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after the last start", 1)},
		},
		{
			Name: "two-rings", Title: "two rings are joined by one newcomer", Nodes: 17, Least: 5, Length: warm + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				last, half := p.N-1, (p.N-1)/2
				p.Hosts[half-1].Seeds = []topics.Name{HostName(0)}
				p.Hosts[last-1].Seeds = []topics.Name{HostName(half)}
				p.Hosts[last].Seeds = []topics.Name{HostName(0), HostName(half)}
				p.Hosts[last].Begin = -1
				p.At(warm, Start{last}, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after its start", 1)},
		},
		{
			Name: "zombies", Title: "a quarter naive, who list dead names for ever", Nodes: 12, Least: 8, Weight: 40,
			Length: warm + 2*time.Hour, Fixed: true,
			Plan: planZombies,
			Goals: []Goal{
				none("resurrections", "resurrections"),
				none("listings", "dead names listed"),
				{Figure: "dials of a dead name", Title: "dials of a name dead for an hour, by each", Most: 13, Unit: PerHour},
				noFalse(),
			},
		},
		{
			Name: "naive", Title: "a ring of naive and other nodes; one of each dies and returns", Nodes: 12, Least: 6, Weight: 2,
			Length: warm + 80*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				for i := range p.N {
					if i%3 == 0 {
						p.Hosts[i].Kind = Naive
					}
				}
				p.At(warm, Crash{0}, Crash{1})
				p.At(warm+30*time.Second, Start{0})
				p.comeBack(1, warm+30*time.Second, Start{1})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere after the start", 5), noFalse()},
		},
	}
}

// topology gives everybody a seed: as a ring, as a star, or as a chain in which the last is given nobody.
func (p *Plan) topology(shape int) {
	for i := range p.Hosts {
		switch next := HostName((i + 1) % p.N); {
		case shape == 0:
			p.Hosts[i].Seeds = []topics.Name{next}
		case shape == 1 && i > 0:
			p.Hosts[i].Seeds = []topics.Name{HostName(0)}
		case shape == 2 && i < p.N-1:
			p.Hosts[i].Seeds = []topics.Name{next}
		default:
			p.Hosts[i].Seeds = nil
		}
	}
}

// planZombies lets two honest nodes die for good among naive ones that list them for ever, together with names
// that never were.
func planZombies(p *Plan) {
	naive := p.N / 4
	for i := range naive {
		p.Hosts[i].Kind = Naive
		p.Hosts[i].Seeds = append(p.Hosts[i].Seeds, topics.Name(fmt.Sprintf("zombie-%d", i)))
	}
	p.DNS["zombie-0"] = []string{"10.8.8.8"}
	a, b := p.N-1, p.N-2
	p.At(warm, Crash{a}, PowerCut{b})
	p.perHour("resurrections", warm, p.Length, admissions(a, b))
	p.perHour("dials of a dead name", warm+time.Hour, p.Length, deadDials(a, b))
	p.At(p.Length, Measure{Figure: "listings", Read: listings(a, b)})
}
