package sim

import (
	"strings"
	"time"

	"hearsay/topics"
)

// twins are the scenarios in which two processes go by one name.
func twins() []Scenario {
	return []Scenario{
		{
			Name: "twins", Title: "two processes with one name, for two minutes", Nodes: 12, Least: 5, Weight: 2,
			Length: warm + 3*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				const second = 0 // nobody owes it a place: its name is that of another
				first := 1 + p.Rand.IntN(p.N-1)
				p.twin(second, first)
				p.At(warm, Start{second})
				late := first%(p.N-1) + 1 // it joins when there are two
				p.At(warm+time.Second, Crash{late})
				p.At(warm+2*time.Second, Start{late})
				p.At(warm+8*time.Second, Measure{Figure: "apart", Read: apart(first, second)})
				p.At(warm+12*time.Second, Measure{Figure: "unaware", Read: unaware(second)})
				p.At(warm+2*time.Minute, Measure{Figure: "apart", Read: apart(first, second)},
					Measure{Figure: "unaware", Read: unaware(second)}, Measure{Figure: "penalty", Read: highestPenalty(first)}, Crash{second})
			},
			Goals: []Goal{
				none("apart", "do not say so after 8 s, or have not the older one for the member"),
				none("unaware", "second ones that do not say so of themselves after 12 s"),
				none("penalty", "penalty of the member"),
				noFalse(),
			},
		},
		{
			Name:  "frozen-twin",
			Title: "two processes with one name: the older one, the only peer of the third node, is frozen for 40 s, then the other ends",
			Nodes: 3, Least: 3, Length: warm + 2*time.Minute, Fixed: true,
			Plan: func(p *Plan) {
				const second, first = 0, 1
				p.twin(second, first)
				p.At(warm, Freeze{Host: first})
				p.At(warm+p.Between(0, 10*time.Second), Start{second})
				p.At(warm+40*time.Second, Thaw{first})
				p.At(warm+75*time.Second, Measure{Figure: "undecided", Read: undecided(first, second)})
				p.At(warm+80*time.Second, Crash{second}, DNS{HostName(first), p.Hosts[first].Addrs})
				p.At(warm+110*time.Second, Measure{Figure: "unlinked", Read: unlinked(first)})
			},
			Goals: []Goal{
				none("undecided", "not decided 35 s later: one is the member, and the other one says that it is not"),
				none("unlinked", "do not hear the one that is left 30 s after the other crashed, or say that messages do not pass"),
			},
		},
	}
}

// undecided is 0 if the others hear one of two processes with one name, and the other one knows.
func undecided(first, second int) func(w *world) float64 {
	return func(w *world) float64 {
		member, other := first, second
		if unaware(first)(w) == 0 {
			member, other = second, first
		}
		wrong := unaware(other)(w) + 1 - unaware(member)(w)
		for _, h := range w.hosts {
			if h.id != first && h.id != second && h.proc != nil && !strings.HasPrefix(memberOf(h, HostName(first)).addr, w.hosts[member].addrs[0]+":") {
				wrong++
			}
		}
		return wrong
	}
}

// unlinked counts the others that do not hear a host, or with which messages do not pass as they say.
func unlinked(of int) func(w *world) float64 {
	return func(w *world) float64 {
		there, n := w.hosts[of].addrs[0]+":", 0
		for _, h := range w.hosts {
			if h.proc == nil || h.name == w.hosts[of].name {
				continue
			}
			if x := memberOf(h, HostName(of)); !strings.HasPrefix(x.addr, there) || x.unlinked != "" {
				n++
			}
		}
		return float64(n)
	}
}

// twin gives a host the name of another. DNS leads to either of them, or to both.
func (p *Plan) twin(second, first int) {
	h := &p.Hosts[second]
	h.Name, h.Kind, h.Machine, h.Begin = HostName(first), Forger, honest, -1
	h.Seeds = []topics.Name{HostName(1 + first%(p.N-1))}
	for i := range p.Hosts { // nobody was given the second one
		for j, seed := range p.Hosts[i].Seeds {
			if seed == HostName(second) {
				p.Hosts[i].Seeds[j] = HostName((second + 1) % p.N)
				if i == (second+1)%p.N {
					p.Hosts[i].Seeds[j] = HostName((second + 2) % p.N)
				}
			}
		}
	}
	p.DNS[HostName(first)] = p.Hosts[first].Addrs
	leads := [][]string{p.Hosts[first].Addrs, h.Addrs, {h.Addrs[0], p.Hosts[first].Addrs[0]}}
	p.At(warm, DNS{HostName(first), leads[p.Rand.IntN(len(leads))]})
}

// apart counts the honest nodes that do not hear the first process under the name of both, or do not say where the second
// is.
func apart(first, second int) func(w *world) float64 {
	return func(w *world) float64 {
		name, there, n := HostName(first), w.hosts[second].addrs[0]+":", 0
		for _, h := range w.hosts {
			if h.id == first || h.id == second || h.proc == nil {
				continue
			}
			if x := memberOf(h, name); !strings.HasPrefix(x.addr, w.hosts[first].addrs[0]+":") || !strings.Contains(x.conflict, there) {
				n++
			}
		}
		return float64(n)
	}
}

// unaware is 0 if the host says of itself that another is the member of its name.
func unaware(second int) func(w *world) float64 {
	return func(w *world) float64 {
		if p := w.hosts[second].proc; p != nil && accounts(p.brain).Stats().Second != "" {
			return 0
		}
		return 1
	}
}

type heardAt struct{ addr, conflict, unlinked string }

// memberOf is where a host hears a name.
func memberOf(h *host, name topics.Name) heardAt {
	for _, x := range accounts(h.proc.brain).Members() {
		if x.Name == name {
			return heardAt{x.Addr, x.Conflict, x.Unlinked}
		}
	}
	return heardAt{}
}
