package sim

import (
	"fmt"
	"slices"
	"time"

	"hearsay/topics"
)

// attacks are the scenarios in which somebody does all that a stranger can. What must come of it is always the same: the
// honest hear each other, whoever dies is off their lists, whoever comes is on them, and it costs a bounded number of
// dials and of entries in their tables.
func attacks() []Scenario {
	return []Scenario{
		{
			Name: "hellos-ghosts", Title: "hellos of names of nobody, from one address or a thousand", Nodes: 8, Least: 5, Weight: 8,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				addr := from("10.66.0.1")
				if p.Rand.IntN(2) == 0 {
					addr = fromMany(1000)
				}
				p.At(warm, Listeners{To: p.All(), Addr: addr, Name: ghosts, Every: 25 * time.Millisecond, Hold: time.Minute, For: 80 * time.Second})
				p.ordeal(p.All())
			},
			Goals: bearing(4, 40),
		},
		{
			Name: "hellos-names", Title: "hellos in the names of the living, the dead and those to come", Nodes: 8, Least: 5, Weight: 4,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				addr := from("10.66.0.1")
				switch p.Rand.IntN(3) {
				case 0:
					addr = fromMany(1000)
				case 1:
					addr = from(p.Hosts[0].Addrs[0]) // a member's own
				}
				p.At(warm, Listeners{
					To: p.All(), Addr: addr, Name: saying(names(p.All())...), Every: 50 * time.Millisecond,
					Hold: p.Between(0, 20*time.Second), For: 80 * time.Second,
				})
				p.ordeal(p.All())
			},
			Goals: bearing(10, 2),
		},
		{
			Name: "strangers", Title: "listeners that say nothing, from one address or a thousand", Nodes: 8, Least: 5, Weight: 8,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				addr := from("10.66.0.1")
				if p.Rand.IntN(2) == 0 {
					addr = fromMany(1000)
				}
				p.At(warm, Listeners{To: p.All(), Addr: addr, Every: 25 * time.Millisecond, Hold: time.Minute, For: 80 * time.Second})
				p.ordeal(p.All())
			},
			Goals: bearing(4, 4),
		},
		{
			Name: "headers", Title: "three say anything of their beats, numbers, births and lists", Nodes: 10, Least: 8, Weight: 3,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				lies := []Forgery{
					Beats(topics.MinBeat * time.Millisecond), Beats(time.Hour), Reborn(true), Reborn(false), Numbered(), Echo(), Fickle(),
				}
				for i := range 3 {
					p.Hosts[i].Kind, p.Hosts[i].Forge = Forger, lies[p.Rand.IntN(len(lies))]
				}
				p.Hosts[2].Forge = Muddled(lies...)
				p.ordeal(p.Others(0, 1, 2))
			},
			Goals: bearing(1, 2),
		},
		{
			Name: "beat-flood", Title: "one publishes 200 lists a second", Nodes: 8, Least: 5, Weight: 8,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Hosts[0].Kind, p.Hosts[0].Flood = Liar, 20
				p.Hosts[0].Lie = Lies(Phantoms(20), Toggle(HostName(1), HostName(p.N-1)))
				p.ordeal(p.Others(0))
			},
			Goals: bearing(1, 2),
		},
		{
			Name: "host-with-ports", Title: "one host fills the table with liars, one to a port", Nodes: 36, Least: 36, Weight: 8,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.MaxPeers = 24
				honest := p.All()[:6]
				for i := 6; i < p.N; i++ {
					h := &p.Hosts[i]
					h.Name, h.Addrs = topics.Name(fmt.Sprintf("10.66.0.1:%d", 20001+i)), []string{"10.66.0.1"}
					h.Kind, h.Lie = Forger, Lies(Praise(HostName(5)), Accuse(HostName(4)))
					h.Seeds = []topics.Name{HostName(i % 4)}
				}
				p.Hosts[5].Seeds = []topics.Name{HostName(0)}
				p.ordeal(honest)
			},
			Goals: slices.DeleteFunc(bearing(1, 2), func(g Goal) bool {
				return g.Figure == "evicted everywhere" // its place in a full table is given to another one
			}),
		},
	}
}

// bearing is what must come of an attack. A dial that leads nowhere takes 3.5 s: where all places for dials on the word of
// strangers are taken by those, a newcomer waits for the end of one.
func bearing(newcomer, dials float64) []Goal {
	return []Goal{
		within("alive everywhere", "an honest newcomer is alive everywhere", newcomer),
		within("off all lists", "one that dies is off all honest lists", 0.5),
		within("evicted everywhere", "and evicted everywhere", 9),
		{Figure: "dials", Title: "dials a second by each honest node", Most: dials, Unit: Count},
		{Figure: "table", Title: "entries in the largest table", Most: 1100, Unit: Count},
		none("suspicions of the honest", "suspicions of the honest"),
		noFalse(),
	}
}

// ordeal lets the last of some honest hosts come late, and the one before it die.
func (p *Plan) ordeal(honest []int) {
	n := len(honest)
	comes, dies, stay := honest[n-1], honest[n-2], honest[:n-2]
	p.Hosts[comes].Begin = -1
	p.Hosts[comes].Seeds = []topics.Name{HostName(0), HostName(stay[0])} // a seed that lies is not all it has
	p.comeBack(comes, warm+40*time.Second, Start{comes})
	p.At(warm+p.Between(0, time.Second), Crash{dies}, Measure{Figure: "off all lists", Until: OffLists(dies)})
	if full := p.N > p.Profile.MaxPeers; !full {
		p.At(warm+time.Second, Measure{Figure: "evicted everywhere", Until: EvictedEverywhere(dies)})
	}
	p.rate("dials", warm+30*time.Second, warm+80*time.Second, func(w *world) float64 { return w.each(stay, dials) })
	p.At(warm+80*time.Second, Measure{Figure: "table", Read: func(w *world) float64 {
		most := 0
		for _, i := range stay {
			if m := accounts(w.hosts[i].proc.brain); m != nil {
				most = max(most, m.Stats().Peers)
			}
		}
		return float64(most)
	}}, Measure{Figure: "suspicions of the honest", Read: func(w *world) float64 { return float64(w.watch.falseSuspicions) }})
}
