package sim

import (
	"fmt"
	"time"

	"hearsay/topics"
)

// service is the one name that the nodes of these scenarios are given.
const service = topics.Name("svc")

// services are the scenarios in which all nodes are given one name, that of a service, which leads to all of them: as
// a headless service of Kubernetes does, and replicas in a compose file.
func services() []Scenario {
	var all []Scenario
	for _, n := range []int{2, 3, 5, 10} {
		all = append(all, Scenario{
			Name: fmt.Sprintf("headless-%d", n), Title: fmt.Sprintf("%d given one name that leads to all", n), Nodes: n, Least: 2,
			Length: warm + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.headless(p.All()...)
				p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after the last start", 1.8), noFalse()},
		})
	}
	return append(all, []Scenario{
		{
			Name: "headless-newcomer", Title: "one more, whose own address the name has", Nodes: 6, Least: 2, Length: warm + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.headless(p.All()...)
				x := p.Any()
				p.Hosts[x].Begin = -1
				p.At(warm, Start{x}, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after its start", 2), noFalse()},
		},
		{
			Name: "headless-late", Title: "the name appears 20 s after the nodes", Nodes: 5, Least: 2, Length: warm + 30*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.headless(p.All()...)
				addrs := p.DNS[service]
				delete(p.DNS, service)
				p.At(warm+10*time.Second, DNS{service, addrs}, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after that", 5.5), noFalse()},
		},
		{
			Name: "headless-halves", Title: "two halves that share a name which led to one of them", Nodes: 8, Least: 4,
			Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				p.headless(p.All()...)
				p.Styles[service] = Style(p.Rand.IntN(int(OneByOne)))
				addrs, half := p.DNS[service], p.N/2
				p.DNS[service], p.DNS["other"] = addrs[:half], addrs[half:]
				for i := half; i < p.N; i++ {
					p.Hosts[i].Seeds = []topics.Name{"other"}
				}
				p.At(warm+time.Minute, DNS{service, addrs}, DNS{"other", addrs}, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "one mesh once the name leads to both", 31), noFalse()},
		},
		{
			Name: "headless-dead", Title: "a dozen dead addresses beside those that live", Nodes: 3, Least: 2, Length: warm + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.headless(p.All()...)
				var dead []string
				for i := range 12 {
					dead = append(dead, fmt.Sprintf("10.7.7.%d", i+1))
				}
				p.DNS[service] = append(dead, p.DNS[service]...)
				p.Styles[service] = Style(p.Rand.IntN(int(OneByOne)))
				p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "all know all after the last start", 2), noFalse()},
		},
		{
			Name: "headless-silent", Title: "one more, whose name has one living address behind 63 silent ones", Nodes: 5, Least: 3,
			Length: warm + 60*time.Second, Fixed: true, Plan: planSilent,
			Goals: []Goal{within("whole", "all know all after its start", 2), noFalse()},
		},
		{
			Name: "headless-rolling", Title: "each in its turn leaves and comes back elsewhere", Nodes: 5, Least: 3,
			Length: warm + 200*time.Second, Fixed: true,
			Plan: planRolling,
			Goals: []Goal{
				within("alive everywhere", "alive everywhere after each start", 2),
				within("whole", "all know all in the end", 1), noFalse(),
			},
		},
	}...)
}

// headless gives hosts the one name, which leads to all of them, answered in one of three ways. DNS knows the names of
// their own, as a stateful set's, or it does not, as a deployment's.
func (p *Plan) headless(hosts ...int) {
	p.Styles[service] = Style(p.Rand.IntN(int(styles)))
	noName := p.Rand.IntN(2) == 0
	for _, i := range hosts {
		p.Hosts[i].Seeds = []topics.Name{service}
		p.Hosts[i].NoName = noName
		p.DNS[service] = append(p.DNS[service], p.Hosts[i].Addrs...)
	}
}

// planSilent starts a node in a mesh that runs. Its one name leads to one of that and to many addresses at which
// nobody answers anything, as those of machines that are switched off.
func planSilent(p *Plan) {
	for i := range 63 {
		p.DNS[service] = append(p.DNS[service], fmt.Sprintf("10.7.7.%d", i+1))
	}
	p.Styles[service] = Style(p.Rand.IntN(int(OneByOne)))
	x, lives := p.Any(), p.Any()
	for lives == x {
		lives = p.Any()
	}
	p.DNS[service] = append(p.DNS[service], p.Hosts[lives].Addrs...)
	for _, i := range p.All() {
		if i != lives {
			p.Hosts[i].Seeds = []topics.Name{p.Hosts[lives].Name}
		}
	}
	p.Hosts[x].Seeds, p.Hosts[x].Begin = []topics.Name{service}, -1
	p.At(warm, Start{x}, Measure{Figure: "whole", Until: Whole()})
}

// planRolling replaces all nodes, one after the other, twice: some say goodbye, some crash, all get another address.
func planRolling(p *Plan) {
	p.headless(p.All()...)
	addrs := append([]string(nil), p.DNS[service]...)
	at := warm
	for round := range 2 {
		for i := range p.N {
			now := make([]string, p.N)
			var end Fault = Crash{i}
			if p.Rand.IntN(2) == 0 {
				end = Leave{i}
			}
			addrs[i] = fmt.Sprintf("10.0.9.%d", round*p.N+i+1)
			copy(now, addrs)
			p.At(at, end)
			p.At(at+3*time.Second, Readdress{i, []string{addrs[i]}}, DNS{service, now}, Start{i}, Measure{Figure: "alive everywhere", Until: AliveEverywhere(i)})
			at += 15 * time.Second
		}
	}
	p.At(at, Measure{Figure: "whole", Until: Whole()})
}
