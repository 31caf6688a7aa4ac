package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// What one said as a member before a way of its messages was there is asked for, however little Config wants of what is older.
func TestReplayOfLittleLeavesOutNothingOfLate(t *testing.T) {
	const last, late = "5/f/7/-1/1", "5/f/7/~10000/1"
	up := func(cfg Config, few bool, uptime time.Duration) *rig {
		r := newRigOf(t, cfg, "r")
		r.view.lists["r"] = []topics.Name{"o"}
		r.view.few = few
		r.pass(uptime).j.Says()
		return r
	}
	few := Config{ReplayCount: 1}
	r := up(few, true, time.Minute).relayed("r", "f", true, 5).said("r: "+last).answer("r", last, 5).ends("r", last)
	r.said("r: not "+last, "r: "+late).got("").relayed("r", "f", true, 6).answer("r", late, 3, 4).ends("r", late)
	r.got("f3 f4 f5 f6").said("r: not " + late)

	r = up(few, true, time.Minute).relayed("r", "f", true, 5).ends("r", last).ends("r", late).got("") // it may have asked for that itself
	r.relayed("r", "f", true, 3, 4).pass(lateWait + short).got("f3 f4 f5")

	r = up(few, true, time.Minute).relayed("r", "f", true, 2).said("r: "+last).answer("r", last, 1).ends("r", last)
	r.got("f1 f2").said("r: not " + last) // there is no more

	r = up(few, true, 5*time.Second).relayed("r", "f", true, 5).said("r: "+last).ends("r", last)
	r.got("f5").said("r: not " + last) // it has just come itself

	r = up(few, false, time.Minute).relayed("r", "f", true, 5).said("r: "+last).ends("r", last)
	r.got("f5").said("r: not " + last) // all ways were there in time

	const more = "5/f/7/~30000/1"
	r = up(Config{ReplayWithin: 30 * time.Second}, true, time.Minute).relayed("r", "f", true, 5).said("r: "+more).ends("r", more)
	r.got("f5").said("r: not " + more) // that is more
}

// In a partial mesh whoever brings the first message is asked, though a relay is to be asked soon.
func TestReplayOfOneThatIsNewlyLacked(t *testing.T) {
	r := newRigOf(t, Config{ReplayCount: 9}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.view.few = true
	r.pass(time.Minute).j.Says()
	r.view.lists["r"] = []topics.Name{"o", "f"}
	r.pass(short).said().relayed("r", "f", true, 3).got("").said("r: 5/f/7/-9/1")
	r.answer("r", "5/f/7/-9/1", 1, 2).ends("r", "5/f/7/-9/1").got("f1 f2 f3")
}

// What was said of late is asked for at once where Config wants a shorter time: nothing may have been said since.
func TestReplayOfAShorterTimeThanLate(t *testing.T) {
	const late = "5/f/7/~10000/1"
	up := func(uptime time.Duration) *rig {
		r := newRigOf(t, Config{ReplayWithin: 3 * time.Second}, "r", "n")
		r.view.few = true
		r.pass(uptime).j.Says()
		r.view.lists["r"] = []topics.Name{"o"}
		return r.pass(soon + short)
	}
	r := up(time.Minute).said("r: 3/o/", "r: 3/*/", "r: 5/o/0/~10000/1", "r: 3/-/")
	r.digest("r", "f/7/2/1").said("r: "+late).answer("r", late, 1, 2).ends("r", late).got("f1 f2").said("r: not " + late)

	r = up(time.Minute) // it may have asked for more itself
	r.j.Says()
	r.digest("r", "f/7/3/1").answer("r", late, 3).ends("r", late).got("").relayed("r", "f", true, 1, 2).pass(lateWait + short).got("f1 f2 f3")

	up(2*time.Second).said("r: 3/o/", "r: 3/*/", "r: 5/o/0/~3000/1", "r: 3/-/") // it has just come itself
}

// What is asked for again over a new connection begins where it did the first time.
func TestLateIsAskedForAgain(t *testing.T) {
	r := severalWays(t, 2*time.Second)
	r.relayed("r", "f", true, 3).said("r: 5/f/7/~3000/1").pass(2 * time.Second).said()
	r.j.Up(r.now, "r")
	r.said("r: 3/o/", "r: 3/*/", "r: 5/f/7/~5000/1").answer("r", "5/f/7/~5000/1", 1, 2).ends("r", "5/f/7/~5000/1").got("f1 f2 f3")
}
