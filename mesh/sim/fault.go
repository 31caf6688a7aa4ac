package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hearsay/mesh"
)

// Fault is something that is done to hosts, processes or the network at a time. Those with a field For end by
// themselves after it; zero means never.
type Fault interface {
	apply(w *world)
	String() string
}

// Mark is a fault as a picture shows it.
type Mark struct {
	At    time.Duration `json:"at"`
	Until time.Duration `json:"until"` // At for what has no length
	Text  string        `json:"text"`
	Hosts []int         `json:"hosts"`
	glyph glyph
}

// glyph is how a picture shows it.
type glyph uint8

const (
	glyphOther glyph = iota
	glyphStart
	glyphDeath
	glyphStall
	glyphNetwork
)

// marked faults are drawn. mark.Until is the length.
type marked interface{ mark() Mark }

// Start runs a node, unless one runs there already.
type Start struct{ Host int }

func (f Start) apply(w *world) { w.start(w.hosts[f.Host]) }
func (f Start) String() string { return fmt.Sprintf("start %d", f.Host+1) }
func (f Start) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphStart} }

// Crash ends a process as kill -9 does.
type Crash struct{ Host int }

func (f Crash) apply(w *world) {
	if p := w.hosts[f.Host].proc; p != nil {
		w.end(p)
	}
}
func (f Crash) String() string { return fmt.Sprintf("crash %d", f.Host+1) }
func (f Crash) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphDeath} }

// PowerCut ends a host: nobody hears of it.
type PowerCut struct{ Host int }

func (f PowerCut) apply(w *world) { w.powerOff(w.hosts[f.Host]) }
func (f PowerCut) String() string { return fmt.Sprintf("power cut %d", f.Host+1) }
func (f PowerCut) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphDeath} }

// PowerOn boots a host and runs its node.
type PowerOn struct{ Host int }

func (f PowerOn) apply(w *world) {
	w.hosts[f.Host].power = true
	w.start(w.hosts[f.Host])
}
func (f PowerOn) String() string { return fmt.Sprintf("power on %d", f.Host+1) }
func (f PowerOn) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphStart} }

// Leave asks a node to say goodbye and end. The runtime waits a second for it.
type Leave struct{ Host int }

func (f Leave) apply(w *world) {
	p := w.hosts[f.Host].proc
	if p == nil {
		return
	}
	p.leaving = true
	p.give(mesh.Leave{}, nil)
	w.after(time.Second, func() { w.endLeaving(p) })
}

// endLeaving ends a process whose goodbye takes too long, as soon as it runs.
func (w *world) endLeaving(p *process) {
	switch {
	case p.dead:
	case p.stalls > 0:
		p.parked = append(p.parked, func() { w.endLeaving(p) })
	default:
		w.end(p)
	}
}
func (f Leave) String() string { return fmt.Sprintf("leave %d", f.Host+1) }
func (f Leave) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphDeath} }

// Freeze stops a process as SIGSTOP does; its host lives on. With Suspend its clock stands still as well, as on
// a laptop with the lid closed.
type Freeze struct {
	Host    int
	For     time.Duration
	Suspend bool
}

func (f Freeze) apply(w *world) {
	p := w.hosts[f.Host].proc
	if p == nil {
		return
	}
	p.stall()
	p.suspended = p.suspended || f.Suspend
	if f.For > 0 {
		w.after(f.For, func() { w.resume(p) })
	}
}
func (f Freeze) String() string { return fmt.Sprintf("freeze %d%s", f.Host+1, lasting(f.For)) }
func (f Freeze) mark() Mark {
	return Mark{Hosts: []int{f.Host}, Until: f.For, glyph: glyphStall}
}

// Wedge stops what beats and judges in a process for good. What answers connections lives on, and says to whoever
// subscribes what was said last.
type Wedge struct{ Host int }

func (f Wedge) apply(w *world) {
	if p := w.hosts[f.Host].proc; p != nil {
		p.stall()
		p.wedged = true
	}
}
func (f Wedge) String() string { return fmt.Sprintf("wedge %d", f.Host+1) }
func (f Wedge) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphDeath} }

