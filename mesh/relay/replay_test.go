package relay

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// throughRelay is a rig of which the past is wanted, where beats of "o" come and its messages only by the relay "r".
func throughRelay(t *testing.T) *rig {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	return r
}

func (r *rig) told(last string) *rig {
	r.out = r.j.Tell(r.now, "o", 7, last, r.out)
	return r
}

const pastOfO = "5/o/0/~5000/1"

// What an origin said before is asked of the relay that is asked for the origin, where its own connection brings nothing:
// whether its beats come or not, and whatever they have told before.
func TestReplayByRelay(t *testing.T) {
	for _, beats := range []bool{false, true} {
		r := throughRelay(t)
		if beats {
			r.told("50:1").pass(900 * time.Millisecond).told("60:1")
		}
		if r.pass(2900 * time.Millisecond); beats {
			r.told("61:1")
		}
		r.pass(2*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO)
		r.relayed("r", "o", false, 62, 63).got("")
		r.answer("r", pastOfO, 20, 21, 22).answer("x", pastOfO, 10).ends("x", pastOfO).got("")
		r.ends("r", pastOfO).got("o20 o21 o22").pass(short)
		r.said("r: not "+pastOfO, "r: 5/o/7/23-61/1").answer("r", "5/o/7/23-61/1", 23).got("o23")
	}
}

// A relay is not asked where nobody wants the past, nor again for what is known.
func TestReplayByRelayOnce(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/")

	r = throughRelay(t)
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO).answer("r", pastOfO, 4).ends("r", pastOfO).got("o4")
	r.said("r: not "+pastOfO).j.Up(r.now, "r") // which asks on with what is known
	r.pass(quietTime+short).said("r: 3/o/", "r: 3/*/", "r: 5/o/7/5-/1")
}

// A relay has forgotten the question with its connection, and is asked again. The origin's own connection goes before it.
func TestReplayIsAskedElsewhere(t *testing.T) {
	r := throughRelay(t)
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO).answer("r", pastOfO, 8, 9) // the last is a lie
	r.j.Up(r.now, "r")
	r.said("r: 3/o/", "r: 3/*/", "r: "+pastOfO)
	r.j.Up(r.now, "o")
	r.j.Replay(r.now, "o", "o", topics.Message)
	r.said("r: not "+pastOfO, "o: "+pastOfO).answer("o", pastOfO, 7, 8).ends("r", pastOfO).got("").ends("o", pastOfO).got("o7 o8")
}

// Where no relay is to come, what beats tell is asked for as ever.
func TestReplayWithoutRelay(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "r")
	for i := range 6 {
		r.told([]string{"50:1", "60:1"}[min(i, 1)]).pass(time.Second)
	}
	r.said("r: 5/o/7/51-60/1")
}

// A topic that is subscribed to later has its past of the relay too, and the end of what a relay has is asked for once more.
func TestReplayByRelayOfLaterTopic(t *testing.T) {
	r := throughRelay(t)
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO).ends("r", pastOfO).said("r: not " + pastOfO)
	r.j.Subscribed(r.now, topics.ChannelPrefix+"c")
	r.said("r: 5/o/0/~5000/" + topics.ChannelPrefix + "c")

	r = throughRelay(t)
	r.pass(5*time.Second).answer("r", pastOfO, 4).ends("r", pastOfO).got("o4").j.Says()
	r.pass(quietTime + short).said("r: 5/o/7/5-/1")
}

// behindTwo is a rig of which the past is wanted, whose relay is asked for all that it is relayed. No list tells of "f".
func behindTwo(t *testing.T) *rig {
	r := throughRelay(t)
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO).ends("r", pastOfO).said("r: not " + pastOfO)
	return r
}

const pastOfF = "5/f/7/~5000/1"

