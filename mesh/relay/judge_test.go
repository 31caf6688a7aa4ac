package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

const short = 30 * time.Millisecond // longer than the jitter

func TestInOrder(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 5, 6).hear("b", 1).hear("a", 7).got("a5 a6 b1 a7")
	r.hear("a", 6).got("").count("duplicates", r.j.Stats().Duplicates, 1)
	r.pass(time.Minute).said().gave().got("")
}

func TestWithoutNumbers(t *testing.T) {
	r := newRig(t, "a")
	_, r.out = r.j.Message(r.now, plain("a"), 0, "", "x", 1, r.out)
	_, r.out = r.j.Message(r.now, plain("a"), 0, "u", "y", 1, r.out)
	_, r.out = r.j.Message(r.now, plain("a"), 0, "", "x", 1, r.out)
	r.got("x y x").count("streams", uint64(r.j.Stats().Following), 0)
}

func TestGapIsRepairedByItsOrigin(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 1, 2, 6).got("a1 a2")
	if !r.fresh {
		t.Error("a held message is not fresh")
	}
	r.pass(short).said("a: 5/a/7/3-5/1")
	r.answer("a", "5/a/7/3-5/1", 3, 4).got("a3 a4").hear("a", 7).got("")
	r.answer("a", "5/a/7/3-5/1", 5).got("a5 a6 a7").ends("a", "5/a/7/3-5/1").pass(time.Minute)
	r.said("a: not 5/a/7/3-5/1").gave().count("repaired", r.j.Stats().Repaired, 3).count("held", uint64(r.j.Stats().Holding), 0)
	r.hear("a", 8).got("a8")
}

func TestLongAnswerIsAskedOn(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1, 9).pass(short).said("a: 5/a/7/2-8/1")
	r.answer("a", "5/a/7/2-8/1", 2, 3, 4).ends("a", "5/a/7/2-8/1").pass(0)
	r.said("a: not 5/a/7/2-8/1", "a: 5/a/7/5-8/1")
	r.answer("a", "5/a/7/5-8/1", 5, 6, 7, 8).ends("a", "5/a/7/5-8/1").got("a1 a2 a3 a4 a5 a6 a7 a8 a9")
}

func TestGapThatNobodyHasIsTold(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	for _, name := range r.view.linked {
		r.view.lists[name] = []topics.Name{"a", "b", "c", "d"}
	}
	r.hear("a", 1, 2, 6, 9).got("a1 a2")
	asked := map[topics.Name]int{}
	for range 20 {
		r.pass(short)
		for _, s := range append([]Say{}, r.j.Says()...) {
			if !s.Cancel {
				asked[s.To]++
				r.ends(s.To, s.Topic)
			}
		}
		r.pass(roundWait)
	}
	if len(asked) != 4 || asked["a"] != 4 || asked["b"] != 4 {
		t.Errorf("asked %v, want each twice for each of two gaps", asked)
	}
	r.gave("a 3-5", "a 7-8").got("+3 a6 +2 a9").count("missed", r.j.Stats().Missed, 5).hear("a", 10).got("a10")
}

func TestNobodyAnswersWithinTheWindow(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1, 3).pass(9 * time.Second).gave().got("a1") // who is silent may answer yet
	r.pass(2 * time.Second).gave("a 2-2").got("+1 a3")
	if s := r.j.Stats(); s.Gaps != 0 || s.Holding != 0 || len(r.j.asked) != 0 {
		t.Errorf("something is left: %+v, %v", s, r.j.asked)
	}
}

// A connection that comes and goes answers nothing, and is no sign that nobody has what is missing.
func TestConnectionThatBreaksIsNoAnswer(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1, 3)
	for range 3 {
		r.view.linked = []topics.Name{"a"}
		r.j.Up(r.now, "a")
		r.pass(time.Second)
		r.view.linked = nil
		r.pass(2 * time.Second)
	}
	r.gave().got("a1")
	r.view.linked = []topics.Name{"a"}
	r.hear("a", 2).got("a2 a3")
}

