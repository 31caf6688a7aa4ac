package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

func tagsCommand() *cli.Command {
	return &cli.Command{
		Name:      "tags",
		Usage:     "show the node's tags, or set others",
		ArgsUsage: "[KEY=VALUE...]",
		Description: "Tags are what a node says of itself to all, such as role=web: 'hearsay members --tag role=web' finds those who\n" +
			"say so. With arguments, or --clear, the node says these in place of all former ones, until it ends. They are\n" +
			"160 bytes at most, joined by commas.",
		Flags: []cli.Flag{addrFlag(), jsonFlag(), &cli.BoolFlag{Name: "clear", Usage: "say none"}},
		Action: func(c *cli.Context) error {
			cl, err := newClient(c)
			if err != nil {
				return err
			}
			if c.Bool("clear") && c.Args().Present() {
				return usagef("--clear takes no tags, but was given %.40q", c.Args().First())
			}
			var all web.Members
			if !c.Args().Present() && !c.Bool("clear") {
				if _, err := cl.get(c.Context, "/v1/members", &all); err != nil {
					return interrupted(c, err)
				}
				return printTags(c, all.Self.Tags)
			}
			tags, err := parseTags(c.Args().Slice())
			if err != nil {
				return err
			}
			body, err := json.Marshal(tags)
			if err != nil {
				return err
			}
			if _, err := cl.call(c.Context, http.MethodPost, "/v1/tags", nil, body); err != nil {
				return interrupted(c, err)
			}
			set, _ := topics.MakeTags(tags)
			return printTags(c, string(set))
		},
	}
}

func printTags(c *cli.Context, tags string) error {
	if c.Bool("json") {
		all := make(map[string]string)
		for key, value := range topics.Tags(tags).All() {
			all[key] = value
		}
		body, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return printJSON(c.App.Writer, body)
	}
	_, err := fmt.Fprintln(c.App.Writer, plain.Text(tags))
	return err
}

// parseTags reads KEY=VALUE.
func parseTags(all []string) (map[string]string, error) {
	tags := make(map[string]string)
	for _, tag := range all {
		key, value, ok := strings.Cut(tag, "=")
		if !ok {
			return nil, usagef("tag %.80q: must be KEY=VALUE", tag)
		}
		if other, twice := tags[key]; twice && other != value {
			return nil, usagef("tag %.80q: is given twice, with %q too", tag, other)
		}
		tags[key] = value
	}
	if _, err := topics.MakeTags(tags); err != nil {
		return nil, usagef("%w", err)
	}
	return tags, nil
}