// What one said before that no list tells of is asked of the relay that brings its first message, and comes before that.
func TestReplayOfFar(t *testing.T) {
	r := behindTwo(t)
	r.relayed("r", "f", true, 30).said("r: "+pastOfF).relayed("r", "f", true, 31).said().got("")
	r.answer("r", pastOfF, 27, 28, 29).ends("r", pastOfF).got("f27 f28 f29 f30 f31").said("r: not " + pastOfF)
	r.relayed("r", "f", true, 32).got("f32")

	r = behindTwo(t) // it does not answer
	r.relayed("r", "f", true, 30).got("").pass(openTime + short).got("f30")
}

// It is asked once, and only where the past is wanted and nobody else is asked for it.
func TestReplayOfFarOnce(t *testing.T) {
	r := behindTwo(t)
	r.relayed("r", "f", true, 30).ends("r", pastOfF).got("f30").j.Says()
	r.out = r.j.leave(r.now, r.j.streams[plain("f")], nil)
	r.relayed("r", "f", true, 31).said().got("f31")

	r = newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/").relayed("r", "f", true, 30).said().got("f30")

	r = behindTwo(t)
	r.view.lists["r"] = []topics.Name{"o", "f"}
	r.pass(time.Second).relayed("r", "f", true, 30).said().got("f30")
}

// A stream for which there is no room any more begins without its past: that would come after it.
func TestNoRoomForOneThatWaitsForItsPast(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second, Streams: 2 * relayPart}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).ends("r", pastOfO).j.Says()
	r.relayed("r", "f", true, 30).got("").said("r: "+pastOfF).relayed("r", "a", true, 1).relayed("r", "b", true, 1).got("a1 f30 b1")
	r.said("r: not "+pastOfF).answer("r", pastOfF, 27, 28, 29, 30).ends("r", pastOfF).got("")
}

// A relay that makes origins up leaves others room to be asked.
func TestReplayOfFarIsBounded(t *testing.T) {
	r := behindTwo(t)
	for n := range 2 * openMost {
		r.relayed("r", topics.Name(fmt.Sprint("f", n)), true, 30)
	}
	if n := len(r.j.openings.all); n != farOpenings {
		t.Errorf("%d questions under way", n)
	}
	for n := range 2 * bornMost {
		r.relayed("r", topics.Name(fmt.Sprint("g", n)), true, 30)
		if n%farOpenings == 0 {
			r.pass(openTime)
		}
	}
	if n := len(r.j.pasts); n > bornMost {
		t.Errorf("%d pasts known as asked for", n)
	}
}

// Others have room beside it, for what they bring and for what they tell, and no end of it.
func TestOneRelayLeavesOthersRoomForPasts(t *testing.T) {
	for _, few := range []bool{false, true} {
		r := newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "r", "n", "m")
		r.view.few = few
		for _, name := range r.view.linked {
			r.view.lists[name] = []topics.Name{"o"}
		}
		r.pass(5 * time.Second).j.Says()
		for n := range 2 * openMost {
			r.relayed("r", topics.Name(fmt.Sprint("f", n)), true, 30)
		}
		r.j.Says()
		if r.relayed("n", "g", true, 30); !slices.Contains(r.j.Says(), Say{To: "n", Topic: "5/g/7/~5000/1"}) {
			t.Error("there is no room for what another one brings")
		}
		if r.digest("m", "h/7/30/1"); few && !slices.Contains(r.j.Says(), Say{To: "m", Topic: "5/h/7/~5000/1"}) {
			t.Error("nor for what it tells")
		}
		for n := range 2 * openMost {
			r.relayed(r.view.linked[1+n%2], topics.Name(fmt.Sprint("h", n)), true, 30)
		}
		if n := len(r.j.openings.all); n > farOpenings+2*farFew {
			t.Errorf("%d questions under way", n)
		}
	}
}

