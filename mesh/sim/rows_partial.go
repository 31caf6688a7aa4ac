package sim

import (
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// rest is when a mesh has found its neighbours.
const rest = 45 * time.Second

// partials are the meshes that are too large for everybody to hear everybody.
func partials() []Scenario {
	return []Scenario{
		{
			Name: "partial", Title: "a mesh of more than hear everybody: it starts, rests, and loses some", Nodes: 96, Least: 64, Weight: 100,
			Length: rest + 100*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				x := p.Some(3)
				p.At(200*time.Millisecond, Measure{Figure: "known", Until: Known()})
				p.perNode("bytes", rest, rest+20*time.Second, func(w *world) float64 { return float64(w.total(received)) })
				p.rate("dials", rest, rest+20*time.Second, func(w *world) float64 { return w.each(p.All(), dials) })
				p.rate("tells", rest, rest+20*time.Second, func(w *world) float64 {
					return w.each(p.All(), func(s mesh.Stats) float64 { return float64(s.Tellings) })
				})
				p.rate("lists", rest, rest+20*time.Second, func(w *world) float64 { return w.each(p.All(), func(s mesh.Stats) float64 { return float64(s.Lists) }) })
				p.At(rest+10*time.Second, Measure{Figure: "links", Read: func(w *world) float64 { return w.each(p.All(), alive) }})
				p.At(rest+10*time.Second, Measure{Figure: "most links", Read: func(w *world) float64 { return w.most(alive) }})
				p.At(rest+10*time.Second, Measure{Figure: "hardly heard", Read: (*world).hardlyHeard})
				p.At(rest+20*time.Second, Crash{x[0]}, Measure{Figure: "gone", Until: Unknown(p.All(), x[:1])})
				p.At(rest+35*time.Second, PowerCut{x[1]}, Measure{Figure: "cut off", Until: Unknown(p.All(), x[1:2])})
				p.At(rest+43*time.Second, Measure{Figure: "undead", Read: fars(p.All())})
				p.At(rest+45*time.Second, PowerOn{x[0]}, PowerOn{x[1]})
				p.At(rest+45*time.Second+time.Millisecond, Measure{Figure: "returned", Until: Known()})
				p.At(rest+70*time.Second, Cut{From: x[2:], To: p.Some(p.N / 3), For: 20 * time.Second})
				p.At(rest+80*time.Second, Measure{Figure: "lost", Read: (*world).strangers})
			},
			Goals: []Goal{
				within("known", "all are members for all after the start", 20),
				{Figure: "links", Title: "nodes that each listens to", Most: 15},
				{Figure: "most links", Title: "and at most", Most: 18},
				within("gone", "killed: a member for nobody", 1),
				within("cut off", "power cut: a member for nobody", 6),
				none("undead", "dead ones that are members for somebody later"),
				within("returned", "and members for all again", 10),
				none("lost", "nodes that are no members for one from whom a third are cut off"),
				{Figure: "tells", Title: "tellings at rest", Most: 1, Unit: "/s"},
				{Figure: "lists", Title: "lists at rest", Most: 1, Unit: "/s"},
				none("hardly heard", "nodes that fewer than four hear"),
				{Figure: "dials", Title: "dials of each node at rest", Most: 1.2, Unit: "/s"},
				{Figure: "bytes", Title: "received by each node at rest", Most: 3000, Unit: Bytes},
				noFalse(),
			},
		},
		{
			Name: "partial-newcomer", Title: "a newcomer joins a mesh of more than hear everybody", Nodes: 56, Least: 48, Weight: 100,
			Length: rest + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				last := p.N - 1
				p.Hosts[last].Begin, p.Hosts[last-1].Seeds = -1, []topics.Name{HostName(0)} // nobody looks for it
				p.At(rest, Start{last}, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				within("known", "a member for all, and all for it", 5),
				noFalse(),
			},
		},
		{
			Name: "partial-one-seed", Title: "a mesh of more than hear everybody, all of whom have one seed", Nodes: 96, Least: 64, Weight: 100,
			Length: rest + 15*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				for i := range p.Hosts {
					p.Hosts[i].Seeds = []topics.Name{HostName(0)}
				}
				p.At(200*time.Millisecond, Measure{Figure: "known", Until: Known()})
				p.At(rest+10*time.Second, Measure{Figure: "hardly heard", Read: (*world).hardlyHeard})
			},
			Goals: []Goal{
				within("known", "all are members for all after the start", 20),
				{Figure: "hardly heard", Title: "nodes that fewer than four hear", Most: 1},
				noFalse(),
			},
		},
		{
			Name: "partial-halves", Title: "a mesh of more than hear everybody is cut in two halves for a minute", Nodes: 64, Least: 48, Weight: 100,
			Length: rest + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				one := p.Some(p.N / 2)
				other := p.Others(one...)
				p.At(rest, Cut{From: one, To: other, For: time.Minute}, Measure{Figure: "apart", Until: strange(one, other)})
				p.At(rest+time.Minute, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				within("apart", "nobody is a member for the other half", 8),
				within("known", "all are members for all after healing", 5),
			},
		},
		{
			Name: "partial-halves-words", Title: "two halves of a mesh of more than hear everybody are one again, and some say a few words and nothing more",
			Nodes: 64, Least: 48, Weight: 100, Length: rest + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = p.N * []int{1, 3}[p.Rand.IntN(2)] / 4 // half of it is a partial mesh, or a full one
				p.Talk = true
				one := p.Some(p.N / 2)
				p.At(rest, Cut{From: one, To: p.Others(one...), For: time.Minute})
				p.At(rest+time.Minute, Words{Of: p.Some(p.N / 5), Count: 3, When: Known(), For: 2 * time.Second})
			},
			Goals: []Goal{
				nothingTold(),
				within("slowest", "slowest message", 10),
			},
		},
		{
			Name: "partial-half-killed", Title: "half of a mesh of more than hear everybody is killed at once", Nodes: 80, Least: 64, Weight: 100,
			Length: rest + time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				dead := p.Some(p.N / 2)
				for _, i := range dead {
					p.At(rest, Crash{i})
				}
				p.At(rest+time.Millisecond, Measure{Figure: "gone", Until: Unknown(p.Others(dead...), dead)})
				p.At(rest+10*time.Second, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				within("gone", "the dead are members for nobody", 5),
				within("known", "the living are members for all 10 s later", 5),
				noFalse(),
			},
		},
		{
			Name: "partial-talk", Title: "those of a mesh of more than hear everybody talk, and nothing is wrong", Nodes: 64, Least: 48, Weight: 100,
			Length: rest + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				p.Talk = true
				p.At(rest, Talk{Every: 2 * time.Second, For: 45 * time.Second})
				p.copies(rest+20*time.Second, rest+45*time.Second)
			},
			Goals: []Goal{
				nothingTold(),
				{Figure: "copies at rest", Title: "copies of a message that come to a member", Most: 1.1},
				{Figure: "most passed on", Title: "of a message, copies that a node passes on to each of its listeners, at most", Most: 1},
				within("slowest", "slowest message", 1),
				noFalse(),
			},
		},
		{
			Name: "partial-talk-deaths", Title: "an eighth of those of a mesh of more than hear everybody die while they talk", Nodes: 56, Least: 48, Weight: 100,
			Length: rest + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				p.Talk = true
				p.At(rest, Talk{Every: 2 * time.Second, For: 30 * time.Second})
				for _, i := range p.Some(p.N / 8) {
					p.At(rest+p.Between(5*time.Second, 15*time.Second), []Fault{Crash{i}, PowerCut{i}}[p.Rand.IntN(2)])
				}
			},
			Goals: []Goal{
				nothingTold(), noneLost(),
				within("slowest", "slowest message", 20),
				noFalse(),
			},
		},
		{
			Name: "partial-talk-restarts", Title: "an eighth of those of a mesh of more than hear everybody are killed while they talk, and come again, or freeze",
			Nodes: 56, Least: 48, Weight: 100, Length: rest + 70*time.Second, Fixed: true,
			Plan: planPartialTalkRestarts,
			Goals: []Goal{
				nothingTold(), noneLost(),
				within("slowest", "slowest message", 20),
			},
		},
		{
			Name: "partial-talk-killed", Title: "10, 30 or 50 % of those of a mesh of more than hear everybody are killed at once while they talk",
			Nodes: 80, Least: 70, Weight: 100, Length: rest + 55*time.Second, Fixed: true,
			Plan: planPartialTalkKilled,
			Goals: []Goal{
				nothingTold(),
				within("slowest", "slowest message", 20),
				within("slowest later", "slowest of those that are said from 5 s after on", 6),
				noFalse(),
			},
		},
		{
			Name: "partial-deploy", Title: "of a mesh of more than hear everybody eight are replaced each six seconds", Nodes: 136, Least: 104, Weight: 100,
			Length: rest + 35*time.Second, Fixed: true,
			Plan: planPartialDeploy,
			Goals: []Goal{
				none("undead", "dead ones that are members for somebody three seconds later"),
				{Figure: "known", Title: "members of each before the first and after the last, in proportion", Most: 1},
				noFalse(),
			},
		},
		{
			Name: "partial-rolling", Title: "of a hundred, more than hear everybody, eight are replaced each six seconds, by new names each time",
			Nodes: rollers + rolls*rolled, Least: rollers + rolls*rolled, Weight: 200, Length: rest + rolls*rollTime + 20*time.Second, Fixed: true,
			Plan: planPartialRolling,
			Goals: []Goal{
				{Figure: "table", Title: "entries of a table, for each early on", Most: 1.3, Unit: Count},
				{Figure: "names", Title: "names that nobody says any more, of each", Most: 2, Unit: Count},
				{Figure: "dials", Title: "dials, for each early on", Most: 1.6, Unit: Count},
				{Figure: "bytes", Title: "bytes received, for each early on", Most: 1.6, Unit: Count},
				noFalse(),
			},
		},
		{
			Name: "partial-phantoms", Title: "one of a mesh of more than hear everybody vouches for phantoms, and dies", Nodes: 56, Least: 48, Weight: 100,
			Length: rest + 3*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				p.Profile.FullMesh = 32
				liar := p.Any()
				p.Hosts[liar].Kind, p.Hosts[liar].Lie = Liar, Praise("ghost-1", "ghost-2", "ghost-3")
				p.At(rest+2*time.Minute, p.death(liar))
				p.At(rest+2*time.Minute+10*time.Second, Measure{Figure: "phantoms", Read: fars(p.Others(liar))})
			},
			Goals: []Goal{
				none("phantoms", "phantoms that outlive the liar"),
				noFalse(),
			},
		},
	}
}

