package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"hearsay/mesh"
)

// Suite says which scenarios are played, how often and how.
type Suite struct {
	Scenarios []Scenario
	First     uint64  // seed
	Seeds     int     // of a light scenario; with Share, a heavy one gets fewer
	Share     bool    // divide Seeds by each scenario's Weight
	Coverage  bool    // every transition of the table has to be taken
	Sizes     int     // the largest mesh of scenarios with Sizes, where Options.Nodes does not say; 0: all of them
	Options   Options // Nodes below what a scenario needs are raised to that
	Workers   int
	Progress  func(done, all int, of string) // called by one goroutine at a time; may be nil
}

// job is one run.
type job struct {
	s    Scenario
	n    int
	seed uint64
	row  int
}

// Report is what came of a suite.
type Report struct {
	Rows     []Row         `json:"rows"`
	Taken    []Transition  `json:"transitions"`
	Missing  []string      `json:"missing,omitempty"` // transitions never taken, where all had to be
	Runs     int           `json:"runs"`
	Virtual  time.Duration `json:"virtual_ns"`
	Events   uint64        `json:"events"`
	Hash     uint64        `json:"hash,string"` // over all runs in order
	Elapsed  time.Duration `json:"wall_ns"`     // in real time
	Failures []Failure     `json:"failures,omitempty"`
}

// Row is a scenario with a number of nodes, over all its seeds.
type Row struct {
	Scenario string       `json:"scenario"`
	Title    string       `json:"title"`
	Nodes    int          `json:"nodes"`
	Runs     int          `json:"runs"`
	Goals    []GoalResult `json:"goals"`
	Broken   int          `json:"violations"`
}

// GoalResult is one figure of a row.
type GoalResult struct {
	Figure  string  `json:"figure"`
	Title   string  `json:"title"`
	Unit    Unit    `json:"unit"`
	Goal    float64 `json:"goal"`
	Median  Number  `json:"median"`
	Worst   Number  `json:"worst"`
	Mean    Number  `json:"mean"`
	Samples int     `json:"samples"`
	Judged  string  `json:"judged"` // worst or mean
	Seed    uint64  `json:"worst_seed"`
	OK      bool    `json:"ok"`
}

// Number is a figure; what never happened is infinite, and "never" in JSON.
type Number float64

// MarshalJSON writes infinity, which JSON has not, as a word.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(n), 0) || math.IsNaN(float64(n)) {
		return []byte(`"never"`), nil
	}
	return fmt.Appendf(nil, "%.6g", float64(n)), nil
}

// Transition is a line of the machine's table and how often it was taken.
type Transition struct {
	From  string `json:"from"`
	On    string `json:"on"`
	To    string `json:"to"`
	Times uint64 `json:"times"`
}

// Failure is a violation with what replays it.
type Failure struct {
	Scenario string `json:"scenario"`
	Nodes    int    `json:"nodes"`
	Seed     uint64 `json:"seed"`
	Replay   string `json:"replay"`
	Violation
}

// OK reports whether everything held.
func (r *Report) OK() bool {
	if len(r.Failures) > 0 || len(r.Missing) > 0 {
		return false
	}
	for _, row := range r.Rows {
		for _, g := range row.Goals {
			if !g.OK {
				return false
			}
		}
	}
	return true
}

// jobs lists the runs in the order of the table.
func (u *Suite) jobs() (jobs []job, rows []Row) {
	for _, s := range u.Scenarios {
		for _, n := range u.nodes(s) {
			runs := u.Seeds
			if u.Share {
				runs = max(1, u.Seeds/max(1, s.Weight))
			}
			for i := range runs {
				jobs = append(jobs, job{s, n, u.First + uint64(i), len(rows)})
			}
			rows = append(rows, Row{Scenario: s.Name, Title: s.Title, Nodes: n, Runs: runs})
		}
	}
	return jobs, rows
}

// nodes is how many nodes a scenario is played with.
func (u *Suite) nodes(s Scenario) (ns []int) {
	if len(s.Sizes) == 0 {
		return []int{max(s.Least, cmp.Or(u.Options.Nodes, s.Nodes))}
	}
	most := cmp.Or(u.Options.Nodes, u.Sizes, slices.Max(s.Sizes))
	for _, n := range s.Sizes {
		if n <= max(most, s.Sizes[0]) {
			ns = append(ns, n)
		}
	}
	return ns
}

// Run plays all runs on as many goroutines as there are workers. Runs share nothing, so the report does not
// depend on their order, except for Elapsed.
func (u *Suite) Run() (*Report, error) {
	began := time.Now()
	jobs, rows := u.jobs()
	results, err := u.play(jobs)
	if err != nil {
		return nil, err
	}
	r := u.report(jobs, rows, results)
	r.Elapsed = time.Since(began)
	return r, nil
}

