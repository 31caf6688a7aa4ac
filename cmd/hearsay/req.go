package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/plain"
	"hearsay/node/web"
)

func reqCommand() *cli.Command {
	return &cli.Command{
		Name:      "req",
		Usage:     "ask other nodes, and print their replies",
		ArgsUsage: "CHANNEL|--to NAME [TEXT...|-]",
		Description: "Asks all who answer on CHANNEL (see 'hearsay reply'), or with --to one node alone, on a --channel or for itself.\n" +
			"TEXT, its words joined by spaces, or else what comes from standard input or --file, is what they are asked.\n" +
			"Each reply is a line as --format says; {body} alone with --first and --to, else {from} {body}. As text it\n" +
			"is shown without the newline that ends it, as what a command prints has one. A reply that\n" +
			"says why it is none, and who did not reply, are told on standard error. Status 0 says that all replied well,\n" +
			"or as many as --first or --quorum want; 1 that somebody failed or nobody answers, which is known at once; 4\n" +
			"that replies were missing after the timeout.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringFlag{Name: "to", Usage: "ask the member `NAME` alone"},
			&cli.StringFlag{Name: "channel", Usage: "with --to, ask who answers there on the named channel `C` (default: the node itself)"},
			&cli.BoolFlag{Name: "all", DisableDefaultText: true, Usage: "wait for all who are asked (the default)"},
			&cli.BoolFlag{Name: "first", Usage: "the first good reply is enough"},
			&cli.IntFlag{Name: "quorum", Usage: "`N` good replies are enough"},
			&cli.DurationFlag{Name: "timeout", Value: web.DefaultWait, Usage: "wait for replies for `TIME`"},
			&cli.StringFlag{Name: "file", Usage: "ask with what is in `FILE`, as it is"},
			&cli.StringFlag{Name: "format", Usage: "print `FORMAT` for each reply, with the fields {from} {type} {size} {body}"},
			&cli.StringFlag{Name: "body-format", Value: "text", Usage: "`HOW` bodies are printed: text, base64, json or raw"},
		},
		Action: runReq,
	}
}

// ask is a request on the command line.
type ask struct {
	query url.Values
	words []string
	wait  time.Duration
	form  *layout
}

func parseAsk(c *cli.Context) (a ask, err error) {
	a.query, a.words, a.wait = url.Values{}, c.Args().Slice(), c.Duration("timeout")
	ways := 0
	for _, way := range []string{"all", "first", "quorum"} {
		if c.IsSet(way) {
			ways++
		}
	}
	switch {
	case ways > 1:
		return a, usagef("--all, --first and --quorum: one of them")
	case c.IsSet("quorum") && c.Int("quorum") < 1:
		return a, usagef("--quorum %d: must be 1 or more", c.Int("quorum"))
	case a.wait < time.Millisecond || a.wait > web.MaxWait:
		return a, usagef("--timeout %v: must be 1ms to %v", a.wait, web.MaxWait)
	case c.String("to") == "" && c.IsSet("channel"):
		return a, usagef("--channel: is for --to; else the channel is the first argument")
	case c.String("to") == "" && len(a.words) == 0:
		return a, usagef("req takes a CHANNEL, or --to NAME")
	}
	channel := c.String("channel")
	if c.String("to") == "" {
		channel, a.words = a.words[0], a.words[1:]
	} else {
		a.query.Set("to", c.String("to"))
	}
	if channel != "" {
		a.query.Set("channel", channel)
	}
	a.query.Set("timeout", a.wait.String())
	if c.Bool("first") {
		a.query.Set("want", "1")
	} else if c.IsSet("quorum") {
		a.query.Set("want", strconv.Itoa(c.Int("quorum")))
	}
	format := c.String("format")
	if format == "" && c.String("to") == "" && !c.Bool("first") && c.String("body-format") != "raw" {
		format = "{from} {body}"
	}
	if a.form, err = newLayout(format, c.String("body-format")); err != nil {
		return a, err
	}
	a.form.unended()
	return a, nil
}

func runReq(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	a, err := parseAsk(c)
	if err != nil {
		return err
	}
	in, err := inputOf(c, a.words)
	if err != nil {
		return err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, node.MaxMaxMessage+1))
	if err != nil {
		return interrupted(c, fmt.Errorf("read the request: %w", err))
	}
	if err := cl.checkSize(c.Context, len(body)); err != nil {
		return interrupted(c, err)
	}
	ctx, cancel := context.WithTimeout(c.Context, a.wait+answerTimeout)
	defer cancel()
	text, err := cl.post(ctx, "/v1/requests", a.query, body)
	if err != nil {
		return interrupted(c, err)
	}
	var got web.Answers
	if err := cl.parse(text, &got); err != nil {
		return err
	}
	if c.Bool("json") {
		if err := printJSON(c.App.Writer, text); err != nil {
			return err
		}
	} else if err := printReplies(c, a.form, got); err != nil {
		return err
	}
	return outcome(got, a.query.Has("want"))
}

// printReplies writes those that are good to standard output, and the others to standard error.
func printReplies(c *cli.Context, form *layout, got web.Answers) error {
	for _, r := range got.Replies {
		body := bytesOf(r.Body, r.Base64)
		if r.Fail != "" {
			fmt.Fprintf(c.App.ErrWriter, "hearsay: %s: %s\n", r.From, plain.Text(r.Fail))
			if len(body) > 0 {
				fmt.Fprintf(c.App.ErrWriter, "%s\n", plain.Line(body))
			}
			continue
		}
		m := web.Message{From: r.From, Type: r.Type, Body: r.Body, Base64: r.Base64}
		if _, err := c.App.Writer.Write(form.line(m, body)); err != nil {
			return err
		}
	}
	return nil
}

// bytesOf is a body that came as text or in base64.
func bytesOf(text, coded *string) (body []byte) {
	switch {
	case text != nil:
		body = []byte(*text)
	case coded != nil:
		body, _ = base64.StdEncoding.DecodeString(*coded) // the server's own
	}
	return body
}

// outcome is what a request ends with.
func outcome(got web.Answers, enough bool) error {
	if !got.Complete {
		err := errors.New(plain.Text(got.Why))
		if got.TimedOut {
			return statusError{err, exitTimeout}
		}
		return err
	}
	failed := 0
	for _, r := range got.Replies {
		if r.Fail != "" {
			failed++
		}
	}
	if failed > 0 && !enough {
		return fmt.Errorf("%d of %d failed", failed, len(got.Replies))
	}
	return nil
}
