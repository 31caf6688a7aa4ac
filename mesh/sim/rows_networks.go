package sim

import (
	"fmt"
	"time"

	"hearsay/topics"
)

// networks are the scenarios in which what lies between the hosts fails.
func networks() []Scenario {
	return []Scenario{
		{
			Name: "partition", Title: "half/half partition for 60 s", Nodes: 8, Least: 4, Length: warm + 75*time.Second, Fixed: true,
			Plan: func(p *Plan) { p.split(p.N/2, time.Minute) },
			Goals: []Goal{
				within("whole", "one mesh again after healing", 3),
				noFalse(),
			},
		},
		{
			Name: "partition-30m", Title: "half/half partition for 30 min", Nodes: 64, Least: 4, Weight: 100,
			Length: warm + 31*time.Minute, Fixed: true,
			Plan:  func(p *Plan) { p.split(p.N/2, 30*time.Minute) },
			Goals: []Goal{within("whole", "one mesh again after healing", 10), noFalse()},
		},
		{
			Name: "cut-off", Title: "one cut off for 20 s to 5 min", Nodes: 16, Least: 4, Weight: 3,
			Length: warm + 5*time.Minute + 30*time.Second, Fixed: true,
			Plan:  func(p *Plan) { p.split(1, p.Between(20*time.Second, 5*time.Minute)) },
			Goals: []Goal{within("whole", "one mesh again after healing", 3), noFalse()},
		},
		{
			Name: "shards", Title: "three to five parts for 20 s to 2 min", Nodes: 16, Least: 6, Weight: 2,
			Length: warm + 2*time.Minute + 30*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				parts, length := make([][]int, 3+p.Rand.IntN(3)), p.Between(20*time.Second, 2*time.Minute)
				for i, x := range p.Rand.Perm(p.N) {
					parts[i%len(parts)] = append(parts[i%len(parts)], x)
				}
				p.At(warm, Partition{parts, length})
				p.At(warm+length, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "one mesh again after healing", 10), noFalse()},
		},
		{
			Name: "one-way", Title: "no packets from one to another for 10 min", Nodes: 8, Least: 5, Weight: 2,
			Length: warm + 10*time.Minute + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				pair := p.Rand.Perm(p.N)[:2]
				p.At(warm, Cut{From: pair[1:], To: pair[:1], OneWay: true, For: 10 * time.Minute},
					Measure{Figure: "detached after", Until: DetachedAt(pair[0], pair[1])})
				p.At(warm+10*time.Minute, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{
				within("detached after", "detached", 9),
				none("evictions", "evictions"),
				{Figure: "detached", Title: "times detached, both ends together", Most: 2, Unit: Count},
				within("whole", "alive after healing", 15),
			},
		},
		{
			Name: "cut-doubted", Title: "two of three cut from each other for 10 min; the third, which hears both, doubts itself now and then",
			Nodes: 3, Least: 3, Length: warm + 10*time.Minute + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				all := p.Rand.Perm(p.N)
				p.At(warm, Cut{From: all[:1], To: all[1:2], For: 10 * time.Minute},
					Measure{Figure: "detached after", Until: DetachedAt(all[0], all[1])})
				for at := warm + 20*time.Second; at < warm+10*time.Minute; at += p.Between(10*time.Second, 20*time.Second) {
					p.At(at, Freeze{Host: all[2], For: 2500 * time.Millisecond})
				}
				p.At(warm+10*time.Minute, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{
				within("detached after", "detached", 9),
				none("evictions", "evictions"),
				within("whole", "alive after healing", 15),
			},
		},
		{
			Name: "vouchers-stall", Title: "one is heard by two of six for 10 min, and both of these stall together now and then, also twice in a row",
			Nodes: 6, Least: 6, Length: warm + 10*time.Minute + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				all := p.Rand.Perm(p.N)
				p.At(warm, Cut{From: all[:1], To: all[1 : p.N-2], For: 10 * time.Minute})
				for at := warm + 20*time.Second; at < warm+10*time.Minute-20*time.Second; at += p.Between(20*time.Second, 60*time.Second) {
					again := at
					for range 1 + p.Rand.IntN(4) {
						for _, x := range all[p.N-2:] {
							p.At(again, Freeze{Host: x, For: 2300 * time.Millisecond})
						}
						again += p.Between(2600*time.Millisecond, 5*time.Second)
					}
				}
				p.At(warm+10*time.Minute, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{
				none("evictions", "evictions"),
				within("whole", "alive after healing", 15),
			},
		},
		{
			Name: "vouchers-stall-soon", Title: "one is heard by two of six for 40 s, ten times, and both of these stall together 5 to 17 s after it began",
			Nodes: 6, Least: 6, Length: warm + 10*time.Minute + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				all := p.Rand.Perm(p.N)
				for at := warm; at < warm+10*time.Minute; at += time.Minute {
					p.At(at, Cut{From: all[:1], To: all[1 : p.N-2], For: 40 * time.Second})
					stall, long := at+p.Between(5*time.Second, 17*time.Second), p.Between(2300*time.Millisecond, 3500*time.Millisecond)
					for _, x := range all[p.N-2:] {
						p.At(stall, Freeze{Host: x, For: long})
					}
				}
				p.At(warm+10*time.Minute, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{
				none("evictions", "evictions"),
				within("whole", "alive after healing", 15),
			},
		},
		{
			Name: "firewall", Title: "one may not connect to another for 10 min, who may", Nodes: 8, Least: 5, Weight: 2,
			Length: warm + 10*time.Minute + 20*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				pair := p.Rand.Perm(p.N)[:2]
				p.At(warm, Firewall{From: pair[:1], To: pair[1:], For: 10 * time.Minute},
					Measure{Figure: "detached after", Until: DetachedAt(pair[0], pair[1])})
				p.At(warm+10*time.Minute, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{
				within("detached after", "detached", 9),
				none("evictions", "evictions"),
				{Figure: "detached", Title: "times detached", Most: 1, Unit: Count},
				within("whole", "alive after healing", 15),
			},
		},
		{
			Name: "loss", Title: "30 % of all packets lost for 3 min", Nodes: 16, Least: 2, Weight: 4, Length: warm + 3*time.Minute,
			Plan: func(p *Plan) { p.At(warm, Loss{Rate: 0.3, For: p.Length - warm}) },
			Goals: []Goal{
				noFalse(),
				within("recover", "whole after it", 10),
			},
		},
		{
			Name: "beat-loss", Title: "40 % of all beats lost", Nodes: 24, Least: 4, Weight: 12, Length: warm + 5*time.Minute,
			Plan: func(p *Plan) { p.At(warm, BeatLoss{Rate: 0.4, For: p.Length - warm}) },
			Goals: []Goal{
				{Figure: "false evictions per pair-day", Title: "healthy nodes evicted", Most: 0.1, Unit: PerDay, Mean: true},
				within("recover", "whole after it", 10),
			},
		},
		{
			Name: "delay", Title: "a quarter of the hosts 0.2 to 1.5 s away for a minute", Nodes: 16, Least: 4,
			Length: warm + 70*time.Second,
			Plan: func(p *Plan) {
				p.At(warm, Delay{p.Some(p.N / 4), Span{200 * time.Millisecond, 1500 * time.Millisecond}, p.Length - warm - time.Second})
			},
			Goals: []Goal{noFalse(), within("recover", "whole after it", 10)},
		},
		{
			Name: "no-dns", Title: "no answer from DNS while one restarts", Nodes: 16, Least: 2, Length: warm + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				x := p.Any()
				p.At(warm, NoDNS{For: 30 * time.Second})
				p.At(warm+5*time.Second, Crash{x})
				p.At(warm+10*time.Second, Start{x})
				p.At(warm+30*time.Second, Measure{Figure: "alive everywhere", Until: AliveEverywhere(x)})
			},
			Goals: []Goal{within("alive everywhere", "alive everywhere once DNS answers", 10), noFalse()},
		},
		{
			Name: "no-names", Title: "DNS knows no name: 30 % of all packets lost while nodes restart", Nodes: 6, Least: 3, Weight: 2,
			Length: warm + 5*time.Minute, Fixed: true,
			Plan: planNoNames,
			Goals: []Goal{
				within("recover", "whole after it", 10),
				within("whole", "whole after a restart then", 2),
			},
		},
		{
			Name: "names", Title: "aliases, two addresses, two names for one address", Nodes: 8, Least: 4, Length: warm + 60*time.Second,
			Plan:  planNames,
			Goals: []Goal{within("whole", "all know all after the start", 5), noFalse()},
		},
		{
			Name: "ports", Title: "four nodes to an address, by port", Nodes: 12, Least: 4, Length: warm + 30*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				for i := range p.Hosts {
					h := &p.Hosts[i]
					h.Name = portName(i)
					h.Addrs = []string{fmt.Sprintf("10.0.1.%d", i/4+1)}
					h.Seeds = []topics.Name{portName((i + 1) % p.N)}
				}
				p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
				x := p.Any()
				p.gone(x, Crash{x})
			},
			Goals: []Goal{
				within("whole", "all know all after the last start", 1),
				within("off all lists", "off everybody's list", 0.5),
				noFalse(),
			},
		},
	}
}

func portName(i int) topics.Name { return topics.Name(fmt.Sprintf("10.0.1.%d:%d", i/4+1, 20001+i%4)) }

// split cuts count hosts off from the others after the warm-up.
func (p *Plan) split(count int, length time.Duration) {
	few := p.Some(count)
	p.At(warm, Partition{[][]int{p.Others(few...), few}, length})
	p.At(warm+length, Measure{Figure: "whole", Until: Whole()})
}

// planNames makes one node known by an alias and by its address, gives one two addresses of which one answers,
// moves a name, and points a name at somebody else.
func planNames(p *Plan) {
	p.Hosts[0].Aliases = []topics.Name{"database", "localhost"}
	p.Hosts[0].Seeds = append(p.Hosts[0].Seeds, "localhost")
	p.Hosts[1].Seeds = []topics.Name{"database", topics.Name(p.Hosts[2].Addrs[0])}
	p.Hosts[2].Aliases = []topics.Name{"mirror"}
	p.Hosts[3].Seeds = append(p.Hosts[3].Seeds, "mirror", "database")
	p.DNS[p.Hosts[1].Name] = []string{"10.7.7.7", p.Hosts[1].Addrs[0]}
	p.DNS["nowhere"] = []string{"10.7.7.8"}
	p.Hosts[p.N-1].Seeds = append(p.Hosts[p.N-1].Seeds, "nowhere", "unknown.example")
	p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
	p.At(warm, DNS{"database", p.Hosts[2].Addrs})
	p.At(warm+10*time.Second, Crash{0})
	p.At(warm+15*time.Second, Readdress{0, []string{"10.7.7.9"}}, Start{0})
	p.At(warm+30*time.Second, DNS{"unknown.example", p.Hosts[1].Addrs})
}

// planNoNames gives all nodes the addresses of all. They are restarted in the loss, and one when it is over:
// whoever was reached where a hello came from must be found there again.
func planNoNames(p *Plan) {
	for i := range p.Hosts {
		p.Hosts[i].NoName = true
		p.Hosts[i].Seeds = nil
		for j := range p.N {
			p.Hosts[i].Seeds = append(p.Hosts[i].Seeds, topics.Name(p.Hosts[j].Addrs[0]))
		}
	}
	p.At(warm, Loss{Rate: 0.3, For: 3 * time.Minute})
	for at := warm + 5*time.Second; at < warm+3*time.Minute-10*time.Second; at += p.Between(10*time.Second, 20*time.Second) {
		x := p.Any()
		p.At(at, Crash{x})
		p.At(at+p.Between(0, 3*time.Second), Start{x})
	}
	x := p.Any()
	p.At(warm+4*time.Minute, Crash{x})
	p.At(warm+4*time.Minute+time.Second, Start{x}, Measure{Figure: "whole", Until: Whole()})
}
