package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// firewall keeps nodes from dialling each other.
type firewall struct {
	stands atomic.Bool
	blocks func(from, to string, port link.Port) bool
}

func (w *firewall) between(from string) func(mesh.Dial) bool {
	return func(d mesh.Dial) bool {
		return w.stands.Load() && w.blocks(from, string(d.Target), link.Port(d.Port))
	}
}

// pair blocks the dials of one port between two nodes.
func pair(a, b string, port link.Port) func(from, to string, p link.Port) bool {
	return func(from, to string, p link.Port) bool {
		return p == port && (from == a && to == b || from == b && to == a)
	}
}

// cut ends the connections over which a node hears the messages of another.
func (n *Node) cut(name topics.Name) {
	n.do(func() {
		for id, pl := range n.links {
			if pl.messages && pl.target.Key() == name.Key() {
				n.link.HangUp(id)
			}
		}
	})
}

// follower reads what a node gets of a sender, and checks its order.
type follower struct {
	*testing.T
	n      *Node
	from   topics.Name
	next   int
	missed uint64
}

// upTo reads until the body is this number.
func (f *follower) upTo(last int) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), nodetest.Patience)
	defer cancel()
	var dst [64]Message
	for f.next <= last {
		got, err := f.n.Receive(ctx, dst[:])
		if err != nil {
			f.Fatalf("%s has %d of %s, not %d: %v\n%+v", f.n.Name(), f.next, f.from, last, err, *f.n.judged.Load())
		}
		for _, m := range dst[:got] {
			if m.From.Key() != f.from.Key() {
				continue
			}
			f.missed += m.Missed
			if string(m.Body) != fmt.Sprint(f.next+int(m.Missed)) {
				f.Fatalf("%s got %q of %s after %d, and %d told missing", f.n.Name(), m.Body, f.from, f.next-1, m.Missed)
			}
			f.next += 1 + int(m.Missed)
		}
	}
}

func say(t *testing.T, n *Node, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := n.Publish(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// meshOf starts nodes behind a firewall, over TCP, which hear each other as far as that lets them.
func meshOf(t *testing.T, w *firewall, addrs []string, change func(*Config)) (nodes []*Node) {
	for i, addr := range addrs {
		cfg := Config{Hostname: addr, Bind: addr, Seeds: slices.Delete(slices.Clone(addrs), i, i+1), OverTCP: true}
		if w != nil {
			cfg.blocked = w.between(addr)
		}
		if change != nil {
			change(&cfg)
		}
		nodes = append(nodes, start(t, cfg))
	}
	return nodes
}

// meet waits until messages come to each node from each other.
func meet(t *testing.T, nodes ...*Node) {
	t.Helper()
	for _, n := range nodes {
		for _, o := range nodes {
			if n != o {
				linkedTo(t, o.Name(), []*Node{n})
			}
		}
	}
}

// What is lost with a connection is asked for, and comes in its order, once.
func TestWhatIsLostIsRepaired(t *testing.T) {
	t.Parallel()
	nodes := meshOf(t, nil, nodetest.Addresses(t, 2), nil)
	meet(t, nodes...)
	a, b := nodes[0], nodes[1]
	f := &follower{T: t, n: b, from: a.Name()}
	last := -1
	for range 8 {
		say(t, a, last+1, last+100)
		b.cut(a.Name())
		say(t, a, last+101, last+200)
		last += 200
		f.upTo(last) // also of the last ones, of which beats alone tell
	}
	if stats := b.Stats(); f.missed != 0 || stats["messages_repaired"] == 0 || stats["messages_missed"] != 0 {
		t.Errorf("%v", stats)
	}
}

// What nobody has any more is told, exactly.
func TestWhatNobodyHasIsTold(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	w := &firewall{blocks: pair(addrs[0], addrs[1], link.Message)}
	nodes := meshOf(t, w, addrs, func(cfg *Config) { cfg.RingBytes = MinRingBytes })
	meet(t, nodes...)
	a, b := nodes[0], nodes[1]
	f := &follower{T: t, n: b, from: a.Name()}
	say(t, a, 0, 9)
	f.upTo(9)
	const many = 20_000
	for last, itself := 9, true; itself; {
		if last > 10*many {
			t.Fatal("the firewall lets all through")
		}
		delivered := b.Stats()["messages_delivered"]
		w.stands.Store(true)
		b.cut(a.Name())
		readerGone(t, a)
		say(t, a, last+1, last+many)
		itself = b.Stats()["messages_delivered"] > delivered // a dial that was under way came through the firewall
		w.stands.Store(false)
		last += many
		f.upTo(last)
	}
	nodetest.Eventually(t, func() error { // the application knows first
		stats := b.Stats()
		if f.missed == 0 || stats["messages_missed"] != f.missed || stats["messages_repaired"] == 0 {
			return fmt.Errorf("%d told missing, %v", f.missed, stats)
		}
		if !slices.Contains(kinds(b, 0, a.Name().Key()), mesh.Missed) {
			return errors.New("no event tells of it")
		}
		if s := statusOf(t, b); len(s.Missed) != 1 || !strings.HasPrefix(s.Missed[0], fmt.Sprintf("%d messages of %s missed, the last ", f.missed, a.Name())) || s.Lost != "" {
			return fmt.Errorf("its status has %q, %q", s.Missed, s.Lost)
		}
		return nil
	})
}

// readerGone waits until nobody reads the messages of a node.
func readerGone(t *testing.T, n *Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, m := range n.Members() {
			if m.Flowing {
				return fmt.Errorf("%s still reads", m.Name)
			}
		}
		return nil
	})
}

