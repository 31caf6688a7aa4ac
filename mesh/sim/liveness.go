package sim

import (
	"time"

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
			if v := a.view(i, j); v.listed || v.state == mesh.Alive || v.state == mesh.Far && !w.liars() {
				w.violate("L1", i, j, "a name of nobody is %s at the end", v.state)
			}
		}
	}
}

// checkOverdue is L2 while a run recovers: two that have heard each other, and have no bad past, hear each other again
// when each could have been probed once since the last fault.
func (w *world) checkOverdue() {
	a := w.watch
	for i, h := range w.hosts {
		if h.proc == nil || !a.observes(h) {
			continue
		}
		for j := range a.views[i] {
			v := &a.views[i][j]
			if j >= a.hosts || v.state == mesh.Alive || a.w.partial() && v.state == mesh.Far || !w.reachable(i, j) || v.heard == longAgo || w.hosts[j].kind == Forger {
				continue
			}
			if v.penalty+v.earned > forgiven || a.observes(w.hosts[j]) && a.view(j, i).penalty+a.view(j, i).earned > forgiven {
				continue
			}
			if by := a.probedBy(v); w.now > by {
				w.violate("L2", i, j, "%s %v after the last fault, %v after it was heard", v.state, w.now-w.calm, w.now-v.heard)
			}
		}
	}
}

// probedBy is when a subject has been dialled once more since the last fault, at the latest: all observers probe it in
// turn, a detached one once in ten beats, one that is gone for long once in a twelfth of that time.
func (a *watch) probedBy(v *view) time.Duration {
	const jitter, judged = 1.2, 4
	c := &a.w.profile
	wait := max(time.Duration(max(a.hosts, 10))*c.Beat, (a.w.calm-v.heard)/12)
	return a.w.calm + time.Duration(jitter*float64(min(wait, c.BackOffCap))) + a.w.net.DialTimeout + judged*c.Beat
}

// reachable reports whether both of a pair run, and nothing is in their way.
func (w *world) reachable(i, j int) bool {
	nw, x, y := w.net, w.hosts[i], w.hosts[j]
	return x.proc != nil && y.owed() && x.kin(y) && x.proc.stalls+y.proc.stalls == 0 && nw.held[i]+nw.held[j] == 0 &&
		nw.open(x, y) && nw.noSyn[i*nw.n+j]+nw.noSyn[j*nw.n+i] == 0
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
	case !x.kin(w.hosts[i]):
		a.checkKin(i, j, v)
	case !x.owed():
		if v.listed || v.state == mesh.Alive || v.state == mesh.Far && !w.liars() {
			w.violate("L1", i, j, "dead, and %s at the end", v.state)
		}
	case !reachable:
		w.checkFarPair(i, j)
	case x.proc.stalls > 0:
	case v.state == mesh.Quarantined:
		w.violate("L3", i, j, "quarantined for %v though nothing is in the way", w.now-v.since)
	case v.state == mesh.Far && w.partial():
	case v.state != mesh.Alive:
		w.violate("L2", i, j, "%s for %v though nothing is in the way", v.state, w.now-v.since)
	}
}

// checkConnected is L5: those who hear each other are one mesh, of each label.
func (w *world) checkConnected() {
	done := make(map[string]bool)
	for _, h := range w.hosts {
		if !done[h.mesh] {
			done[h.mesh] = true
			w.checkOneMesh(h)
		}
	}
}

// checkOneMesh is that for the mesh of one host.
func (w *world) checkOneMesh(kin *host) {
	a := w.watch
	var first = -1
	seen := make([]bool, a.hosts)
	var queue []int
	for i, h := range w.hosts {
		if h.proc == nil || !h.kin(kin) || !a.observes(h) || !h.owed() || h.proc.stalls > 0 || w.net.held[i] > 0 {
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
