package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// failuresShown is how many violations a table prints in full.
const failuresShown = 10

// WriteTable prints a report for people.
func (r *Report) WriteTable(out io.Writer) error {
	goals := [][]string{{"", "goal", "median", "worst", ""}}
	for _, row := range r.Rows {
		for _, g := range row.Goals {
			goals = append(goals, g.cells())
		}
	}
	lines := align(goals)
	fmt.Fprintln(out, lines[0])
	lines = lines[1:]
	for _, row := range r.Rows {
		fmt.Fprintf(out, "%s: %s (%d nodes, %s)\n", row.Scenario, row.Title, row.Nodes, plural(row.Runs, "run"))
		for range row.Goals {
			fmt.Fprintln(out, lines[0])
			lines = lines[1:]
		}
	}
	for _, f := range r.Failures[:min(failuresShown, len(r.Failures))] {
		writeFailure(out, f)
	}
	if more := len(r.Failures) - failuresShown; more > 0 {
		fmt.Fprintf(out, "\nand %d violations more\n", more)
	}
	r.writeCoverage(out)
	_, err := fmt.Fprintf(out, "\n%d runs, %s of virtual time, %.1f million events in %.1f s; all of it hashes to %016x\n",
		r.Runs, hours(r.Virtual), float64(r.Events)/1e6, r.Elapsed.Seconds(), r.Hash)
	return err
}

// cells are the columns of a goal. A mean is shown in place of the worst where that is what is judged.
func (g GoalResult) cells() []string {
	worst, verdict := g.Worst, ""
	if g.Judged == "mean" {
		worst = g.Mean
	}
	if !g.OK {
		verdict = fmt.Sprintf("MISSED: seed %d", g.Seed)
	}
	return []string{"  " + g.Title, bound(g), g.Unit.format(g.Median), g.Unit.format(worst), verdict}
}

// align pads cells to columns: the first to the left, figures to the right.
func align(rows [][]string) (lines []string) {
	var widths [5]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := row[0]
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch i {
			case 0:
				line += pad
			case len(row) - 1:
				line += "  " + cell
			default:
				line += "  " + pad + cell
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bound is how a goal is said.
func bound(g GoalResult) string {
	sign := "≤ "
	if g.Judged == "mean" {
		sign = "mean ≤ "
	}
	if g.Goal == 0 {
		return "0"
	}
	return sign + g.Unit.format(Number(g.Goal))
}

func (u Unit) format(n Number) string {
	v := float64(n)
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "never"
	case u == Seconds && v < 10:
		return fmt.Sprintf("%.2f s", v)
	case u == Seconds:
		return fmt.Sprintf("%.1f s", v)
	case v == math.Trunc(v):
		return fmt.Sprintf("%.0f%s", v, u.suffix())
	}
	return fmt.Sprintf("%.3g%s", v, u.suffix())
}

func (u Unit) suffix() string {
	if u == "" || strings.HasPrefix(string(u), "/") {
		return string(u)
	}
	return " " + string(u)
}

func hours(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// writeFailure prints a violation, the end of its trace, and what replays it.
func writeFailure(out io.Writer, f Failure) {
	fmt.Fprintf(out, "\nVIOLATION of %s in scenario %s, %d nodes, seed %d, at %v", f.Rule, f.Scenario, f.Nodes, f.Seed, f.At)
	if f.Observer != "" {
		fmt.Fprintf(out, ": %s", f.Observer)
	}
	if f.Subject != "" {
		fmt.Fprintf(out, " of %s", f.Subject)
	}
	fmt.Fprintf(out, ": %s", f.What)
	if f.Times > 1 {
		fmt.Fprintf(out, " (%d times)", f.Times)
	}
	fmt.Fprintln(out)
	for _, line := range f.Trace {
		fmt.Fprintln(out, "  ", line)
	}
	fmt.Fprintln(out, "   replay:", f.Replay, "--trace -")
}

func (r *Report) writeCoverage(out io.Writer) {
	taken := 0
	for _, t := range r.Taken {
		if t.Times > 0 {
			taken++
		}
	}
	fmt.Fprintf(out, "\n%d of %d transitions of the table were taken\n", taken, len(r.Taken))
	for _, t := range r.Missing {
		fmt.Fprintln(out, "  NEVER TAKEN:", t)
	}
}

// WriteJSON prints a report for programs.
func (r *Report) WriteJSON(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
