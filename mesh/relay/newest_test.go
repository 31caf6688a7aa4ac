package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// relayedOf gives numbers of a stream, as one that was asked for all that it is relayed says them.
func (r *rig) relayedOf(via topics.Name, m Stream, numbers ...uint64) *rig {
	for _, n := range numbers {
		uid := text("u", n) + m.Topic + text("i", uint64(m.Incarnation))
		r.j.Came(r.now, via)
		r.fresh, r.out = r.j.Relay(r.now, via, true, m, n, uid, text(m.Origin, n), 10, r.out)
	}
	return r
}

// newerOf has a member tell the newest number of a stream.
func (r *rig) newerOf(via topics.Name, m Stream, number uint64) *rig {
	body, _ := topics.Newer{Origin: m.Origin, Incarnation: m.Incarnation, Number: number, Topic: m.Topic}.Append(nil)
	r.out = r.j.Newer(r.now, via, string(body), r.out)
	return r
}

// serve has each that is asked say what it has of the one stream, until nobody is asked any more.
func (r *rig) serve(has map[topics.Name][]uint64) *rig {
	for range 100 {
		for _, s := range r.j.streams {
			if s.asked != "" {
				by, question := s.asked, s.question
				r.answer(by, question, has[by]...).ends(by, question)
			}
		}
		r.pass(500 * time.Millisecond)
	}
	return r
}

// A stream begins with what comes of it, and not with a number that somebody tells: what is told may overtake what comes by a
// slower way, or be made up.
func TestADigestBeginsNoStream(t *testing.T) {
	for name, c := range map[string]struct {
		stream Stream
		number uint64
		wait   time.Duration
	}{
		"it overtakes":                {Stream{"o", 7, "2/chat"}, 3, 10 * time.Millisecond},
		"it is made up":               {Stream{"o", 7, "2/chat"}, 1 << 50, 2 * time.Minute},
		"it is of an earlier process": {Stream{"o", 6, topics.Message}, 1 << 50, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := newFloodRig(t)
			r.flood("a b c", 1, 9).out = nil
			r.newerOf("b", c.stream, c.number).pass(c.wait).relayedOf("a", c.stream, 1, 2, 3).pass(time.Minute).gave().got("o1 o2 o3")
		})
	}
}

// Nor does one of an origin that is admitted again.
func TestADigestOfOneThatIsAdmittedAgain(t *testing.T) {
	r := newFloodRig(t)
	r.j.Admit(r.now, []topics.Name{"a", "b", "c", "o", "x"})
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).ended().out = nil
	r.j.Admit(r.now, []topics.Name{"a", "b", "c", "x"})
	r.pass(2*time.Second).newer("b", "o", 7, 12)
	r.j.Admit(r.now, []topics.Name{"a", "b", "c", "o", "x"})
	r.pass(time.Second).newer("b", "o", 7, 15).pass(50 * time.Millisecond)
	r.flood("a", 13, 15).pass(time.Minute).gave().got("o13 o14 o15")
}

// newCrowdedRig has room for eight streams, and hears the origin itself.
func newCrowdedRig(t *testing.T) *rig {
	r := newRigOf(t, Config{Streams: 8}, "a", "b", "c", "o")
	r.view.few, r.view.known = true, []topics.Name{"o", "x"}
	for _, name := range []topics.Name{"a", "b", "c"} {
		r.view.lists[name] = []topics.Name{"x"}
	}
	r.pass(5 * time.Second)
	for n := uint64(1); n < 10; n++ {
		r.hear("o", n).flood("a b c", n, n)
	}
	return r
}

// Nor does one of a stream that was heard itself, and gave way: it would come twice.
func TestADigestOfAStreamThatGaveWay(t *testing.T) {
	r := newCrowdedRig(t)
	for i := range uint64(8) {
		r.hear(topics.Name(text("z", i)), 1)
	}
	r.out = nil
	r.newer("b", "o", 7, 9).serve(map[topics.Name][]uint64{"a": {9}, "b": {9}, "c": {9}}).got("")
}

// Of later incarnations that somebody makes up one is followed at a time, and nobody else gives way to them.
func TestDigestsOfMadeUpIncarnations(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).relayedOf("a", plain("p"), 1, 2, 4)
	before := len(r.j.streams)
	for i := range int64(3000) {
		r.newer("b", "o", 100+i, 1)
	}
	if r.j.streams[plain("p")] == nil || len(r.j.streams) != before+1 {
		t.Errorf("%d streams after %d", len(r.j.streams), before)
	}
}

// What one tells that does not have it, or lies, does not hide what another one tells.
func TestAllWhoTellAreAsked(t *testing.T) {
	for _, number := range []uint64{10, 1000} {
		r := newFloodRig(t)
		r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
		r.newer("b", "o", 7, number).newer("c", "o", 7, 10).pass(time.Second)
		r.serve(map[topics.Name][]uint64{"c": {10}}).gave().got("o10")
	}
}

// What was left out before a graft was read is told after it, and asked for.
func TestWhatWasLeftOutBeforeAGraftWasRead(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("c", "o", 7, 9).ended().out = nil
	r.newer("b", "o", 7, 10).pass(tailGrace + 50*time.Millisecond).spared("o")
	r.newer("c", "o", 7, 11).pass(time.Second)
	r.answer("b", "5/o/7/10-/1", 10).ends("b", "5/o/7/10-/1").serve(map[topics.Name][]uint64{"c": {11}}).got("o10 o11")
}

// A stream of which nothing has come hides none that went on.
func TestNewestGoesOnBehindAStreamOfNothing(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9)
	r.j.Newest(r.now)
	r.now += time.Second
	r.flood("a", 10, 10).newer("b", "o", 8, 3)
	r.now += time.Second
	if told := string(r.j.Newest(r.now)); told != "o/7/10/1" {
		t.Errorf("told %q", told)
	}
}

// Copies are counted of members that are asked, and no others.
func TestCopiesAreCountedOfThoseThatAreAsked(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a", 1, 1)
	for n := uint64(2); n < 100; n++ {
		name := topics.Name(text("m", n))
		r.view.linked = []topics.Name{"a", name}
		r.view.lists[name] = []topics.Name{"x"}
		r.pass(5*time.Second).flood("a "+string(name), n, n)
	}
	if n := len(r.j.spares.ways["o"].again); n > 2 {
		t.Errorf("copies of %d are counted, and two are there", n)
	}
}

// What a gap released that was given up is told then, and not with what is told once more.
func TestNewestOfWhatWasGivenUp(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).flood("a", 11, 11)
	for range 30 {
		r.j.Newest(r.now)
		r.pass(500 * time.Millisecond)
		if len(r.j.Gaps()) > 0 {
			if told := string(r.j.Newest(r.now)); told != "o/7/11/1" {
				t.Errorf("told %q", told)
			}
			return
		}
	}
	t.Error("nothing was given up")
}