// Thaw ends a freeze.
type Thaw struct{ Host int }

func (f Thaw) apply(w *world) {
	if p := w.hosts[f.Host].proc; p != nil {
		w.resume(p)
	}
}
func (f Thaw) String() string { return fmt.Sprintf("thaw %d", f.Host+1) }
func (f Thaw) mark() Mark     { return Mark{Hosts: []int{f.Host}, glyph: glyphStart} }

func (w *world) resume(p *process) {
	p.host.changed = w.now
	p.resume()
	w.watch.dirty = true
}

// Starve gives a process the CPU for short whiles only: it stands for Stall, runs for Run, and so on.
type Starve struct {
	Host       int
	Stall, Run Span
	For        time.Duration
}

func (f Starve) apply(w *world) {
	p, end := w.hosts[f.Host].proc, w.now+f.For
	if p == nil {
		return
	}
	var stop, run func()
	stop = func() {
		if p.dead || w.now >= end {
			return
		}
		p.stall()
		w.after(f.Stall.pick(w.net.rng), run)
	}
	run = func() {
		w.resume(p)
		w.after(f.Run.pick(w.net.rng), stop)
	}
	stop()
}
func (f Starve) String() string { return fmt.Sprintf("starve %d%s", f.Host+1, lasting(f.For)) }
func (f Starve) mark() Mark {
	return Mark{Hosts: []int{f.Host}, Until: f.For, glyph: glyphStall}
}

// ClockStep moves a host's wall clock. Monotonic time goes on; the next process has another incarnation.
type ClockStep struct {
	Host int
	By   time.Duration
}

func (f ClockStep) apply(w *world) { w.hosts[f.Host].offset += f.By }
func (f ClockStep) String() string { return fmt.Sprintf("clock of %d by %s", f.Host+1, rounded(f.By)) }
func (f ClockStep) mark() Mark     { return Mark{Hosts: []int{f.Host}} }

// Readdress gives a host other addresses and tells DNS. A process that runs there vanishes without a word: a
// container does not keep its connections when its network is replaced.
type Readdress struct {
	Host  int
	Addrs []string
}

func (f Readdress) apply(w *world) {
	h := w.hosts[f.Host]
	if h.proc != nil {
		w.powerOff(h)
		h.power = true
	}
	w.net.detach(h)
	h.addrs = f.Addrs
	w.net.attach(h)
	if !h.noName {
		w.net.setDNS(h.name, h.addrs)
	}
}
func (f Readdress) String() string {
	return fmt.Sprintf("address of %d is %s", f.Host+1, strings.Join(f.Addrs, " "))
}

// Relabel gives a host another mesh, from its next start on.
type Relabel struct {
	Host int
	Mesh string
}

func (f Relabel) apply(w *world) { w.hosts[f.Host].mesh = f.Mesh }
func (f Relabel) String() string { return fmt.Sprintf("mesh of %d is %q", f.Host+1, f.Mesh) }

// Chat lets every process say something on its message port now and then, which is a sign of life too.
type Chat struct{ Every, For time.Duration }

func (f Chat) apply(w *world) {
	end := w.now + f.For
	var say func()
	say = func() {
		for _, h := range w.hosts {
			if p := h.proc; p != nil && p.stalls == 0 {
				p.chat()
			}
		}
		if w.now < end {
			w.after(f.Every, say)
		}
	}
	say()
}
func (f Chat) String() string { return fmt.Sprintf("chat every %v%s", f.Every, lasting(f.For)) }

// lasting is how a length is said.
func lasting(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return " for " + rounded(d)
}

// rounded is a duration without digits that nobody reads.
func rounded(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// hosts is how a set of hosts is said: numbers from 1, runs joined.
func hosts(ids []int) string {
	if ids == nil {
		return "all"
	}
	ids = slices.Sorted(slices.Values(ids))
	var parts []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		switch {
		case j == i:
			parts = append(parts, fmt.Sprint(ids[i]+1))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", ids[i]+1, ids[j]+1))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
