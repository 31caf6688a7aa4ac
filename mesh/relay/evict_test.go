package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// crowd has others say something, so that all streams that were there give their places.
func (r *rig) crowd(streams uint64) *rig {
	for n := range streams {
		r.hear(topics.Name(text("z", n)), 1)
	}
	r.out = nil
	return r
}

// A stream that gives its place goes on where it was when it comes again: what is missing is asked for, and told.
func TestWhatGaveItsPlaceGoesOn(t *testing.T) {
	few := func() *rig {
		r := newRigOf(t, Config{Streams: 4}, "n", "r")
		r.pass(time.Second).hear("n", 1, 2).got("n1 n2")
		return r
	}
	r := few()
	r.crowd(4).hear("n", 5).pass(short).said("n: 5/n/7/3-4/1").answer("n", "5/n/7/3-4/1", 3).ends("n", "5/n/7/3-4/1").pass(20 * time.Second)
	r.gave("n 4-4").got("n3 +1 n5").count("evicted", r.j.Stats().Evicted, 2)

	r = few() // a beat had told of it
	r.out = r.j.Tell(r.now, "n", 7, "5:1", r.out)
	r.crowd(4).hear("n", 6).pass(short).said("n: 5/n/7/3-5/1")

	r = few() // or tells of it now
	r.crowd(4).out = r.j.Tell(r.now, "n", 7, "5:1", nil)
	r.pass(time.Second).said("n: 5/n/7/3-5/1")

	r = few() // what came comes no more
	r.crowd(4).hear("n", 1, 2).got("").hear("n", 3).got("n3")

	r = few() // of one of which nothing had come
	r.out = r.j.Tell(r.now, "m", 7, "", r.out)
	r.out = r.j.Tell(r.now, "m", 7, "2:1", r.out)
	r.crowd(4).hear("m", 3).pass(short).said("n: 5/m/7/1-2/1")

	r = few() // until nobody has it any more
	r.crowd(4).pass(r.j.pastTime()+time.Minute).hear("n", 5).pass(short).said().got("n5")

	r = few() // what relays have said of it is held against what it says itself
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).relayed("r", "o", false, 1, 2, 1000)
	r.out = r.j.leave(r.now, r.j.streams[plain("o")], nil)
	r.out = r.j.Tell(r.now, "o", 7, "3:1", r.out)
	r.relayed("r", "o", false, 1001).pass(time.Second)
	r.out = r.j.Tell(r.now, "o", 7, "3:1", r.out)
	r.pass(time.Second)
	r.out = r.j.Tell(r.now, "o", 7, "3:1", r.out)
	r.count("conflicts", r.j.Stats().Conflicts, 1).count("next", r.j.streams[plain("o")].next, 1)
}

// One that is not admitted for a time is heard from then on, though its stream had given its place.
func TestWhatGaveItsPlaceAndIsAdmittedAgain(t *testing.T) {
	r := newRigOf(t, Config{Streams: 1}, "n", "z0")
	r.j.Admit(r.now, []topics.Name{"n", "z0"})
	r.pass(time.Second).hear("n", 1, 2).got("n1 n2").crowd(1)
	r.j.Admit(r.now, []topics.Name{"z0"})
	r.j.Admit(r.now, []topics.Name{"n", "z0"})
	r.hear("n", 1, 2).got("").crowd(1)
	r = newRigOf(t, Config{Streams: 1}, "n", "z0")
	r.j.Admit(r.now, []topics.Name{"n", "z0"})
	r.pass(time.Second).hear("n", 1, 2).got("n1 n2").crowd(1)
	r.j.Admit(r.now, []topics.Name{"z0"})
	r.j.Admit(r.now, []topics.Name{"n", "z0"})
	r.hear("n", 5).got("n5").pass(short).said()
}

// One origin does not take the places of all others, however often it begins anew.
func TestOneOriginTakesNoPlacesOfOthers(t *testing.T) {
	r := newRigOf(t, Config{Streams: 400}, "n", "m", "r")
	r.view.lists["r"] = []topics.Name{"o", "p"}
	r.pass(5*time.Second).hear("n", 1).relayed("r", "p", true, 1).j.Says()
	for i := range int64(500) {
		r.j.Came(r.now, "m")
		_, r.out = r.j.Message(r.now, life("m", i+1), 1, "u", "m", 1, r.out)
		r.relayedOf("r", life("o", i+1), 1)
	}
	r.out = nil
	if r.j.streams[plain("n")] == nil || r.j.streams[plain("p")] == nil {
		t.Error("the others are forgotten")
	}
	r.count("of m", uint64(len(r.j.by["m"])), 400/shareMost).count("of o", uint64(len(r.j.by["o"])), 400/relayPart/shareMost)
	if r.j.streams[life("m", 500)] == nil || r.j.streams[life("m", 1)] != nil {
		t.Error("those that were used last give their places")
	}
}