// planPartialTalkKilled kills some of those that talk, each in one of two ways.
func planPartialTalkKilled(p *Plan) {
	const killed = rest + 20*time.Second
	p.Profile.FullMesh = 32
	p.Talk = true
	p.At(rest, Talk{Every: time.Second, For: 45 * time.Second})
	for _, i := range p.Some(p.N * []int{10, 30, 50}[p.Rand.IntN(3)] / 100) {
		p.At(killed, []Fault{Crash{i}, PowerCut{i}}[p.Rand.IntN(2)])
	}
	p.At(killed+5*time.Second, Measure{Figure: "killed", Read: func(w *world) float64 {
		w.ledger.from = w.now
		return 0
	}})
}

// planPartialTalkRestarts has each of some killed and started again, once or twice, or frozen for a while. A life lasts five seconds at
// least: what one says that is killed a moment after its start may be known to its neighbours alone.
func planPartialTalkRestarts(p *Plan) {
	p.Profile.FullMesh = 32
	p.Talk = true
	p.At(rest, Talk{Every: time.Second, For: 40 * time.Second})
	for _, i := range p.Some(p.N / 8) {
		at := rest + p.Between(5*time.Second, 15*time.Second)
		if p.Rand.IntN(3) == 0 {
			p.At(at, Freeze{Host: i, For: p.Between(time.Second, 12*time.Second)})
			continue
		}
		for range 1 + p.Rand.IntN(2) {
			p.At(at, []Fault{Crash{i}, PowerCut{i}}[p.Rand.IntN(2)])
			at += p.Between(0, 3*time.Second)
			p.At(at, PowerOn{i})
			at += p.Between(5*time.Second, 10*time.Second)
		}
	}
}

