package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// MaxNodes is the largest mesh that can be played. Its pairs need memory: about 6 KiB each.
const MaxNodes = 2048

// HostPlan is a host before the run.
type HostPlan struct {
	Name    topics.Name
	Aliases []topics.Name
	Addrs   []string
	Kind    Kind
	Mesh    string // label of its mesh
	NoName  bool   // DNS does not know it
	Junk    bool   // it answers, but is no publisher
	Seeds   []topics.Name
	Lie     Lie
	Forge   Forgery
	Rumour  Rumour              // what a liar tells of others
	Flood   int                 // beats that a liar publishes beside its own, ten times a second
	Machine func(Birth) Machine // nil: by Kind
	Begin   time.Duration       // when it starts; negative: not by itself
}

// Action is a fault at a time.
type Action struct {
	At    time.Duration
	Fault Fault
}

// Plan is everything that a run is made of: data, drawn from one seed.
type Plan struct {
	N       int
	Rand    *rand.Rand
	Network Network
	Profile mesh.Config
	Hosts   []HostPlan
	DNS     map[topics.Name][]string // names beside those of the hosts
	Styles  map[topics.Name]Style    // how they are answered where there are several addresses
	Actions []Action
	Length  time.Duration // of the faults; what follows is the time to recover
	err     error
	Damage  func(Machine) Machine

	Talk    bool  // nodes have couriers: applications talk
	Forgers []int // of them, those that forge messages
	tamper  tamper
}

// newPlan lays n honest hosts out as a ring: each is given the next one, and all start within a fifth of a
// second.
func newPlan(n int, seed uint64, length time.Duration) *Plan {
	p := &Plan{
		N: n, Rand: source(seed, purposePlan), Network: Ethernet(), Profile: mesh.LAN(), Length: length,
		DNS: make(map[topics.Name][]string), Styles: make(map[topics.Name]Style),
	}
	for i := range n {
		p.Hosts = append(p.Hosts, HostPlan{
			Name:  HostName(i),
			Addrs: []string{fmt.Sprintf("10.0.%d.%d", (i+1)>>8, (i+1)&255)},
			Seeds: []topics.Name{HostName((i + 1) % n)},
			Begin: time.Duration(p.Rand.Int64N(int64(200 * time.Millisecond))),
		})
	}
	return p
}

// HostName is the name of the host with this index.
func HostName(i int) topics.Name { return topics.Name(fmt.Sprintf("node_%d", i+1)) }

// At adds faults at a time.
func (p *Plan) At(t time.Duration, faults ...Fault) {
	for _, f := range faults {
		p.Actions = append(p.Actions, Action{t, f})
	}
}

// Between is a random time.
func (p *Plan) Between(min, max time.Duration) time.Duration { return Span{min, max}.pick(p.Rand) }

// Any is a random host.
func (p *Plan) Any() int { return p.Rand.IntN(p.N) }

// Some is count random hosts.
func (p *Plan) Some(count int) []int { return slices.Sorted(slices.Values(p.Rand.Perm(p.N)[:count])) }

// All is every host.
func (p *Plan) All() []int {
	all := make([]int, p.N)
	for i := range all {
		all[i] = i
	}
	return all
}

// Others is every host but those.
func (p *Plan) Others(these ...int) []int {
	return slices.DeleteFunc(p.All(), func(i int) bool { return slices.Contains(these, i) })
}

// finish fills in what was left open.
func (p *Plan) finish() {
	for i := range p.Hosts {
		h := &p.Hosts[i]
		if h.Machine == nil {
			h.Machine = honest
			if h.Kind == Naive {
				h.Machine = newNaive
			}
		}
		if p.Damage != nil && h.Kind == Honest {
			sound := h.Machine
			h.Machine = func(b Birth) Machine { return p.Damage(sound(b)) }
		}
		if h.Begin >= 0 {
			p.Actions = append(p.Actions, Action{h.Begin, boot{i}})
		}
	}
	slices.SortStableFunc(p.Actions, func(a, b Action) int { return int(a.At - b.At) })
}

// boot is the first start of a host: no fault, and no mark in the picture.
type boot struct{ host int }

func (b boot) apply(w *world) { w.start(w.hosts[b.host]) }
func (b boot) String() string { return fmt.Sprintf("boot %d", b.host+1) }
