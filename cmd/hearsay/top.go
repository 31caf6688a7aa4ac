package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/web"
)

// topEvents is how many events top keeps to show.
const topEvents = 64

func topCommand() *cli.Command {
	return &cli.Command{
		Name:  "top",
		Usage: "watch the mesh in a terminal",
		Description: "Shows the node, its peers and the newest events, and looks again every second: those with something wrong\n" +
			"first. j, k and the arrows select one, Enter shows all about it, / filters, s sorts, ? tells the other keys, and\n" +
			"q ends it. Colours are left out where NO_COLOR is set.",
		Flags:  []cli.Flag{addrFlag()},
		Before: noArguments,
		Action: runTop,
	}
}

func runTop(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	if !isTerminal(c.App.Writer) {
		return usagef("top needs a terminal to draw in: 'hearsay members --watch' does without")
	}
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	t := &top{cl: cl, view: topView{colours: os.Getenv("NO_COLOR") == ""}}
	if err := t.look(ctx); err != nil { // nothing is drawn over for a node that is not there
		return interrupted(c, err)
	}
	terminal := openTerminal(c.App.Reader)
	defer terminal.restore()
	_, _ = io.WriteString(c.App.Writer, "\x1b[?1049h\x1b[?25l") // other screen, no cursor
	defer io.WriteString(c.App.Writer, "\x1b[?25h\x1b[?1049l")  //nolint:errcheck // nothing can be done about it
	keys := make(chan key)
	go readKeys(c.App.Reader, func(k key) bool { // left behind, waiting for a key, when top ends
		select {
		case keys <- k:
			return true
		case <-ctx.Done():
			return false
		}
	})
	return t.run(ctx, c.App.Writer, keys)
}

// top is what is shown, and where it comes from.
type top struct {
	cl   *client
	view topView
}

// run looks and draws until ctx ends. A node that does not answer is shown as such, and asked again.
func (t *top) run(ctx context.Context, w io.Writer, keys <-chan key) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan web.Event)
	go t.follow(ctx, events)
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		width, height := terminalSize(w)
		_, _ = io.WriteString(w, "\x1b[H"+t.view.draw(width, height, time.Now())+"\x1b[J")
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			t.view.add(e)
		case k := <-keys:
			if !t.view.press(k) {
				return nil
			}
		case <-ticker.C:
			if err := t.look(ctx); err != nil && ctx.Err() == nil {
				t.view.trouble = err.Error()
			}
		}
	}
}

// look asks for everything but events.
func (t *top) look(ctx context.Context) error {
	var status web.Status
	var members web.Members
	if _, err := t.cl.get(ctx, "/v1/status", &status); err != nil {
		return err
	}
	if _, err := t.cl.get(ctx, "/v1/members", &members); err != nil {
		return err
	}
	t.view.update(status, members, time.Now())
	return nil
}

// follow passes events on until ctx ends, from each node that answers at the address.
func (t *top) follow(ctx context.Context, events chan<- web.Event) {
	query := url.Values{"after": {"0"}}
	for ctx.Err() == nil {
		err := t.cl.stream(ctx, "/v1/events", query, maxEventLine, func(data []byte) error {
			var e web.Event
			if err := json.Unmarshal(data, &e); err != nil {
				return err
			}
			query.Set("after", fmt.Sprint(e.ID))
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		var refused *web.Error
		if errors.As(err, &refused) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchEvery):
		}
	}
}
