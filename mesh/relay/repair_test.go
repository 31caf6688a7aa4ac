package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// One that talks and does not answer is not starved: nothing is on its way that would be worth more than the window.
func TestOneThatTalksIsNotStarved(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1).got("a1")
	r.out = r.j.Tell(r.now, "a", 7, "3:1", r.out)
	for range 120 {
		r.pass(100 * time.Millisecond)
		if n := r.j.Stats().Starved; n != 0 {
			t.Fatalf("%d are starved after %v", n, r.now-time.Hour)
		}
		r.j.Came(r.now, "a")
	}
	if late := r.j.Waited(); len(late) != 0 {
		t.Errorf("%v are said to be late", late)
	}
	r.gave("a 2-3")
}

// What one says that was asked puts the next one off, but not for ever.
func TestTalkDelaysAnAnswerForATime(t *testing.T) {
	r := newRig(t, "a", "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.hear("a", 1, 3).pass(short).said("a: 5/a/7/2-2/1")
	for range 45 {
		r.pass(100 * time.Millisecond)
		r.j.Came(r.now, "a")
	}
	r.said("a: not 5/a/7/2-2/1", "b: 5/a/7/2-2/1")
}

// Who is gone answers nothing: the next one is asked at once.
func TestNextIsAskedWhereOneThatWasAskedIsGone(t *testing.T) {
	r := newRig(t, "a", "b")
	r.view.lists["b"] = []topics.Name{"a"}
	r.hear("a", 1, 3).pass(short).said("a: 5/a/7/2-2/1")
	r.view.linked = []topics.Name{"b"}
	r.pass(0).said("a: not 5/a/7/2-2/1", "b: 5/a/7/2-2/1")
}

// Whom nobody lists any more somebody may have heard all the same.
func TestGapOfOneThatNobodyListsIsAskedOfAll(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 1, 3).goes("a").pass(short).said("b: 5/a/7/2-2/1").answer("b", "5/a/7/2-2/1", 2).got("a1 a2 a3")
}

// However many list an origin, few of them are asked.
func TestFewAreAskedForAGap(t *testing.T) {
	names := numbered(40)
	r := newRig(t, append([]topics.Name{"a"}, names...)...)
	for _, name := range names {
		r.view.lists[name] = []topics.Name{"a"}
	}
	r.hear("a", 1, 3)
	asked := map[topics.Name]int{}
	for range 100 {
		r.pass(short)
		for _, s := range slices.Clone(r.j.Says()) {
			if !s.Cancel {
				asked[s.To]++
				r.ends(s.To, s.Topic)
			}
		}
	}
	r.gave("a 2-2")
	if len(asked) != 5 || asked["a"] != rounds {
		t.Errorf("asked %v, want the origin and four others, in each of %d rounds", asked, rounds)
	}
}

// What comes after a gap and is too much to be held shows the gap as well as what is held: it is asked for though more comes
// all the time.
func TestWhatIsNotHeldShowsAGap(t *testing.T) {
	r := newRigOf(t, Config{Held: 1}, "a")
	r.hear("a", 1).got("a1")
	for n := uint64(3); n < 30; n++ {
		r.hear("a", n).pass(100 * time.Millisecond)
	}
	r.said("a: 5/a/7/2-3/1")
}

// However many have told of what is missing, no more are asked in a round than askedMost, the origin and its relay among them.
func TestHintsHaveNoMoreAsked(t *testing.T) {
	r := newRig(t)
	for n := range uint64(20) {
		r.view.linked = append(r.view.linked, topics.Name(text("m", n)))
	}
	r.view.linked = append(r.view.linked, "o")
	r.pass(time.Second).hear("o", 1)
	s := r.j.streams[plain("o")]
	for _, name := range r.view.linked[:10] {
		r.j.takeHint(r.now, s, name, 3)
	}
	order := r.j.candidates(s, r.view)
	if len(order) > askedMost || !slices.Contains(order, "o") {
		t.Errorf("%v are asked", order)
	}
}
