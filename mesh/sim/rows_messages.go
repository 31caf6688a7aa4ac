package sim

import (
	"time"
)

// never is the goal of what must not be told missing: somebody always has it.
func nothingTold() Goal { return none("told missing", "messages that a member was told it missed") }

// noneLost is the goal of what those that died said last: who was there has what any other has, or is told that he has not.
func noneLost() Goal {
	return none("last words", "messages of dead members that some have, and others neither have nor miss")
}

// calm is what must be so in the end, when nothing is wrong any more.
func calm() []Goal {
	return []Goal{none("relays at the end", "relays asked for at the end"), none("held at the end", "messages held, and gaps, at the end")}
}

// messages are the scenarios in which applications talk.
func messages() []Scenario {
	return []Scenario{
		{
			Name: "talk", Title: "32 nodes talk, and nothing is wrong", Nodes: 32, Least: 2, Weight: 6, Length: warm + 30*time.Second,
			Plan: func(p *Plan) { p.talk(200 * time.Millisecond) },
			Goals: append(calm(), none("relayed", "messages relayed"), none("questions", "questions asked"), nothingTold(),
				none("forged", "forged messages delivered"), within("slowest", "slowest message", 0.1)),
		},
		{
			Name: "talk-loss", Title: "of what they say 30 % is dropped", Nodes: 16, Least: 2, Weight: 6, Length: warm + 30*time.Second,
			Plan: func(p *Plan) {
				p.talk(100 * time.Millisecond)
				p.At(warm, PostLoss{Rate: 0.3, For: 25 * time.Second})
			},
			Goals: append(calm(), none("relayed", "messages relayed"), within("slowest", "slowest message", 20)),
		},
		{
			Name: "talk-one-way", Title: "one does not hear another that hears it", Nodes: 16, Least: 4, Weight: 6, Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				p.talk(100 * time.Millisecond)
				few := p.Some(2)
				p.At(warm+5*time.Second, Firewall{From: few[:1], To: few[1:], For: 45 * time.Second})
			},
			Goals: append(calm(), nothingTold(), within("slowest", "slowest message", 15)),
		},
		{
			Name: "talk-port", Title: "their message ports alone are cut off from each other", Nodes: 16, Least: 4, Weight: 6, Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				p.talk(100 * time.Millisecond)
				few := p.Some(2)
				p.At(warm+5*time.Second, NoMessages{From: few[:1], To: few[1:], For: 45 * time.Second})
			},
			Goals: append(calm(), nothingTold(), within("slowest", "slowest message", 15)),
		},
		{
			Name: "talk-bridges", Title: "two subnets with two bridges, one of which dies", Nodes: 16, Least: 6, Weight: 8, Length: warm + 80*time.Second,
			Plan: func(p *Plan) {
				half := p.N / 2
				left, right := p.All()[:half-1], p.All()[half+1:]
				p.At(0, Cut{From: left, To: right, For: p.Length - time.Second})
				for i := range p.Hosts { // everybody knows a bridge
					p.Hosts[i].Seeds = append(p.Hosts[i].Seeds, HostName(half-1), HostName(half))
				}
				p.talk(100 * time.Millisecond)
				death := []Fault{Crash{half}, PowerCut{half}}[p.Rand.IntN(2)]
				p.At(warm+20*time.Second, death)
				p.At(warm+50*time.Second, PowerOn{half})
			},
			Goals: append(calm(), within("slowest", "slowest message", 20)),
		},
		{
			Name: "talk-chain", Title: "each hears its neighbours in a row alone", Nodes: 4, Least: 3, Weight: 1, Length: warm + 40*time.Second,
			Plan: func(p *Plan) {
				for i := range p.N {
					for j := range i - 1 {
						p.At(0, Cut{From: []int{i}, To: []int{j}, For: p.Length - time.Second})
					}
				}
				p.talk(100 * time.Millisecond)
			},
			Goals: append(calm(), nothingTold(), within("slowest", "slowest message", 15)),
		},
		{
			Name: "talk-frozen", Title: "one reads nothing for 10 s", Nodes: 8, Least: 3, Weight: 3, Length: warm + 40*time.Second,
			Plan: func(p *Plan) {
				p.talk(20 * time.Millisecond)
				p.At(warm+5*time.Second, Freeze{Host: p.Any(), For: 10 * time.Second})
			},
			Goals: append(calm(), nothingTold()),
		},
		{
			Name: "talk-restart", Title: "one that talks is killed and comes again", Nodes: 8, Least: 3, Weight: 3, Length: warm + 40*time.Second,
			Plan: func(p *Plan) {
				p.talk(50 * time.Millisecond)
				x := p.Any()
				for at := warm + 5*time.Second; at < warm+30*time.Second; at += p.Between(5*time.Second, 12*time.Second) {
					p.At(at, Crash{x})
					p.At(at+p.Between(0, 2*time.Second), Start{x})
				}
			},
			Goals: append(calm(), nothingTold(), noneLost(), within("slowest", "slowest message", 15)),
		},
		{
			Name: "talk-last-words", Title: "half of what is said is dropped, and two that talk die or leave", Nodes: 16, Least: 4, Weight: 3, Length: warm + 40*time.Second,
			Plan: func(p *Plan) {
				p.talk(50 * time.Millisecond)
				p.At(warm+5*time.Second, PostLoss{Rate: 0.5, For: 5 * time.Second})
				for _, i := range p.Some(2) {
					p.At(warm+p.Between(9*time.Second, 10*time.Second), []Fault{Crash{i}, PowerCut{i}, Leave{i}}[p.Rand.IntN(3)])
				}
			},
			Goals: append(calm(), noneLost(), within("slowest", "slowest message", 20)),
		},
		{
			Name: "talk-withdrawn", Title: "the key of one is withdrawn at another for 20 s", Nodes: 8, Least: 4, Weight: 2, Length: warm + 40*time.Second,
			Plan: func(p *Plan) {
				p.talk(50 * time.Millisecond)
				few := p.Some(2)
				p.At(warm+5*time.Second, Withdraw{Host: few[0], By: few[1], For: 20 * time.Second})
			},
			Goals: append(calm(), nothingTold()),
		},
		{
			Name: "talk-forged", Title: "one forges, repeats and invents, in a mesh with a broken pair", Nodes: 8, Least: 5, Weight: 3, Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				some := p.Some(3)
				p.Forgers = some[:1]
				p.talk(200 * time.Millisecond)
				p.At(warm+5*time.Second, Firewall{From: some[1:2], To: some[2:], For: 45 * time.Second})
			},
			Goals: calm(),
		},
		{
			Name: "talk-naive", Title: "a naive node is not heard by some", Nodes: 8, Least: 5, Weight: 3, Length: warm + 60*time.Second,
			Plan: func(p *Plan) {
				p.Hosts[0].Kind = Naive
				p.talk(200 * time.Millisecond)
				p.At(warm+5*time.Second, Firewall{From: []int{1, 2}, To: []int{0}, For: 45 * time.Second})
			},
			Goals: calm(),
		},
	}
}

// talk has everybody talk from the end of the warm-up to the end of the faults.
func (p *Plan) talk(every time.Duration) {
	p.Talk = true
	p.At(warm, Talk{Every: every, For: p.Length - warm})
}
