package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/plain"
	"hearsay/node/web"
)

// errEnough ends a stream that has given what was wanted.
var errEnough = errors.New("enough")

func subCommand() *cli.Command {
	return &cli.Command{
		Name:  "sub",
		Usage: "print the messages that the node receives",
		Description: "One line a message, as the node itself prints them: \\ for a backslash, \\n, \\x1b, \\u202e and the like\n" +
			"for what would break the line or steer the terminal. With --json each with its sender, its channel and its\n" +
			"identity. --format has the fields {time} {from} {channel} {uid} {type} {size} {missed} {body}, and\n" +
			"\\n and \\t; {missed} is how many of its sender and channel nobody has any more, just before it,\n" +
			"which is said on standard error too.\n" +
			"--body-format raw writes bodies as they are, each after a line with its size. The node must have been started\n" +
			"with a --channel for it to be received. Runs until it is interrupted or has seen --count messages (status 0),\n" +
			"the node ends (3), or the timeout (4).",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringSliceFlag{Name: "channel", Usage: "only messages on the named channel `C` (repeat for more; default: all that it receives)"},
			&cli.StringFlag{Name: "format", Usage: "print `FORMAT` for each message, such as \"{time} {from} {body}\" (default: {body})"},
			&cli.StringFlag{Name: "body-format", Value: "text", Usage: "`HOW` bodies are printed: text, base64, json or raw"},
			&cli.StringFlag{Name: "replay", Usage: "print first the last `N` messages, or those of the last TIME, as far as the node still has them"},
			&cli.Uint64Flag{Name: "count", DefaultText: "never", Usage: "end after `N` messages"},
			&cli.DurationFlag{Name: "timeout", DefaultText: "never", Usage: "give up after `TIME`"},
		},
		Before: noArguments,
		Action: runSub,
	}
}

func runSub(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	form, err := newLayout(c.String("format"), c.String("body-format"))
	if err != nil {
		return err
	}
	query := url.Values{"channel": c.StringSlice("channel")}
	if replay := c.String("replay"); replay != "" {
		if count, _, err := parseReplay(replay); err != nil {
			return err
		} else if count > node.MaxPast {
			return usagef("--replay %d: must be %d messages at most", count, node.MaxPast)
		}
		query.Set("replay", replay)
	}
	ctx, limit := c.Context, c.Duration("timeout")
	if limit < 0 {
		return usagef("--timeout %v: must not be less than nothing", limit)
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	seen, late := uint64(0), newLate(c.App.ErrWriter)
	defer late.close()
	err = cl.stream(ctx, "/v1/messages", query, cl.messageLine(ctx), func(data []byte) error {
		shown, err := printMessage(c, form, late, data)
		if err != nil || !shown {
			return err
		}
		if seen++; seen == c.Uint64("count") {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return nil
	case ctx.Err() != nil && c.Context.Err() == nil:
		return statusError{fmt.Errorf("%s within %v", count(int(seen), "message"), limit.Round(time.Millisecond)), exitTimeout}
	}
	return interrupted(c, err)
}

// printMessage writes one message, unless it has expired on its way, and says on standard error how many were lost before
// it, and how many nobody has any more, unless it says that itself.
func printMessage(c *cli.Context, form *layout, late *late, data []byte) (shown bool, err error) {
	var m web.Message
	if err := json.Unmarshal(data, &m); err != nil {
		return false, err
	}
	if m.Lost > 0 {
		late.add(m.Lost)
	}
	if m.Missed > 0 && !c.Bool("json") {
		on := ""
		if m.Channel != "" {
			on = " on " + plain.Text(m.Channel)
		}
		fmt.Fprintf(c.App.ErrWriter, "hearsay: %s of %s%s missed: nobody has them, or they were not read in time\n",
			count(int(m.Missed), "message"), plain.Text(string(m.From)), on)
	}
	switch {
	case m.Expires != nil && node.Expired(*m.Expires):
		return false, nil
	case c.Bool("json"):
		return true, printJSON(c.App.Writer, data)
	}
	_, err = c.App.Writer.Write(form.line(m, bytesOf(m.Body, m.Base64)))
	return true, err
}
