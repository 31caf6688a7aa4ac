package sim

import (
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// subnets are the scenarios in which nobody hears everybody: two networks, and bridges that are in both.
func subnets() []Scenario {
	return []Scenario{
		{
			Name: "two-subnets", Title: "two subnets and a bridge; one behind it is killed, and comes back", Nodes: 7, Least: 5, Weight: 2,
			Length: warm + 3*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				s := p.subnets(1)
				x := s.right[p.Rand.IntN(len(s.right))]
				p.At(200*time.Millisecond, Measure{Figure: "known", Until: Known()})
				p.At(warm, p.death(x), Measure{Figure: "gone", Until: Unknown(p.All(), []int{x})})
				p.At(warm+20*time.Second, PowerOn{x})
				p.At(warm+20*time.Second+time.Millisecond, Measure{Figure: "returned", Until: Known()})
				p.perSecond("bytes", warm+2*time.Minute, warm+150*time.Second, func(w *world) float64 { return float64(w.total(received)) })
				p.rate("dials", warm+2*time.Minute, p.Length, func(w *world) float64 { return w.each(s.left, dials) })
			},
			Goals: []Goal{
				within("known", "all are members for all after the start", 10),
				within("gone", "killed: a member for nobody", 4.5),
				within("returned", "and a member for all again", 10),
				{Figure: "dials", Title: "dials of each node at rest", Most: 1, Unit: "/s"},
				{Figure: "bytes", Title: "received by each node at rest, per node of the mesh", Most: 200, Unit: Bytes},
				noFalse(),
			},
		},
		{
			Name: "subnets-bridge-dies", Title: "two subnets: their one bridge dies, and comes back", Nodes: 7, Least: 5, Weight: 2,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				s := p.subnets(1)
				p.At(warm, p.death(s.bridges[0]), Measure{Figure: "apart", Until: Unknown(s.left, s.right)})
				p.At(warm+30*time.Second, PowerOn{s.bridges[0]})
				p.At(warm+30*time.Second+time.Millisecond, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				within("apart", "none behind the bridge is a member", 4.5),
				within("known", "all are members for all once it is back", 15),
				noFalse(),
			},
		},
		{
			Name: "subnets-second-bridge", Title: "two subnets: one of two bridges dies, and comes back", Nodes: 8, Least: 6, Weight: 2,
			Length: warm + 60*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				s := p.subnets(2)
				p.At(warm, p.death(s.bridges[0]))
				p.At(warm+5*time.Second, Measure{Figure: "lost", Read: func(w *world) float64 { return w.strangers() }})
				p.At(warm+30*time.Second, PowerOn{s.bridges[0]})
				p.At(warm+30*time.Second+time.Millisecond, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				none("lost", "who run and are no members for one who runs, 5 s later"),
				within("known", "all are members for all once it is back", 10),
				noFalse(),
			},
		},
		{
			Name: "subnets-partition-heals", Title: "two subnets: one of them is cut off from the bridge for 40 s", Nodes: 7, Least: 5, Weight: 2,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				s := p.subnets(1)
				p.At(warm, Cut{From: s.bridges, To: s.right, For: 40 * time.Second}, Measure{Figure: "apart", Until: Unknown(s.left, s.right)})
				p.At(warm+40*time.Second, Measure{Figure: "known", Until: Known()})
			},
			Goals: []Goal{
				within("apart", "none behind the cut is a member", 5.5),
				within("known", "all are members for all after healing", 15),
				noFalse(),
			},
		},
		{
			Name: "subnets-phantom", Title: "two subnets: one vouches for phantoms and for a dead one, and dies", Nodes: 9, Least: 7, Weight: 3,
			Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				s := p.subnets(1)
				liar, dead := s.left[0], s.left[1]
				ghosts := []topics.Name{"ghost-1", "ghost-2", "ghost-3"}
				p.Hosts[liar].Kind, p.Hosts[liar].Lie = Liar, Praise(append(ghosts, HostName(dead))...)
				honest := p.Others(liar, dead)
				p.At(warm, p.death(dead))
				p.At(warm+time.Minute,
					Measure{Figure: "unattributed", Read: unattributed(append(s.left[2:len(s.left):len(s.left)], s.bridges...), HostName(liar))},
					Measure{Figure: "revived", Read: func(w *world) (n float64) {
						for _, i := range s.left[2:] {
							if w.watch.known(i, dead) {
								n++
							}
						}
						return n
					}})
				p.At(warm+time.Minute, p.death(liar))
				p.At(warm+70*time.Second, Measure{Figure: "phantoms", Read: fars(honest)})
			},
			Goals: []Goal{
				none("unattributed", "phantoms that are members by another's word than the liar's"),
				none("revived", "nodes that heard the dead one and have it as a member"),
				none("phantoms", "phantoms that outlive the liar"),
				noFalse(),
			},
		},
	}
}

