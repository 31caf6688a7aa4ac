package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// Whoever is named beside the mesh's connections is dialled by name, and where DNS does not know that at the address.
func TestHintIsDialled(t *testing.T) {
	for _, c := range []struct {
		about string
		hint  Hint
		fail  DialReason // of the name
		want  []string   // dials of the discovery port, "" by name
	}{
		{"by its name", Hint{"x", "10.0.0.9", ""}, 0, []string{""}},
		{"at its address, if DNS does not know the name", Hint{"x", "10.0.0.9", "10.0.0.8"}, Unresolved, []string{"", "10.0.0.9:20000"}},
		{"with the name's port", Hint{"x:21000", "10.0.0.9", ""}, Unresolved, []string{"", "10.0.0.9:21000"}},
		{"nowhere else, if DNS knows it", Hint{"x", "10.0.0.9", ""}, Refused, []string{""}},
		{"by its name alone, without an address", Hint{"x", "", "file"}, Unresolved, []string{""}},
		{"an address is its own", Hint{"10.0.0.9", "10.0.0.7", ""}, Refused, []string{""}},
		{"not this node", Hint{"self", "10.0.0.9", ""}, 0, nil},
	} {
		r := newRig(t, Config{})
		r.step(c.hint)
		var to []string
		for len(r.dials) > 0 {
			d := r.dials[0]
			r.dials = r.dials[1:]
			if to = append(to, d.Addr); d.Addr == "" && c.fail != 0 {
				r.step(DialFailed{Dial: d, Reason: c.fail})
			}
		}
		if !slices.Equal(to, c.want) {
			t.Errorf("%s: %q, want %q", c.about, to, c.want)
		}
	}
}

// One that is found at the address it was said to be at is a member like any other, and its address is kept.
func TestHintLeadsToAMember(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	r.step(Hint{"x", "10.0.0.1", ""})
	d := r.dials[0]
	r.dials = nil
	r.step(DialFailed{Dial: d, Reason: Unresolved})
	r.pass(time.Second)
	r.want("x", Alive)
	p.mute = true
	r.to = nil
	p.breaks()
	if !slices.Contains(r.to, "10.0.0.1:20000") {
		t.Errorf("when its link breaks the dials go to %q", r.to)
	}
}

// What is said of an address counts for a while.
func TestHintIsForgotten(t *testing.T) {
	var o origin
	o.hintIP, o.hintTill = "10.0.0.9", 10
	for _, c := range []struct {
		claims int
		now    Time
		want   string
	}{{0, 9, "10.0.0.9"}, {0, 10, ""}, {1, 9, "10.0.0.8"}, {1, 10, "10.0.0.8"}} {
		o.claims, o.helloIP = int32(c.claims), "10.0.0.8"
		if got := o.saidAt(c.now); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Said again and again, a dead peer is not dialled without end.
func TestHintsOfTheDeadAreRationed(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	r.hear(p)
	p.dies()
	before := r.count["x"]
	for range 600 {
		r.step(Hint{"x", "10.0.0.1", "10.0.0.9"})
		r.pass(100 * time.Millisecond)
	}
	plain := newRig(t, Config{})
	q := plain.puppet("x")
	plain.hear(q)
	q.dies()
	without := plain.count["x"]
	plain.pass(time.Minute)
	if more := (r.count["x"] - before) - (plain.count["x"] - without); more > urgentBurst+60/urgentBeats+1 {
		t.Errorf("%d dials more than without hints", more)
	}
}

// Where the table is full, hints take the place of one that is heard once a beat, whomever they come from.
func TestHintsTakeFewPlacesOfTheLiving(t *testing.T) {
	const places = 60
	r := newRig(t, Config{MaxPeers: places})
	var ps []*puppet
	for i := range places {
		p := r.puppet(topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i)))
		p.addr = string(p.name)
		ps = append(ps, p)
	}
	r.hear(ps...)
	for i := range places / 2 {
		addr := fmt.Sprintf("10.%d.1.1", i)
		r.step(Hint{topics.Name(fmt.Sprintf("phantom%d", i)), addr, addr})
	}
	if n := r.m.count[Alive]; n < places-hearsayRoomBurst {
		t.Errorf("%d of %d are left", n, places)
	}
}