// What was given up before a stream gave its place is told with its next delivery.
func TestWhatWasMissedBeforeIsToldWithTheNext(t *testing.T) {
	r := newRigOf(t, Config{Streams: 4}, "n", "r")
	r.pass(time.Second).hear("n", 1).got("n1")
	r.out = r.j.Tell(r.now, "n", 7, "3:1", r.out)
	for range 30 { // nobody has it
		for q, s := range r.j.asked {
			r.ends(s.asked, q)
		}
		r.pass(time.Second)
	}
	r.gave("n 2-3")
	r.crowd(4).hear("n", 4).got("+2 n4")
}

// A stream that takes the place of one which waits for its past does not wait for it: that is over.
func TestWhoTakesAWaitingOnesPlaceDoesNotWait(t *testing.T) {
	r := newRigOf(t, Config{ReplayWithin: 5 * time.Second, Streams: 8}, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/", "r: "+pastOfO)
	r.relayedOf("r", life("o", 7), 1).relayedOf("r", life("o", 8), 1, 2).got("o1 o1 o2")
}

// A stream that gives its place has nothing forgotten of another life of its origin.
func TestWhoGivesItsPlaceHasNoOtherLifeForgotten(t *testing.T) {
	few := func() *rig {
		r := newRigOf(t, Config{Streams: 4}, "n", "r")
		r.pass(time.Second).hear("n", 1, 2).pass(time.Second)
		return r
	}
	chat := Stream{"n", 8, "2/chat"}
	r := few()
	r.j.Born(r.now, "n", 8) // it has started again
	r.crowd(4)
	_, r.out = r.j.Message(r.now, chat, 3, "u", "three", 10, nil)
	r.pass(short).said("n: 5/n/8/1-2/2/chat")
	_, r.out = r.j.Message(r.now, Stream{"n", 8, topics.Message}, 3, "v", "three", 10, nil) // as what gave its place
	r.pass(short).said("n: not 5/n/8/1-2/2/chat", "n: 5/n/8/1-2/1")

	r = few()
	r.out = r.j.Tell(r.now, "n", 8, "1:2/chat", r.out) // it had said one when it was heard
	r.j.forgetBase(Stream{"n", 7, chat.Topic})
	r.crowd(4)
	_, r.out = r.j.Message(r.now, chat, 3, "u", "three", 10, nil)
	r.pass(short).said("n: 5/n/8/2-2/2/chat")
}

// Nor of another topic of the same life.
func TestWhoGivesItsPlaceHasNoOtherTopicForgotten(t *testing.T) {
	for _, born := range []bool{false, true} {
		r := newRigOf(t, Config{Streams: 4}, "n", "r")
		r.pass(time.Second)
		if born {
			r.j.Born(r.now, "n", 7)
		}
		r.out = r.j.Tell(r.now, "n", 7, "", r.out)
		r.hear("n", 1, 2).crowd(4)
		_, r.out = r.j.Message(r.now, Stream{"n", 7, "2/chat"}, 3, "u", "three", 10, nil)
		r.pass(short).said("n: 5/n/7/1-2/2/chat")
		for i := range uint64(2 * forgottenMost) {
			_, r.out = r.j.Message(r.now, Stream{"n", 7, text("2/c", i)}, 1, "u", "one", 10, nil)
		}
		if n := len(r.j.met["n"].forgotten.of); n > forgottenMost {
			t.Errorf("%d topics are known as forgotten", n)
		}
	}
}

// One that is spared and tells of a stream which gave its place is asked for what is missing.
func TestWhoIsSparedTellsOfAStreamThatGaveItsPlace(t *testing.T) {
	told := func(number uint64) *rig {
		r := newFloodRig(t)
		r.flood("a b c", 1, 9).spared("o", "b", "c")
		r.out = r.j.evict(r.now, r.j.streams[plain("o")], nil)
		r.j.Says()
		return r.newerOf("b", plain("o"), number).newerOf("b", plain("o"), number)
	}
	r := told(10).pass(5 * time.Second)
	if !slices.ContainsFunc(r.j.Says(), func(s Say) bool { return s.Topic == "5/o/7/10-/1" }) {
		t.Errorf("10 is not asked for, though where the stream was is known: %+v", r.j.pasts[plain("o")])
	}
	r = told(9)
	r.count("streams", uint64(len(r.j.streams)), 0)
}
