package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/plain"
	"hearsay/node/web"
)

func replyCommand() *cli.Command {
	return &cli.Command{
		Name:      "reply",
		Usage:     "answer requests to the node with what a command prints",
		ArgsUsage: "[CHANNEL]",
		Description: "Runs the command of --exec for each request on CHANNEL, or without one for those to the node itself, until it\n" +
			"is interrupted. The command has what is asked on its standard input, and HEARSAY_PEER, HEARSAY_CHANNEL,\n" +
			"HEARSAY_UID and HEARSAY_TYPE say who asks. What it prints to standard output is the reply. One that ends with\n" +
			"another status than 0, or takes too long, is a reply that names that. Several on one channel of one node\n" +
			"share its requests. Ends with status 3 when the node does.",
		Flags: []cli.Flag{
			addrFlag(),
			&cli.StringFlag{Name: "exec", Usage: "`COMMAND` that answers"},
			&cli.IntFlag{Name: "at-once", Value: handlersAtOnce, Usage: "run at most `N` commands at a time"},
			&cli.DurationFlag{Name: "timeout", Value: handlerTime, Usage: "kill a command after `TIME`"},
		},
		Action: runReply,
	}
}

// replier answers requests that a node hands on.
type replier struct {
	*client
	command string
	limit   time.Duration
	tell    func(text string)
}

func runReply(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	query := url.Values{"at_once": {strconv.Itoa(c.Int("at-once"))}}
	switch {
	case c.String("exec") == "":
		return usagef("reply takes --exec COMMAND")
	case c.NArg() > 1:
		return usagef("reply takes one CHANNEL, but was given %.40q too", c.Args().Get(1))
	case c.Int("at-once") < 1 || c.Int("at-once") > node.MaxAtOnce:
		return usagef("--at-once %d: must be 1 to %d", c.Int("at-once"), node.MaxAtOnce)
	case c.Duration("timeout") <= 0:
		return usagef("--timeout %v: must be more than nothing", c.Duration("timeout"))
	case c.NArg() == 1:
		query.Set("channel", c.Args().First())
	}
	var one sync.Mutex
	told := failures{}
	r := &replier{client: cl, command: c.String("exec"), limit: c.Duration("timeout"), tell: func(text string) {
		one.Lock()
		defer one.Unlock()
		untold, due := told.due()
		if !due { // who asks does not fill a log
			return
		}
		if untold > 0 {
			text += fmt.Sprintf(" (%d since the last)", untold+1)
		}
		fmt.Fprintf(c.App.ErrWriter, "hearsay: %s\n", plain.Text(text))
	}}
	ctx, cancel := context.WithCancel(c.Context)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	return interrupted(c, cl.streamOf(ctx, http.MethodPost, "/v1/answers", query, cl.messageLine(ctx), func(_ string, data []byte) error {
		var call web.Call
		if err := cl.parse(data, &call); err != nil {
			return err
		}
		running.Go(func() { r.answer(ctx, call) }) // the node hands on no more than --at-once
		return nil
	}))
}

// answer runs the command for one request.
func (r *replier) answer(ctx context.Context, call web.Call) {
	out, said := &printed{most: node.MaxMaxMessage}, tailOf{}
	err := command{
		line: r.command, input: bytesOf(call.Body, call.Base64), limit: r.limit, stop: "hearsay reply ended",
		env: []string{
			"HEARSAY_EVENT=request", "HEARSAY_PEER=" + string(call.From), "HEARSAY_CHANNEL=" + call.Channel,
			"HEARSAY_UID=" + call.UID, "HEARSAY_TYPE=" + call.Type,
		},
	}.run(ctx, out, &said)
	query, body := url.Values{}, out.text
	if out.more {
		err = errors.Join(fmt.Errorf("it printed more than %d bytes", out.most), err)
		body = nil
	}
	if err != nil {
		query.Set("fail", err.Error())
		if len(body) == 0 {
			body = said
		}
		r.tell(fmt.Sprintf("command failed: %v: %s", err, said))
	}
	ctx = context.WithoutCancel(ctx) // who asks is told that this ends
	if _, err := r.call(ctx, http.MethodPost, "/v1/answers/"+url.PathEscape(call.ID), query, body); err != nil {
		r.tell("reply not sent: " + err.Error())
	}
}

// printed is what a command prints, up to a bound.
type printed struct {
	text []byte // no bytes.Buffer: it would be read into without a bound
	most int
	more bool
}

func (p *printed) Write(b []byte) (int, error) {
	if len(p.text)+len(b) > p.most {
		p.more = true
		return len(b), nil
	}
	p.text = append(p.text, b...)
	return len(b), nil
}
