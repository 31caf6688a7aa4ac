package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

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
	return Mark{Hosts: touched(f.From, f.To), Until: f.For, glyph: glyphNetwork}
}

// touched are all hosts of several groups, each once: both sides of a cut lose the other.
func touched(groups ...[]int) []int {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(groups...))))
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
	return Mark{Hosts: touched(f.Groups...), Until: f.For, glyph: glyphNetwork}
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
	return Mark{Hosts: touched(f.From, f.To), Until: f.For, glyph: glyphNetwork}
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
