package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// A tenth of a partial mesh lies: in lists, by tellings with ways that are made up, and of the living.

const (
	tenth       = 10
	liarsHear   = 8              // living members by whom a liar says that it has its phantoms
	ghostsEach  = 24             // phantoms of each liar at a time
	ghostsNew   = 2              // of them, others
	ghostsTurn  = rumourBeats    // each so many beats
	ghostsComes = 60 * ghostsNew // that come in a run, and some
	comeLate    = 8              // honest ones
)

// partialLiars are those scenarios.
func partialLiars() []Scenario {
	return []Scenario{
		{
			Name:  "partial-liars",
			Title: "a tenth of a mesh of more than hear everybody make up phantoms, which change, and deny the living; eight join",
			Nodes: 69, Least: 60, Weight: 100,
			Length: rest + 45*time.Second, Fixed: true,
			Plan: planPartialLiars,
			Goals: []Goal{
				none("unknown", "pairs of an honest node and one that lives, and is no member"),
				none("unheard", "honest nodes that no honest one hears"),
				none("undead", "phantoms that are members though two dials were answered by others, or that nobody is there"),
				{Figure: "phantoms", Title: "phantoms that are members for each, of those that are made up now", Most: 1},
				noFalse(),
			},
		},
	}
}

// planPartialLiars makes liars of some, and has eight honest ones and one whose host answers that nobody is there.
func planPartialLiars(p *Plan) {
	p.Profile.FullMesh = 32
	gone := p.N - 1 // its host has power, and no process
	count := (p.N - 1 - comeLate) / tenth
	p.Hosts[gone].Begin = -1
	liars, late := p.All()[:count], p.All()[gone-comeLate:gone]
	honest := p.Others(append(slices.Clone(liars), gone)...)
	for i := range p.Hosts {
		p.Hosts[i].Seeds = names([]int{liars[0], honest[0], honest[1]})
	}
	for k, i := range late {
		p.Hosts[i].Begin = -1
		p.At(rest+time.Duration(k)*2*time.Second, Start{i})
	}
	for k, i := range liars {
		g := p.ghosts(max(0, k-1), p.Hosts[honest[2]].Addrs[0], p.Hosts[gone].Addrs[0]) // two say the same
		denied := names(p.some(honest, len(honest)/4))
		p.Hosts[i].Kind, p.Hosts[i].Lie = Liar, Lies(Accuse(denied...), g.lie())
		p.Hosts[i].Rumour = g.rumour(names(p.some(honest, liarsHear)))
	}
	end := rest + 40*time.Second
	p.At(end, Measure{Figure: "unknown", Read: (*world).unknownHonest},
		Measure{Figure: "unheard", Read: func(w *world) float64 { return w.unheardOf(honest) }},
		Measure{Figure: "phantoms", Read: func(w *world) float64 { return fars(honest)(w) / float64(len(honest)*(count-1)*ghostsEach) }})
	p.rate("dials", end-20*time.Second, end, func(w *world) float64 { return w.each(honest, dials) })
	p.At(p.Length, Measure{Figure: "undead", Read: (*world).undead})
}

// some are so many of some hosts.
func (p *Plan) some(of []int, count int) []int {
	of = slices.Clone(of)
	p.Rand.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	return of[:count]
}

// ghostWindow is what a liar makes up: a window of names that moves.
type ghostWindow []topics.Name

// ghosts are the phantoms of one liar: of each eight one leads to another, one to a host where nobody is, one is an address
// of nobody, and the others lead nowhere.
func (p *Plan) ghosts(of int, other, nobody string) ghostWindow {
	all := make(ghostWindow, ghostsEach+ghostsComes)
	for k := range all {
		all[k] = topics.Name(fmt.Sprintf("ghost-%d-%d", of, k))
		switch k % 8 {
		case 0:
			p.DNS[all[k]] = []string{other}
		case 1:
			p.DNS[all[k]] = []string{nobody}
		case 2:
			all[k] = topics.Name(fmt.Sprintf("10.%d.%d.%d", 100+of, k>>8, k&255))
		}
	}
	return all
}

// at are those of one time.
func (g ghostWindow) at(turn int) ghostWindow {
	from := min(turn*ghostsNew, ghostsComes)
	return g[from : from+ghostsEach]
}

// lie lists the first half of them.
func (g ghostWindow) lie() Lie {
	return func(_ *rand.Rand, n uint64, list []topics.Name) []topics.Name {
		return append(list, g.at(int(n / ghostsTurn))[:min(ghostsEach/2, topics.MaxNames-len(list))]...)
	}
}

// rumour tells of the others, as if some that live heard them.
func (g ghostWindow) rumour(hear []topics.Name) Rumour {
	return func(n uint64) []topics.Record {
		rest := g.at(int(n))[ghostsEach/2:]
		part := len(rest) / (len(hear) + 1)
		records := []topics.Record{{Way: []topics.Name{rest[0]}, Hears: rest[1:part]}} // and one by a phantom
		for i, name := range hear {
			records = append(records, topics.Record{Way: []topics.Name{name}, Hears: rest[(i+1)*part : (i+2)*part]})
		}
		return records
	}
}

// unheardOf counts those that none of them hears.
func (w *world) unheardOf(honest []int) (count float64) {
	for _, j := range honest {
		if !slices.ContainsFunc(honest, func(i int) bool { return i != j && w.watch.view(i, j).state == mesh.Alive }) {
			count++
		}
	}
	return count
}

// unknownHonest counts the pairs of an honest node and one that runs, and is no member for it.
func (w *world) unknownHonest() (n float64) {
	for i, h := range w.hosts {
		for j, x := range w.hosts {
			if i != j && h.proc != nil && w.watch.observes(h) && x.owed() && !w.watch.known(i, j) {
				n++
			}
		}
	}
	return n
}
