package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

const lateOfF = "5/f/7/~10000/1"

// severalWays is a rig in a partial mesh for a while, whose relay is asked for all that it is relayed. Nothing of the past is
// wanted.
func severalWays(t *testing.T, uptime time.Duration) *rig {
	r := newRig(t, "r", "n")
	r.view.lists["r"] = []topics.Name{"o"}
	r.view.few = true
	r.pass(uptime).j.Says()
	return r
}

// What one said before a way of its messages was there is asked of whoever brings the first one, though no past is wanted.
func TestLateWaysOfAPartialMesh(t *testing.T) {
	r := severalWays(t, time.Minute)
	r.relayed("r", "f", true, 30).said("r: "+lateOfF).relayed("r", "f", true, 31).said().got("")
	r.answer("r", lateOfF, 28, 29).ends("r", lateOfF).got("f28 f29 f30 f31").said("r: not " + lateOfF)
	r.relayed("r", "f", true, 32).said().got("f32")

	r = severalWays(t, time.Minute) // it brings what it lists
	r.relayed("r", "o", false, 30).said("r: 5/o/7/~10000/1").answer("r", "5/o/7/~10000/1", 29).ends("r", "5/o/7/~10000/1").got("o29 o30")

	r = severalWays(t, time.Minute) // it does not answer
	r.relayed("r", "f", true, 30).got("").pass(openTime + short).got("f30")

	r = severalWays(t, time.Minute) // it has no more itself, as it asks for it: what it is answered it passes on
	r.relayed("r", "f", true, 30).ends("r", lateOfF).got("").relayed("r", "f", true, 28, 29, 31).pass(lateWait + short).got("f28 f29 f30 f31")

	severalWays(t, time.Minute).relayed("r", "f", true, 1).said().got("f1")

	r = severalWays(t, time.Minute) // what came once is not asked for again, until nobody has it
	r.relayed("r", "f", true, 30).ends("r", lateOfF).got("").pass(lateWait + short).got("f30").j.Says()
	r.out = r.j.leave(r.now, r.j.streams[plain("f")], nil)
	r.relayed("r", "f", true, 31).said().got("f31")
	r.out = r.j.leave(r.now, r.j.streams[plain("f")], nil)
	r.pass(lateBeats*time.Second + delayMost + time.Second).j.Says()
	r.relayed("r", "f", true, 90).said("r: " + lateOfF)
}

// However short a beat is, a machine may be short of time for seconds.
func TestLateWaysWithAShortBeat(t *testing.T) {
	r := newRigOf(t, Config{Beat: 100 * time.Millisecond}, "r", "n")
	r.view.lists["r"] = []topics.Name{"o"}
	r.view.few = true
	r.pass(time.Minute).j.Says()
	r.relayed("r", "f", true, 30).said("r: " + lateOfF)
}

// Where everybody hears everybody nothing is asked for, nor is what was said before this node could want it.
func TestLateWaysAreAskedForNothingElse(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(time.Minute).j.Says()
	r.relayed("r", "f", true, 30).said().got("f30")

	r = severalWays(t, 4*time.Second) // before it was there
	r.relayed("r", "f", true, 30).said("r: 5/f/7/~5000/1")

	r = severalWays(t, time.Minute) // or had subscribed
	r.j.Subscribed(r.now-3*time.Second, topics.Message)
	r.relayed("r", "f", true, 30).said("r: 5/f/7/~3000/1")

	r = severalWays(t, time.Minute) // or admitted it
	r.j.Admit(r.now, []topics.Name{"r", "n", "o"})
	r.j.Admit(r.now, []topics.Name{"r", "n", "o", "f"})
	r.pass(2 * time.Second).j.Says()
	r.relayed("r", "f", true, 30).said("r: 5/f/7/~2000/1")
}

// A neighbour that was a member before is asked itself: the numbers that its first beat told are those of before.
func TestLateNeighbourOfAPartialMesh(t *testing.T) {
	const late = "5/n/7/~10000/1"
	r := severalWays(t, time.Minute)
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.hear("n", 27).said("n: "+late).got("").answer("n", late, 24, 25, 26).ends("n", late).got("n24 n25 n26 n27")

	r = severalWays(t, time.Minute) // beats told of it before anything came
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.out = r.j.Tell(r.now, "n", 7, "26:1", r.out)
	r.hear("n", 27).said("n: "+late).got("").answer("n", late, 24, 25, 26).ends("n", late).got("n24 n25 n26 n27")

	r = severalWays(t, time.Minute) // it is no new one: what follows the first beat is missing alone
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(lateBeats*time.Second/2 + time.Second).j.Says()
	r.hear("n", 27).pass(short).said("n: 5/n/7/26-26/1")

	r = severalWays(t, time.Minute) // it started after this node
	r.j.Born(r.now, "n", 7)
	r.hear("n", 3).pass(short).said("n: 5/n/7/1-2/1")

	r = severalWays(t, time.Minute) // something came of it
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.hear("n", 26).said("n: "+late).ends("n", late).got("n26").j.Says()
	r.hear("n", 28).pass(short).said("n: 5/n/7/27-27/1")
}