// That others have nothing says nothing of the origin, which may be back before the window ends.
func TestOthersDoNotSpeakForTheOrigin(t *testing.T) {
	r := newRig(t, "a", "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.hear("a", 1, 3)
	r.view.linked = []topics.Name{"b"}
	for range 80 {
		r.pass(100 * time.Millisecond)
		for _, s := range append([]Say{}, r.j.Says()...) {
			if s.To == "b" && !s.Cancel {
				r.ends("b", s.Topic)
			}
		}
	}
	r.gave().got("a1").pass(3 * time.Second).gave("a 2-2").got("+1 a3")
}

func TestMissedStandsOnTheNext(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1).got("a1")
	r.out = r.j.Tell(r.now, "a", 7, "4:1", r.out)
	r.pass(delayMost+20*time.Second).gave("a 2-4").got("").hear("a", 5, 6).got("+3 a5 a6")
}

func TestLossOfTheLastIsNoticedByABeat(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1).got("a1")
	r.out = r.j.Tell(r.now, "a", 7, "3:1,9:2/x", r.out)
	r.pass(tailGrace - time.Millisecond).said()
	r.pass(short).said("a: 5/a/7/2-3/1").answer("a", "5/a/7/2-3/1", 2, 3).ends("a", "5/a/7/2-3/1").got("a2 a3").pass(time.Minute).gave()
}

func TestBeatOvertakesMessages(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1).got("a1")
	r.out = r.j.Tell(r.now, "a", 7, "40:1", r.out)
	for n := uint64(2); n <= 40; n++ {
		r.pass(200*time.Millisecond).hear("a", n)
	}
	r.out = nil
	r.pass(time.Minute).said().gave()
	r.out = r.j.Tell(r.now, "a", 7, "40:1", r.out)
	r.pass(time.Minute).said()
}

func TestUnknownStreamBeginsWithWhatComes(t *testing.T) {
	r := newRig(t, "a")
	r.out = r.j.Tell(r.now, "a", 7, "17:1", r.out)
	r.pass(time.Minute).said().hear("a", 17, 18).got("a17 a18").pass(time.Minute).said()
}

func TestOneThatStartedLaterIsHeardFromItsFirst(t *testing.T) {
	r := newRig(t, "a")
	r.j.Born(r.now, "a", 7)
	r.hear("a", 3).got("").pass(short).said("a: 5/a/7/1-2/1")
	r.answer("a", "5/a/7/1-2/1", 1, 2).got("a1 a2 a3")

	r = newRig(t, "a")
	r.j.Born(r.now, "a", 7)
	r.out = r.j.Tell(r.now, "a", 7, "2:1", r.out)
	r.pass(time.Second).said("a: 5/a/7/1-2/1")
}

func TestIncarnationsAreCountedApart(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 41, 42).got("a41 a42")
	for n := uint64(1); n <= 2; n++ {
		_, r.out = r.j.Message(r.now, Stream{"a", 8, "1"}, n, "u", text("A", n), 1, r.out)
	}
	r.got("A1 A2").hear("a", 43).got("a43").pass(time.Minute).said()
}

func TestHeldBytesAreBounded(t *testing.T) {
	r := newRigOf(t, Config{Held: 1000}, "a")
	r.hear("a", 1)
	for n := uint64(3); n < 100; n++ {
		r.hear("a", n)
	}
	s := r.j.Stats()
	if s.Holding > 1000 || s.Overheld == 0 {
		t.Errorf("%+v", s)
	}
	r.pass(short).answer("a", "5/a/7/2-99/1", 2).ends("a", "5/a/7/2-99/1").pass(0)
	held := (1000 / (10 + heldCost)) + 3
	r.count("delivered", uint64(len(r.out)), uint64(held-1)).said("a: 5/a/7/2-99/1", "a: not 5/a/7/2-99/1", fmt.Sprintf("a: 5/a/7/%d-99/1", held)) // those that were not held
}

func TestStreamsAreBounded(t *testing.T) {
	r := newRigOf(t, Config{Streams: 8}, "a", "b", "r")
	r.hear("a", 1, 3)
	for i := range 20 {
		_, r.out = r.j.Message(r.now, plain(topics.Name(text("b", uint64(i)))), 1, "u", "x", 1, r.out)
	}
	r.gave("a 2-2").count("streams", uint64(r.j.Stats().Following), 8).pass(time.Minute)
	if !slices.Contains(r.out, Delivery[string]{"a3", 1}) {
		t.Errorf("%v: what a forgotten stream held is not there", r.out)
	}
}

