package mesh

import (
	"testing"
	"time"
)

func TestCourt(t *testing.T) {
	t.Parallel()
	const s = time.Second
	heard := votes{voters: 9, vouches: 3}
	lost := votes{voters: 9, confirms: 3}
	for name, c := range map[string]struct {
		court court
		want  finding
	}{
		"alive, two missed":         {court{state: Alive, missing: 2}, finding{}},
		"alive, three missed":       {court{state: Alive, missing: 3}, finding{fires: true, on: silent}},
		"on probation, two missed":  {court{state: Probation, missing: 2}, finding{}},
		"on probation, three":       {court{state: Probation, missing: 3}, finding{fires: true, on: silent}},
		"others hear it, too soon":  {court{state: Suspect, now: 2*s - 1, beat: s, missing: 99, votes: heard}, finding{}},
		"others hear it":            {court{state: Suspect, now: 2 * s, beat: s, missing: 3, votes: heard}, finding{fires: true, on: vouched}},
		"others lost it, too soon":  {court{state: Suspect, missing: 5, votes: lost}, finding{}},
		"others lost it":            {court{state: Suspect, missing: 6, votes: lost}, finding{fires: true, on: condemned}},
		"this node hears nobody":    {court{state: Suspect, missing: 99, votes: lost, deaf: true, budget: 9}, finding{why: "kept"}},
		"nobody knows, no budget":   {court{state: Suspect, missing: 99}, finding{why: "kept"}},
		"nobody knows, but budget":  {court{state: Suspect, missing: 18, budget: 1}, finding{fires: true, on: condemned, spends: true}},
		"detached, heard by others": {court{state: Detached, missing: 99, votes: heard}, finding{}},
		"detached, and no more":     {court{state: Detached, missing: 99, votes: lost}, finding{fires: true, on: unvouched}},
		"detached, all doubt":       {court{state: Detached, missing: 99, votes: votes{against: 1}}, finding{}},
		"detached, nobody left":     {court{state: Detached, missing: 99}, finding{fires: true, on: unvouched}},
		"detached, one of two":      {court{state: Detached, missing: 99, votes: votes{voters: 2, vouches: 1, against: 2}}, finding{fires: true, on: unvouched}},
		"vouched for until then":    {court{state: Suspect, missing: 99, alone: 5, votes: lost}, finding{}},
		"and six beats ago":         {court{state: Suspect, missing: 99, alone: 6, votes: lost}, finding{fires: true, on: condemned}},
		"a candidate":               {court{state: Candidate, missing: 99}, finding{}},
	} {
		if c.court.alone == 0 {
			c.court.alone = c.court.missing
		}
		got := c.court.judge()
		if got.fires != c.want.fires || got.on != c.want.on || got.spends != c.want.spends ||
			!got.fires && (got.why == "") != (c.want.why == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDetector(t *testing.T) {
	t.Parallel()
	var d detector
	d.meet(1)
	d.beat(2, true)
	d.beat(3, false)
	d.sign(3)
	d.meet(4)
	if d.firstAt != 1 || d.beatAt != 3 || d.currentAt != 2 || d.at != 3 {
		t.Errorf("%+v", d)
	}
	if d.round(); d.missed(1, 1) != 0 {
		t.Errorf("a beat is missed in the round of a sign of life: %+v", d)
	}
	d.refusal = true
	d.round()
	if d.round(); d.missed(1, 1) != 2 || d.missed(1, 2) != 1 {
		t.Errorf("%+v", d)
	}
	if d.halfHeard(10, 7) || !d.halfHeard(11, 7) || d.halfHeard(18, 7) {
		t.Errorf("no beats for more than 7: %+v", d)
	}
	if d.sign(5); d.quiet != 0 || d.refusal {
		t.Errorf("after a sign of life: %+v", d)
	}
}

// Whoever is heard alone, and vouches for another, falls silent for a moment, and doubts itself then: neither says anything
// of the other, which stays a member until it is known who lists it.
func TestDetachedOutlivesADoubtOfWhoVouches(t *testing.T) {
	for name, pause := range map[string]time.Duration{"doubt": 0, "silence": 10 * time.Second} {
		r := newRig(t, Config{})
		a, x := r.puppet("a", "x"), r.puppet("x", "a")
		r.hear(a, x)
		r.pass(30 * time.Second)
		x.mute, x.hang = true, true
		r.pass(40 * time.Second)
		r.want("x", Detached)
		if pause > 0 {
			a.mute = true
			for range 100 {
				if r.state("a") != Suspect {
					r.pass(100 * time.Millisecond)
				}
			}
			r.want("a", Suspect)
		}
		r.m.budget.tokens = 1
		a.mute, a.header.Degraded = false, true
		a.beat()
		r.pass(4 * time.Second)
		if got := r.state("x"); got == Quarantined {
			t.Errorf("%s: evicted", name)
		}
		a.header.Degraded = false
		r.pass(10 * time.Second)
		r.want("x", Detached)
	}
}

// Two of four vouch for one that this node does not hear, and stall together, for so long that they are silent for a moment:
// it stays a member, whatever budget there is and whatever they say of themselves when they are back.
func TestDetachedOutlivesAStallOfWhoVouches(t *testing.T) {
	r := newRig(t, Config{})
	a, b, c, d := r.puppet("a", "x"), r.puppet("b", "x"), r.puppet("c", "x"), r.puppet("d", "x")
	x := r.puppet("x", "a")
	r.hear(a, b, c, d, x)
	r.pass(30 * time.Second)
	x.mute, x.hang = true, true
	r.pass(4 * time.Second)
	c.say()
	d.say()
	r.pass(40 * time.Second)
	r.want("x", Detached)
	for range 3 {
		r.m.budget.tokens = 2
		a.mute, b.mute = true, true
		r.pass(3500 * time.Millisecond)
		a.mute, b.mute, a.header.Degraded, b.header.Degraded = false, false, true, true
		a.beat()
		b.beat()
		r.pass(2500 * time.Millisecond)
		if s := r.state("x"); s == Quarantined {
			t.Fatalf("evicted at %v: %v", r.now, r.changes[len(r.changes)-4:])
		}
	}
	r.pass(3 * time.Second)
	r.want("x", Detached)
	a.say()
	b.say()
	r.pass(20 * time.Second)
	r.want("x", Quarantined)
}

// Two of four vouch for one that others have lost, and fall silent together before it has missed as many beats as evict
// without a word of others: it has the time of an eviction more, and stays a member. Where they died with it, nobody has
// vouched for it, and it has no more time than others.
func TestVouchersThatFallSilentAtOnce(t *testing.T) {
	for what, c := range map[string]struct {
		after time.Duration // of x's silence
		want  State
	}{
		"heard since":                       {8 * time.Second, Detached},
		"heard last before it is detached":  {4500 * time.Millisecond, Detached},
		"silent for as long as it is: dead": {0, Quarantined},
	} {
		r := newRig(t, Config{})
		a, b, c1, d, x := r.puppet("a", "x"), r.puppet("b", "x"), r.puppet("c", "x"), r.puppet("d", "x"), r.puppet("x")
		r.hear(a, b, c1, d, x)
		r.pass(30 * time.Second)
		x.mute, x.hang = true, true
		if c.after == 0 {
			a.mute, a.hang, b.mute, b.hang = true, true, true, true
		}
		r.pass(4 * time.Second)
		if c.after == 0 {
			r.pass(4 * time.Second)
			r.want("x", Detached) // by the word of those who have not noticed yet
		}
		c1.say()
		d.say()
		if c.after > 0 {
			r.pass(c.after - 4*time.Second)
			r.m.budget.tokens = 2
			a.mute, b.mute = true, true
			r.pass(3500 * time.Millisecond)
			a.mute, b.mute = false, false
			a.beat()
			b.beat()
		}
		r.pass(4 * time.Second)
		if got := r.state("x"); got != c.want {
			t.Errorf("%s: %v, want %v: %v", what, got, c.want, r.changes[len(r.changes)-5:])
		}
	}
}
