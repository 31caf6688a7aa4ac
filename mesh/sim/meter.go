package sim

import (
	"time"

	"hearsay/mesh"
)

// Cond is something that may come to be.
type Cond func(w *world) bool

// Measure is an action that takes the time until Cond holds, or that takes a reading at once.
type Measure struct {
	Figure string
	Until  Cond                   // the figure is the seconds until then
	Read   func(w *world) float64 // the figure is what this returns
}

func (m Measure) String() string { return "measure " + m.Figure }

func (m Measure) apply(w *world) {
	if m.Read != nil {
		w.record(m.Figure, m.Read(w))
		return
	}
	w.meters = append(w.meters, &meter{figure: m.Figure, since: w.now, until: m.Until})
}

// meter is a measurement under way.
type meter struct {
	figure string
	since  time.Duration
	until  Cond
}

func (w *world) record(figure string, value float64) {
	w.figures[figure] = append(w.figures[figure], value)
}

// checkMeters ends the measurements whose condition holds.
func (w *world) checkMeters() {
	left := w.meters[:0]
	for _, m := range w.meters {
		if m.until(w) {
			w.record(m.figure, (w.now - m.since).Seconds())
		} else {
			left = append(left, m)
		}
	}
	w.meters = left
}

// closeMeters says of the others that it never happened.
func (w *world) closeMeters() {
	for _, m := range w.meters {
		w.record(m.figure, infinite)
	}
	w.meters = nil
}

// OffLists: no honest node lists the host.
func OffLists(host int) Cond {
	return func(w *world) bool { return w.watch.listed[host] == 0 }
}

// EvictedEverywhere: every honest node has evicted the host.
func EvictedEverywhere(host int) Cond {
	return func(w *world) bool { return w.watch.count[host][mesh.Quarantined] >= w.watch.othersThan(host) }
}

// DetachedAt: the observer has the host as detached.
func DetachedAt(observer, host int) Cond {
	return func(w *world) bool { return w.watch.view(observer, host).state == mesh.Detached }
}

// AliveEverywhere: the host runs, is alive to every honest node, and they are alive to it.
func AliveEverywhere(host int) Cond {
	return func(w *world) bool {
		a := w.watch
		if !a.running(host) || a.count[host][mesh.Alive] < a.othersThan(host) {
			return false
		}
		if !a.observes(w.hosts[host]) {
			return true
		}
		for j := range a.hosts {
			if j != host && a.w.hosts[j].owed() && a.w.hosts[j].kin(a.w.hosts[host]) && a.view(host, j).state != mesh.Alive {
				return false
			}
		}
		return true
	}
}

// Whole: everybody who runs is alive to every honest node, and nobody else is listed.
func Whole() Cond { return func(w *world) bool { return w.watch.wholeMesh() } }

// othersThan is how many honest observers run beside a host.
func (a *watch) othersThan(host int) int {
	n := a.observers
	if h := a.w.hosts[host]; h.proc != nil && a.observes(h) {
		n--
	}
	return n
}
