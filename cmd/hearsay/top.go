package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
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
	first := t.look(ctx)
	if first.err != nil { // nothing is drawn over for a node that is not there
		return interrupted(c, first.err)
	}
	t.show(first)
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

// sight is what a look came to.
type sight struct {
	status  web.Status
	members web.Members
	at      time.Time
	err     error
}

// run draws until ctx ends, and waits for nothing but what there is to draw: looks and events come by themselves. A node
// that does not answer is shown as such, and asked again.
func (t *top) run(ctx context.Context, w io.Writer, keys <-chan key) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, sights := make(chan web.Event), make(chan sight)
	go t.follow(ctx, events)
	go t.watch(ctx, sights)
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
		case s := <-sights:
			t.show(s)
		case <-ticker.C: // times go on, and terminals change their size
		}
	}
}

// show takes a look into the view.
func (t *top) show(s sight) {
	if s.err != nil {
		t.view.trouble = s.err.Error()
		return
	}
	t.view.update(s.status, s.members, s.at)
}

// watch looks again and again until ctx ends.
func (t *top) watch(ctx context.Context, sights chan<- sight) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case sights <- t.look(ctx):
		case <-ctx.Done():
			return
		}
	}
}

// look asks for everything but events.
func (t *top) look(ctx context.Context) (s sight) {
	if _, s.err = t.cl.get(ctx, "/v1/status", &s.status); s.err == nil {
		_, s.err = t.cl.get(ctx, "/v1/members", &s.members)
	}
	s.at = time.Now()
	return s
}

// follow passes events on until ctx ends, from each node that answers at the address: where it goes on is said with the life of
// the node, as one that has started again counts anew.
func (t *top) follow(ctx context.Context, events chan<- web.Event) {
	query := url.Values{"after": {"0"}}
	for ctx.Err() == nil {
		_ = t.cl.streamOf(ctx, http.MethodGet, "/v1/events", query, maxEventLine, func(id string, data []byte) error {
			var e web.Event
			if err := json.Unmarshal(data, &e); err != nil {
				return err
			}
			query.Set("after", id)
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		select { // one that refuses may be leaving, and another come
		case <-ctx.Done():
		case <-time.After(watchEvery):
		}
	}
}
