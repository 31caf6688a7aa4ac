package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// counted is a view that counts how often somebody looks through it.
type counted struct {
	*view
	looks int
}

func (v *counted) EachUnheard(f func(topics.Name)) {
	v.looks++
	v.view.EachUnheard(f)
}

// A view that stands is looked through until nothing comes of it, and then no more until it is another one, or a member's
// messages come over a new connection.
func TestViewThatStandsIsNotLookedThrough(t *testing.T) {
	r := newRig(t, "b", "c")
	r.view.lists["b"] = []topics.Name{"a"}
	v := &counted{view: r.view}
	now := r.now
	tick := func(n int) (looks int) {
		v.looks = 0
		for range n {
			now += time.Second
			r.j.Tick(now, v, nil)
		}
		return v.looks
	}
	if tick(2 * settleBeats); r.j.Stats().Relays != 1 {
		t.Fatalf("%+v", r.j.Stats())
	}
	if looks := tick(100); looks > 0 {
		t.Errorf("looked through %d times", looks)
	}
	r.view.lists["c"] = []topics.Name{"a"}
	if tick(1) == 0 {
		t.Error("it is another one, and not looked through")
	}
	if tick(1); tick(100) > 0 {
		t.Error("looked through again and again")
	}
	if r.j.Up(now, "c"); tick(1) == 0 {
		t.Error("c's messages come over a new connection, and it is not looked through")
	}
	if r.j.Admit(now, []topics.Name{"b"}); tick(1) == 0 || r.j.Stats().Relays != 0 {
		t.Errorf("a is not admitted any more: %+v", r.j.Stats())
	}
	delete(r.view.lists, "c")
	delete(r.view.lists, "b")
	if tick(2 + int(lateTime/time.Second)); tick(100) > 0 {
		t.Error("looked through again and again")
	}
}
