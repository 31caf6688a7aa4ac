package sim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
)

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	s, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func play(t *testing.T, name string, seed uint64, o Options) Result {
	t.Helper()
	r, err := Run(scenario(t, name), seed, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// One seed is one run, bit for bit; another seed is another run.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mix", "naive", "phantoms", "loss", "moved-names"} {
		first, again, other := play(t, name, 7, Options{}), play(t, name, 7, Options{}), play(t, name, 8, Options{})
		if first.Hash != again.Hash || !reflect.DeepEqual(first, again) {
			t.Errorf("%s: two runs of one seed differ: %x, %x", name, first.Hash, again.Hash)
		}
		if first.Hash == other.Hash {
			t.Errorf("%s: two seeds are one run", name)
		}
	}
}

// Looking on changes nothing: a run that is recorded and traced is the same run.
func TestObserving(t *testing.T) {
	t.Parallel()
	var trace bytes.Buffer
	plain, seen := play(t, "mix", 3, Options{}), play(t, "mix", 3, Options{Record: true, Trace: &trace})
	if plain.Hash != seen.Hash {
		t.Errorf("%x unseen, %x seen", plain.Hash, seen.Hash)
	}
	if len(seen.Steps) == 0 || !strings.Contains(trace.String(), "joined") {
		t.Errorf("%d steps, %d bytes of trace", len(seen.Steps), trace.Len())
	}
}

// How many workers there are does not show in a report.
func TestSuiteOrder(t *testing.T) {
	t.Parallel()
	var reports [2]*Report
	for i, workers := range []int{1, 3} {
		u := Suite{
			Scenarios: []Scenario{scenario(t, "crash"), scenario(t, "mix"), scenario(t, "join")},
			First:     5, Seeds: 4, Workers: workers, Options: Options{Nodes: 6},
		}
		r, err := u.Run()
		if err != nil {
			t.Fatal(err)
		}
		r.Elapsed = 0
		reports[i] = r
	}
	if !reflect.DeepEqual(reports[0], reports[1]) {
		t.Error("one worker and three report differently")
	}
	if reports[0].Runs != 12 || len(reports[0].Rows) != 3 {
		t.Errorf("%d runs in %d rows", reports[0].Runs, len(reports[0].Rows))
	}
}

// Every scenario runs, with few nodes, and measures every figure that it has a goal for.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range Scenarios() {
		if s.Weight >= 20 && testing.Short() || s.Weight >= 25 {
			continue // minutes and days: the suite plays them
		}
		r, err := Run(s, 1, Options{Nodes: max(s.Least, min(8, s.Nodes))})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range s.Goals {
			if len(r.Figures[g.Figure]) == 0 {
				t.Errorf("%s: %q was not measured", s.Name, g.Figure)
			}
		}
		for _, v := range r.Violations {
			if v.Rule[0] != 'S' {
				continue
			}
			t.Errorf("%s: %s broken by %s: %s", s.Name, v.Rule, cmp.Or(v.Observer, "nobody"), v.What)
		}
	}
}

