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

// What an old connection may still bring is waited for, though a newer one is there over which more has come, and nobody
// else has it.
func TestFormerConnectionIsWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		open, gave []string
		got        string
	}{
		"it brings it":        {nil, nil, "a2 a3 a4 a5"},
		"it ends without":     {nil, []string{"a 2-4"}, "+3 a5"},
		"there was no former": {[]string{"a 2-4"}, nil, "+3 a5"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "a", "b")
			r.hear("a", 1).got("a1")
			r.j.Up(r.now, "a")
			if c.open == nil {
				r.j.Open("a", 2)
			}
			r.hear("a", 5)
			for range 60 { // nobody has it any more
				for q, s := range r.j.asked {
					r.ends(s.asked, q)
				}
				r.pass(time.Second)
			}
			r.gave(c.open...)
			if c.gave == nil {
				r.hear("a", 2, 3, 4)
			}
			r.j.Open("a", 1)
			for range 20 {
				for q, s := range r.j.asked {
					r.ends(s.asked, q)
				}
				r.pass(time.Second)
			}
			r.gave(c.gave...).got(c.got)
		})
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
