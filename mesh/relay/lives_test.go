package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// life is a stream of an origin's plain messages, in one of its lives.
func life(origin topics.Name, incarnation int64) Stream {
	return Stream{origin, incarnation, topics.Message}
}

// Of an origin that starts again all is wanted, whichever of it comes first.
func TestANextLifeBeginsWithItsFirst(t *testing.T) {
	again := func() *rig {
		r := severalWays(t, time.Minute)
		r.relayedOf("r", life("f", 7), 1, 2, 3).got("f1 f2 f3").pass(time.Minute).j.Says()
		return r
	}
	r := again() // a relay that has a gap itself passes on what comes behind it
	r.relayedOf("r", life("f", 8), 4, 1, 2, 3, 5).got("f1 f2 f3 f4 f5").count("copies", r.j.Stats().Duplicates, 0)

	r = again() // what does not come is asked for, and told
	r.relayedOf("r", life("f", 8), 4).pass(short).said("r: 5/f/8/1-3/1").pass(20 * time.Second).gave("f 1-3").got("+3 f4")

	r = again() // another one may have had it told
	r.out = r.j.Tell(r.now, "f", 8, "3:1", r.out)
	r.pass(tailGrace + short).said("r: 5/f/8/1-3/1")

	r = again() // it is not the next one again when it is forgotten, but the one after it is
	r.relayedOf("r", life("f", 8), 1, 2).got("f1 f2")
	r.out = r.j.leave(r.now, r.j.streams[life("f", 8)], nil)
	r.pass(r.j.pastTime() + time.Minute).j.Says()
	r.relayedOf("r", life("f", 8), 5).said("r: 5/f/8/~10000/1").ends("r", "5/f/8/~10000/1").pass(lateWait + short).got("f5")
	r.out = r.j.leave(r.now, r.j.streams[life("f", 8)], nil)
	r.relayedOf("r", life("f", 9), 2, 1).got("")
	r.answer("r", "5/f/9/~10000/1").ends("r", "5/f/9/~10000/1").pass(lateWait + short).got("f1 f2")
}

// Where no relay is needed it is so too, of one whose start is not known to be later.
func TestANextLifeThatIsHeardItself(t *testing.T) {
	r := newRig(t, "o")
	r.pass(time.Second).hear("o", 5).got("o5").pass(time.Second)
	r.out = r.j.Tell(r.now, "o", 8, "2:1", r.out)
	_, r.out = r.j.Message(r.now, life("o", 8), 3, "u", "again", 10, r.out)
	r.pass(short).said("o: 5/o/8/1-2/1")

	r = newRig(t, "o") // it was met before a message of the life before came late
	r.out = r.j.Tell(r.now, "o", 8, "2:1", r.out)
	r.pass(time.Second).hear("o", 5).got("o5")
	_, r.out = r.j.Message(r.now, life("o", 8), 4, "u", "again", 10, r.out)
	r.pass(short).said("o: 5/o/8/3-3/1")
}

// What is told later by one that is spared does not have to mend it.
func TestANextLifeByTheWayThatIsLeft(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	r.relayedOf("a", life("o", 8), 4, 1, 2, 3, 5).got("o1 o2 o3 o4 o5")
}

// A life that somebody makes up hides none of another one, nor is what it brings taken for that.
func TestAMadeUpLifeHidesNoPast(t *testing.T) {
	r := severalWays(t, time.Minute)
	r.relayedOf("r", life("f", 1000), 1).got("f1").said()
	r.relayedOf("r", life("f", 7), 30).said("r: "+lateOfF).relayedOf("r", life("f", 1001), 2).got("")
	r.answer("r", lateOfF, 29).ends("r", lateOfF).got("f29 f30")

	r = severalWays(t, time.Minute) // an earlier one: what is before is missing then
	r.relayedOf("r", life("f", 1), 1).got("f1")
	r.relayedOf("r", life("f", 7), 3).pass(short).said("r: 5/f/7/1-2/1").answer("r", "5/f/7/1-2/1", 1, 2).got("f1 f2 f3")

	r = behindTwo(t) // where the past is wanted
	r.relayedOf("r", life("f", 1000), 1).got("f1").said()
	r.relayedOf("r", life("f", 7), 30).said("r: " + pastOfF)
}

// A question for one life has no other one wait, and hides no beginning that is known.
func TestAQuestionForOneLifeIsOfThatOne(t *testing.T) {
	r := severalWays(t, time.Minute)
	r.hear("n", 27).said("n: 5/n/7/~10000/1")
	r.j.Born(r.now, "n", 8)
	_, r.out = r.j.Message(r.now, life("n", 8), 2, "u", "again", 10, r.out)
	r.pass(short).said("n: 5/n/8/1-1/1").ends("n", "5/n/7/~10000/1").got("n27").gave()
	r.pass(20 * time.Second).gave("n 1-1").got("+1 again")
}

// A relay that is asked for one life is asked no more once the origin is asked itself.
func TestAQuestionForOneLifeIsTakenOver(t *testing.T) {
	r := behindTwo(t)
	r.relayed("r", "f", true, 30).said("r: " + pastOfF)
	r.j.Up(r.now, "f")
	r.j.Replay(r.now, "f", "f", topics.Message)
	r.said("r: not "+pastOfF, "f: 5/f/0/~5000/1").answer("f", "5/f/0/~5000/1", 29, 30).ends("f", "5/f/0/~5000/1").got("f29 f30")
}

// A beginning that is known stays, though the past is asked for: it may not be answered, or not with all.
func TestABeginningStaysThoughThePastIsAskedFor(t *testing.T) {
	const late = "5/n/7/~10000/1"
	for what, end := range map[string]func(r *rig){
		"answered with nothing": func(r *rig) { r.ends("n", late) },
		"not answered":          func(r *rig) { r.pass(openTime) },
		"answered with some":    func(r *rig) { r.answer("n", late, 27).ends("n", late) },
	} {
		t.Run(what, func(t *testing.T) {
			r := severalWays(t, time.Minute)
			r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
			r.hear("n", 28).said("n: " + late)
			end(r)
			r.pass(20 * time.Second)
			if what == "answered with some" {
				r.gave("n 26-26").got("+1 n27 n28")
			} else {
				r.gave("n 26-27").got("+2 n28")
			}
		})
	}

	r := severalWays(t, time.Minute) // what was before it is wanted, too
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.hear("n", 27).answer("n", late, 24, 25).ends("n", late).got("n24 n25").pass(short).said("n: "+late, "n: not "+late, "n: 5/n/7/26-26/1")

	r = newRigOf(t, Config{ReplayWithin: 5 * time.Second, Held: 100}, "n") // and where there is no room to wait for it
	r.pass(time.Second)
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.j.Replay(r.now, "n", "n", topics.Message)
	r.hear("n", 27).pass(short).said("n: 5/n/0/~5000/1", "n: 5/n/7/26-27/1")
}