// A relay begins streams in a part of their own: it takes no place from those of origins.
func TestRelaysBeginFewStreams(t *testing.T) {
	r := newRigOf(t, Config{Streams: 8}, "a", "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5 * time.Second)
	r.hear("a", 1)
	for i := range 20 {
		_, r.out = r.j.Relay(r.now, "r", true, plain(topics.Name(text("o", uint64(i)))), 1, text("u", uint64(i)), "x", 1, r.out)
	}
	r.hear("a", 3).pass(short)
	if n := r.j.Stats().Following; n != 3 {
		t.Errorf("%d streams, want 1 and a quarter of 8", n)
	}
	says := r.j.Says()
	if last := says[len(says)-1]; last.Topic != "5/a/7/2-2/1" {
		t.Errorf("%v: the origin's stream was forgotten", says)
	}
	r.out = nil
	_, r.out = r.j.Relay(r.now, "r", true, plain("o0"), 1, text("u", 0), "x", 1, r.out)
	r.got("") // its stream is forgotten, its uid is not
}

func TestAnswersThatNobodyAskedFor(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 1, 4).got("a1").answer("a", "5/a/7/2-3/1", 2).got("") // before it was asked
	r.pass(short).said("a: 5/a/7/2-3/1")
	r.answer("b", "5/a/7/2-3/1", 2).answer("a", "5/a/7/2-3/1", 5).answer("a", "5/a/7/1-3/1", 2).answer("a", "5/b/7/2-3/1", 2).got("")
	r.ends("b", "5/a/7/2-3/1").pass(0).said()
	r.count("unasked", r.j.Stats().Unasked, 5).answer("a", "5/a/7/2-3/1", 2, 3).got("a2 a3 a4")
}

// Packets to one port are dropped on the way: the connection is up, beats come, and no message does.
func TestStarvedOriginIsAskedForElsewhere(t *testing.T) {
	r := newRig(t, "a", "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.hear("a", 1, 2).got("a1 a2")
	for n := range 6 {
		r.out = r.j.Tell(r.now, "a", 7, text("", uint64(n+3))+":1", r.out)
		r.pass(time.Second)
	}
	says := r.j.Says()
	if len(says) < 5 || says[0] != (Say{"a", "5/a/7/3-3/1", false}) || says[1].Cancel != true || says[2].To != "b" {
		t.Fatalf("%v", says)
	}
	if s := r.j.Stats(); s.Starved != 1 || s.Relays != 1 {
		t.Errorf("%+v", s)
	}
	r.relayed("b", "a", false, 9).got("")
	for range 5 {
		for q, s := range r.j.asked {
			r.answer(s.asked, q, 3, 4, 5, 6, 7, 8).ends(s.asked, q)
		}
		r.pass(time.Second)
	}
	r.got("a3 a4 a5 a6 a7 a8 a9").relayed("b", "a", false, 10).got("a10").hear("a", 10, 11).pass(time.Second).got("a11")
	if s := r.j.Stats(); s.Starved != 0 || s.Relays != 0 {
		t.Errorf("it is heard again: %+v", s)
	}
}

// A network carried nothing for a while, and TCP waits for as long again. What it brings then, or a new connection does, is
// not given up before, when nobody else has it. One that never breaks and brings nothing is not waited for for ever.
func TestStarvedOriginIsWaitedForWhileItsConnectionIsUp(t *testing.T) {
	starved := func(t *testing.T) *rig {
		r := newRig(t, "a")
		r.hear("a", 1).got("a1")
		for n := range 60 {
			r.out = r.j.Tell(r.now, "a", 7, text("", uint64(n+3))+":1", r.out)
			r.pass(time.Second)
		}
		if late := r.j.Waited(); !slices.Equal(late, []Stream{plain("a")}) {
			t.Errorf("%v are said to be late", late)
		}
		return r.gave()
	}
	t.Run("it brings all", func(t *testing.T) {
		r := starved(t).hear("a", 2, 3, 4, 5).got("a2 a3 a4 a5")
		r.count("questions", r.j.Stats().Questions, 1).gave()
	})
	t.Run("it breaks", func(t *testing.T) {
		r := starved(t)
		r.view.linked = nil
		r.pass(3 * time.Second)
		r.view.linked = []topics.Name{"a"}
		r.j.Says()
		r.j.Up(r.now, "a")
		r.pass(time.Second).gave().said("a: 5/a/7/2-62/1").answer("a", "5/a/7/2-62/1", 60, 61, 62).ends("a", "5/a/7/2-62/1")
		r.pass(11 * time.Second).gave("a 2-59").got("+58 a60 a61 a62")
	})
	t.Run("neither", func(t *testing.T) {
		starved(t).pass(delayMost-time.Minute-15*time.Second).gave().pass(30*time.Second).gave("a 2-62").hear("a", 63).got("+61 a63")
	})
}

func TestQuestionIsAskedAgainOverANewConnection(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1, 3).pass(short).said("a: 5/a/7/2-2/1")
	r.j.Up(r.now, "a")
	r.pass(0).said("a: 5/a/7/2-2/1").answer("a", "5/a/7/2-2/1", 2).got("a1 a2 a3")
}