// chains are those in which there are several networks in a row, or in a ring.
func chains() []Scenario {
	return []Scenario{
		{
			Name: "subnets-chain", Title: "three subnets in a row; one at the end is killed, then a bridge", Nodes: 11, Least: 8, Weight: 4,
			Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				nets, bridges := p.networks(3, false)
				x := nets[2][p.Rand.IntN(len(nets[2]))]
				p.At(200*time.Millisecond, Measure{Figure: "known", Until: Known()})
				p.At(warm+5*time.Second, p.death(x), Measure{Figure: "gone", Until: Unknown(p.All(), []int{x})})
				p.At(warm+25*time.Second, PowerOn{x})
				p.At(warm+25*time.Second+time.Millisecond, Measure{Figure: "returned", Until: Known()})
				p.At(warm+50*time.Second, p.death(bridges[1]), Measure{Figure: "apart", Until: Unknown(nets[0], nets[2])})
				p.At(warm+80*time.Second, PowerOn{bridges[1]})
				p.At(warm+80*time.Second+time.Millisecond, Measure{Figure: "known again", Until: Known()})
				p.perSecond("bytes", warm+105*time.Second, warm+2*time.Minute, func(w *world) float64 { return float64(w.total(received)) })
			},
			Goals: []Goal{
				within("known", "all are members for all after the start", 15),
				within("gone", "killed: a member for nobody", 5.5),
				within("returned", "and a member for all again", 10),
				within("apart", "a bridge is killed: none behind it is a member", 5.5),
				within("known again", "all are members for all once it is back", 20),
				{Figure: "bytes", Title: "received by each node at rest, per node of the mesh", Most: 200, Unit: Bytes},
				noFalse(),
			},
		},
		{
			Name: "subnets-ring", Title: "four subnets in a ring; both bridges of one die", Nodes: 12, Least: 12, Weight: 5,
			Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				nets, bridges := p.networks(4, true)
				p.At(200*time.Millisecond, Measure{Figure: "known", Until: Known()})
				x := nets[2][0]
				p.At(warm+10*time.Second, p.death(x), Measure{Figure: "gone", Until: Unknown(p.All(), []int{x})})
				p.At(warm+40*time.Second, p.death(bridges[1]))
				p.At(warm+60*time.Second, Measure{Figure: "lost", Read: func(w *world) float64 { return w.strangers() }})
				rest := slices.Concat(nets[0], nets[1], nets[3], bridges[:1], bridges[3:])
				p.At(warm+60*time.Second, p.death(bridges[2]), Measure{Figure: "apart", Until: Unknown(rest, nets[2])})
				p.At(warm+90*time.Second, PowerOn{bridges[1]}, PowerOn{bridges[2]})
				p.At(warm+90*time.Second+time.Millisecond, Measure{Figure: "known again", Until: Known()})
			},
			Goals: []Goal{
				within("known", "all are members for all after the start", 20),
				within("gone", "killed: a member for nobody", 5.5),
				none("lost", "who run and are no members for one who runs, the ring being open"),
				within("apart", "the second bridge is killed: none of the subnet is a member elsewhere", 6.5),
				within("known again", "all are members for all once both are back", 20),
				noFalse(),
			},
		},
		{
			Name: "subnets-rumour", Title: "three subnets in a row: one tells of phantoms, and dies", Nodes: 11, Least: 8, Weight: 4,
			Length: warm + 90*time.Second, Fixed: true,
			Plan: func(p *Plan) {
				nets, _ := p.networks(3, false)
				liar := nets[0][0]
				p.Hosts[liar].Kind = Liar
				p.Hosts[liar].Rumour = Rumours(topics.Record{Way: []topics.Name{HostName(nets[2][0])}, Hears: []topics.Name{"ghost-1", "ghost-2"}})
				p.At(warm+20*time.Second, Measure{Figure: "unattributed", Read: unattributed(nets[0][1:], HostName(liar))})
				p.At(warm+30*time.Second, p.death(liar))
				p.At(warm+40*time.Second, Measure{Figure: "phantoms", Read: fars(p.Others(liar))})
			},
			Goals: []Goal{
				none("unattributed", "phantoms that are members by another's word than the liar's"),
				none("phantoms", "phantoms that outlive the liar"),
				noFalse(),
			},
		},
	}
}

