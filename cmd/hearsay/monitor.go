package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
	"hearsay/node/web"
)

func monitorCommand() *cli.Command {
	return &cli.Command{
		Name:  "monitor",
		Usage: "print every change of a peer's state as it happens",
		Description: "One line an event: when, who, from which state to which, what happened and why. Runs until it is\n" +
			"interrupted (status 0), or the node ends (status 3).",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.Uint64Flag{Name: "after", DefaultText: "with what comes", Usage: "begin with the events after number `ID`, of the last 256; 0: all of them"},
		},
		Before: noArguments,
		Action: runMonitor,
	}
}

func runMonitor(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.IsSet("after") {
		query.Set("after", strconv.FormatUint(c.Uint64("after"), 10))
	}
	return interrupted(c, cl.stream(c.Context, "/v1/events", query, maxEventLine, func(data []byte) error {
		var e web.Event
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		if c.Bool("json") {
			return printJSON(c.App.Writer, data)
		}
		_, err := fmt.Fprintln(c.App.Writer, eventLine(e))
		return err
	}))
}

// eventLine is an event for people.
func eventLine(e web.Event) string {
	states := e.To
	if e.From != e.To {
		states = e.From + " -> " + e.To
	}
	line := fmt.Sprintf("%s  %-16s %-24s %s", e.At.Local().Format(time.TimeOnly+".000"), e.Peer, states, e.Kind)
	if e.Why != "" {
		line += ": " + e.Why
	}
	return plain.Text(line)
}
