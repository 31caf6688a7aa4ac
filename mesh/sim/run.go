package sim

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"hearsay/mesh"
)

// Result is what came of one run.
type Result struct {
	Scenario   string               `json:"scenario"`
	Seed       uint64               `json:"seed"`
	Nodes      int                  `json:"nodes"`
	Virtual    time.Duration        `json:"virtual"` // length of the run in its own time
	Events     uint64               `json:"events"`  // given to machines
	Hash       uint64               `json:"hash"`    // of everything that happened
	Figures    map[string][]float64 `json:"-"`
	Violations []Violation          `json:"violations,omitempty"`
	Taken      []mesh.Taken         `json:"-"`

	Names []string      `json:"-"`
	Marks []Mark        `json:"-"`
	Steps []Step        `json:"-"` // with Options.Record
	Known int           `json:"-"` // the first so many of Names are hosts
	Until time.Duration `json:"-"`
}

// Options change a run.
type Options struct {
	Nodes  int                   // 0: the scenario's
	Length time.Duration         // of the faults; 0: the scenario's
	Record bool                  // keep every step, for a picture
	Trace  io.Writer             // everything but beats, as text
	Damage func(Machine) Machine // of honest nodes: to see that the checks see it
	Stop   func() bool           // asked once a virtual second: give up?
}

// ErrStopped is what a run ends with that Options.Stop ended.
var ErrStopped = errors.New("stopped")

// Recovery bounds, L2: the longest back-off with its jitter, the longest probation, and some.
const recoverBy = 300*time.Second*5/4 + 120*time.Second + 10*time.Second

// tail is how long a run goes on once everything has recovered.
const tail = 3 * time.Second

// Run plays a scenario with one seed. Equal arguments give equal results, bit for bit.
func Run(s Scenario, seed uint64, opt Options) (Result, error) {
	n, length := cmp.Or(opt.Nodes, s.Nodes), cmp.Or(opt.Length, s.Length)
	if n < s.Least {
		return Result{}, fmt.Errorf("scenario %s: %d nodes: want at least %d", s.Name, n, s.Least)
	}
	if s.Fixed {
		length = s.Length
	}
	plan := newPlan(n, seed, length)
	s.Plan(plan)
	plan.Damage = opt.Damage
	plan.finish()
	if plan.err != nil {
		return Result{}, fmt.Errorf("scenario %s: %w", s.Name, plan.err)
	}
	w := newWorld(seed, plan)
	if opt.Record {
		w.watch.history = &history{}
	}
	if opt.Trace != nil {
		w.trace.out = bufio.NewWriter(opt.Trace)
		defer w.trace.out.Flush()
	}
	w.stop = opt.Stop
	w.run(length)
	w.recover()
	w.closeMeters()
	if w.ledger != nil {
		w.ledger.close()
	}
	if w.stopped {
		return Result{}, ErrStopped
	}
	return w.result(s, seed, n), nil
}

// recover is the liveness phase: no more faults, and everything has to come right in bounded time.
func (w *world) recover() {
	if w.watch.wholeMesh() {
		w.record("recover", 0)
	} else {
		whole := Whole()
		if w.partial() {
			whole = Known()
		}
		Measure{Figure: "recover", Until: whole}.apply(w)
	}
	began := w.now
	for len(w.meters) > 0 && w.now < began+recoverBy && !w.stopped {
		w.run(w.now + time.Second)
		w.checkOverdue()
	}
	w.run(w.now + tail)
	w.checkLiveness()
}

func (w *world) result(s Scenario, seed uint64, n int) Result {
	a := w.watch
	a.pairs()
	for _, h := range w.hosts {
		if h.proc != nil {
			a.keepTaken(h.proc)
		}
	}
	w.record("evictions", float64(a.evictions))
	w.record("false evictions", float64(a.falseEvictions))
	w.record("false suspicions", float64(a.falseSuspicions))
	w.record("detached", float64(a.detached))
	days := a.pairTime / (24 * time.Hour).Seconds()
	if days > 0 {
		w.record("false evictions per pair-day", float64(a.falseEvictions)/days)
		w.record("detached per pair-day", float64(a.detached)/days)
	}
	r := Result{
		Scenario: s.Name, Seed: seed, Nodes: n, Virtual: w.now, Hash: w.trace.hash, Figures: w.figures,
		Violations: w.violations, Taken: a.taken, Marks: w.marks, Known: a.hosts, Until: w.now,
	}
	for _, name := range a.names {
		r.Names = append(r.Names, string(name))
	}
	for _, h := range w.hosts {
		r.Events += h.steps
	}
	if a.history != nil {
		r.Steps = a.history.steps
	}
	return r
}