// play runs the longest jobs first, so that no worker is left alone with one at the end.
func (u *Suite) play(jobs []job) ([]Result, error) {
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cost(jobs[b]), cost(jobs[a])) })
	results, errs := make([]Result, len(jobs)), make([]error, len(jobs))
	var mu sync.Mutex
	var wg sync.WaitGroup
	next, done := 0, 0
	for range max(1, u.Workers) {
		wg.Go(func() {
			for {
				mu.Lock()
				if next == len(order) {
					mu.Unlock()
					return
				}
				i := order[next]
				next++
				mu.Unlock()
				if u.Options.Stop != nil && u.Options.Stop() {
					errs[i] = ErrStopped
					continue
				}
				results[i], errs[i] = Run(jobs[i].s, jobs[i].seed, u.options(jobs[i]))
				mu.Lock()
				if done++; u.Progress != nil {
					u.Progress(done, len(jobs), jobs[i].s.Name)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (u *Suite) options(j job) Options {
	o := u.Options
	o.Nodes = j.n
	return o
}

// cost is what a job takes, roughly.
func cost(j job) float64 { return float64(j.n) * float64(j.n) * j.s.Length.Seconds() }

func (u *Suite) report(jobs []job, rows []Row, results []Result) *Report {
	r := &Report{Rows: rows, Runs: len(jobs)}
	figures := make([]map[string][]sample, len(rows))
	var taken []mesh.Taken
	for i, res := range results {
		j := jobs[i]
		row := &r.Rows[j.row]
		row.Broken += len(res.Violations)
		if figures[j.row] == nil {
			figures[j.row] = make(map[string][]sample)
		}
		for f, vs := range res.Figures {
			for _, v := range vs {
				figures[j.row][f] = append(figures[j.row][f], sample{v, j.seed})
			}
		}
		for _, v := range res.Violations {
			r.Failures = append(r.Failures, Failure{j.s.Name, j.n, j.seed, u.replay(j), v})
		}
		taken = addTaken(taken, res.Taken)
		r.Virtual += res.Virtual
		r.Events += res.Events
		r.Hash = r.Hash*1099511628211 ^ res.Hash
	}
	for i := range r.Rows {
		s := u.scenario(r.Rows[i].Scenario)
		for _, g := range s.Goals {
			r.Rows[i].Goals = append(r.Rows[i].Goals, g.judge(figures[i][g.Figure]))
		}
	}
	u.cover(r, taken)
	return r
}

func (u *Suite) scenario(name string) Scenario {
	i := slices.IndexFunc(u.Scenarios, func(s Scenario) bool { return s.Name == name })
	return u.Scenarios[i]
}

// replay is the command that plays a run again.
func (u *Suite) replay(j job) string {
	cmd := fmt.Sprintf("hearsay sim --scenario %s --seed %d", j.s.Name, j.seed)
	if j.n != j.s.Nodes {
		cmd += fmt.Sprintf(" --nodes %d", j.n)
	}
	if u.Options.Length > 0 && !j.s.Fixed {
		cmd += fmt.Sprintf(" --duration %v", u.Options.Length)
	}
	return cmd
}

func addTaken(sum, taken []mesh.Taken) []mesh.Taken {
	for i, t := range taken {
		if i == len(sum) {
			sum = append(sum, mesh.Taken{From: t.From, To: t.To, On: t.On})
		}
		sum[i].Times += t.Times
	}
	return sum
}

// byChance reports whether a transition takes what no scenario can arrange: a dial of a far member that gets through just
// then, and finds it leaving, or under another name. The tests of package mesh take it.
func byChance(t mesh.Taken) bool {
	return t.From == mesh.Far && (t.To == mesh.Left || t.To == mesh.Alias)
}

// cover says which transitions were taken.
func (u *Suite) cover(r *Report, taken []mesh.Taken) {
	for _, t := range taken {
		r.Taken = append(r.Taken, Transition{t.From.String(), t.On, t.To.String(), t.Times})
		if u.Coverage && t.Times == 0 && !byChance(t) {
			r.Missing = append(r.Missing, fmt.Sprintf("%s, %s: %s", t.From, t.On, t.To))
		}
	}
}

// sample is one measurement.
type sample struct {
	value float64
	seed  uint64
}

// judge sums the samples of a figure up. A figure that was never taken fails its goal.
func (g Goal) judge(samples []sample) GoalResult {
	r := GoalResult{Figure: g.Figure, Title: g.Title, Unit: g.Unit, Goal: g.Most, Samples: len(samples), Judged: "worst"}
	if len(samples) == 0 {
		r.Median, r.Worst, r.Mean = Number(infinite), Number(infinite), Number(infinite)
		return r
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return cmp.Compare(a.value, b.value) })
	sum := 0.0
	for _, s := range samples {
		sum += s.value
	}
	worst := samples[len(samples)-1]
	r.Median, r.Worst, r.Seed = Number(samples[len(samples)/2].value), Number(worst.value), worst.seed
	r.Mean = Number(sum / float64(len(samples)))
	r.OK = worst.value <= g.Most
	if g.Mean {
		r.Judged = "mean"
		r.OK = float64(r.Mean) <= g.Most
	}
	return r
}
