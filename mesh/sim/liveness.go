package sim

import (
	"hearsay/mesh"
)

// checkLiveness is called after the time to recover. L1, how fast a crash shows, is a goal of the scenarios in
// which somebody crashes; L4, how seldom a dead name is dialled, of those that run for an hour.
func (w *world) checkLiveness() {
	a := w.watch
	w.checkConnected()
	for i, h := range w.hosts {
		if h.proc == nil || !a.observes(h) {
			continue
		}
		for j := range a.hosts {
			if i != j {
				w.checkPair(i, j)
			}
		}
		for j := a.hosts; j < len(a.names); j++ {
			if v := a.view(i, j); v.listed || v.state == mesh.Alive {
				w.violate("L1", i, j, "a name of nobody is %s at the end", v.state)
			}
		}
	}
}

// checkPair is L1 to L3 for one observer and one host: who runs is alive, who does not is not listed.
func (w *world) checkPair(i, j int) {
	a := w.watch
	v := a.view(i, j)
	x := w.hosts[j]
	nw := w.net
	reachable := nw.open(w.hosts[i], x) && nw.noSyn[i*nw.n+j] == 0 && nw.held[i]+nw.held[j] == 0
	switch {
	case x.kind == Forger:
	case !x.owed():
		if v.listed || v.state == mesh.Alive {
			w.violate("L1", i, j, "dead, and %s at the end", v.state)
		}
	case !reachable || x.proc.stalls > 0:
	case v.state == mesh.Quarantined:
		w.violate("L3", i, j, "quarantined for %v though nothing is in the way", w.now-v.since)
	case v.state != mesh.Alive:
		w.violate("L2", i, j, "%s for %v though nothing is in the way", v.state, w.now-v.since)
	}
}

// checkConnected is L5: those who hear each other are one mesh.
func (w *world) checkConnected() {
	a := w.watch
	var first = -1
	seen := make([]bool, a.hosts)
	var queue []int
	for i, h := range w.hosts {
		if h.proc == nil || !a.observes(h) || !h.owed() || h.proc.stalls > 0 || w.net.held[i] > 0 {
			seen[i] = true
			continue
		}
		if first < 0 {
			first = i
			seen[i] = true
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for j := range a.hosts {
			if !seen[j] && (a.view(i, j).state == mesh.Alive || a.view(j, i).state == mesh.Alive) {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
	for i := range seen {
		if !seen[i] {
			w.violate("L5", first, i, "not connected at the end, by whomever")
		}
	}
}
