package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// What those that are spared left out is asked of them when the way that was left ends: they tell of it no more, and the origin
// may have nothing more to say.
func TestWhatWasLeftOutIsAskedForWhenTheWayEnds(t *testing.T) {
	for what, end := range map[string]func(r *rig){
		"it is heard no more":      func(r *rig) { r.view.linked = []topics.Name{"b", "c"} },
		"its connection has ended": func(r *rig) { r.j.Open(r.now, "a", 0) },
		"it has a new one":         func(r *rig) { r.j.Up(r.now, "a") },
	} {
		for _, by := range []topics.Name{"b", "c"} {
			t.Run(what+", "+string(by)+" has it", func(t *testing.T) {
				r := newFloodRig(t)
				r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
				end(r)
				r.pass(time.Second).serve(map[topics.Name][]uint64{by: {10}}).gave().got("o10")
			})
		}
	}
}

// It is asked of one alone, too, that is asked to relay nothing any more.
func TestWhatOneLeftOutThatRelaysNoMore(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	r.j.plan.fars["b"] = r.now
	r.pass(time.Second).serve(map[topics.Name][]uint64{"b": {10}}).gave().got("o10")
}

// So it is where a number is missing: what follows may be, too.
func TestWhatWasLeftOutBehindAGapIsAskedFor(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	r.flood("a", 11, 11).pass(short) // and 12 does not come
	r.serve(map[topics.Name][]uint64{"b": {10}, "c": {10, 12}}).gave().got("o10 o11 o12")
}

// Where nobody has told of what came last it is asked for, once it is quiet: who has told before may not tell of the next, and
// what is told may be lost.
func TestTheLastOneIsAskedForUnlessItIsTold(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended()
	r.flood("a", 10, 10).out = nil
	r.serve(map[topics.Name][]uint64{"a": {11}, "b": {11}, "c": {11}}).got("o11")
}

// A number is told once more before nobody has it: a reader that was stopped, or hung up, may have lost what told it.
func TestANumberIsToldAgain(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a", 1, 9).now += time.Millisecond
	told := 0
	for range 90 {
		if body := string(r.j.Newest(r.now)); body == "o/7/9/1" {
			told++
		} else if body != "" {
			t.Fatalf("told %q", body)
		}
		r.now += 700 * time.Millisecond
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}

// The way that is left may not bring a channel, as it does not receive that. What was said on it is asked for where it is told.
func TestAChannelThatTheWayThatIsLeftDoesNotBring(t *testing.T) {
	chat := Stream{"o", 7, "2/chat"}
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	say := func(question string) {
		for n := uint64(1); n <= 2; n++ {
			_, r.out = r.j.Answer(r.now, "b", []byte(question), chat, n, text("chat", n), text("chat", n), 10, r.out)
		}
		r.ends("b", question)
	}
	question := topics.Question{Origin: "o", Incarnation: 7, Topic: chat.Topic, Within: r.j.lateTime(r.now, chat).Milliseconds()}.String()
	r.newerOf("b", chat, 2)
	if says := r.j.Says(); !slices.Contains(says, Say{To: "b", Topic: question}) {
		t.Fatalf("said %v", says)
	}
	say(question)
	r.got("chat1 chat2").spared("o")
	r.flood("a b c", 10, 29).spared("o", "c") // b is needed
	r.pass(spareForget/2).flood("a b c", 30, 30).pass(spareForget/2+time.Second).flood("a b c", 31, 39).spared("o", "c", "b")
}

// What came of a stream is not asked for again.
func TestAChannelThatWasForgottenDoesNotComeAgain(t *testing.T) {
	chat := Stream{"o", 7, "2/chat"}
	for _, lost := range []bool{false, true} {
		r := newCrowdedRig(t)
		_, r.out = r.j.Message(r.now, chat, 1, "u", "chat1", 10, r.out)
		for i := range uint64(8) {
			r.hear(topics.Name(text("z", i)), 1)
		}
		if lost { // there was no room to note where it was
			r.j.pasts, r.j.pastsLost["o"] = map[Stream]past{}, r.now+time.Minute
		}
		before := r.j.Stats().Questions
		r.newerOf("b", chat, 1).count("questions", r.j.Stats().Questions, before)
	}
}

// One that makes up a later life of an origin hides none that another one tells of, and what is made up is forgotten.
func TestAMadeUpLifeHidesNoOther(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	r.newer("b", "o", 1000, 1).newer("c", "o", 8, 1)
	if r.j.streams[Stream{"o", 8, topics.Message}] == nil {
		t.Error("the other one is not followed")
	}
	r.pass(time.Minute)
	for i := range int64(50) {
		r.flood("a b c", uint64(10+5*i), uint64(14+5*i)).newer("b", "o", 2000+i, 1).pass(30 * time.Second)
	}
	if n := len(r.j.streams); n > 4 {
		t.Errorf("%d streams are followed", n)
	}
}

// How often a member is asked is bounded, whatever has it asked and taken back.
func TestHowOftenOneIsSparedIsBounded(t *testing.T) {
	r := newFloodRig(t)
	r.j.Says()
	said, number := 0, uint64(1)
	const cycles = 200
	for range cycles {
		for i := range uint64(100) {
			r.flood("a", number, number) // in their order
			for n := number; n < number+3; n++ {
				for _, via := range []topics.Name{"a", "b"} {
					r.relayed(via, topics.Name(text("made-up", i)), true, n)
				}
			}
		}
		number += 3
		r.j.Up(r.now, "a")
		r.pass(time.Second)
		for _, s := range r.j.Says() {
			if s.To == "b" {
				said++
			}
		}
	}
	if most := 10_000 + 100*cycles; said > most || said < 1000 {
		t.Errorf("%d said to b, which hangs up after %d", said, most)
	}
}