// Streams that somebody makes up do not have the past of others not asked for, nor what is known of those that were heard themselves
// forgotten.
func TestMadeUpStreamsHideNoPast(t *testing.T) {
	r := severalWays(t, time.Minute)
	r.hear("n", 1, 2, 3)
	r.out = r.j.leave(r.now, r.j.streams[plain("n")], nil)
	for n := range uint64(3 * bornMost) {
		r.relayed("r", topics.Name(text("z", n)), true, 1)
	}
	r.out = nil
	r.pass(time.Second).relayed("r", "f", true, 30).said("r: " + lateOfF)
	r.hear("n", 4).said().got("n4")
	if n := len(r.j.pasts); n > 2*bornMost {
		t.Errorf("%d are known", n)
	}
}

// Nor do they where more is asked for than what was said of late: what others bring has its past asked for. All is counted.
func TestMadeUpStreamsHideNoPastThatOthersBring(t *testing.T) {
	for _, replays := range []time.Duration{0, time.Hour} {
		r := newRigOf(t, Config{ReplayWithin: replays}, "r", "n")
		r.view.few = true
		r.view.lists["r"], r.view.lists["n"] = []topics.Name{"o"}, []topics.Name{"o"}
		r.pass(20*time.Second).relayed("n", "g", true, 1, 2).out = nil
		r.j.leave(r.now, r.j.streams[plain("g")], nil)
		for n := range uint64(2*bornMost + 2048) {
			r.relayed("r", topics.Name(text("z", n)), true, 1)
		}
		if r.j.stats.Unknown == 0 {
			t.Error("what is known no more is not counted")
		}
		r.out = nil
		r.pass(time.Second).j.Says()
		if r.relayed("n", "f", true, 30); !r.j.isOpening(plain("f")) {
			t.Error("the past of what another one brings is not asked for")
		}
		if r.relayed("n", "g", true, 3).got("g3"); r.j.streams[plain("g")] == nil {
			t.Error("where a stream was is forgotten that another one brought")
		}
		before := r.j.stats.Overasked
		if r.relayed("r", "h", true, 30); replays > 0 && (r.j.isOpening(plain("h")) || r.j.stats.Overasked == before) {
			t.Error("a past is asked for that may have come, or it is not counted that it is not")
		}
		for n := range uint64(2*bornMost + 2048) {
			r.relayed("n", topics.Name(text("y", n)), true, 1)
		}
		if of := &r.j.lefts[1]; of.by["n"] < bornMost/2 || of.by["r"] < bornMost/2 || of.order.Len() != bornMost {
			t.Errorf("%v are known", of.by)
		}
	}
}

// What relays began takes no room of what is known of those that were heard themselves, however many these are.
func TestWhatRelaysBeganTakesNoRoomOfPasts(t *testing.T) {
	r := severalWays(t, time.Minute)
	for n := range uint64(bornMost) {
		origin := topics.Name(text("y", n))
		r.hear(origin, 1)
		r.j.leave(r.now, r.j.streams[plain(origin)], nil)
	}
	r.relayed("r", "z", true, 1)
	r.j.leave(r.now, r.j.streams[plain("z")], nil)
	r.count("known", uint64(len(r.j.pasts)), bornMost+1)
}

// What there is no room to ask for at once is counted.
func TestPastsThatAreNotAskedForAreCounted(t *testing.T) {
	r := severalWays(t, time.Minute)
	for n := range uint64(600) {
		r.relayed("r", topics.Name(text("z", n)), true, 5)
	}
	s := r.j.Stats()
	r.count("asked", s.Questions, farOpenings).count("not asked", s.Overasked, 600-farOpenings)
}

// What a beat tells while a stream waits for its past is missing, if it does not come.
func TestWhatIsToldWhileThePastIsAskedForIsMissing(t *testing.T) {
	const late = "5/n/7/~10000/1"
	r := severalWays(t, time.Minute)
	r.hear("n", 27).said("n: " + late)
	r.out = r.j.Tell(r.now, "n", 7, "28:1", r.out)
	r.pass(time.Second).ends("n", late).got("n27").said("n: not " + late)
	r.pass(time.Second).said("n: 5/n/7/28-28/1")
}
