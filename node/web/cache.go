package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"hearsay/node"
)

const (
	// keepView is how long a snapshot is good while nothing happens: faster than people and scrapers look.
	keepView = 200 * time.Millisecond

	// viewShare bounds what reading costs the loop: a snapshot that took t is kept for viewShare times t, but no
	// longer than viewMost.
	viewShare = 20
	viewMost  = time.Second

	// viewGap is the least time between two snapshots, however much happens.
	viewGap = 20 * time.Millisecond

	// viewTimeout is how long the loop may take to answer; it takes milliseconds.
	viewTimeout = 2 * time.Second
)

// view is a snapshot of the node, and what is made of it once for everybody.
type view struct {
	node.Status
	unreadable []Unreadable

	members, links lazy
}

// lazy is a JSON text that is made when it is first asked for.
type lazy struct {
	once sync.Once
	body []byte
	err  error
}

func (l *lazy) get(value func() any) ([]byte, error) {
	l.once.Do(func() { l.body, l.err = encode(value()) })
	return l.body, l.err
}

// cache keeps the newest view. It asks the loop for one reader at a time; the others wait for that answer.
type cache struct {
	node    *node.Node
	files   func() []Unreadable
	keep    time.Duration // keepView; tests have another
	timeout time.Duration // viewTimeout; tests have less
	turn    chan struct{}
	last    *view
}

func newCache(n *node.Node, unreadable func() []Unreadable) *cache {
	return &cache{node: n, files: unreadable, keep: keepView, timeout: viewTimeout, turn: make(chan struct{}, 1)}
}

// get returns a view that is at most a moment old and has every event that was told.
func (c *cache) get(ctx context.Context) (*view, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, noAnswer()
	}
	if c.last != nil {
		age, busy := time.Since(c.last.At), min(viewShare*c.last.Took, viewMost)
		if c.current() && age < max(c.keep, busy) {
			return c.last, nil
		}
		if err := wait(ctx, max(viewGap, busy)-age); err != nil {
			return nil, noAnswer()
		}
	}
	status, err := c.node.Status(ctx)
	if err != nil {
		return nil, noAnswer()
	}
	c.last = &view{Status: status, unreadable: c.files()}
	return c.last, nil
}

// current reports whether nothing has happened since the last view.
func (c *cache) current() bool {
	return c.last.LastEvent == c.node.LastEvent() && c.last.Leaving == c.node.Leaving()
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func noAnswer() *fault {
	return newFault(http.StatusServiceUnavailable, "no_answer", "the node does not answer").hint("try again; its log may say more")
}
