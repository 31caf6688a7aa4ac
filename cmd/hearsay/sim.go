package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/mesh/sim"
)

const (
	allScenarios  = "all"
	defaultSeeds  = 20
	coverageSeeds = 100 // with so many, the suite has to take every transition
	suiteSize     = 128 // the largest mesh of "all"; 1,024 nodes take minutes
	simHeap       = 400 // percent of growth between collections: a run is short and drops what it made
)

func simCommand() *cli.Command {
	return &cli.Command{
		Name:  "sim",
		Usage: "play scenarios of failure with simulated nodes, and measure how the mesh takes them",
		Description: "Runs the same membership machine as a node does, many of them, on a virtual network and a virtual clock.\n" +
			"A run is drawn from its seed and can be played again, bit for bit. Every rule of membership is checked at\n" +
			"every step, and after the last fault everything has to come right in bounded time. Ends with status 1 when\n" +
			"a rule was broken or a goal missed; what it prints then replays it.\n\nScenarios:\n" + scenarioList(),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scenario", EnvVars: []string{"HEARSAY_SIM_SCENARIO"}, Value: allScenarios, Usage: "play `NAME`, or all"},
			&cli.IntFlag{Name: "nodes", EnvVars: []string{"HEARSAY_SIM_NODES"}, Usage: "`N` nodes instead of the scenario's own number; the most of them in scenario scale"},
			&cli.Uint64Flag{Name: "seed", EnvVars: []string{"HEARSAY_SIM_SEED"}, Value: 1, Usage: "first seed is `S`"},
			&cli.IntFlag{Name: "seeds", EnvVars: []string{"HEARSAY_SIM_SEEDS"}, DefaultText: fmt.Sprintf("%d, or 1 with --seed", defaultSeeds), Usage: "play `K` seeds; with all, a heavy scenario gets fewer"},
			&cli.DurationFlag{Name: "duration", EnvVars: []string{"HEARSAY_SIM_DURATION"}, Usage: "let faults last for `TIME`, in scenarios whose goals do not depend on it"},
			&cli.BoolFlag{Name: "json", EnvVars: []string{"HEARSAY_SIM_JSON"}, Usage: "print the report as JSON"},
			&cli.StringFlag{Name: "plot", EnvVars: []string{"HEARSAY_SIM_PLOT"}, Usage: "draw the run of the first seed into `FILE.svg`: who is in which state at whom, over time; or scale as curves"},
			&cli.StringFlag{Name: "trace", EnvVars: []string{"HEARSAY_SIM_TRACE"}, Usage: "write everything that happens in the run of the first seed to `FILE` (-: standard output)"},
		},
		Before: noArguments,
		Action: runSim,
	}
}

// scenarioList is the table of scenarios in the help text.
func scenarioList() string {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range sim.Scenarios() {
		fmt.Fprintf(tw, "  %s\t%d\tnodes: %s\n", s.Name, s.Nodes, s.Title)
	}
	_ = tw.Flush() // a Builder does not fail
	return strings.TrimRight(b.String(), "\n")
}

func runSim(c *cli.Context) error {
	suite, err := simSuite(c)
	if err != nil {
		return err
	}
	debug.SetGCPercent(simHeap)
	suite.Options.Stop = func() bool { return c.Context.Err() != nil }
	suite.Progress = simProgress(c.App.ErrWriter)
	if err := simTrace(c, suite); err != nil {
		return err
	}
	report, err := suite.Run()
	if errors.Is(err, sim.ErrStopped) {
		return errors.New("interrupted")
	}
	if err != nil {
		return usageError{err}
	}
	if c.Bool("json") {
		err = report.WriteJSON(c.App.Writer)
	} else {
		err = report.WriteTable(c.App.Writer)
	}
	if err != nil {
		return err
	}
	if err := simPlot(c, suite, report); err != nil {
		return err
	}
	if !report.OK() {
		return errors.New("a rule was broken or a goal was missed")
	}
	return nil
}

// simSuite is what the flags ask for.
func simSuite(c *cli.Context) (*sim.Suite, error) {
	u := &sim.Suite{
		First: c.Uint64("seed"), Workers: runtime.GOMAXPROCS(0),
		Options: sim.Options{Nodes: c.Int("nodes"), Length: c.Duration("duration")},
	}
	if u.Seeds = c.Int("seeds"); u.Seeds == 0 {
		u.Seeds = defaultSeeds
		if c.IsSet("seed") {
			u.Seeds = 1
		}
	}
	switch {
	case u.Seeds < 0 || c.IsSet("seeds") && c.Int("seeds") == 0:
		return nil, usagef("--seeds %d: must be 1 or more", c.Int("seeds"))
	case c.IsSet("nodes") && u.Options.Nodes < 1 || u.Options.Nodes > sim.MaxNodes:
		return nil, usagef("--nodes %d: must be 1 to %d", u.Options.Nodes, sim.MaxNodes)
	case u.Options.Length < 0:
		return nil, usagef("--duration %v: must be more than nothing", u.Options.Length)
	}
	if name := c.String("scenario"); name != allScenarios {
		if near := meant(name, sim.Names(), ""); near != "" && !slices.Contains(sim.Names(), name) {
			return nil, usagef("--scenario %.40q: there is none%s", name, near)
		}
		s, err := sim.ByName(name)
		if err != nil {
			return nil, usageError{err}
		}
		u.Scenarios = []sim.Scenario{s}
		return u, nil
	}
	if c.IsSet("plot") || c.IsSet("trace") {
		return nil, usagef("--plot and --trace show one scenario: say which with --scenario")
	}
	u.Scenarios, u.Share, u.Sizes = sim.Scenarios(), true, suiteSize
	u.Coverage = u.Seeds >= coverageSeeds
	return u, nil
}

// simTrace plays the first seed with a trace.
func simTrace(c *cli.Context, u *sim.Suite) error {
	name := c.String("trace")
	if name == "" {
		return nil
	}
	out := c.App.Writer
	if name != "-" {
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	opt := u.Options
	opt.Trace = out
	_, err := sim.Run(u.Scenarios[0], u.First, opt)
	return err
}

// simPlot draws the first seed, or how figures grow with the nodes.
func simPlot(c *cli.Context, u *sim.Suite, report *sim.Report) error {
	name := c.String("plot")
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := drawSim(f, u, report); err != nil {
		f.Close()
		return fmt.Errorf("plot %s: %w", name, err)
	}
	return f.Close()
}

func drawSim(out io.Writer, u *sim.Suite, report *sim.Report) error {
	s := u.Scenarios[0]
	if len(s.Sizes) > 0 {
		return sim.WriteScale(out, report)
	}
	opt := u.Options
	opt.Record = true
	result, err := sim.Run(s, u.First, opt)
	if err != nil {
		return err
	}
	return sim.WriteTimeline(out, s, result)
}

// simProgress says on standard error how far a long suite is: all the time in a terminal, now and then in a log.
func simProgress(out io.Writer) func(done, all int, of string) {
	every, began := 10*time.Second, time.Now()
	terminal := isTerminal(out)
	if terminal {
		every = 200 * time.Millisecond
	}
	last := began
	return func(done, all int, of string) {
		now := time.Now()
		if now.Sub(last) < every && !(terminal && done == all) {
			return
		}
		last = now
		line := fmt.Sprintf("%d of %d runs, %.0f s", done, all, now.Sub(began).Seconds())
		switch {
		case !terminal:
			fmt.Fprintln(out, line)
		case done == all:
			fmt.Fprint(out, "\r\x1b[K")
		default:
			fmt.Fprintf(out, "\r\x1b[K%s (%s)", line, of)
		}
	}
}