// networks divides the hosts into so many networks, with a bridge between each and the next; in a ring, between the last
// and the first too. Everybody knows the bridges of its network.
func (p *Plan) networks(count int, ring bool) (nets [][]int, bridges []int) {
	joins := count - 1
	if ring {
		joins = count
	}
	in := make([]map[int]bool, p.N) // which networks a host is in
	nets = make([][]int, count)
	for i := range p.N {
		if i < joins {
			in[i] = map[int]bool{i: true, (i + 1) % count: true}
			bridges = append(bridges, i)
			continue
		}
		k := (i - joins) * count / (p.N - joins)
		in[i], nets[k] = map[int]bool{k: true}, append(nets[k], i)
	}
	meet := func(i, j int) bool {
		for k := range in[i] {
			if in[j][k] {
				return true
			}
		}
		return false
	}
	for i := range p.N {
		p.Hosts[i].Seeds = nil
		for j := range p.N {
			switch {
			case i < j && !meet(i, j):
				p.At(0, Cut{From: []int{i}, To: []int{j}})
			case i != j && j < joins && meet(i, j):
				p.Hosts[i].Seeds = append(p.Hosts[i].Seeds, HostName(j))
			}
		}
	}
	return nets, bridges
}

// twoSubnets is who is where.
type twoSubnets struct{ left, bridges, right []int }

// subnets puts the hosts into two networks, with so many bridges in both. Everybody knows the bridges.
func (p *Plan) subnets(bridges int) (s twoSubnets) {
	half := (p.N - bridges) / 2
	all := p.All()
	s = twoSubnets{all[:half], all[half : half+bridges], all[half+bridges:]}
	p.At(0, Cut{From: s.left, To: s.right})
	for i := range p.Hosts {
		p.Hosts[i].Seeds = names(s.bridges)
	}
	return s
}

// strangers counts who runs and is no member for somebody who runs.
func (w *world) strangers() (n float64) {
	for i, h := range w.hosts {
		for j, x := range w.hosts {
			if i != j && h.proc != nil && x.owed() && !w.watch.known(i, j) {
				n++
			}
		}
	}
	return n
}

// unattributed counts the far members of some hosts that do not run, and that are so by another's word than a liar's.
func unattributed(hosts []int, liar topics.Name) func(w *world) float64 {
	return func(w *world) (n float64) {
		for _, i := range hosts {
			p := w.hosts[i].proc
			if p == nil || accounts(p.brain) == nil {
				continue
			}
			for _, m := range accounts(p.brain).Members() {
				if m.State == mesh.Far && !w.watch.running(w.watch.index(m.Name)) && (len(m.Via) != 1 || m.Via[0] != liar) {
					n++
				}
			}
		}
		return n
	}
}