// planPartialDeploy starts five times eight new ones, and kills eight old ones three seconds later.
func planPartialDeploy(p *Plan) {
	const batch, times, wait = 8, 5, 3 * time.Second
	p.Profile.FullMesh = 32
	all := p.Rand.Perm(p.N)
	came, gone := all[:times*batch], all[times*batch:]
	stay := gone[times*batch:]
	for _, i := range came {
		p.Hosts[i].Begin = -1
	}
	for i := range p.Hosts {
		p.Hosts[i].Seeds = names(stay[:2])
	}
	members := func(w *world) float64 {
		return w.each(stay, func(s mesh.Stats) float64 { return float64(s.Alive + s.Far) })
	}
	before := 0.0
	p.At(rest-time.Second, Measure{Figure: "known, at first", Read: func(w *world) float64 {
		before = members(w)
		return before
	}})
	for k := range times {
		at := rest + 2*wait*time.Duration(k)
		for i := k * batch; i < (k+1)*batch; i++ {
			p.At(at, Start{came[i]})
			p.At(at+wait, Crash{gone[i]})
		}
		p.At(at+2*wait-time.Millisecond, Measure{Figure: "undead", Read: fars(p.Others(came...))})
	}
	p.At(p.Length, Measure{Figure: "known", Read: func(w *world) float64 { return members(w) / before }})
}

