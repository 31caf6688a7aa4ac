package sim

import (
	"strings"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// commons is a name that leads to nodes of both meshes.
const commons = topics.Name("commons")

// meshes are the scenarios in which two meshes meet by accident.
func meshes() []Scenario {
	return []Scenario{
		{
			Name: "two-meshes", Title: "two meshes that share seeds, and whose addresses change hands", Nodes: 10, Least: 6, Weight: 2,
			Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				p.twoMeshes()
				p.At(200*time.Millisecond, Measure{Figure: "whole", Until: Whole()})
				p.At(warm, Measure{Figure: "silent", Read: silentOnMeshes()})
				blue, other := 0, p.N-1
				old := p.Hosts[blue].Addrs
				at := warm + p.Between(0, 20*time.Second)
				p.At(at, Crash{blue})
				p.At(at+p.Between(0, 5*time.Second), Readdress{other, old}, Start{other}) // and DNS leads two names there
				p.At(at+p.Between(10*time.Second, 40*time.Second), Readdress{blue, []string{"10.9.0.1"}}, Start{blue})
				p.At(p.Length, Measure{Figure: "back", Until: Whole()})
			},
			Goals: []Goal{
				within("whole", "each mesh whole after the last start", 8),
				none("silent", "nodes with a seed in the other mesh that do not say so"),
				within("back", "each whole once its nodes have addresses of their own", 30),
			},
		},
		{
			Name: "rolling-label", Title: "a mesh is given a label, by restarts one after the other", Nodes: 8, Least: 3, Weight: 2,
			Length: warm + time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				for i := range p.N {
					at := warm + time.Duration(i)*2*time.Second
					if p.Rand.IntN(2) == 0 {
						p.At(at, Leave{i})
					} else {
						p.At(at, Crash{i})
					}
					p.At(at+p.Between(300*time.Millisecond, time.Second), Relabel{i, "blue"}, Start{i})
				}
				p.At(warm+time.Duration(p.N)*2*time.Second, Measure{Figure: "whole", Until: Whole()})
			},
			Goals: []Goal{within("whole", "one mesh again after the last restart", 12)},
		},
	}
}

// twoMeshes divides the hosts among two meshes, one of which may have no label, and then may have a naive node. Everybody
// is given a name that leads to both, and somebody of the other mesh.
func (p *Plan) twoMeshes() {
	label := []string{"red", ""}[p.Rand.IntN(2)]
	half := p.N / 2
	for i := range p.Hosts {
		h, first, count := &p.Hosts[i], 0, half
		if h.Mesh = "blue"; i >= half {
			h.Mesh, first, count = label, half, p.N-half
		}
		next, other := first+(i-first+1)%count, (i+half)%p.N
		h.Seeds = []topics.Name{HostName(other), commons, HostName(next)}
	}
	if naive := half + p.Rand.IntN(p.N-half-1); label == "" && p.Rand.IntN(2) == 0 && p.N-half > 2 {
		p.Hosts[naive].Kind = Naive
	}
	p.DNS[commons] = []string{p.Hosts[0].Addrs[0], p.Hosts[half].Addrs[0], p.Hosts[1].Addrs[0], p.Hosts[half+1].Addrs[0]}
	p.Styles[commons] = Style(p.Rand.IntN(int(styles)))
}

// silentOnMeshes counts the honest nodes that have a seed in another mesh, and do not say so.
func silentOnMeshes() func(w *world) float64 {
	return func(w *world) float64 {
		n := 0
		for _, h := range w.hosts {
			if h.proc == nil || !w.watch.observes(h) {
				continue
			}
			m, ok := h.proc.brain.(interface{ LostSeeds() []mesh.Lost })
			if !ok {
				continue // damaged on purpose
			}
			said := false
			for _, lost := range m.LostSeeds() {
				said = said || strings.HasPrefix(lost.Cause, "another mesh (")
			}
			if !said {
				n++
			}
		}
		return float64(n)
	}
}
