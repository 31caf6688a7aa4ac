package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/mesh"
	"hearsay/node/plain"
	"hearsay/node/web"
)

// waitEvery is how often wait looks.
const waitEvery = 100 * time.Millisecond

func waitCommand() *cli.Command {
	return &cli.Command{
		Name:  "wait",
		Usage: "wait until the mesh has a number of members",
		Description: "Ends with status 0 as soon as the node, and those with which messages flow both ways, are N together: what\n" +
			"is published then reaches them. Ends with status 4 after the timeout. With --state, N counts those in that\n" +
			"state, whether messages flow or not; the node itself is alive. A node that does not answer yet is waited\n" +
			"for too.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.IntFlag{Name: "members", Usage: "wait for exactly `N`"},
			&cli.BoolFlag{Name: "at-least", Usage: "more than N will do"},
			&cli.StringFlag{Name: "state", Usage: "count those in `STATE` (default: alive, and messages flow)"},
			&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "give up after `TIME`"},
		},
		Before: noArguments,
		Action: runWait,
	}
}

func runWait(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	state, want := c.String("state"), c.Int("members")
	switch {
	case !c.IsSet("members"):
		return usagef("wait needs --members N: how many to wait for")
	case want < 0:
		return usagef("--members %d: must be 0 or more", want)
	case c.Duration("timeout") <= 0:
		return usagef("--timeout %v: must be more than nothing", c.Duration("timeout"))
	}
	if state != "" {
		if err := checkStates([]string{state}); err != nil {
			return err
		}
	}
	begin := time.Now()
	got, err := cl.waitFor(c, state, want, c.Bool("at-least"))
	if err != nil {
		return interrupted(c, err)
	}
	took := time.Since(begin).Round(time.Millisecond)
	if c.Bool("json") {
		return printJSON(c.App.Writer, fmt.Appendf(nil, `{"members":%d,"state":%q,"seconds":%.3f}`, got, cmp.Or(state, "alive"), took.Seconds()))
	}
	_, err = fmt.Fprintf(c.App.Writer, "%d %s after %v\n", got, cmp.Or(state, "alive"), took)
	return err
}

// waitFor looks until there are as many as wanted, and returns how many there are.
func (cl *client) waitFor(c *cli.Context, state string, want int, atLeast bool) (int, error) {
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	ticker := time.NewTicker(waitEvery)
	defer ticker.Stop()
	last := errors.New("no answer")
	told := &patience{out: c.App.ErrWriter, due: time.Now().Add(waitQuiet)}
	for {
		got, why, err := cl.count(ctx, state)
		switch {
		case err == nil && (got == want || got > want && atLeast):
			return got, nil
		case err == nil:
			are := "are"
			if got == 1 {
				are = "is"
			}
			last = fmt.Errorf("%d %s %s; the node says: %s", got, are, cmp.Or(state, "alive and linked"), why)
		case ctx.Err() == nil:
			last = err
		}
		told.tell(time.Now(), last)
		select {
		case <-ctx.Done():
			if c.Context.Err() != nil {
				return 0, c.Context.Err()
			}
			return 0, statusError{fmt.Errorf("not %d %s within %v: %w", want, cmp.Or(state, "alive"), c.Duration("timeout"), last), exitTimeout}
		case <-ticker.C:
		}
	}
}

const (
	// waitQuiet is how long wait says nothing, and waitWords how long it says nothing more once it has.
	waitQuiet = 2 * time.Second
	waitWords = 5 * time.Second
)

// patience says what is waited for: after a while, and again where that has changed.
type patience struct {
	out  io.Writer
	due  time.Time
	said string
}

func (p *patience) tell(now time.Time, why error) {
	if text := why.Error(); !now.Before(p.due) && text != p.said {
		fmt.Fprintf(p.out, "hearsay: waiting: %s\n", plain.Text(text))
		p.said, p.due = text, now.Add(waitWords)
	}
}

// count returns how many nodes are in a state, the one that is asked included, and what that says of itself. With "", it
// counts those that are alive, and with which messages flow both ways.
func (cl *client) count(ctx context.Context, state string) (n int, why string, err error) {
	var all web.Members
	if _, err := cl.get(ctx, "/v1/members", &all); err != nil {
		return 0, "", err
	}
	alive := mesh.Alive.String()
	if all.Self.State == cmp.Or(state, alive) {
		n++
	}
	ready := plain.Text(all.Self.ReadyReason)
	var held causes
	for _, m := range all.Members {
		if state == "" && (m.State == alive && !m.Flowing || m.State == mesh.Probation.String()) {
			held.add(string(shown(m.Name)), unsaid(plain.Text(reason(m)), ready))
		}
		if m.State == state || state == "" && m.State == alive && m.Flowing {
			n++
		}
	}
	unlinked := held.String()
	if len(unlinked) > 300 {
		unlinked = unlinked[:300] + " …"
	}
	return n, ready + unlinked, nil
}

// causes are why messages do not flow with peers, and with which: each cause is to be read once in a line.
type causes struct {
	all   []string
	names [][]string
}

func (c *causes) add(name, why string) {
	if why == "" {
		return
	}
	i := slices.Index(c.all, why)
	if i < 0 {
		i = len(c.all)
		c.all, c.names = append(c.all, why), append(c.names, nil)
	}
	c.names[i] = append(c.names[i], name)
}

// String is each cause behind the names that have it: "; node_2, node_3: no message link".
func (c *causes) String() string {
	var b strings.Builder
	for i, why := range c.all {
		b.WriteString("; " + strings.Join(c.names[i], ", ") + ": " + why)
	}
	return b.String()
}

// unsaid are the causes of a peer that the node has not named for itself, each once.
func unsaid(causes, said string) string {
	var left, bares []string
	said = "; " + said + "; "
	for _, cause := range strings.Split(causes, "; ") {
		bare := strings.TrimPrefix(strings.TrimPrefix(cause, "unlinked: "), "one-way: ")
		if bare != "" && !slices.Contains(bares, bare) && !strings.Contains(said, "; "+bare+"; ") && !strings.Contains(said, ": "+bare+"; ") {
			left, bares = append(left, cause), append(bares, bare)
		}
	}
	return strings.Join(left, "; ")
}
