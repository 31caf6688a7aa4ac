package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

// watchEvery is how often --watch and top look.
const watchEvery = time.Second

func membersCommand() *cli.Command {
	return &cli.Command{
		Name:  "members",
		Usage: "show who is in the mesh, and why",
		Description: "Lists the node itself and every peer that it knows of, with the reason for its state and the time of the\n" +
			"next try for one that is not heard:\n\n" +
			"  candidate    named by somebody, never heard\n" +
			"  probation    heard again, and proving itself after it was lost\n" +
			"  alive        heard: a member\n" +
			"  suspect      silent: a member still, but no longer listed\n" +
			"  detached     silent here, heard by others\n" +
			"  quarantined  evicted, and tried again at NEXT TRY\n" +
			"  left         said goodbye",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringSliceFlag{Name: "state", Usage: "only those in `STATE` (repeat for more)"},
			&cli.StringSliceFlag{Name: "tag", Usage: "only those that say `KEY=VALUE`, or KEY with any value (repeat for more)"},
			&cli.BoolFlag{Name: "watch", Usage: "show them again and again, until interrupted"},
		},
		Before: noArguments,
		Action: runMembers,
	}
}

func runMembers(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	states := c.StringSlice("state")
	if err := checkStates(states); err != nil {
		return err
	}
	for _, tag := range c.StringSlice("tag") {
		if err := web.CheckMatch(tag); err != nil {
			return usagef("--tag: %w", err)
		}
	}
	show := func(w io.Writer) error {
		return showMembers(c.Context, w, cl, states, c.StringSlice("tag"), c.Bool("json"))
	}
	if !c.Bool("watch") {
		return interrupted(c, show(c.App.Writer))
	}
	return interrupted(c, watch(c.Context, c.App.Writer, show))
}

// checkStates refuses what is no state of a peer.
func checkStates(states []string) error {
	known := stateNames()
	for _, s := range states {
		if !slices.Contains(known, s) {
			return usagef("--state %.40q: must be one of %s", s, strings.Join(known, ", "))
		}
	}
	return nil
}

// watch shows again and again: over itself in a terminal, elsewhere when something has changed.
func watch(ctx context.Context, w io.Writer, show func(io.Writer) error) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	terminal, last := isTerminal(w), ""
	for {
		var b strings.Builder
		if err := show(&b); err != nil {
			return err
		}
		switch text := b.String(); {
		case terminal:
			_, _ = io.WriteString(w, "\x1b[H\x1b[2J"+text)
		case text != last:
			_, _ = io.WriteString(w, text)
			last = text
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func showMembers(ctx context.Context, w io.Writer, cl *client, states, tags []string, asJSON bool) error {
	var all web.Members
	body, err := cl.get(ctx, "/v1/members", &all)
	if err != nil {
		return err
	}
	if asJSON && len(states)+len(tags) == 0 {
		return printJSON(w, body)
	}
	all.Members = slices.DeleteFunc(all.Members, func(m web.Member) bool {
		return !wanted(states, m.State) || !web.MatchTags(topics.Tags(m.Tags), tags...)
	})
	if asJSON {
		body, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return printJSON(w, body)
	}
	return printMembers(w, all, wanted(states, all.Self.State) && web.MatchTags(topics.Tags(all.Self.Tags), tags...), time.Now())
}

func wanted(states []string, state string) bool {
	return len(states) == 0 || slices.Contains(states, state)
}

// printMembers writes the table: the node itself, then members, then the others, each by name.
func printMembers(w io.Writer, all web.Members, self bool, now time.Time) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tSTATE\tADDRESS\tVERSION\tSINCE\tHEARD\tNEXT TRY\tLISTED BY\tWHY")
	if self {
		fmt.Fprintf(tw, "%s\t%s\t-\t%s\t%s\t-\t-\t-\tthis node: %s\n", plain.Text(string(all.Self.Name)), plain.Text(all.Self.State), programVersion(all.Self.Program), ago(now, all.Self.Since), plain.Text(all.Self.ReadyReason))
	}
	for _, m := range sorted(all.Members) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n",
			plain.Text(string(m.Name)), plain.Text(m.State), plain.Text(cmp.Or(m.Address, "-")), programVersion(m.Program), ago(now, m.Since), heard(now, m), nextTry(now, m), len(m.ListedBy), plain.Text(reason(m)))
	}
	return tw.Flush()
}

