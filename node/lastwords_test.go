package node

import (
	"context"
	"fmt"
	"testing"

	"hearsay/node/link"
	"hearsay/node/nodetest"
)

// What one said last, and neither its beats nor its goodbye have told this node of, is had of others that have heard it.
func TestLastWordsOfOneThatIsGone(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	w := &firewall{blocks: func(from, to string, _ link.Port) bool { return from == addrs[1] && to == addrs[0] }}
	nodes := meshOf(t, w, addrs, func(cfg *Config) { cfg.Channels = []string{"orders"} })
	meet(t, nodes...)
	a, b, c := nodes[0], nodes[1], nodes[2]
	f, g := &follower{T: t, n: b, from: a.Name()}, &follower{T: t, n: c, from: a.Name()}
	say(t, a, 0, 9)
	f.upTo(9)
	w.stands.Store(true)
	b.do(func() {
		for id, pl := range b.links {
			if pl.target == a.Name() {
				b.link.HangUp(id)
			}
		}
	})
	if err := a.PublishTo("orders", []byte("one")); err != nil { // the first there
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	var dst [1]Message
	for string(dst[0].Body) != "one" { // with Receive, as all else here: who calls Messages has some taken ahead
		if _, err := c.Receive(ctx, dst[:]); err != nil {
			t.Fatal(err)
		}
	}
	say(t, a, 10, 99)
	g.next = 10 // what came before that may have been read with it
	g.upTo(99)
	a.Close()
	for orders := 0; f.next < 100 || orders == 0; {
		if _, err := b.Receive(ctx, dst[:]); err != nil {
			t.Fatalf("%d, and %d orders: %v, %+v", f.next, orders, err, *b.judged.Load())
		}
		switch m := dst[0]; {
		case m.From != a.Name():
		case m.Missed > 0 || m.Channel == "" && string(m.Body) != fmt.Sprint(f.next):
			t.Fatalf("%q after %d, and %d missed", m.Body, f.next, m.Missed)
		case m.Channel == "":
			f.next++
		default:
			orders++
		}
	}
}
