package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// A copy that comes when the origin's own connection has just ended is not taken, as that may still bring it. What follows is asked
// for a little later, though nothing more is said, and whether somebody lists the origin or it is known by the word of others.
func TestLastMessageAfterALinkHasEnded(t *testing.T) {
	for _, listed := range []bool{true, false} {
		r := newRig(t, "n", "r")
		r.view.few = true
		r.view.lists["r"] = []topics.Name{"x"}
		if listed {
			r.view.lists["r"] = []topics.Name{"x", "n"}
		}
		r.pass(time.Minute).hear("n", 1, 2).got("n1 n2")
		r.pass(short).j.Says()
		r.view.linked, r.view.known = []topics.Name{"r"}, []topics.Name{"n"}
		r.pass(short).relayed("r", "n", !listed, 3).got("")
		for steps := 0; !slices.Contains(r.j.Says(), Say{To: "r", Topic: "5/n/7/3-/1"}); steps++ {
			if r.pass(short); steps > 200 {
				t.Fatalf("listed: %v: what follows is not asked for", listed)
			}
		}
		r.answer("r", "5/n/7/3-/1", 3).ends("r", "5/n/7/3-/1").got("n3")
	}
}

// What came of a stream before it has begun is kept when the origin's own connection comes, which may end before it says anything.
func TestFirstMessageBesideALinkThatEndsSoon(t *testing.T) {
	r := newWatchRig(t)
	r.digest("r", "f/7/1/1").said("r: "+lateOfF).answer("r", lateOfF, 1).ends("r", lateOfF).got("")
	r.view.linked = append(r.view.linked, "f")
	r.j.Open(r.now, "f", 1)
	r.j.Up(r.now, "f")
	r.pass(short)
	r.view.linked = r.view.linked[:2]
	r.pass(openTime).got("f1")
}

// So is what follows the past of an origin that was asked for it itself, where its connection ended before that had come.
func TestLastMessageAfterAPastAndALinkThatEnded(t *testing.T) {
	r := throughRelay(t)
	r.view.few, r.view.known = true, []topics.Name{"o"} // nobody lists it
	r.view.lists["r"] = []topics.Name{"x"}
	r.pass(5*time.Second).j.Up(r.now, "o")
	r.j.Replay(r.now, "o", "o", topics.Message)
	r.view.linked = append(r.view.linked, "o")
	r.pass(short).answer("o", pastOfO, 7, 8)
	r.view.linked = r.view.linked[:1]
	r.pass(short).ends("o", pastOfO).pass(lateWait + short).got("o7 o8").j.Says()
	for steps := 0; !slices.Contains(r.j.Says(), Say{To: "r", Topic: "5/o/7/9-/1"}); steps++ {
		if r.pass(short); steps > 200 {
			t.Fatal("what follows is not asked for")
		}
	}
}

// What one that is watched tells of an origin that speaks for itself is asked for when that does so no more, and said nothing.
func TestWhatWasToldBesideALinkThatEndsSoon(t *testing.T) {
	r := newWatchRig(t)
	r.view.linked = append(r.view.linked, "f")
	r.j.Open(r.now, "f", 1)
	r.j.Up(r.now, "f")
	r.pass(short).j.Says()
	r.digest("r", "f/7/1/1").pass(time.Second).said()
	r.view.linked = r.view.linked[:2]
	r.pass(short).said("r: "+lateOfF).answer("r", lateOfF, 1).ends("r", lateOfF).pass(lateWait + short).got("f1")
}
