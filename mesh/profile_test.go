package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

// What a node says of itself stands in its lists, never in pulses, and is said anew when it changes.
func TestProfileIsSaidInLists(t *testing.T) {
	r := newRig(t, Config{Profile: Profile{"hearsay v1", "role=web"}})
	x := r.puppet("x")
	x.header.Program, x.header.Tags = "hearsay v2", "role=db"
	r.hear(x)
	r.pass(time.Second)
	if h := r.lists[len(r.lists)-1].Header; h.Program != "hearsay v1" || h.Tags != "role=web" {
		t.Errorf("says %+v", h)
	}
	of := func() Profile { return r.m.Members()[0].Profile }
	x.header.Program, x.header.Tags, x.header.Pulse = "", "", true // pulses take nothing from it
	r.pass(10 * time.Second)
	if of() != (Profile{"hearsay v2", "role=db"}) {
		t.Errorf("%+v after pulses", of())
	}
	lists := len(r.lists)
	for _, tags := range []topics.Tags{"role=cache", "role=cache", "Role"} { // another, the same, and none that can be said
		r.step(Profiled{Profile{"hearsay v1", tags}})
		r.pass(2 * time.Second)
	}
	if n := len(r.lists); n != lists+1 || r.lists[lists].Header.Tags != "role=cache" || r.kept.Header.Tags != "role=cache" {
		t.Errorf("%d lists after %d, a newcomer is told %+v", n, lists, r.kept.Header)
	}
	x.header.Pulse = false
	x.header.Tags = "role=proxy"
	x.say("self")
	if of().Tags != "role=proxy" {
		t.Errorf("%+v after another list", of())
	}
}

func TestPulsesSayNothingOfTheNode(t *testing.T) {
	m := New(Config{Self: "self", Incarnation: 1, Profile: Profile{"p", "a=b"}})
	if h := m.header(true); h.Program != "" || h.Tags != "" {
		t.Errorf("%+v", h)
	}
	if err := (Config{Self: "self", Incarnation: 1, Profile: Profile{Tags: "A"}}).Validate(); err == nil {
		t.Error("tags that are none")
	}
}