const (
	rollers  = 100 // that are there at a time
	rolled   = 8   // of them that are replaced at a time
	rolls    = 20
	rollTime = 6 * time.Second
)

// planPartialRolling starts some under new names again and again, and ends the oldest, but for some that are the seeds of all.
func planPartialRolling(p *Plan) {
	const stay = 20
	p.Profile.FullMesh = 32
	for i := range p.Hosts {
		p.Hosts[i].Seeds = names([]int{0, 1})
		if i >= rollers {
			p.Hosts[i].Begin = -1
		}
	}
	for k := range rolls {
		at := rest + rollTime*time.Duration(k)
		for i := range rolled {
			p.At(at, Start{rollers + k*rolled + i})
			p.At(at+rollTime/2, p.death(stay+k*rolled+i))
		}
	}
	observers := p.All()[:stay]
	p.inProportion("table", func(w *world) float64 {
		return w.each(observers, func(s mesh.Stats) float64 { return float64(s.Peers) })
	}, false)
	p.inProportion("dials", func(w *world) float64 { return w.each(observers, dials) }, true)
	p.inProportion("bytes", func(w *world) float64 { return float64(w.total(received)) }, true)
	p.At(p.Length-time.Second, Measure{Figure: "names", Read: func(w *world) float64 {
		return w.each(observers, func(s mesh.Stats) float64 { return float64(s.Candidates) })
	}})
}

// inProportion measures something in the last five of many times for each in five early ones: what it is at their end, or how much it
// grows in them.
func (p *Plan) inProportion(figure string, of func(w *world) float64, grows bool) {
	const two, five, end = rest + 2*rollTime, 5 * rollTime, rest + rolls*rollTime
	var from, first float64
	look := func(at time.Duration, name string, read func(now float64) float64) {
		p.At(at-time.Millisecond, Measure{Figure: figure + name, Read: func(w *world) float64 { return read(of(w)) }})
	}
	begin := func(now float64) float64 {
		if from = 0; grows {
			from = now
		}
		return now
	}
	look(two, ", before", begin)
	look(two+five, ", at first", func(now float64) float64 {
		first = now - from
		return first
	})
	look(end-five, ", later", begin)
	look(end, "", func(now float64) float64 { return (now - from) / first })
}

func alive(s mesh.Stats) float64 { return float64(s.Alive) }

// most is the most of something that a machine has.
func (w *world) most(of func(mesh.Stats) float64) (most float64) {
	for _, h := range w.hosts {
		if h.proc != nil && accounts(h.proc.brain) != nil {
			most = max(most, of(accounts(h.proc.brain).Stats()))
		}
	}
	return most
}

// hardlyHeard counts the hosts that fewer than four others hear.
func (w *world) hardlyHeard() (count float64) {
	for j := range w.hosts {
		n := 0
		for i := range w.hosts {
			if i != j && w.watch.view(i, j).state == mesh.Alive {
				n++
			}
		}
		if n < 4 {
			count++
		}
	}
	return count
}

// strange: none of one group is a member for any of the other, either way.
func strange(one, other []int) Cond {
	there, back := Unknown(one, other), Unknown(other, one)
	return func(w *world) bool { return there(w) && back(w) }
}

// copies reads how often a message comes to a member for each that is delivered, and to how many of its listeners a node passes
// one on, between two times.
func (p *Plan) copies(from, to time.Duration) {
	var before counts
	passed := make([]int, p.N)
	p.At(from, Measure{Figure: "copies, at first", Read: func(w *world) float64 {
		before = w.ledger.counts
		for i, h := range w.hosts {
			if h.proc != nil {
				passed[i] = h.proc.courier.passed
			}
		}
		return 0
	}})
	p.At(to, Measure{Figure: "copies at rest", Read: func(w *world) float64 {
		now := w.ledger.counts
		return float64(now.came-before.came) / float64(max(1, now.delivered-before.delivered))
	}}, Measure{Figure: "most passed on", Read: func(w *world) (most float64) {
		said := w.ledger.counts.published - before.published
		for i, h := range w.hosts {
			if h.proc != nil {
				listeners := len(h.proc.listeners[mesh.MessagePort])
				most = max(most, float64(h.proc.courier.passed-passed[i])/float64(max(1, said*listeners)))
			}
		}
		return most
	}})
}

// perNode reads a counter twice and records its growth a second for each node.
func (p *Plan) perNode(figure string, from, to time.Duration, count func(w *world) float64) {
	p.rate(figure, from, to, func(w *world) float64 { return count(w) / float64(p.N) })
}
