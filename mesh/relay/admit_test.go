package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// What one says whose key was withdrawn is refused over every way: its own connection, a relay and an answer.
func TestWithdrawnIsNotRelayed(t *testing.T) {
	r := newRig(t, "a", "b")
	all, few := []topics.Name{"me", "a", "b", "o"}, []topics.Name{"me", "a", "b"}
	r.j.Admit(r.now, all)
	r.view.lists["b"] = []topics.Name{"o"}
	r.pass(5*time.Second).said("b: 3/o/", "b: 3/*/")
	r.relayed("b", "o", false, 1, 2).got("o1 o2").relayed("b", "o", false, 5).pass(short)
	r.j.Says()
	r.j.Admit(r.now, few)
	r.relayed("b", "o", false, 3).relayed("b", "o", true, 4).answer("b", "5/o/7/3-4/1", 3).hear("o", 6).got("")
	r.count("refused", r.j.Stats().Refused, 4).count("held", uint64(r.j.Holding()), 0)
	r.hear("a", 1).got("a1").pass(time.Minute).gave().count("missed", r.j.Stats().Missed, 0)
}

// Nobody is asked to relay one whose key is not known here, nor for what it said. As soon as it is known, what it says is
// wanted again, from then on, and what was delivered is not delivered again.
func TestUnauthorizedIsNotLacked(t *testing.T) {
	r := newRig(t, "b", "o")
	all, few := []topics.Name{"me", "b", "o"}, []topics.Name{"me", "b"}
	r.j.Admit(r.now, all)
	r.view.lists["b"] = []topics.Name{"o"}
	r.j.Born(r.now, "o", 7)
	r.hear("o", 1, 2, 3).got("o1 o2 o3").hear("o", 5).pass(short).said("o: 5/o/7/4-4/1")
	r.j.Admit(r.now, few)
	r.said("o: not 5/o/7/4-4/1")
	r.view.linked = []topics.Name{"b"}
	r.out = r.j.Tell(r.now, "o", 7, "9:1", r.out)
	r.pass(time.Minute).said().gave().got("").count("relays", uint64(r.j.Stats().Relays), 0)

	r.j.Admit(r.now, all)
	r.view.linked = []topics.Name{"b", "o"}
	r.pass(time.Second)
	if since, late := r.j.Late(r.now, "o"); since != time.Second || !late {
		t.Errorf("it is admitted for %v, late: %t", since, late)
	}
	if _, late := r.j.Late(r.now, "b"); late {
		t.Error("one that always was is admitted late")
	}
	r.j.Up(r.now, "o")
	r.out = r.j.Tell(r.now, "o", 7, "9:1", r.out)
	r.pass(time.Minute).said().hear("o", 10, 11, 3).got("o10 o11").pass(time.Minute).gave()

	r.j.Admit(r.now, few) // for so short that a newcomer's first beat is from before
	r.j.Admit(r.now, all)
	r.out = r.j.Tell(r.now, "o", 7, "8:1", r.out)
	r.hear("o", 14).got("").pass(short).said("o: 5/o/7/12-13/1")
}

// Of one that is admitted again nothing is delivered a second time, and nothing that it said meanwhile, though the past is wanted.
func TestAdmittedAgainIsNotReplayed(t *testing.T) {
	const past = "5/n/0/-10/1"
	r := newRigOf(t, Config{ReplayCount: 10}, "n")
	r.j.Admit(r.now, []topics.Name{"n"})
	r.pass(time.Second).j.Replay(r.now, "n", "n", topics.Message)
	r.ends("n", past).hear("n", 1, 2, 3).got("n1 n2 n3")
	again := func() {
		r.j.Admit(r.now, nil)
		r.pass(time.Second).j.Admit(r.now, []topics.Name{"n"})
		r.pass(time.Second).j.Replay(r.now, "n", "n", topics.Message)
	}
	again()
	r.answer("n", past, 1, 2, 3, 4).ends("n", past).hear("n", 5).got("n5")
	again()
	r.answer("n", past, 4, 5, 6).hear("n", 7).got("n7").answer("n", past, 7).ends("n", past).hear("n", 8).got("n8").gave()
}

// A stream that gave its place is not replayed again either, over a new connection, but one that is subscribed to again is.
func TestWhatGaveItsPlaceIsNotReplayed(t *testing.T) {
	const past = "5/n/0/-10/1"
	r := newRigOf(t, Config{ReplayCount: 10, Streams: relayPart}, "n", "m")
	r.pass(time.Second).j.Replay(r.now, "n", "n", topics.Message)
	r.ends("n", past).hear("n", 1, 2, 3).got("n1 n2 n3")
	r.out = r.j.leave(r.now, r.j.streams[plain("n")], nil)
	r.j.Replay(r.now, "n", "n", topics.Message)
	r.answer("n", past, 1, 2, 3).got("").ends("n", past).hear("n", 4).got("n4")

	r.j.Unsubscribed(r.now, topics.Message)
	r.pass(time.Second).j.Subscribed(r.now, topics.Message)
	r.j.Replay(r.now, "n", "n", topics.Message)
	r.answer("n", past, 2, 3, 4).ends("n", past).got("n2 n3 n4")
}
