package sim

import (
	"time"

	"hearsay/mesh"
)

// changed takes in what a machine tells.
func (a *watch) changed(p *process, c mesh.Change) {
	i, j := p.host.id, a.index(c.Peer)
	if i == j {
		return
	}
	v := a.view(i, j)
	a.earn(i, v, c)
	a.checkChange(p, j, v, c)
	if c.Incarnation != 0 && (c.Kind != mesh.Restarts || c.To != mesh.Left) { // that is told before it comes back
		v.inc = c.Incarnation
	}
	if c.To == mesh.Unknown {
		v.seq, v.inc, v.older = 0, 0, 0 // the observer has forgotten it, too
	}
	if c.From != c.To {
		a.tally(i, j, c)
		a.eyes[i].note(c)
		if c.From == mesh.Alive || c.To == mesh.Alive {
			a.turned = a.w.now
		}
		a.setState(i, j, v, c.To)
	}
}

// note counts changes that lists owe something to.
func (e *eye) note(c mesh.Change) {
	if c.From == mesh.Alive || c.To == mesh.Alive {
		e.turns++
	}
}

// tally counts what goals are about.
func (a *watch) tally(i, j int, c mesh.Change) {
	switch c.Kind {
	case mesh.Suspected:
		a.suspicions++
		if a.healthy(i, j) {
			a.falseSuspicions++
		}
	case mesh.Evicted:
		a.evictions++
		if a.healthy(i, j) {
			a.falseEvictions++
			if a.disturbed(i) {
				a.stallEvictions++
			}
		}
	case mesh.Separated:
		a.detached++
	case mesh.Returned:
		a.admissions[j]++
	}
}

// A host is called healthy once it has been well for a while: long enough to be heard again, and for an observer
// that is or was in trouble itself, longer than the longest silence that evicts. Two that were stalled by turns may
// not have heard each other for minutes.
const (
	settled     = 3 * time.Second
	settledLong = 18 // beats
)

// healthy reports whether a subject runs undisturbed and nothing keeps it from an observer, whose own troubles
// do not count.
func (a *watch) healthy(i, j int) bool {
	if !a.running(j) || a.w.hosts[j].kind == Forger {
		return false
	}
	x := a.w.hosts[j]
	nw, well := a.w.net, settled
	if a.disturbed(i) {
		well = settledLong * a.w.profile.Beat
	}
	return x.proc.stalls == 0 && nw.held[j] == 0 && a.w.now-x.changed > well && a.w.now-x.proc.born > well &&
		nw.cut[i*nw.n+j] == 0 && nw.cut[j*nw.n+i] == 0 && nw.noSyn[i*nw.n+j] == 0
}

// disturbed reports whether an observer is or was lately stalled or deaf.
func (a *watch) disturbed(i int) bool {
	h := a.w.hosts[i]
	return a.w.net.held[i] > 0 || a.w.now-h.changed < time.Minute
}

func (a *watch) setState(i, j int, v *view, to mesh.State) {
	from := v.state
	v.state, v.since = to, a.w.now
	if !to.Member() && to != mesh.Probation {
		v.told = told{}
	}
	a.dirty = true
	if from != mesh.Unknown {
		a.count[j][from]--
	}
	if to != mesh.Unknown {
		a.count[j][to]++
	}
	if j < a.hosts && a.w.hosts[j].owed() && a.w.hosts[i].kin(a.w.hosts[j]) {
		if from == mesh.Alive {
			a.missing++
		}
		if to == mesh.Alive {
			a.missing--
		}
	}
	a.history.add(a.w.now, i, j, to)
}
