package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/urfave/cli/v2"

	"hearsay/node"
)

func pubCommand() *cli.Command {
	return &cli.Command{
		Name:      "pub",
		Usage:     "publish a message from the node",
		ArgsUsage: "[TEXT|-]",
		Description: "Publishes TEXT, or else what comes from standard input, as one message. There is no receipt: who does\n" +
			"not listen at this moment does not get it.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringFlag{Name: "channel", Usage: "publish on the named channel `C`, for those who listen to it (default: a plain message, for all)"},
		},
		Before: flagsFirst,
		Action: runPub,
	}
}

func runPub(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	body, err := pubBody(c)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.IsSet("channel") {
		query.Set("channel", c.String("channel"))
	}
	answer, err := cl.call(c.Context, http.MethodPost, "/v1/messages", query, body)
	switch {
	case err != nil:
		return interrupted(c, err)
	case c.Bool("json"):
		return printJSON(c.App.Writer, answer)
	}
	_, err = fmt.Fprintf(c.App.Writer, "published %d bytes\n", len(body))
	return err
}

// pubBody is the message: the argument, or standard input.
func pubBody(c *cli.Context) ([]byte, error) {
	switch {
	case c.NArg() > 1:
		return nil, usagef("pub takes one TEXT, but was given %d: put it in quotes", c.NArg())
	case c.NArg() == 1 && c.Args().First() != "-":
		return []byte(c.Args().First()), nil
	}
	body, err := io.ReadAll(io.LimitReader(c.App.Reader, node.MaxMaxMessage+1))
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return body, nil
}
