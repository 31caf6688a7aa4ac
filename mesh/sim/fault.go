package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
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

// Deaf blocks a host's network both ways; everything is delivered at its end. The process runs.
type Deaf struct {
	Host int
	For  time.Duration
}

func (f Deaf) apply(w *world) {
	h := w.hosts[f.Host]
	w.net.held[h.id]++
	w.net.changed(w, func(l *link) bool { return l.sub.host == h || l.pub.host == h })
	w.after(f.For, func() {
		h.changed = w.now
		w.net.held[h.id]--
		w.net.release(w, h)
	})
}
func (f Deaf) String() string { return fmt.Sprintf("deaf %d%s", f.Host+1, lasting(f.For)) }
func (f Deaf) mark() Mark     { return Mark{Hosts: []int{f.Host}, Until: f.For, glyph: glyphNetwork} }

// Cut stops all packets from each of From to each of To, and back unless OneWay.
type Cut struct {
	From, To []int
	OneWay   bool
	For      time.Duration
}

func (f Cut) apply(w *world) {
	w.cut(f, 1)
	if f.For > 0 {
		w.after(f.For, func() { w.cut(f, -1) })
	}
}
func (f Cut) String() string {
	way := "cut"
	if f.OneWay {
		way = "one-way cut"
	}
	return fmt.Sprintf("%s %s|%s%s", way, hosts(f.From), hosts(f.To), lasting(f.For))
}
func (f Cut) mark() Mark {
	all := slices.Concat(f.From, f.To)
	if len(f.From) != len(f.To) { // the smaller side is what a person would say is cut off
		all = f.From
		if len(f.To) < len(all) {
			all = f.To
		}
	}
	return Mark{Hosts: all, Until: f.For, glyph: glyphNetwork}
}

func (w *world) cut(f Cut, by int) {
	nw := w.net
	for _, a := range f.From {
		for _, b := range f.To {
			if a == b {
				continue
			}
			nw.cut[a*nw.n+b] += uint16(by)
			if !f.OneWay {
				nw.cut[b*nw.n+a] += uint16(by)
			}
		}
	}
	if by > 0 {
		nw.changed(w, func(l *link) bool { return !nw.works(l) })
	} else {
		for _, i := range slices.Concat(f.From, f.To) {
			w.hosts[i].changed = w.now
		}
	}
	w.watch.dirty = true
}

// Partition stops all packets between groups.
type Partition struct {
	Groups [][]int
	For    time.Duration
}

func (f Partition) apply(w *world) {
	for i, a := range f.Groups {
		for _, b := range f.Groups[:i] {
			Cut{From: a, To: b, For: f.For}.apply(w)
		}
	}
}
func (f Partition) String() string {
	var parts []string
	for _, g := range f.Groups {
		parts = append(parts, hosts(g))
	}
	return "partition " + strings.Join(parts, "|") + lasting(f.For)
}
func (f Partition) mark() Mark {
	return Mark{Hosts: slices.Concat(f.Groups[1:]...), Until: f.For, glyph: glyphNetwork}
}

// Firewall silently drops connection requests from From to To, as a NAT or a security group does, and whatever
// goes over connections that were made that way. Those that were dialled the other way work.
type Firewall struct {
	From, To []int
	For      time.Duration
}

func (f Firewall) apply(w *world) {
	w.firewall(f, 1)
	if f.For > 0 {
		w.after(f.For, func() { w.firewall(f, -1) })
	}
}
func (f Firewall) String() string {
	return fmt.Sprintf("firewall %s>%s%s", hosts(f.From), hosts(f.To), lasting(f.For))
}
func (f Firewall) mark() Mark {
	return Mark{Hosts: f.From, Until: f.For, glyph: glyphNetwork}
}