// programVersion is what a node runs, without the name that it shares with all others.
func programVersion(program string) string {
	return plain.Text(cmp.Or(strings.TrimPrefix(program, programName), "-"))
}

// programName stands before the version in what a node says it runs.
const programName = "hearsay "

// sorted puts members first, then those that may return, then the rest.
func sorted(members []web.Member) []web.Member {
	rank := map[string]int{"alive": 0, "suspect": 1, "detached": 2, "probation": 3, "quarantined": 4, "candidate": 5, "left": 6}
	out := slices.Clone(members)
	slices.SortFunc(out, func(a, b web.Member) int {
		if d := rank[a.State] - rank[b.State]; d != 0 {
			return d
		}
		return natural(string(a.Name), string(b.Name))
	})
	return out
}

func heard(now time.Time, m web.Member) string {
	if m.LastHeard == nil {
		return "never"
	}
	return ago(now, *m.LastHeard) + " ago"
}

func nextTry(now time.Time, m web.Member) string {
	switch {
	case m.NextTry == nil:
		return "-"
	case !m.NextTry.After(now):
		return "now"
	}
	return "in " + short(m.NextTry.Sub(now))
}

// reason says why a peer is in its state, and what else is odd about it.
func reason(m web.Member) string {
	words := []string{m.Why}
	if m.Why == "" {
		words = nil
	}
	add := func(odd bool, format string, args ...any) {
		if odd {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(m.MissedBeats > 0 && !strings.Contains(m.Why, "beats missed"), "%s missed", count(m.MissedBeats, "beat"))
	add(m.MissedBeats > 0 && strings.Contains(m.Why, "beats missed") && m.State != "alive", "%d by now", m.MissedBeats)
	add(m.Failures > 0, "%s failed", count(m.Failures, "dial"))
	add(m.Failure != "" && !strings.HasSuffix(m.OneWay, m.Failure) && !strings.HasSuffix(m.Why, m.Failure), "%s", m.Failure)
	add(m.Penalty >= 0.01, "penalty %.2f", m.Penalty)
	add(m.Conflict != "", "%s", m.Conflict)
	add(len(m.Via) > 0, "via %s", via(m))
	here := m.State == "alive" && len(m.Via) == 0
	add(here && !m.HearsMe && !m.Naive && !m.Spare && m.OneWay == "", "does not hear us")
	add(here && !m.MessagesLink, "no message link")
	add(here && m.Unread, "our messages do not reach it directly")
	add(m.OneWay != "", "one-way: %s", m.OneWay)
	add(m.Stale != "", "%s", m.Stale)
	add(m.Unlinked != "", "unlinked: %s", m.Unlinked)
	add(here && m.MessagesLink && !m.Flowing && !m.Unread, "reads no messages of ours yet")
	add(len(m.Via) > 0 && (!m.MessagesLink || !m.Flowing), "no messages pass between us and those who hear it yet")
	add(m.Degraded, "doubts itself")
	add(m.ClockOff != "", "%s", m.ClockOff)
	add(m.Restarts != "", "%s", m.Restarts)
	add(m.Naive, "naive")
	add(m.Tags != "", "%s", m.Tags)
	add(m.Seed, "seed")
	return strings.Join(words, "; ")
}

// via names those by whose word a peer is a member: a few of them.
func via(m web.Member) string {
	const few = 3
	names := make([]string, 0, few)
	for _, name := range m.Via[:min(few, len(m.Via))] {
		names = append(names, string(name))
	}
	if more := len(m.Via) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

func ago(now, then time.Time) string { return short(now.Sub(then)) }

// short writes a duration in one unit: 0.3s, 12s, 5m, 3h, 2d.
func short(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}
