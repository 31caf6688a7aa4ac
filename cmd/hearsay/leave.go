package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/web"
)

func leaveCommand() *cli.Command {
	return &cli.Command{
		Name:        "leave",
		Usage:       "make the node say goodbye to the mesh and end",
		Description: "Returns when the goodbye has been said. The others forget the node at once, instead of missing it.",
		Flags:       []cli.Flag{addrFlag(), jsonFlag()},
		Before:      noArguments,
		Action: func(c *cli.Context) error {
			return act(c, "/v1/leave", "left the mesh")
		},
	}
}

func forgetCommand() *cli.Command {
	return &cli.Command{
		Name:      "forget",
		Usage:     "make the node drop all that it knows of a peer",
		ArgsUsage: "NAME",
		Description: "The peer's links, its penalty and its past are gone from this node. It is no ban: a peer that is there\n" +
			"comes back at once, without probation. Other nodes keep what they know.",
		Flags:        []cli.Flag{addrFlag(), jsonFlag()},
		BashComplete: completePeers,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("forget takes one NAME, but was given %d: 'hearsay members' has them", c.NArg())
			}
			name, err := node.ParseName(c.Args().First())
			if err != nil {
				return usagef("name %.80q: %w", c.Args().First(), err)
			}
			err = act(c, "/v1/members/"+url.PathEscape(string(name))+"/forget", "forgot "+string(name))
			var unknown *web.Error
			if errors.As(err, &unknown) && unknown.Reason == "unknown_peer" {
				return errors.New(unknown.Text + meant(string(name), peerNames(c), "") + ": 'hearsay members' has those that are")
			}
			return err
		},
	}
}

// act posts to a path and says what was done.
func act(c *cli.Context, path, done string) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	body, err := cl.call(c.Context, http.MethodPost, path, nil, nil)
	switch {
	case err != nil:
		return interrupted(c, err)
	case c.Bool("json"):
		return printJSON(c.App.Writer, body)
	}
	_, err = fmt.Fprintln(c.App.Writer, done)
	return err
}
