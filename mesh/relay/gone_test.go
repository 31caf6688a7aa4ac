package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// goes lets an origin vanish.
func (r *rig) goes(origin topics.Name) *rig {
	r.view.linked = slices.DeleteFunc(slices.Clone(r.view.linked), func(name topics.Name) bool { return name == origin })
	for name, list := range r.view.lists {
		r.view.lists[name] = slices.DeleteFunc(slices.Clone(list), func(name topics.Name) bool { return name == origin })
	}
	return r
}

// Others may have heard more of one that died than this node, and no number tells of it.
func TestLastWordsOfOneThatIsGone(t *testing.T) {
	r := newRig(t, "a", "b")
	r.pass(time.Second).hear("a", 1, 2).pass(time.Second).goes("a").pass(time.Second).said()
	r.pass(time.Second + jitterMost).said("b: 5/a/7/3-/1")
	r.answer("b", "5/a/7/3-/1", 3, 4).ends("b", "5/a/7/3-/1").got("a1 a2 a3 a4").pass(0).said("b: not 5/a/7/3-/1", "b: 5/a/7/5-/1")
	r.ends("b", "5/a/7/5-/1").pass(time.Second).said("b: not 5/a/7/5-/1")
	r.pass(3*time.Second).said("b: 5/a/7/5-/1").ends("b", "5/a/7/5-/1") // b may have been frozen
	r.pass(time.Minute).said("b: not 5/a/7/5-/1").got("").gave().count("gaps", uint64(r.j.Stats().Gaps), 0)

	r.view.linked = append(r.view.linked, "a") // it comes back, and says the rest itself
	r.j.Up(r.now, "a")
	r.hear("a", 5).got("a5")
}

// What it was about to say first may have come to others alone.
func TestOnlyWordsOfOneThatIsGone(t *testing.T) {
	r := newRig(t, "a", "b")
	r.out = r.j.Tell(r.now, "a", 7, "", r.out)
	r.pass(time.Second).goes("a").pass(2*time.Second + jitterMost).said("b: 5/a/7/1-/1")
	r.answer("b", "5/a/7/1-/1", 1).ends("b", "5/a/7/1-/1").got("a1")
}