// What its origin has said before it ended is had of a third, which has heard it.
func TestRepairedByAThird(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	w := &firewall{blocks: func(from, _ string, port link.Port) bool { return from == addrs[1] && port == link.Message }}
	nodes := meshOf(t, w, addrs, nil)
	meet(t, nodes...)
	a, b, c := nodes[0], nodes[1], nodes[2]
	f := &follower{T: t, n: b, from: a.Name()}
	say(t, a, 0, 9)
	f.upTo(9)
	w.stands.Store(true)
	b.cut(a.Name())
	b.cut(c.Name())
	say(t, a, 10, 99)
	(&follower{T: t, n: c, from: a.Name()}).upTo(99)
	nodetest.Eventually(t, func() error { // it knows by a beat that it misses some
		if last := lastHeard(b, a.Name()); last != "100:1" {
			return fmt.Errorf("a beat tells of %q", last)
		}
		return nil
	})
	a.Close()
	w.stands.Store(false)
	f.upTo(99)
	if f.missed != 0 {
		t.Errorf("%d missed", f.missed)
	}
}

// Where two cannot connect at the message port, a third relays, once, in order, without duplicates.
func TestRelayedWhereTwoCannotConnect(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	w := &firewall{blocks: pair(addrs[0], addrs[1], link.Message)}
	w.stands.Store(true)
	nodes := meshOf(t, w, addrs, nil)
	a, b, c, d := nodes[0], nodes[1], nodes[2], nodes[3]
	meet(t, a, c, d)
	meet(t, b, c, d)
	relayed(t, a, 1)
	relayed(t, b, 1)
	for _, pair := range [][2]*Node{{a, b}, {b, a}} {
		f := &follower{T: t, n: pair[1], from: pair[0].Name()}
		say(t, pair[0], 0, 999)
		f.upTo(999)
		if f.missed != 0 {
			t.Errorf("%d missed", f.missed)
		}
	}
	if passed := c.Stats()["messages_passed_on"] + d.Stats()["messages_passed_on"]; passed > 2000 {
		t.Errorf("%d messages passed on for 2000", passed)
	}
	w.stands.Store(false) // and it ends, without a message lost or doubled
	f := &follower{T: t, n: b, from: a.Name(), next: 1000}
	for last := 1000; b.judged.Load().Relays > 0; last += 10 {
		say(t, a, last, last+9)
		f.upTo(last + 9)
	}
	if f.missed != 0 {
		t.Errorf("%d missed", f.missed)
	}
}

// relayed waits until a node asks relays for so many origins.
func relayed(t *testing.T, n *Node, want int) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		if got := n.judged.Load().Relays; got != want {
			return fmt.Errorf("%s asks relays for %d origins, not %d", n.Name(), got, want)
		}
		return nil
	})
}

// row is a firewall that lets each of these reach its neighbours alone.
func row(addrs []string) *firewall {
	w := &firewall{blocks: func(from, to string, _ link.Port) bool {
		i, j := slices.Index(addrs, from), slices.Index(addrs, to)
		return i-j > 1 || j-i > 1
	}}
	w.stands.Store(true)
	return w
}

// In a row, where each hears its neighbours alone, messages come to the end of it.
func TestRelayedAlongARow(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	w := row(addrs)
	nodes := meshOf(t, w, addrs, nil)
	for i := range nodes[1:] {
		meet(t, nodes[i], nodes[i+1])
	}
	relayed(t, nodes[0], 1)
	relayed(t, nodes[1], 1)
	relayed(t, nodes[2], 1)
	relayed(t, nodes[3], 1)
	f := &follower{T: t, n: nodes[3], from: nodes[0].Name()}
	nodetest.Eventually(t, func() error { // until all have asked for all
		say(t, nodes[0], f.next, f.next)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		var m [1]Message
		for {
			if _, err := nodes[3].Receive(ctx, m[:]); err != nil {
				return err
			}
			if m[0].From == nodes[0].Name() {
				return nil
			}
		}
	})
}