// It is not asked where it is known with what the stream begins: what is missing from there on comes, and nothing else.
func TestReplayOfFarWhoseBeginningIsKnown(t *testing.T) {
	behindTwo(t).relayed("r", "f", true, 1).said().got("f1")

	r := behindTwo(t)
	r.j.Born(r.now, "f", 7)
	r.relayed("r", "f", true, 3).pass(short).said("r: 5/f/7/1-2/1").answer("r", "5/f/7/1-2/1", 1, 2).got("f1 f2 f3")

	r = behindTwo(t)
	r.out = r.j.Tell(r.now, "f", 7, "24:1", r.out)
	r.relayed("r", "f", true, 26).pass(short).said("r: 5/f/7/25-25/1").answer("r", "5/f/7/25-25/1", 25).got("f25 f26")

	r = behindTwo(t) // one that was not admitted for a time
	r.j.Admit(r.now, []topics.Name{"r", "o", "f"})
	r.hear("f", 1, 2, 3).got("f1 f2 f3")
	r.j.Admit(r.now, []topics.Name{"r", "o"})
	r.pass(2*time.Second).j.Admit(r.now, []topics.Name{"r", "o", "f"})
	r.j.Says()
	r.relayed("r", "f", true, 6).said().got("f6")

	r = behindTwo(t) // and of which beats alone had told
	r.out = r.j.Tell(r.now, "f", 7, "2:1", r.out)
	r.out = r.j.Tell(r.now, "f", 7, "3:1", r.out)
	r.j.Admit(r.now, []topics.Name{"r", "o"})
	r.pass(2*time.Second).j.Admit(r.now, []topics.Name{"r", "o", "f"})
	r.j.Says()
	r.relayed("r", "f", true, 6).said().got("f6")
}

// A message that there is no room for to wait for the past comes without it.
func TestReplayOfFarWithoutRoom(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second, Held: 2 * (heldCost + 10)}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).ends("r", pastOfO)
	r.relayed("r", "a", true, 5, 6).got("").relayed("r", "f", true, 30).got("f30")
	r.answer("r", pastOfF, 28, 29).ends("r", pastOfF).relayed("r", "f", true, 31).got("f31").pass(openTime).got("a5 a6")
}

// The last words of one that is gone are asked for still, where it is there again.
func TestReplayOfFarThatStartedAgain(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "r", "f")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).ends("r", pastOfO)
	r.out = r.j.Tell(r.now, "f", 7, "", r.out)
	r.pass(time.Second).view.linked = []topics.Name{"r"}
	const rest = "5/f/7/1-/1"
	for range 100 {
		if _, asked := r.j.asked[rest]; asked {
			break
		}
		r.pass(50 * time.Millisecond)
	}
	_, r.out = r.j.Relay(r.now, "r", true, Stream{"f", 8, topics.Message}, 2, "again", "again", 10, r.out)
	r.answer("r", rest, 1, 2).ends("r", rest).got("f1 f2").pass(short).j.Says()
	r.pass(20 * time.Second).gave("f 1-1").got("+1 again") // of its next life all is wanted
}

// A relay that is asked for a past is not asked for it once more, when lists tell of the origin, or the topic is subscribed to
// again. Over a new connection it is.
func TestReplayIsAskedOfARelayOnce(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second, Beat: 200 * time.Millisecond}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).ends("r", pastOfO).j.Says()
	r.relayed("r", "f", true, 30).said("r: " + pastOfF)
	r.view.lists["r"] = []topics.Name{"o", "f"}
	r.pass(time.Second).said("r: 3/f/")
	r.j.Subscribed(r.now, topics.Message)
	r.said("r: "+pastOfO).answer("r", pastOfF, 29).ends("r", pastOfF).got("f29 f30")

	r = behindTwo(t)
	r.relayed("r", "f", true, 30).said("r: " + pastOfF).pass(2 * time.Second)
	r.j.Up(r.now, "r")
	r.said("r: 3/o/", "r: 3/*/", "r: "+pastOfF, "r: "+pastOfO).pass(2 * time.Second).got("") // it has as long as at the beginning
	r.answer("r", pastOfF, 29).ends("r", pastOfF).got("f29 f30")
}