// One that started again does not know what it said before.
func TestLastWordsOfTheLifeBefore(t *testing.T) {
	r := newRig(t, "a", "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.out = r.j.Tell(r.now, "a", 7, "1:1", r.out)
	r.hear("a", 2).pass(time.Second).got("a2")
	r.j.Born(r.now, "a", 8)
	r.out = r.j.Tell(r.now, "a", 8, "", r.out)
	r.pass(2*time.Second + jitterMost).said("b: 5/a/7/3-/1")
	r.answer("b", "5/a/7/3-/1", 3).ends("b", "5/a/7/3-/1").got("a3")
}

// All get what any of many has, and few questions are asked for it.
func TestLastWordsInALargeMesh(t *testing.T) {
	const many = 63
	names := numbered(many)
	rigs := map[topics.Name]*rig{}
	for i, name := range names {
		r := newRigOf(t, Config{Seed: uint64(i)}, append([]topics.Name{"a"}, slices.DeleteFunc(slices.Clone(names), func(n topics.Name) bool { return n == name })...)...)
		r.j.cfg.Self, r.j.plan.self = name, name
		rigs[name] = r
		r.pass(time.Second)
		for n := range uint64(1 + i*5%many) {
			r.hear("a", n+1)
		}
		r.pass(time.Second).goes("a")
	}
	asked := map[topics.Name]int{}
	for range 1000 {
		for _, name := range names {
			r := rigs[name]
			r.pass(10 * time.Millisecond)
			for _, s := range slices.Clone(r.j.Says()) {
				if s.Cancel {
					continue
				}
				asked[s.To]++
				q, err := topics.ParseQuestion([]byte(s.Topic))
				if err != nil || q.Origin != "a" {
					t.Fatalf("%v: %v", s, err)
				}
				var numbers []uint64
				for n := q.From; n <= uint64(len(rigs[s.To].out)); n++ {
					numbers = append(numbers, n)
				}
				r.answer(s.To, s.Topic, numbers...).ends(s.To, s.Topic)
			}
		}
	}
	questions := 0
	for _, name := range names {
		questions += asked[name]
		if got := len(rigs[name].out); got != many || rigs[name].j.Stats().Gaps != 0 {
			t.Errorf("%s has %d: %+v", name, got, rigs[name].j.Stats())
		}
	}
	t.Logf("%d questions", questions)
	if questions > 10*many {
		t.Errorf("%d questions", questions)
	}
}

// What nobody has any more hides nothing that comes after it.
func TestLastWordsBehindAGap(t *testing.T) {
	r := newRig(t, "a", "b")
	r.pass(time.Second).hear("a", 1, 2, 5).goes("a")
	for range 150 { // b has what follows the gap, and says some of it at a time
		r.pass(100 * time.Millisecond)
		for _, s := range slices.Clone(r.j.Says()) {
			q, err := topics.ParseQuestion([]byte(s.Topic))
			if err != nil || s.Cancel {
				continue
			}
			from := max(6, q.From)
			for n := from; n <= min(from+1, 20) && (q.To == 0 || n <= q.To); n++ {
				r.answer("b", s.Topic, n)
			}
			r.ends("b", s.Topic)
		}
	}
	r.gave("a 3-4").got("a1 a2 +2 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20").pass(time.Minute)
	if s := r.j.Stats(); s.Gaps != 0 || s.Holding != 0 || s.Missed != 2 {
		t.Errorf("%+v", s)
	}
}

// One that is told of by others alone has last words, too.
func TestLastWordsOfOneThatOnlyOthersHear(t *testing.T) {
	r := newRig(t, "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.pass(10*time.Second).relayed("b", "a", false, 1).got("a1").pass(quietTime+short).ends("b", "5/a/7/2-/1").pass(time.Second)
	r.j.Says()
	r.goes("a").pass(2*time.Second + jitterMost)
	r.said("b: not "+topics.RelayedTopics("a"), "b: not "+topics.RelayedTopics(""), "b: 5/a/7/2-/1")
}

// One that is back before others are asked says the rest itself.
func TestLastWordsOfOneThatIsBack(t *testing.T) {
	r := newRig(t, "a", "b")
	r.pass(time.Second).hear("a", 1).pass(time.Second).goes("a").pass(500 * time.Millisecond)
	r.count("that are gone", uint64(len(r.j.gone)), 1)
	r.view.linked = append(r.view.linked, "a")
	r.j.Up(r.now, "a")
	r.pass(10*time.Second).said().hear("a", 2).got("a1 a2")
}

// Nobody keeps for longer than a minute what one has said: who is alone, or heard it last before that, asks no more.
func TestLastWordsAreForgotten(t *testing.T) {
	r := newRig(t, "a", "b")
	r.pass(time.Second).hear("a", 1).pass(goneTime + 2*time.Second).goes("a").pass(10 * time.Second).said().got("a1")

	r = newRig(t, "a")
	r.pass(time.Second).hear("a", 1).pass(time.Second).goes("a").pass(goneTime + 2*time.Second)
	r.count("that are gone", uint64(len(r.j.gone)), 0)
	r.view.linked = []topics.Name{"b"}
	r.pass(10 * time.Second).said().got("a1")
}

// One that says ever more of another is not asked for ever.
func TestLastWordsEndThoughThereIsMore(t *testing.T) {
	r := newRig(t, "a", "b")
	start := r.pass(time.Second).hear("a", 1).pass(time.Second).goes("a").now
	last := start
	for range 1200 {
		r.pass(100 * time.Millisecond)
		for _, s := range slices.Clone(r.j.Says()) {
			q, err := topics.ParseQuestion([]byte(s.Topic))
			if err != nil || s.Cancel {
				continue
			}
			last = r.now
			r.answer("b", s.Topic, q.From).ends("b", s.Topic)
		}
	}
	if took := last - start; took < sweepMost || took > sweepMost+2*sweepEvery {
		t.Errorf("asked for %v", took)
	}
	if s := r.j.Stats(); s.Gaps != 0 {
		t.Errorf("%+v", s)
	}
}

// However many go, those that are remembered are bounded.
func TestGoneAreBounded(t *testing.T) {
	r := newRig(t)
	for _, name := range numbered(goneMost + 10) {
		r.j.Up(r.now, name)
	}
	r.pass(time.Second).count("that are gone", uint64(len(r.j.gone)), goneMost)
}

// In a partial mesh names are listed by those who are heard, and then by others: of whom nothing came is no last word.
func TestNobodyIsAskedForLastWordsOfOneThatSaidNothing(t *testing.T) {
	for _, few := range []bool{false, true} {
		r := newRig(t, "a", "b")
		r.view.few, r.view.lists["b"] = few, []topics.Name{"o"}
		r.pass(time.Second).goes("o").pass(100 * time.Millisecond).pass(200 * time.Millisecond)
		if want := map[bool]uint64{false: 1}[few]; uint64(len(r.j.gone)) != want {
			t.Errorf("partial %v: %d are gone, not %d", few, len(r.j.gone), want)
		}
	}
}

// One that only others hear from now on is there: nobody is asked for its last words, and its messages come by a relay.
func TestOneThatOthersHearIsNotGone(t *testing.T) {
	r := newRig(t, "a", "b")
	r.pass(time.Second).hear("a", 1, 2).pass(time.Second).goes("a")
	r.view.few, r.view.known = true, []topics.Name{"a"}
	r.pass(10 * time.Second).said()
	r.view.known = nil
	r.pass(2*time.Second + jitterMost).said("b: 5/a/7/3-/1")
}
