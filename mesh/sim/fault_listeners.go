package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Listeners lets outsiders connect to the lists of some hosts: one every so often to each of them, for Hold. They say a
// name as whoever they like. What goes on behind their addresses is not played, unless it is a host's.
type Listeners struct {
	To               []int
	Addr             func(r *rand.Rand, n int) string
	Name             func(r *rand.Rand, n int) topics.Name // nil: they say none
	Every, Hold, For time.Duration
}

func (f Listeners) apply(w *world) {
	end, n := w.now+f.For, 0
	var connect func()
	connect = func() {
		if w.now >= end {
			return
		}
		for _, i := range f.To {
			if p := w.hosts[i].proc; p != nil {
				w.connectOutsider(p, f, n)
			}
		}
		n++
		w.after(f.Every, connect)
	}
	connect()
}

func (w *world) connectOutsider(p *process, f Listeners, n int) {
	w.links++
	id := mesh.ListenerID(w.links)
	p.give(mesh.ListenerUp{Listener: id, Addr: f.Addr(w.net.rng, n)}, nil)
	if f.Name != nil {
		p.give(mesh.Hello{Listener: id, Name: f.Name(w.net.rng, n)}, nil)
	}
	w.after(f.Hold, func() { p.give(mesh.ListenerDown{Listener: id}, nil) })
}

func (f Listeners) String() string {
	what := "strangers to"
	if f.Name != nil {
		what = "forged hellos to"
	}
	return fmt.Sprintf("%s %s%s", what, hosts(f.To), lasting(f.For))
}
func (f Listeners) mark() Mark { return Mark{Hosts: f.To, Until: f.For, glyph: glyphNetwork} }

// from is one address.
func from(addr string) func(*rand.Rand, int) string {
	return func(*rand.Rand, int) string { return addr }
}

// fromMany is one of so many addresses in four networks.
func fromMany(count int) func(*rand.Rand, int) string {
	return func(_ *rand.Rand, n int) string { return fmt.Sprintf("10.66.%d.%d", n%4, n%count/4+1) }
}

// saying is one of some names.
func saying(names ...topics.Name) func(*rand.Rand, int) topics.Name {
	return func(r *rand.Rand, _ int) topics.Name { return names[r.IntN(len(names))] }
}

// ghosts are names of nobody, each another one.
func ghosts(_ *rand.Rand, n int) topics.Name { return topics.Name(fmt.Sprintf("ghost-%d", n)) }
