package sim

import "time"

// sizes are the meshes that the scale scenario is played with.
var sizes = []int{8, 16, 32, 64, 128, 256, 512, 1024}

// scale is one mesh from its start to the death of one node.
func scale() []Scenario {
	return []Scenario{{
		Name: "scale", Title: "a mesh starts, rests, and loses one by kill -9 and one by a power cut",
		Nodes: 64, Least: 4, Weight: 100, Length: 32 * time.Second, Fixed: true, Sizes: sizes,
		Plan: func(p *Plan) {
			pair := p.Rand.Perm(p.N)[:2]
			p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
			p.perSecond("bytes", 8*time.Second, 18*time.Second, func(w *world) float64 { return float64(w.total(received)) })
			p.perSecond("list bytes", 8*time.Second, 18*time.Second, func(w *world) float64 { return float64(w.total(lists)) })
			p.At(18*time.Second, Crash{pair[0]},
				Measure{Figure: "crash off all lists", Until: OffLists(pair[0])},
				Measure{Figure: "evicted everywhere", Until: EvictedEverywhere(pair[0])})
			p.At(26*time.Second, PowerCut{pair[1]},
				Measure{Figure: "power cut off all lists", Until: OffLists(pair[1])})
		},
		Goals: []Goal{
			within("whole", "all know all after the last start", 5),
			within("crash off all lists", "killed: off everybody's list", 0.5),
			within("power cut off all lists", "power cut: off everybody's list", 4.5),
			within("evicted everywhere", "killed: evicted everywhere", 9),
			{Figure: "bytes", Title: "received by each node at rest, per node of the mesh", Most: 200, Unit: Bytes},
		},
	}}
}

func received(h *host) uint64 { return h.received }
func lists(h *host) uint64    { return h.lists }

// total adds something up over all hosts.
func (w *world) total(of func(*host) uint64) (sum uint64) {
	for _, h := range w.hosts {
		sum += of(h)
	}
	return sum
}

// perSecond reads a counter twice and records its growth a second for each pair of nodes.
func (p *Plan) perSecond(figure string, from, to time.Duration, count func(w *world) float64) {
	var before float64
	p.At(from, Measure{Figure: figure + ", at first", Read: func(w *world) float64 {
		before = count(w)
		return before
	}})
	p.At(to, Measure{Figure: figure, Read: func(w *world) float64 {
		return (count(w) - before) / float64(p.N) / float64(p.N-1) / (to - from).Seconds()
	}})
}