// Of many origins behind one relay the past of each is asked for, and waited for.
func TestReplayOfManyFar(t *testing.T) {
	r := behindTwo(t)
	const many = 200
	for n := range many {
		r.relayed("r", topics.Name(fmt.Sprint("f", n)), true, 30)
	}
	r.got("")
	for n := range many {
		origin := topics.Name(fmt.Sprint("f", n))
		question := "5/" + string(origin) + "/7/~5000/1"
		r.answer("r", question, 29).ends("r", question).got(text(origin, 29) + " " + text(origin, 30))
	}
}

// However many streams come and go, the past of others is asked for, now or once nobody has any more what came of them.
func TestReplayOfFarIsForgotten(t *testing.T) {
	r := behindTwo(t)
	const past = "5/late/7/~5000/1"
	number := uint64(30)
	asked := func() (asked bool) {
		number++
		r.relayed("r", "late", true, number)
		for _, s := range r.j.Says() {
			asked = asked || s.Topic == past && !s.Cancel
		}
		return asked
	}
	comeAndGo := func(name string, most int) {
		for n := range most {
			origin := topics.Name(fmt.Sprint(name, n))
			r.relayed("r", origin, true, 30).ends("r", "5/"+string(origin)+"/7/~5000/1")
			r.pass(time.Second / time.Duration(askLimit.Tokens)) // as often as one is asked
			r.out = r.j.leave(r.now, r.j.streams[plain(origin)], nil)
		}
		r.pass(short)
	}
	comeAndGo("f", bornMost)
	if !asked() {
		t.Error("not asked for as many have gone")
	}
	r.ends("r", past)
	r.out = r.j.leave(r.now, r.j.streams[plain("late")], nil) // and there is no room to know it
	if asked() {
		t.Error("asked for what has come")
	}
	r.out = r.j.leave(r.now, r.j.streams[plain("late")], nil)
	r.pass(r.j.pastTime() + time.Minute)
	if len(r.j.pasts) > 0 || !asked() {
		t.Errorf("%d known when nobody has their past any more", len(r.j.pasts))
	}
	if r = newRigOf(t, Config{ReplayCount: 5}); r.j.pastTime() < time.Hour {
		t.Error("somebody may keep the last ones for longer")
	}
}

// What the origin says itself takes the place of what a relay said, before the stream has begun.
func TestReplayOfTheOriginIsBelieved(t *testing.T) {
	r := throughRelay(t)
	r.pass(5*time.Second).answer("r", pastOfO, 7)
	_, r.out = r.j.Answer(r.now, "r", []byte(pastOfO), plain("o"), 8, "lie", "lie", 1000, r.out)
	r.j.Up(r.now, "o")
	r.j.Replay(r.now, "o", "o", topics.Message)
	r.answer("o", pastOfO, 7, 8).count("holding", uint64(r.j.Holding()), 2*(10+heldCost))
	r.ends("o", pastOfO).got("o7 o8").count("holding", uint64(r.j.Holding()), 0)
}

// What leads up to what the origin answers is kept, as it may be older than what was asked for; and what is as old as its beats tell.
func TestReplayKeepsWhatIsOlder(t *testing.T) {
	relayed := func(numbers ...uint64) *rig {
		r := throughRelay(t)
		r.pass(5*time.Second).answer("r", pastOfO, numbers...)
		r.j.Up(r.now, "o")
		r.j.Replay(r.now, "o", "o", topics.Message)
		return r
	}
	relayed(3, 6, 7, 9).answer("o", pastOfO, 8).ends("o", pastOfO).got("o6 o7 o8")
	relayed(7).ends("o", pastOfO).got("o7")
	r := relayed(7, 8, 9)
	r.out = r.j.Tell(r.now, "o", 7, "8:1", r.out)
	r.ends("o", pastOfO).got("o7 o8")

	r = relayed(9) // all of it was a lie
	r.out = r.j.Tell(r.now, "o", 7, "8:1", r.out)
	r.ends("o", pastOfO).got("").j.Says()
	r.j.Replay(r.now, "o", "o", topics.Message)
	r.said("o: "+pastOfO).answer("o", pastOfO, 8).ends("o", pastOfO).got("o8")
}