func TestReplay(t *testing.T) {
	r := newRigOf(t, Config{ReplayCount: 3}, "a")
	r.j.Replay(r.now, "a", "a", "1")
	r.said("a: 5/a/0/-3/1").hear("a", 9).got("")
	r.answer("a", "5/a/0/-3/1", 6, 7, 8).got("").hear("a", 10).ends("a", "5/a/0/-3/1").got("a6 a7 a8 a9 a10").said("a: not 5/a/0/-3/1")
	r.hear("a", 11).got("a11")
	r.j.Replay(r.now, "a", "a", "1") // after a reconnection it is known
	r.said()

	r = newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "a") // of an old node that answers nothing
	r.j.Replay(r.now, "a", "a", "1")
	r.said("a: 5/a/0/~5000/1").hear("a", 9, 10).got("").pass(openTime).got("a9 a10").said("a: not 5/a/0/~5000/1").hear("a", 11).got("a11")

	r = newRig(t, "a")
	r.j.Replay(r.now, "a", "a", "1")
	r.said()
}

// Beats come over a connection of their own, and tell of messages before the first has come. That begins no stream of which
// the past is asked for.
func TestReplayOfWhatBeatsHaveTold(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "a")
	r.out = r.j.Tell(r.now, "a", 7, "50:1", r.out)
	r.out = r.j.Tell(r.now, "a", 7, "60:1", r.out)
	r.j.Replay(r.now, "a", "a", "1")
	r.said("a: 5/a/0/~5000/1")
	r.hear("a", 62).got("").answer("a", "5/a/0/~5000/1", 20, 21).ends("a", "5/a/0/~5000/1").got("a20 a21").pass(short)
	r.said("a: not 5/a/0/~5000/1", "a: 5/a/7/22-61/1")

	r = newRigOf(t, Config{ReplayWithin: 5 * time.Second}, "a") // nothing is kept: it begins after the first beat
	r.out = r.j.Tell(r.now, "a", 7, "50:1", r.out)
	r.out = r.j.Tell(r.now, "a", 7, "60:1", r.out)
	r.pass(time.Second).said("a: 5/a/7/51-60/1") // the connection takes its time
	r.j.Replay(r.now, "a", "a", "1")
	r.said("a: not 5/a/7/51-60/1", "a: 5/a/0/~5000/1").ends("a", "5/a/0/~5000/1").hear("a", 61).pass(short)
	r.said("a: not 5/a/0/~5000/1", "a: 5/a/7/51-60/1")
}

// However many may be asked, and however little they answer: what comes after a gap is held for the window.
func TestWindowEndsTheAsking(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	for _, name := range r.view.linked {
		r.view.lists[name] = []topics.Name{"a", "b", "c", "d"}
	}
	r.hear("a", 1, 3).pass(9 * time.Second).gave().got("a1").pass(time.Second + short).gave("a 2-2").got("+1 a3")
}

// An answer waits behind what its publisher has sent before.
func TestAnswerIsAwaitedWhileItsPublisherTalks(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 1, 3).pass(short).said("a: 5/a/7/2-2/1")
	for range 35 {
		r.pass(100 * time.Millisecond)
		r.j.Came(r.now, "a")
	}
	r.said().answer("a", "5/a/7/2-2/1", 2).got("a1 a2 a3")
}

func TestOthersAreAskedInAnOrderOfTheirOwn(t *testing.T) {
	first := map[topics.Name]int{}
	for _, origin := range numbered(60) {
		r := newRig(t, "a", "b", "c", "d")
		for _, name := range r.view.linked {
			r.view.lists[name] = []topics.Name{origin}
		}
		r.hear(origin, 1, 3).pass(short)
		first[r.j.Says()[0].To]++
	}
	for _, name := range []topics.Name{"a", "b", "c", "d"} {
		if first[name] < 5 || first[name] > 25 {
			t.Errorf("%v of 60 ask %s first", first, name)
		}
	}
}

