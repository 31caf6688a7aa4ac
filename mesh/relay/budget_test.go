package relay

import (
	"testing"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// linkLimit is after how much said one hangs up: controlLimit of node/link.
var linkLimit = rate.Limit{Burst: 10_000, Tokens: 100, Period: time.Second}

// Whatever somebody makes up, no member is asked for it so often that it hangs up, and members have room to be asked for.
func TestMadeUpOriginsHaveNobodyHangUp(t *testing.T) {
	for _, few := range []bool{true, false} {
		r := newFloodRig(t)
		r.view.few = few
		r.pass(time.Second).j.Says()
		links := map[topics.Name]*rate.Bucket{"a": {}, "b": {}, "c": {}}
		serve := func() {
			r.out = nil
			for says := r.j.Says(); len(says) > 0; says = r.j.Says() {
				for _, s := range append([]Say(nil), says...) {
					if !links[s.To].Take(r.now, linkLimit) {
						t.Fatalf("%s hangs up", s.To)
					}
					if !s.Cancel {
						r.ends(s.To, s.Topic)
					}
				}
			}
		}
		for n := range uint64(8000) {
			r.relayed("a", topics.Name(text("z", n)), true, 5, 9) // a past, a gap and an end of each
			if n%50 == 0 {
				serve()
				r.pass(100 * time.Millisecond)
				serve()
			}
		}
		if r.j.Stats().Overasked == 0 {
			t.Error("nothing is counted")
		}
		r.relayed("a", "o", true, 5, 7).pass(short)
		if few && !r.j.isOpening(plain("o")) {
			t.Error("the past of a member is not asked for")
		}
		if !few && r.j.streams[plain("o")].asked == "" {
			t.Error("the gap of a member is not asked for")
		}
	}
}

// Nor do lives that one makes up of members take the room of what others brought, however much of it was regained meanwhile.
func TestMadeUpLivesLeaveRoomForWhatOthersBring(t *testing.T) {
	r := newFloodRig(t)
	r.view.few, r.view.linked = false, []topics.Name{"a", "b"}
	r.pass(time.Second).j.Says()
	gaps := func(via, origin topics.Name, from, n int64) {
		for i := range n {
			r.relayedOf(via, life(origin, from+i), 1, 3)
		}
		r.pass(2 * short).out = nil
		for _, s := range r.j.Says() {
			if !s.Cancel {
				r.ends(s.To, s.Topic)
			}
		}
	}
	for i := range int64(14) {
		gaps("a", "x", 100*i, 100)
		gaps("a", "o", 100*i, 100)
	}
	if spent := r.j.stats.Questions; spent < 2*1024 {
		t.Fatalf("%d questions alone", spent)
	}
	var asked []*stream[string]
	for n := range uint64(200) {
		m := Stream{"o", 7, text("2/c", n)}
		r.relayedOf("b", m, 1, 3)
		asked = append(asked, r.j.streams[m])
	}
	r.pass(2 * short)
	for _, s := range asked {
		if s.asked == "" {
			t.Fatalf("%s of %s is not asked for", s.Topic, s.Origin)
		}
	}
}

// A question for which there is no room is put off, and asked then. The gap is told if there is none within the window.
func TestAQuestionIsPutOff(t *testing.T) {
	r := newFloodRig(t)
	r.view.few = false
	r.pass(time.Second).j.Says()
	spend := func(tokens float64) {
		for _, name := range r.view.linked {
			r.j.budgets[name] = &budget{by: map[topics.Name]*rate.Bucket{}}
			r.j.budgets[name].all.Spend(r.now, tokens, askLimit)
		}
	}
	spend(askLimit.Burst)
	r.relayed("a", "o", true, 1, 3).got("o1").pass(2*short).said().count("put off", r.j.Stats().Overasked, 1)
	r.pass(putOff)
	if len(r.j.Says()) != 1 {
		t.Error("not asked when there is room")
	}

	r.pass(time.Minute).gave("o 2-2").j.Says()
	spend(2 * askLimit.Burst)
	r.relayed("a", "m", true, 1, 3).pass(3*putOff).said().count("put off, once", r.j.Stats().Overasked, 2)
	clear(r.j.budgets)
	if r.pass(putOff); len(r.j.Says()) != 1 {
		t.Error("not asked when there is room at last")
	}

	r.relayed("a", "p", true, 1, 3).pass(2 * short).j.Says()
	spend(10 * askLimit.Burst)
	r.relayed("b", "q", true, 1, 3).pass(20 * time.Second).j.Says()
	r.gave("m 2-2", "p 2-2", "q 2-2")
}

// What is behind a gap is brought by somebody: that one has it asked for, whoever began the stream.
func TestWhoBringsWhatIsBehindAGapHasItAskedFor(t *testing.T) {
	r := newFloodRig(t)
	r.view.few, r.view.linked = false, []topics.Name{"a", "b"}
	r.pass(time.Second).relayed("b", "o", true, 1).relayed("a", "o", true, 3).pass(2 * short)
	asked := r.j.streams[plain("o")].asked
	if r.j.budgets[asked].by["a"] == nil || r.j.budgets[asked].by["b"] != nil {
		t.Errorf("asked for %v", r.j.budgets[asked].by)
	}

	r = newFloodRig(t) // or told of
	r.flood("a b c", 1, 9).newer("c", "o", 7, 10).pass(tailGrace + 2*short)
	if r.j.budgets["c"].by["c"] == nil || r.j.budgets["c"].by["a"] != nil {
		t.Errorf("asked for %v", r.j.budgets["c"].by)
	}
}

// Room that was given back in full takes none.
func TestBudgetsAreForgotten(t *testing.T) {
	r := newFloodRig(t)
	r.relayed("a", "f", true, 5)
	r.count("budgets", uint64(len(r.j.budgets)), 1).pass(time.Minute).count("budgets", uint64(len(r.j.budgets)), 0)
}
