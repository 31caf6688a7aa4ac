package sim

import (
	"fmt"
	"slices"
	"time"

	"hearsay/topics"
)

// mixes are the scenarios in which anything may happen to anybody at any time.
func mixes() []Scenario {
	return []Scenario{
		{
			Name: "mix", Title: "three to ten faults of any kind at once", Nodes: 10, Least: 4, Weight: 1, Length: warm + 60*time.Second,
			Plan:  planMix,
			Goals: []Goal{within("recover", "whole after the last of them", recoverBy.Seconds())},
		},
		{
			Name: "crowd-mix", Title: "the same with 32 nodes for 3 min", Nodes: 32, Least: 8, Weight: 20, Length: warm + 3*time.Minute,
			Plan: func(p *Plan) {
				planMix(p)
				planMix(p)
			},
			Goals: []Goal{within("recover", "whole after the last of them", recoverBy.Seconds())},
		},
		{
			Name: "goodbyes", Title: "goodbye to those who suspect, detached or evicted the one that leaves", Nodes: 10, Least: 6,
			Length: warm + 3*time.Minute, Fixed: true,
			Plan:  planGoodbyes,
			Goals: []Goal{within("recover", "whole after its return", recoverBy.Seconds()), noFalse()},
		},
		{
			Name: "moved-names", Title: "names of one node become those of others", Nodes: 6, Least: 6, Weight: 4,
			Length: warm + 40*time.Minute, Fixed: true,
			Plan:  planMovedNames,
			Goals: []Goal{noFalse(), within("alive everywhere", "who got an alias for a name is alive everywhere", 5)},
		},
	}
}

// planGoodbyes lets one node leave in the middle of something else. It is stalled for most of a second while it
// says goodbye, so that others meet a node that is about to go.
func planGoodbyes(p *Plan) {
	x, at := p.Any(), warm+time.Minute
	if p.Rand.IntN(2) == 0 { // with a past
		p.flap(x, warm, warm+40*time.Second)
		at += p.Between(-18*time.Second, 0)
	}
	switch few := p.Some(p.N/2 - 1); p.Rand.IntN(4) {
	case 0: // it was frozen, and leaves when it can
		frozen := p.Between(2*time.Second, 30*time.Second)
		p.At(at-frozen, Freeze{Host: x, For: frozen})
		at -= p.Between(0, frozen)
	case 1: // some are not let in to it until just then
		p.At(at-30*time.Second, Firewall{From: few, To: []int{x}, For: 30*time.Second + p.Between(0, time.Second)})
	case 2: // newcomers look for it
		for _, y := range few {
			p.Hosts[y].Begin = at + p.Between(-300*time.Millisecond, 300*time.Millisecond)
			p.Hosts[y].Seeds = []topics.Name{HostName(x)}
		}
		p.Hosts[x].Begin, p.Hosts[x].Seeds = 0, []topics.Name{HostName((x + 1) % p.N)}
	case 3: // it is back from a power cut
		p.At(at-p.Between(5*time.Second, 20*time.Second), PowerCut{x})
		p.At(at-p.Between(0, time.Second), PowerOn{x})
	}
	p.At(at, Leave{x}, Freeze{Host: x, For: 900 * time.Millisecond})
	p.At(at+p.Between(2*time.Second, 60*time.Second), Start{x})
	p.At(p.Length, Start{x})
}

// planMovedNames gives the last node a name that was another's before it started, and the one before it a name
// that still is when others learn it.
func planMovedNames(p *Plan) {
	last := p.N - 1
	stale := p.Hosts[last].Name
	p.Hosts[last].Begin = -1
	p.DNS[stale] = p.Hosts[1].Addrs              // as long as DNS is out of date
	p.Hosts[0].Aliases = []topics.Name{"mirror"} // and stays so
	for i := range last {
		p.Hosts[i].Seeds = append(p.Hosts[i].Seeds, stale, "mirror")
	}
	at := warm + p.Between(0, 30*time.Second)
	p.At(at, DNS{stale, p.Hosts[last].Addrs})
	if p.Rand.IntN(2) == 0 {
		p.comeBack(last, at, Start{last})
		return
	}
	for t := at; t < at+20*time.Minute; t += 1200 * time.Millisecond { // it says goodbye before anybody has met it
		p.At(t, Start{last})
		p.At(t+5*time.Millisecond, Leave{last}, Freeze{Host: last, For: 900 * time.Millisecond})
	}
	p.comeBack(last, p.Length-30*time.Second, Start{last})
}