// Where everybody hears everybody nothing is relayed, and nothing repaired.
func TestNothingIsRelayedInAFullMesh(t *testing.T) {
	t.Parallel()
	nodes := meshOf(t, nil, nodetest.Addresses(t, 4), nil)
	meet(t, nodes...)
	for _, n := range nodes {
		say(t, n, 0, 499)
	}
	for _, n := range nodes {
		for _, o := range nodes {
			if n != o && o == nodes[0] {
				(&follower{T: t, n: n, from: o.Name()}).upTo(499)
			}
		}
	}
	for _, n := range nodes {
		s := n.Stats()
		if s["messages_passed_on"]+s["messages_relayed"]+s["messages_repaired"]+s["repair_questions"]+s["messages_duplicate"] != 0 {
			t.Errorf("%v", s)
		}
	}
}

// lastHeard is what a node's beats have told another of its last messages.
func lastHeard(by *Node, of topics.Name) string {
	last := make(chan string, 1)
	by.asked <- func() {
		for _, pl := range by.links {
			if pl.target == of && pl.last != "" {
				last <- pl.last
				return
			}
		}
		last <- ""
	}
	return <-last
}

// Who comes later gets what was published before, where it asks for that, and then the rest.
func TestReplay(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(*Config)
		first  int
	}{
		"count": {func(cfg *Config) { cfg.ReplayCount = 100 }, 900},
		"time":  {func(cfg *Config) { cfg.ReplayTime = time.Hour }, 0},
		"none":  {func(*Config) {}, 1000},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			addrs := nodetest.Addresses(t, 3)
			a := start(t, Config{Hostname: addrs[0], Bind: addrs[0]})
			other := start(t, Config{Hostname: addrs[2], Bind: addrs[2], Seeds: addrs[:1]})
			say(t, a, 0, 999)
			nodetest.Eventually(t, func() error { // a newcomer is told what the last beat told
				if last := lastHeard(other, a.Name()); last != "1000:1" {
					return fmt.Errorf("a beat tells of %q", last)
				}
				return nil
			})
			cfg := Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1], OverTCP: true}
			c.change(&cfg)
			b := start(t, cfg)
			meet(t, a, b)
			f := &follower{T: t, n: b, from: a.Name(), next: c.first}
			f.upTo(999) // the last ones are those at the time of the answer
			say(t, a, 1000, 1099)
			f.upTo(1099)
			if f.missed != 0 {
				t.Errorf("%d missed", f.missed)
			}
		})
	}
}

// Who comes to the end of a row gets what was published at its beginning before, with the first that is published then.
func TestReplayAlongARow(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	w := row(addrs)
	nodes := meshOf(t, w, addrs[:3], nil)
	meet(t, nodes[0], nodes[1])
	meet(t, nodes[1], nodes[2])
	relayed(t, nodes[2], 1)
	nodetest.Eventually(t, func() error { // and who is asked knows
		if !nodes[1].link.RelaysOf(nodes[0].key) {
			return errors.New("nobody has asked")
		}
		return nil
	})
	say(t, nodes[0], 0, 9)
	(&follower{T: t, n: nodes[2], from: nodes[0].Name()}).upTo(9)

	last := start(t, Config{Hostname: addrs[3], Bind: addrs[3], Seeds: addrs[2:3], OverTCP: true, ReplayTime: time.Hour, blocked: w.between(addrs[3])})
	meet(t, nodes[2], last)
	f := &follower{T: t, n: last, from: nodes[0].Name()}
	said := 9
	nodetest.Eventually(t, func() error { // until it has asked for all
		said++
		say(t, nodes[0], said, said)
		if last.Stats()["messages_relayed"] == 0 {
			return errors.New("nothing has come")
		}
		return nil
	})
	if f.upTo(said); f.missed != 0 {
		t.Errorf("%d missed", f.missed)
	}
}

// A channel that is subscribed to while the node runs brings what is said from then on, and after it was unsubscribed
// from and subscribed to once more no gap is made up.
func TestNumbersOfAChannelThatIsReceivedForATime(t *testing.T) {
	t.Parallel()
	nodes := meshOf(t, nil, nodetest.Addresses(t, 2), nil)
	meet(t, nodes...)
	a, b := nodes[0], nodes[1]
	for round := range 3 {
		for i := range 10 {
			if err := a.PublishTo("c", fmt.Append(nil, "before ", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Subscribe("c"); err != nil {
			t.Fatal(err)
		}
		got := make(chan Message, 1000)
		nodetest.Eventually(t, func() error { // the subscription has arrived
			if err := a.PublishTo("c", fmt.Append(nil, "now ", round)); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			var m [10]Message
			n, err := b.Receive(ctx, m[:])
			for _, m := range m[:n] {
				got <- m
			}
			return err
		})
		for len(got) > 0 {
			if m := <-got; m.Missed != 0 {
				t.Errorf("round %d: %q, %d missed", round, m.Body, m.Missed)
			}
		}
		if err := b.Unsubscribe("c"); err != nil {
			t.Fatal(err)
		}
		nodetest.Eventually(t, func() error {
			if got := b.judged.Load().Following; got != 0 {
				return fmt.Errorf("follows %d", got)
			}
			return nil
		})
	}
	if s := b.Stats(); s["messages_missed"] != 0 {
		t.Errorf("%v", s)
	}
}
