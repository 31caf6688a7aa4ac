package sim

import (
	"time"

	"hearsay/topics"
)

// liars are the scenarios in which nodes say what is not so.
func liars() []Scenario {
	return []Scenario{
		{
			Name: "third-lies", Title: "a third says that a dead one lives and a living one is dead", Nodes: 16, Least: 7, Weight: 5,
			Length: warm + 5*time.Minute,
			Plan: func(p *Plan) {
				dead, slandered := p.N-1, p.N-2
				p.lies((p.N-1)/3, Lies(Praise(HostName(dead)), Accuse(HostName(slandered))))
				p.At(warm, Crash{dead}, Measure{Figure: "off all lists", Until: OffLists(dead)})
				p.At(p.Length, Measure{Figure: "listings", Read: listings(dead)})
			},
			Goals: []Goal{
				within("off all lists", "the dead one is off all honest lists", 0.5),
				none("listings", "honest nodes that list it at the end"),
				none("false suspicions", "suspicions of the living"),
				noFalse(),
			},
		},
		{
			Name: "phantoms", Title: "one lists 1,000 new names with every beat", Nodes: 12, Least: 4, Weight: 10,
			Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				p.lies(1, Phantoms(1000))
				x := p.N - 1
				p.Hosts[x].Begin = -1
				p.comeBack(x, warm+20*time.Second, Start{x})
			},
			Goals: []Goal{within("alive everywhere", "an honest newcomer is alive everywhere", 1), noFalse()},
		},
		{
			Name: "forger", Title: "one speaks in the name of a dead one and of a living one", Nodes: 12, Least: 5, Weight: 2,
			Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				dead := p.N - 1
				p.Hosts[0].Kind, p.Hosts[0].Lie = Forger, Forge(HostName(dead))
				p.Hosts[1].Kind, p.Hosts[1].Lie = Forger, Forge(HostName(2))
				p.gone(dead, Crash{dead})
			},
			Goals: []Goal{
				within("off all lists", "the dead one is off all honest lists", 0.5),
				within("evicted everywhere", "evicted everywhere", 9),
				noFalse(),
			},
		},
		{
			Name: "toggler", Title: "three list and unlist a dead name, beat by beat", Nodes: 12, Least: 8, Weight: 20,
			Length: warm + 40*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				dead := p.N - 1
				p.lies(3, Toggle(HostName(dead)))
				p.At(warm, PowerCut{dead})
				p.perHour("dials of a dead name", warm+20*time.Minute, p.Length, deadDials(dead))
				p.At(p.Length, Measure{Figure: "listings", Read: listings(dead)})
			},
			Goals: []Goal{
				{Figure: "dials of a dead name", Title: "dials of the dead name, by each", Most: 400, Unit: PerHour},
				none("listings", "honest nodes that list it at the end"),
				noFalse(),
			},
		},
	}
}

// lies makes liars of the first count hosts.
func (p *Plan) lies(count int, lie Lie) {
	for i := range count {
		p.Hosts[i].Kind, p.Hosts[i].Lie = Liar, lie
	}
}

// names of some hosts.
func names(ids []int) []topics.Name {
	var out []topics.Name
	for _, i := range ids {
		out = append(out, HostName(i))
	}
	return out
}
