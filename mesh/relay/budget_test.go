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

// A question for which there is no room is put off, and asked then. The gap is told if there is none within the window.
func TestAQuestionIsPutOff(t *testing.T) {
	r := newFloodRig(t)
	r.view.few = false
	r.pass(time.Second).j.Says()
	spend := func(tokens float64) {
		for _, name := range r.view.linked {
			r.j.budgets[name] = new(rate.Bucket)
			r.j.budgets[name].Spend(r.now, tokens, askLimit)
		}
	}
	spend(askLimit.Burst)
	r.relayed("a", "o", true, 1, 3).got("o1").pass(2*short).said().count("put off", r.j.Stats().Overasked, 1)
	r.pass(putOff)
	if len(r.j.Says()) != 1 {
		t.Error("not asked when there is room")
	}

	r.relayed("a", "p", true, 1, 3).pass(2 * short).j.Says()
	spend(10 * askLimit.Burst)
	r.relayed("b", "q", true, 1, 3).pass(20 * time.Second).j.Says()
	r.gave("o 2-2", "p 2-2", "q 2-2")
}

// Room that was given back in full takes none.
func TestBudgetsAreForgotten(t *testing.T) {
	r := newFloodRig(t)
	r.relayed("a", "f", true, 5)
	r.count("budgets", uint64(len(r.j.budgets)), 1).pass(time.Minute).count("budgets", uint64(len(r.j.budgets)), 0)
}
