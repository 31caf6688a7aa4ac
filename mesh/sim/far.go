package sim

import (
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Far members are those that an observer does not hear, and that members which it hears do.

// known reports whether an observer has a subject as a member: heard, or by the word of others.
func (a *watch) known(i, j int) bool {
	s := a.view(i, j).state
	return s == mesh.Alive || s == mesh.Far
}

// Known: everybody who runs is a member to every honest node, heard or by the word of others.
func Known() Cond {
	return func(w *world) bool {
		a := w.watch
		for i, h := range w.hosts {
			for j, x := range w.hosts {
				if i != j && h.proc != nil && a.observes(h) && x.owed() && h.kin(x) && !a.known(i, j) {
					return false
				}
			}
		}
		return true
	}
}

// Unknown: none of the observers has any of the hosts as a member.
func Unknown(observers, hosts []int) Cond {
	return func(w *world) bool {
		for _, i := range observers {
			if slices.ContainsFunc(hosts, func(j int) bool { return i != j && w.hosts[i].proc != nil && w.watch.known(i, j) }) {
				return false
			}
		}
		return true
	}
}

// fars is how many far members some observers have that are no hosts, or none that run.
func fars(observers []int) func(w *world) float64 {
	return func(w *world) (n float64) {
		for _, i := range observers {
			for j := range w.watch.views[i] {
				if !w.watch.running(j) && w.watch.views[i][j].state == mesh.Far {
					n++
				}
			}
		}
		return n
	}
}

// sawTold notes whom a subject tells of.
func (a *watch) sawTold(p *process, ev mesh.Told, l *link) {
	v := a.view(p.host.id, a.subject(l.pub.host))
	if ev.Change && ev.Header.Told != v.telling+1 {
		return
	}
	if v.telling = ev.Header.Told; !ev.Change {
		clear(v.tells)
	}
	for _, r := range ev.Records {
		for _, name := range r.Hears {
			j, ok := a.indices[name]
			if !ok {
				j, ok = a.indices[key(name)]
			}
			if ok {
				v.tells.put(j, len(r.Way) > 0)
			}
		}
	}
}

// set is a set of subjects.
type set []uint64

func (s set) has(j int) bool { return j>>6 < len(s) && s[j>>6]&(1<<(j&63)) != 0 }

// add takes in all of another set.
func (s *set) add(o set) {
	s.grow(len(o))
	for w, word := range o {
		(*s)[w] |= word
	}
}

func (s *set) grow(words int) {
	for len(*s) < words {
		*s = append(*s, 0)
	}
}

// put takes a subject in, or out.
func (s *set) put(j int, in bool) {
	s.grow(j>>6 + 1)
	if bit := uint64(1) << (j & 63); in {
		(*s)[j>>6] |= bit
	} else {
		(*s)[j>>6] &^= bit
	}
}

// checkFar is S16, after each Tick: far(A,X) means that the last list of a member which A hears has X, as it reached A, or
// what that tells of others.
func (a *watch) checkFar(p *process) {
	i := p.host.id
	a.gatherTold(i)
	for j := range min(len(a.views[i]), a.hosts) {
		v := &a.views[i][j]
		switch {
		case v.state != mesh.Far || a.told.has(j):
			v.alone = never
		case a.w.partial() && v.alone == never:
			v.alone = a.w.now // since the last Tick
		case !a.w.partial() || a.w.now-v.alone > farHold:
			a.w.violate("S16", i, j, "far, and nobody whom it hears lists it, or tells of it")
		}
	}
}

// refute takes in that a dial of a name was answered by another, or that nobody is there. Of names of nobody alone that proves
// anything.
func (a *watch) refute(p *process, name topics.Name) {
	j := a.index(name)
	if v := a.view(p.host.id, j); j >= a.hosts && a.w.now > v.refuted {
		v.refutes++
		v.refuted = a.w.now
	}
}

// undead counts the phantoms that are members though two dials were answered by others, or that nobody is there.
func (w *world) undead() (n float64) {
	a := w.watch
	for i := range a.views {
		for j := a.hosts; j < len(a.views[i]); j++ {
			v := &a.views[i][j]
			if v.state == mesh.Far && v.refutes >= 2 && w.now-v.refuted > 2*w.profile.Beat {
				n++
			}
		}
	}
	return n
}

// farHold is for how long a far member outlives the word of others in a mesh where nobody hears everybody.
const farHold = 2 * time.Second

// stillCounts reports whether the words of one that is silent count still, as they do in a partial mesh for two beats.
func (a *watch) stillCounts(v *view) bool {
	return a.w.partial() && v.state == mesh.Suspect && a.w.now-v.since < 2*a.w.profile.Beat
}

// gatherTold finds whom those list, or tell of, that an observer hears.
func (a *watch) gatherTold(i int) {
	clear(a.told)
	for k := range min(len(a.views[i]), a.hosts) {
		v := &a.views[i][k]
		if k == i || v.state != mesh.Alive && !a.stillCounts(v) {
			continue
		}
		a.told.add(v.told.set())
		a.told.add(v.tells)
	}
}

// checkFarPair is L6 at the end: where nothing leads from an observer to a host that it never heard, and a chain of machines
// under test that hear the next one does, it is a member.
func (w *world) checkFarPair(i, j int) {
	a := w.watch
	if v := a.view(i, j); v.heard == longAgo && !a.known(i, j) && a.chain(i, j) {
		w.violate("L6", i, j, "%s at the end, though a chain of members that are heard leads to it", v.state)
	}
}

// chain reports whether machines under test, each of which hears the next one, lead from a host to another.
func (a *watch) chain(i, j int) bool {
	seen := map[int]bool{i: true}
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if !a.observes(a.w.hosts[at]) || !a.running(at) {
			continue
		}
		for k := range a.hosts {
			if !seen[k] && a.view(at, k).state == mesh.Alive {
				if k == j {
					return true
				}
				seen[k] = true
				queue = append(queue, k)
			}
		}
	}
	return false
}

// partial reports whether nodes listen to a few of many.
func (w *world) partial() bool { return w.profile.FullMesh > 0 }

// liars reports whether somebody in a run says what is not so.
func (w *world) liars() bool {
	return slices.ContainsFunc(w.hosts, func(h *host) bool { return h.kind == Liar || h.kind == Forger || h.kind == Naive })
}
