package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/keys"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// Whose key is withdrawn hears and says nothing within 5 s, and is shown as unauthorized. Back in the directory, it is
// back in the mesh.
func TestOwnKeyWithdrawn(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	dir, config := town(t, addrs...)
	gone := t.TempDir()
	all := filepath.Join(gone, "all") // the one who is withdrawn has a directory of its own: it would go on
	if err := os.CopyFS(all, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	outcast := config(addrs[2])
	outcast.Keys.Authorized = all
	nodes := []*Node{start(t, config(addrs[0])), start(t, config(addrs[1])), start(t, outcast)}
	whole(t, nodes...)

	begin := time.Now()
	var mu sync.Mutex
	last := make(map[int]time.Duration) // when what came of the other side was said, since begin
	stall := time.Duration(0)           // the longest that this machine has not run whoever publishes
	for i, n := range nodes {
		go func() {
			for m := range n.Messages() {
				if (i == 2) != (m.From == nodes[2].Name()) {
					said, err := time.ParseDuration(string(m.Body))
					mu.Lock()
					last[i] = max(last[i], said)
					mu.Unlock()
					if err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	stop := make(chan struct{})
	defer close(stop)
	for _, n := range nodes {
		before := begin
		publishUntil(t, stop, func() error {
			now := time.Now()
			mu.Lock()
			stall = max(stall, now.Sub(before))
			mu.Unlock()
			before = now
			return n.Publish([]byte(now.Sub(begin).String()))
		})
	}
	nodetest.Eventually(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(last) < 3 {
			return fmt.Errorf("heard %v", last)
		}
		return nil
	})

	file := filepath.Join(dir, addrs[2]+".key")
	if err := os.Rename(file, filepath.Join(gone, "key")); err != nil {
		t.Fatal(err)
	}
	withdrawn := time.Now()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes[:2] {
			if got := n.Alive(); len(got) != 1 {
				return fmt.Errorf("%s hears %v", n.Name(), got)
			}
			if got := failureOf(n, addrs[2]); !strings.HasPrefix(got, "unauthorized") {
				return fmt.Errorf("%s says %q", n.Name(), got)
			}
		}
		return nil
	})
	inState(t, nodes[2].Name(), mesh.Quarantined, nodes[:2])
	rounds := func() uint64 {
		return min(nodes[0].Stats()["mesh_rounds"], nodes[1].Stats()["mesh_rounds"], nodes[2].Stats()["mesh_rounds"])
	}
	settled := uint64(0)
	nodetest.Eventually(t, func() error { // what is said after 5 s has had its time to come
		switch {
		case time.Since(withdrawn) < 5*time.Second:
			return errors.New("5 s are not over")
		case settled == 0:
			settled = rounds() + settleRounds
		}
		if now := rounds(); now < settled {
			return fmt.Errorf("%d rounds of %d", now, settled)
		}
		return nil
	})
	mu.Lock()
	for i, said := range last {
		if late := said - withdrawn.Sub(begin); late > 5*time.Second+stall {
			t.Errorf("node %d heard what the other side said %v after the key was withdrawn", i, late)
		}
	}
	mu.Unlock()
	whole(t, nodes[:2]...)

	if err := os.Rename(filepath.Join(gone, "key"), file); err != nil {
		t.Fatal(err)
	}
	whole(t, nodes...)
}

// One whose key is withdrawn at a node is not heard there by way of those that know it, is not missed, and is heard again
// when the key is back.
func TestWithdrawnIsNotRelayed(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	dir, config := town(t, addrs...)
	own := filepath.Join(t.TempDir(), "own") // of the one that withdraws
	if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	var nodes []*Node
	for i, addr := range addrs {
		cfg := config(addr)
		if i == 3 {
			cfg.Keys.Authorized = own
		}
		nodes = append(nodes, start(t, cfg))
	}
	meet(t, nodes...)
	outcast, witness, b := nodes[0], nodes[1], nodes[3]
	f := &follower{T: t, n: b, from: outcast.Name()}
	g := &follower{T: t, n: witness, from: outcast.Name()}
	say(t, outcast, 0, 9)
	f.upTo(9)
	g.upTo(9)

	file := filepath.Join(own, addrs[0]+keys.PublicExt)
	kept := filepath.Join(t.TempDir(), "key")
	if err := os.Rename(file, kept); err != nil {
		t.Fatal(err)
	}
	b.ReloadKeys()
	nodetest.Eventually(t, func() error {
		if got := failureOf(b, addrs[0]); !strings.HasPrefix(got, "unauthorized") {
			return fmt.Errorf("%s says %q", b.Name(), got)
		}
		return nil
	})
	// Others still hear it, and say so. What it says now is passed on to whoever asks for it.
	rounds := func(n *Node) (beats uint64) { return n.Stats()["mesh_rounds"] }
	for i, at := 10, rounds(b); rounds(b) < at+settleRounds; i++ {
		say(t, outcast, i, i)
		g.upTo(i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := b.Receive(ctx, make([]Message, 8)); n > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d messages came: %v", n, err)
	}
	s := b.Stats()
	if s["messages_relayed"]+s["messages_missed"]+s["repair_questions"] != 0 || b.judged.Load().Relays != 0 {
		t.Errorf("it is lacked: %v, %+v", s, *b.judged.Load())
	}
	for _, k := range kinds(b, 0, outcast.Name().Key()) {
		if k == mesh.Missed {
			t.Error("it is told missing")
		}
	}

	if err := os.Rename(kept, file); err != nil {
		t.Fatal(err)
	}
	b.ReloadKeys()
	meet(t, nodes...)
	mark := g.next
	say(t, outcast, mark, mark+9)
	f.next = mark
	f.upTo(mark + 9)
	if f.missed != 0 {
		t.Errorf("%d missed", f.missed)
	}
}

// settleRounds is more rounds than it takes until a relay is asked.
const settleRounds = 6

// Of one whose key is new here nothing is wanted that it said before: not what it has said since its last beat, which is
// said again to whoever connects, and not what it has said since a start that was later than this node's.
func TestKeyThatIsNewIsHeardFromThenOn(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	_, config := town(t, addrs...)
	j := newJudge(start(t, config(addrs[0])))
	defer j.tick.Stop()
	tell := func(at time.Duration, e news) {
		j.now, j.via = at, topics.Name(addrs[1])
		e.kind, e.incarnation = newsNumbers, 7
		j.take(parcel{news: &e})
	}
	j.take(parcel{news: &news{kind: newsKeys}})
	j.now = time.Minute
	j.take(parcel{news: &news{kind: newsKeys, members: j.n.lock.first.Members()}})
	tell(time.Minute, news{replay: true, last: "3:1"})
	tell(time.Minute, news{born: true, age: 30 * time.Second, last: "9:1"})
	if s := j.rules.Stats(); s.Gaps != 0 {
		t.Errorf("what was said before is asked for: %+v", s)
	}
	tell(time.Minute+time.Second, news{last: "11:1"})
	if s := j.rules.Stats(); s.Gaps != 1 {
		t.Errorf("what is said since is not: %+v", s)
	}
}