func (w *world) firewall(f Firewall, by int) {
	for _, a := range f.From {
		for _, b := range f.To {
			w.net.noSyn[a*w.net.n+b] += uint16(by)
		}
		if p := w.hosts[a].proc; p != nil && by > 0 {
			for _, l := range p.dialled {
				if slices.Contains(f.To, l.pub.host.id) {
					w.watchSilence(l)
				}
			}
		}
	}
	for _, i := range slices.Concat(f.From, f.To) {
		w.hosts[i].changed = w.now
	}
	w.watch.dirty = true
}

// Loss loses packets of some hosts, or of all where Hosts is nil.
type Loss struct {
	Hosts []int
	Rate  float64
	For   time.Duration
}

func (f Loss) apply(w *world) {
	set := func(rate float64) {
		if f.Hosts == nil {
			w.net.lossAll = rate
		}
		for _, i := range f.Hosts {
			w.net.loss[i] = rate
		}
		w.net.lossy = w.net.lossAll > 0 || slices.ContainsFunc(w.net.loss, func(r float64) bool { return r > 0 })
	}
	set(f.Rate)
	if f.For > 0 {
		w.after(f.For, func() { set(0) })
	}
}
func (f Loss) String() string {
	return fmt.Sprintf("lose %.0f%% %s%s", 100*f.Rate, hosts(f.Hosts), lasting(f.For))
}
func (f Loss) mark() Mark { return Mark{Hosts: f.Hosts, Until: f.For, glyph: glyphNetwork} }

// BeatLoss drops beats before TCP sees them, as a full outbox does.
type BeatLoss struct {
	Rate float64
	For  time.Duration
}

func (f BeatLoss) apply(w *world) {
	w.net.drop = f.Rate
	if f.For > 0 {
		w.after(f.For, func() { w.net.drop = 0 })
	}
}
func (f BeatLoss) String() string {
	return fmt.Sprintf("drop %.0f%% of beats%s", 100*f.Rate, lasting(f.For))
}
func (f BeatLoss) mark() Mark { return Mark{Until: f.For, glyph: glyphNetwork} }

// Delay adds to the latency of every packet of some hosts.
type Delay struct {
	Hosts []int
	Extra Span
	For   time.Duration
}

func (f Delay) apply(w *world) {
	set := func(s Span) {
		for _, i := range f.Hosts {
			w.net.slow[i] = s
		}
	}
	set(f.Extra)
	if f.For > 0 {
		w.after(f.For, func() { set(Span{}) })
	}
}
func (f Delay) String() string {
	return fmt.Sprintf("delay %s by %s to %s%s", hosts(f.Hosts), rounded(f.Extra.Min), rounded(f.Extra.Max), lasting(f.For))
}
func (f Delay) mark() Mark { return Mark{Hosts: f.Hosts, Until: f.For, glyph: glyphNetwork} }

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
	w.net.setDNS(h.name, h.addrs)
}
func (f Readdress) String() string {
	return fmt.Sprintf("address of %d is %s", f.Host+1, strings.Join(f.Addrs, " "))
}

// DNS sets the addresses of a name; none takes it away.
type DNS struct {
	Name  topics.Name
	Addrs []string
}

func (f DNS) apply(w *world) { w.net.setDNS(f.Name, f.Addrs) }
func (f DNS) String() string { return fmt.Sprintf("dns %s is %s", f.Name, strings.Join(f.Addrs, " ")) }
func (f DNS) mark() Mark     { return Mark{} }

// NoDNS makes the resolver of some hosts stay silent, or of all where Hosts is nil.
type NoDNS struct {
	Hosts []int
	For   time.Duration
}

func (f NoDNS) apply(w *world) {
	add := func(by int) {
		if f.Hosts == nil {
			w.net.silent += by
		}
		for _, i := range f.Hosts {
			w.hosts[i].noDNS += by
		}
	}
	add(1)
	if f.For > 0 {
		w.after(f.For, func() { add(-1) })
	}
}
func (f NoDNS) String() string { return "no dns " + hosts(f.Hosts) + lasting(f.For) }
func (f NoDNS) mark() Mark     { return Mark{Hosts: f.Hosts, Until: f.For, glyph: glyphNetwork} }

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
