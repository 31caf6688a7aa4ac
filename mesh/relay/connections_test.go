package relay

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// Where an origin's connection breaks just before a gap would be given up, there is as much time again once it is heard over
// another one.
func TestNewConnectionRenewsTheWindow(t *testing.T) {
	r := newRig(t, "a", "b")
	r.hear("a", 1).got("a1")
	r.view.linked = []topics.Name{"b"}
	r.hear("a", 5).pass(9900 * time.Millisecond)
	r.view.linked = []topics.Name{"a", "b"}
	r.j.Up(r.now, "a")
	r.j.Says()
	r.pass(time.Second).gave().said("a: 5/a/7/2-4/1").answer("a", "5/a/7/2-4/1", 2, 3, 4).got("a2 a3 a4 a5")
}

// What an old connection may still bring is waited for where nothing else is held up by that, though a newer one is there
// and nobody else has it. What came over the newer one waits for the window, and no longer.
func TestFormerConnectionIsWaitedFor(t *testing.T) {
	nobodyHas := func(r *rig, seconds int) *rig {
		for range seconds {
			for q, s := range r.j.asked {
				r.ends(s.asked, q)
			}
			r.pass(time.Second)
		}
		return r
	}
	begin := func(t *testing.T, connections int) *rig {
		r := newRig(t, "a", "b")
		r.hear("a", 1).got("a1")
		r.j.Up(r.now, "a")
		r.j.Open(r.now, "a", connections)
		return r
	}
	told := func(r *rig) *rig {
		r.out = r.j.Tell(r.now, "a", 7, text("", 4)+":1", r.out)
		return r
	}
	t.Run("it brings it", func(t *testing.T) {
		nobodyHas(told(begin(t, 2)), 60).gave().hear("a", 2, 3, 4).got("a2 a3 a4")
	})
	t.Run("it ends without", func(t *testing.T) {
		r := nobodyHas(told(begin(t, 2)), 60).gave()
		r.j.Open(r.now, "a", 1)
		nobodyHas(r, 20).gave("a 2-4")
	})
	t.Run("something waits", func(t *testing.T) {
		nobodyHas(begin(t, 2).hear("a", 5), 8).gave()
		nobodyHas(begin(t, 2).hear("a", 5), 12).gave("a 2-4").got("+3 a5")
	})
	t.Run("there is none", func(t *testing.T) {
		nobodyHas(told(begin(t, 1)), 8).gave("a 2-4")
	})
}

// An origin that is heard, and of which no connection for messages is up, keeps what its beats tell of: that is waited for
// until there is one, and for as long as it says so.
func TestUnlinkedOriginIsWaitedForWhileItIsHeard(t *testing.T) {
	apart := func(t *testing.T) *rig {
		r := newRig(t, "a", "b")
		r.hear("a", 1).got("a1")
		r.view.linked = []topics.Name{"b"}
		for n := range uint64(60) {
			r.out = r.j.Tell(r.now, "a", 7, text("", n+3)+":1", r.out)
			r.pass(time.Second)
		}
		return r.gave()
	}
	t.Run("it is linked again", func(t *testing.T) {
		r := apart(t)
		r.view.linked = []topics.Name{"a", "b"}
		for q, s := range r.j.asked { // b, which has it not
			r.ends(s.asked, q)
		}
		r.pass(time.Second).j.Says()
		r.j.Up(r.now, "a")
		r.pass(time.Second).gave().said("a: 5/a/7/2-62/1").answer("a", "5/a/7/2-62/1", 2, 3, 4).got("a2 a3 a4")
	})
	t.Run("it says nothing any more", func(t *testing.T) { apart(t).pass(30 * time.Second).gave("a 2-62") })
}

// What has just turned out to be missing is not given up together with what is for long.
func TestYoungGapIsNotGivenUp(t *testing.T) {
	r := newRig(t, "a")
	r.hear("a", 1).got("a1")
	last := uint64(5)
	talks := func(d time.Duration) *rig { // of something else, and does not answer
		for end := r.now + d; r.now < end; {
			r.out = r.j.Tell(r.now, "a", 7, text("", last)+":1", r.out)
			r.j.Came(r.now, "a")
			r.pass(time.Second)
		}
		return r
	}
	talks(9 * time.Second).gave()
	last = 8
	talks(2 * time.Second).gave("a 2-5")
	talks(7 * time.Second).gave()
	talks(5 * time.Second).gave("a 6-8")
}

// However long a gap is waited for, one question is asked for it at a time, and each is taken back or answered.
func TestQuestionsAreTakenBackWhileAGapIsWaitedFor(t *testing.T) {
	r := newRig(t, "a", "b", "c")
	r.hear("a", 1).got("a1")
	r.view.linked = []topics.Name{"b", "c"}
	r.view.lists["b"] = []topics.Name{"a"}
	standing := make(map[topics.Name]int)
	for n := range uint64(4000) {
		r.out = r.j.Tell(r.now, "a", 7, text("", n/10+3)+":1", r.out)
		r.pass(37 * time.Millisecond)
		for _, s := range r.j.Says() {
			if topics.KindOf([]byte(s.Topic)) != topics.KindAsk {
				continue
			}
			if standing[s.To]++; s.Cancel {
				standing[s.To] -= 2
			}
		}
		if sum := standing["b"] + standing["c"]; sum > 1 || sum != len(r.j.asked) {
			t.Fatalf("after %v questions stand: %v; %d are known", r.now-time.Hour, standing, len(r.j.asked))
		}
	}
}

// That an origin is found to be starved is told once, and again after a new connection.
func TestStarvedIsTold(t *testing.T) {
	r := newRig(t, "a", "b")
	told := func(want ...topics.Name) {
		t.Helper()
		if got := r.j.Starved(); !slices.Equal(got, want) {
			t.Fatalf("%v are starved, not %v", got, want)
		}
	}
	r.hear("a", 1, 3)
	r.pass(answerTime - 100*time.Millisecond)
	told()
	r.pass(200 * time.Millisecond)
	told("a")
	r.pass(5 * time.Second)
	told()
	r.j.Up(r.now, "a")
	r.pass(5 * time.Second)
	told("a")
}
