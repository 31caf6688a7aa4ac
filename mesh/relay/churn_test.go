package relay

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// Where a few more streams come than there are places, each goes on where it was, however often it gave its place.
func TestAFewStreamsTooManyGoOn(t *testing.T) {
	const places, more = 64, 10
	for _, cfg := range []Config{{Streams: places * relayPart}, {Streams: places * relayPart, ReplayCount: 10}} {
		r := newRigOf(t, cfg, "b")
		r.view.few = true
		origins := make([]topics.Name, places+more)
		for i := range origins {
			origins[i] = topics.Name(fmt.Sprint("m", i, "-"))
		}
		r.view.known, r.view.lists["b"] = origins, origins[:3]
		r.pass(10 * time.Second)
		say := func(number uint64) {
			for _, origin := range origins {
				r.relayedOf("b", plain(origin), number)
			}
		}
		rounds := uint64(2 * bornMost / len(origins))
		for n := range rounds {
			r.out = nil
			if say(n + 1); len(r.out) != len(origins) {
				t.Fatalf("replay of %d: %d delivered in round %d", cfg.ReplayCount, len(r.out), n)
			}
		}
		r.count("unknown", r.j.Stats().Unknown, 0).count("known", uint64(len(r.j.pasts)), uint64(len(origins)))
		say(rounds + 2)
		gaps := r.j.Gaps()
		for _, g := range gaps {
			if g.From != rounds+1 || g.To != rounds+1 {
				t.Fatalf("replay of %d: %v is told missed", cfg.ReplayCount, g)
			}
		}
		r.count("told", uint64(len(gaps)), more)
	}
}
