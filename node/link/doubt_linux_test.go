package link

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

// Where the network carries again and TCP does not try yet, another connection takes the place of the one that is doubted:
// what is published from then on comes under the same ID, and what was asked for is asked for again. A connection over which
// the answer to a PING comes stays.
func TestDoubtedConnectionIsRenewed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	pub := open(t, Config{Answer: said(0, &asked)})
	hide(pub)
	discard(pub)
	stuck, well, old := open(t, Config{Subscribe: []string{"1"}}), open(t, Config{Subscribe: []string{"1"}}), open(t, Config{Subscribe: []string{"1"}})
	ids := make(map[*Link]ID)
	for _, l := range []*Link{stuck, well, old} {
		dial(t, l, Message, pub)
		ids[l] = next(t, l, Up).ID
	}
	settled(t, pub, Message, 3, "1")
	block(t, stuck.dialledBy(ids[stuck]).kernel)
	block(t, old.dialledBy(ids[old]).kernel)
	const question = "5/a/7/3-4/1"
	stuck.Say(ids[stuck], question, false)
	eventually(t, "what was asked is answered into the void", func() bool { return asked.Load() == 1 })
	if err := pub.Publish(Message, []byte("1"), []byte("lost")); err != nil {
		t.Fatal(err)
	}

	well.Doubt(ids[well], true)
	old.Doubt(ids[old], false) // what it may have missed is kept no more
	stuck.Doubt(ids[stuck], true)
	counted(t, stuck, "renewed")
	eventually(t, "what was asked is asked again", func() bool { return asked.Load() == 2 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for tick := time.NewTicker(time.Millisecond); ctx.Err() == nil; <-tick.C {
			_ = pub.Publish(Message, []byte("1"), []byte("new"))
		}
	}()
	var got []string
	for len(got) < 4 {
		e := next(t, stuck, Received)
		if e.ID != ids[stuck] {
			t.Fatalf("comes as %d, not %d", e.ID, ids[stuck])
		}
		for run := e.Run; len(run) > 0; {
			f := run.Next(nil)
			got = append(got, string(f[0])+" "+string(f[1]))
		}
	}
	want := []string{question + " 3 ", question + " 4 ", question + " ", "1 new"}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%q came, not %q", got, want)
		}
	}
	for name, l := range map[string]*Link{"which answers": well, "of which nothing is kept": old} {
		if n := l.Stats()["renewed"]; n > 0 {
			t.Errorf("one %s was renewed", name)
		}
	}
}
