package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
)

func healthCommand() *cli.Command {
	return &cli.Command{
		Name:  "health",
		Usage: "tell by the exit status whether the node works",
		Description: "Status 0 when the node's loop answers, 1 when it does not or cannot be reached: for HEALTHCHECK in an image\n" +
			"without a shell. With --ready it has to be of use, too: to hear peers, or to be the first of its mesh. What is\n" +
			"wrong all the same is named behind the word, as members that are not heard, and changes no status.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "ready", Usage: "ask whether the node is ready, not only whether it works"},
		},
		Before: noArguments,
		Action: runHealth,
	}
}

func runHealth(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	path, good := "/healthz", "ok"
	if c.Bool("ready") {
		path, good = "/readyz", "ready"
	}
	body, err := cl.call(c.Context, http.MethodGet, path, nil, nil)
	switch {
	case err != nil:
		return statusError{err, exitFailed} // Docker knows no other
	case c.Bool("json"):
		return printJSON(c.App.Writer, body)
	}
	var said struct{ Warning string }
	if json.Unmarshal(body, &said) == nil && said.Warning != "" {
		good += ": " + plain.Text(said.Warning)
	}
	_, err = fmt.Fprintln(c.App.Writer, good)
	return err
}