func TestUidsAreForgotten(t *testing.T) {
	var s seen
	for n := range uint64(3 * seenMost) {
		if !s.add(0, "a", text("", n)) || s.add(0, "a", text("", n)) || !s.add(0, "b", text("", n)) {
			t.Fatalf("%d is not told apart", n)
		}
		if len(s.young) > seenMost || len(s.old) > seenMost {
			t.Fatalf("%d and %d are kept", len(s.young), len(s.old))
		}
	}
	s.add(2*seenTime, "a", "x")
	s.add(4*seenTime, "a", "y")
	if len(s.young)+len(s.old) != 2 {
		t.Errorf("%d and %d outlive their time", len(s.young), len(s.old))
	}
}

// A stream that was relayed once costs its uids only for a while.
func TestUidsAreKeptWhileRelaysMaySendThem(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).relayed("r", "o", false, 1)
	r.view.linked = append(r.view.linked, "o")
	r.pass(time.Second).hear("o", 2)
	if len(r.j.seen.young) != 2 {
		t.Errorf("%d uids kept, want 2", len(r.j.seen.young))
	}
	r.pass(relayedTime).hear("o", 3, 4)
	if len(r.j.seen.young) != 2 {
		t.Errorf("%d uids kept, want 2", len(r.j.seen.young))
	}
}

// What was said on a topic before it was subscribed to is not wanted, however young its origin is, and neither is what was
// said while it was not.
func TestTopicsThatAreReceivedForATime(t *testing.T) {
	r := newRig(t, "a")
	r.j.cfg.Wants = func(topic string) bool { return topic == topics.Message }
	r.now += time.Second
	r.out = r.j.Tell(r.now, "a", 7, "5:2/x,3:1", r.out)
	r.pass(time.Minute).got("").said()
	r.j.cfg.Wants = nil
	r.j.Subscribed(r.now, topics.Message)
	r.hear("a", 4, 5).got("a4 a5").hear("a", 7).got("")
	r.j.Unsubscribed(r.now, topics.Message)
	r.j.Subscribed(r.now, topics.Message)
	r.hear("a", 20).got("a20").pass(time.Minute).got("").gave()
	r.count("held", uint64(r.j.Holding()), 0)
}

// The first beats of an origin tell what it had said before: what comes after that is wanted from the first on, though
// nothing of it has come yet.
func TestWhatIsLostBeforeAnythingHasCome(t *testing.T) {
	for _, c := range []struct{ what, first, later, said string }{
		{"nothing was said before", "", "3:1", "a: 5/a/7/1-3/1"},
		{"something was", "5:1", "7:1", "a: 5/a/7/6-7/1"},
		{"there was no room for more", "5:2/" + strings.Repeat("x", 128) + ",5:2/" + strings.Repeat("y", 128), "3:1", ""},
		{"nothing is said later", "5:1", "5:1", ""},
	} {
		r := newRig(t, "a")
		r.out = r.j.Tell(r.now, "a", 7, c.first, r.out)
		r.pass(10 * time.Millisecond)
		r.out = r.j.Tell(r.now, "a", 7, c.later, r.out)
		r.pass(time.Second)
		if c.said == "" {
			r.said()
		} else {
			r.said(c.said)
		}
	}
	r := newRig(t, "a")
	r.out = r.j.Tell(r.now, "a", 7, "5:1", r.out)
	r.hear("a", 4, 5, 6).got("a4 a5 a6") // the beat has overtaken them
	r = newRig(t, "a")
	r.out = r.j.Tell(r.now, "a", 7, "5:1", r.out)
	r.hear("a", 8).got("").pass(short).said("a: 5/a/7/6-7/1")
}

// What is said is in a fixed order when a topic is subscribed to no more: the same calls give the same answers.
func TestQuestionsAreTakenBackInOrder(t *testing.T) {
	r := newRig(t)
	for n := range uint64(40) {
		r.view.linked = append(r.view.linked, topics.Name(text("n", 10+n)))
	}
	want := []string{}
	for _, origin := range r.view.linked {
		r.hear(origin, 1, 3)
		want = append(want, string(origin)+": not 5/"+string(origin)+"/7/2-2/1")
	}
	r.pass(2 * short).j.Says()
	r.j.Unsubscribed(r.now, topics.Message)
	r.said(want...)
}