func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range Scenarios() {
		if seen[s.Name] || s.Name == "" || s.Title == "" || s.Nodes < s.Least || s.Least < 2 || s.Length <= 0 || len(s.Goals) == 0 {
			t.Errorf("scenario %+v", s)
		}
		seen[s.Name] = true
		for _, g := range s.Goals {
			if g.Figure == "" || g.Title == "" {
				t.Errorf("scenario %s: goal %+v", s.Name, g)
			}
		}
	}
	if _, err := ByName("nonsense"); err == nil || !strings.Contains(err.Error(), "crash") {
		t.Errorf("got %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	s := scenario(t, "crash")
	if _, err := Run(s, 1, Options{Nodes: 2}); err == nil || !strings.Contains(err.Error(), "at least 4") {
		t.Errorf("got %v", err)
	}
	calls := 0
	stop := func() bool { calls++; return calls > 3 }
	if _, err := Run(s, 1, Options{Stop: stop}); !errors.Is(err, ErrStopped) || calls != 4 {
		t.Errorf("got %v after %d seconds", err, calls)
	}
}

// A figure that was not taken, or never came to be, misses its goal.
func TestJudge(t *testing.T) {
	g := Goal{Figure: "f", Most: 2, Unit: Seconds}
	for _, c := range []struct {
		mean    bool
		samples []sample
		ok      bool
		seed    uint64
	}{
		{samples: nil},
		{samples: []sample{{1, 1}, {2, 2}}, ok: true, seed: 2},
		{samples: []sample{{1, 1}, {3, 9}, {1, 3}}, seed: 9},
		{samples: []sample{{infinite, 4}, {1, 3}}, seed: 4},
		{samples: []sample{{1, 1}, {3, 9}}, mean: true, ok: true, seed: 9},
		{samples: []sample{{2, 1}, {3, 9}}, mean: true, seed: 9},
	} {
		g.Mean = c.mean
		if r := g.judge(c.samples); r.OK != c.ok || r.Seed != c.seed || r.Samples != len(c.samples) {
			t.Errorf("%+v: got %+v", c, r)
		}
	}
}

func TestReportFails(t *testing.T) {
	good := Report{Rows: []Row{{Goals: []GoalResult{{OK: true}}}}}
	missed := Report{Rows: []Row{{Goals: []GoalResult{{OK: true}, {}}}}}
	missing := Report{Missing: []string{"alive, silent: suspect"}}
	broken := Report{Failures: []Failure{{}}}
	if !good.OK() || missed.OK() || missing.OK() || broken.OK() {
		t.Errorf("%v, %v, %v, %v", good.OK(), missed.OK(), missing.OK(), broken.OK())
	}
}

// A transition that no run took is missing where all are asked for.
func TestCoverage(t *testing.T) {
	u := Suite{Scenarios: []Scenario{scenario(t, "join")}, First: 1, Seeds: 1, Coverage: true, Options: Options{Nodes: 4}}
	r, err := u.Run()
	if err != nil {
		t.Fatal(err)
	}
	missing := strings.Join(r.Missing, "\n")
	if !strings.Contains(missing, "suspect, condemned: quarantined") || strings.Contains(missing, "candidate, proven: alive") {
		t.Errorf("missing: %s", missing)
	}
}

// A report can be read by people and by programs, with its infinite figures.
func TestOutputs(t *testing.T) {
	u := Suite{
		Scenarios: []Scenario{scenario(t, "crash"), scenario(t, "scale")}, First: 1, Seeds: 2, Sizes: 16,
		Options: Options{Damage: func(m Machine) Machine { return &broken{Machine: m, keeps: true} }},
	}
	r, err := u.Run()
	if err != nil {
		t.Fatal(err)
	}
	var table, data, scale bytes.Buffer
	if err := errors.Join(r.WriteTable(&table), r.WriteJSON(&data), WriteScale(&scale, r)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"crash: kill -9 of one (16 nodes, 2 runs)", "MISSED: seed", "never", "VIOLATION of S2", "replay: hearsay sim --scenario crash --seed 1", "transitions"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%.2000s", want, table.String())
		}
	}
	var back struct {
		Rows     []struct{ Goals []struct{ Worst any } }
		Failures []struct{ Rule string }
	}
	if err := json.Unmarshal(data.Bytes(), &back); err != nil || len(back.Rows) != 3 || back.Rows[0].Goals[0].Worst != "never" || len(back.Failures) == 0 {
		t.Errorf("%v: %+v", err, back)
	}
	wellFormed(t, "scale", &scale)
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string]int{"mix": 8, "join": 80, "flapper": 4} {
		var out bytes.Buffer
		r := play(t, name, 2, Options{Nodes: nodes, Record: true})
		if err := WriteTimeline(&out, scenario(t, name), r); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, name, &out)
	}
}

func wellFormed(t *testing.T, name string, svg io.Reader) {
	t.Helper()
	d := xml.NewDecoder(svg)
	for {
		switch token, err := d.Token(); {
		case err == io.EOF:
			return
		case err != nil:
			t.Errorf("%s: %v", name, err)
			return
		default:
			if e, ok := token.(xml.StartElement); ok {
				for _, a := range e.Attr {
					if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
						t.Fatalf("%s: %s %s=%q", name, e.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
		}
	}
}

// The names of hosts are numbered from one in every output.
func TestFaultWords(t *testing.T) {
	for want, f := range map[string]Fault{
		"crash 1":                         Crash{0},
		"partition 1-3|4,6 for 1m0s":      Partition{[][]int{{2, 0, 1}, {3, 5}}, time.Minute},
		"lose 30% all for 2.5s":           Loss{Rate: 0.3, For: 2540 * time.Millisecond},
		"one-way cut 1|2":                 Cut{From: []int{0}, To: []int{1}, OneWay: true},
		"delay 2 by 0s to 1.5s for 10s":   Delay{[]int{1}, Span{0, 1500 * time.Millisecond}, 10 * time.Second},
		"clock of 1 by -1h0m0s":           ClockStep{0, -time.Hour},
		"dns mirror is 10.0.0.1 10.0.0.2": DNS{"mirror", []string{"10.0.0.1", "10.0.0.2"}},
		"firewall 1>2-3":                  Firewall{From: []int{0}, To: []int{1, 2}},
		"address of 1 is 10.0.0.9":        Readdress{0, []string{"10.0.0.9"}},
		"freeze 4 for 900ms":              Freeze{Host: 3, For: 900 * time.Millisecond},
		"no dns all":                      NoDNS{},
		"drop 40% of beats for 1m0s":      BeatLoss{0.4, time.Minute},
		"starve 1 for 1m0s":               Starve{Host: 0, For: time.Minute},
	} {
		if f.String() != want {
			t.Errorf("got %q, want %q", f, want)
		}
	}
}

var _ Machine = (*mesh.Machine)(nil)