// planMix draws everything from the seed: some naive nodes, a liar, and faults that all end in time.
func planMix(p *Plan) {
	r := p.Rand
	if r.IntN(4) == 0 {
		for range 1 + r.IntN(2) {
			p.Hosts[p.Any()].Kind = Naive
		}
	}
	if r.IntN(4) == 0 {
		h := &p.Hosts[p.Any()]
		h.Kind, h.Lie = p.someLie()
	}
	trusted := !slices.ContainsFunc(p.Hosts, func(h HostPlan) bool { return h.Kind != Honest })
	if trusted && r.IntN(3) == 0 { // a naive or lying hub may keep the others from each other
		p.topology(r.IntN(3))
	}
	for range 3 + r.IntN(8) {
		at := p.Between(0, p.Length-warm/2)
		p.someFault(at, min(p.Between(500*time.Millisecond, 40*time.Second), p.Length-at))
	}
}

func (p *Plan) someLie() (Kind, Lie) {
	x := names(p.Some(1 + p.Rand.IntN(p.N/2)))
	switch p.Rand.IntN(5) {
	case 0:
		return Liar, Praise(x...)
	case 1:
		return Liar, Accuse(x...)
	case 2:
		return Liar, Phantoms(20)
	case 3:
		return Forger, Forge(x[0])
	default:
		return Liar, Toggle(x...)
	}
}

// someFault adds a fault of any kind at a time, for a length.
func (p *Plan) someFault(at, length time.Duration) {
	r, x := p.Rand, p.Any()
	some := p.Some(1 + r.IntN(p.N-1))
	end := at + length
	switch r.IntN(19) {
	case 0:
		p.At(at, Crash{x})
		p.At(end, Start{x})
	case 1:
		p.At(at, PowerCut{x})
		p.At(end, PowerOn{x})
	case 2:
		p.At(at, Freeze{Host: x, For: length, Suspend: r.IntN(3) == 0})
	case 3:
		p.At(at, Deaf{x, length})
	case 4:
		p.At(at, Starve{x, Span{100 * time.Millisecond, 3 * time.Second}, Span{10 * time.Millisecond, 200 * time.Millisecond}, length})
	case 5:
		p.At(at, Loss{Hosts: some, Rate: 0.5 * r.Float64(), For: length})
	case 6:
		p.At(at, Delay{some, Span{0, p.Between(0, 2*time.Second)}, length})
	case 7:
		p.At(at, Cut{From: p.Some(1 + r.IntN(p.N/2)), To: some, OneWay: true, For: length})
	case 8:
		p.At(at, Partition{[][]int{some, p.Others(some...)}, length})
	case 9:
		p.At(at, Cut{From: p.Some(1 + r.IntN(p.N/2)), To: some, For: length}) // who hears whom is a muddle
	case 10:
		p.flap(x, at, end)
	case 11:
		for _, y := range some {
			p.At(p.Between(at, end), Crash{y})
			p.At(end, Start{y})
		}
	case 12:
		p.At(at, ClockStep{x, p.Between(-2*time.Hour, 2*time.Hour)}, Crash{x})
		p.At(at+p.Between(0, length), Start{x})
		p.At(end, Start{x})
	case 13:
		p.At(at, Readdress{x, []string{fmt.Sprintf("10.1.%d.%d", x+1, r.IntN(250)+1)}})
		p.At(end, Start{x})
	case 14:
		p.At(at, NoDNS{For: length})
	case 15:
		p.At(at, BeatLoss{Rate: 0.6 * r.Float64(), For: length})
	case 16:
		p.At(at, Leave{x})
		p.At(end, Start{x})
	case 17:
		p.At(at, Chat{Every: p.Between(100*time.Millisecond, 2*time.Second), For: length})
	case 18:
		p.At(at, Firewall{From: some, To: p.Some(1 + r.IntN(p.N/2)), For: length})
	}
}

// flap crashes and starts a host until a time, when it is up.
func (p *Plan) flap(x int, from, to time.Duration) {
	for t := from; t < to; t += p.Between(200*time.Millisecond, 10*time.Second) {
		p.At(t, Crash{x})
		t += p.Between(50*time.Millisecond, 5*time.Second)
		p.At(min(t, to), Start{x})
	}
	p.At(to, Start{x})
}
