package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

// Each cause to dial, and what comes of it. The one place that decides.
func TestDecide(t *testing.T) {
	t.Parallel()
	const s = time.Second
	under := func(since ...Time) (r reach) {
		for _, at := range since {
			r.fly(DiscoveryPort, append(r.flying(DiscoveryPort), &dial{since: at}))
		}
		return r
	}
	spent := reach{}
	for range 2 * urgentBurst {
		spent.decide(signed, classHello, situation{now: 9 * s, state: Candidate, beat: s})
	}
	linked := reach{link: &link{proven: true}}
	waits := reach{dials: &dials{waiting: [ports]*dial{{}}}, urgent: spent.urgent, called: spent.called}
	yes, afresh := plan{dial: true}, plan{dial: true, afresh: true}
	for name, c := range map[string]struct {
		reach reach
		why   cause
		class class
		in    situation
		want  plan
	}{
		"its time has come":                     {reach{}, due, classProbe, situation{state: Candidate}, yes},
		"the same, and a dial is under way":     {under(9 * s), due, classProbe, situation{state: Candidate}, plan{}},
		"one that may hang":                     {under(0), due, classProbe, situation{state: Candidate}, plan{}},
		"the next way":                          {under(9*s, 9*s, 9*s), onward, classProbe, situation{state: Alive}, yes},
		"its link broke":                        {reach{}, broken, classMember, situation{state: Alive}, yes},
		"its link broke again and again":        {spent, broken, classMember, situation{state: Alive}, plan{retry: s}},
		"a hello":                               {reach{}, signed, classHello, situation{state: Candidate}, afresh},
		"a hello while a dial hangs":            {under(0), signed, classHello, situation{state: Candidate}, afresh},
		"a hello while a dial is young":         {under(10*s - 1), signed, classHello, situation{state: Candidate}, plan{}},
		"a hello while three hang":              {under(0, 1, 2), signed, classHello, situation{state: Candidate}, plan{}},
		"one hello too many":                    {spent, signed, classHello, situation{state: Candidate}, plan{sooner: urgentBeats * s}},
		"and another, while a dial waits":       {waits, signed, classHello, situation{state: Candidate}, yes},
		"a hello of a candidate that is linked": {linked, signed, classHello, situation{state: Candidate}, plan{}},
		"a hello of a member that is heard":     {linked, signed, classHello, situation{state: Alive, heard: true}, plan{}},
		"of one that is silent":                 {linked, signed, classHello, situation{state: Alive}, afresh},
		"a list that has an alias":              {reach{}, signed, classVouched, situation{state: Alias}, plan{}},
		"a hello of an alias":                   {reach{}, signed, classHello, situation{state: Alias}, afresh},
		"a hello of one that is held":           {reach{}, signed, classHello, situation{state: Quarantined, heldTill: 11 * s}, plan{by: 11 * s}},
		"and later":                             {reach{}, signed, classHello, situation{state: Quarantined, heldTill: 9 * s}, afresh},
		"whatever it is, the view has no place": {reach{}, signed, classHello, situation{state: Candidate, unwanted: true, longest: 300 * s}, plan{retry: 300 * s}},
		"the same for one whose time has come":  {reach{}, due, classSeed, situation{state: Candidate, unwanted: true, longest: 300 * s}, plan{retry: 300 * s}},
	} {
		c.in.now, c.in.beat = 10*s, s
		if got := c.reach.decide(c.why, c.class, c.in); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A sign of life that comes while a dial is young is followed up when that has taken too long, and one that comes too
// early after a goodbye is owed.
func TestSignsOfLifeAreNotLost(t *testing.T) {
	t.Parallel()
	const s = time.Second
	r := newReach()
	r.fly(DiscoveryPort, []*dial{{since: 9*s + 900*time.Millisecond}})
	r.decide(signed, classHello, situation{now: 10 * s, state: Candidate, beat: s})
	if want := 9*s + 900*time.Millisecond + hanging(0, s); r.againDue != want || r.againClass != classHello {
		t.Errorf("again at %v, want %v", r.againDue, want)
	}
	r = newReach()
	r.decide(signed, classVouched, situation{now: s, state: Left, heldTill: 2 * s, beat: s})
	if !r.owed {
		t.Error("a sign of life after a goodbye is forgotten")
	}
	if r.decide(signed, classVouched, situation{now: 3 * s, state: Left, heldTill: 2 * s, beat: s}); r.owed {
		t.Error("it is owed still, though it is dialled")
	}
}

// A tour tries each way that no dial is trying, and knows at its end whether all answered that nobody is there.
func TestTour(t *testing.T) {
	t.Parallel()
	ways := []string{"a", "", "c"}
	var r tour
	r.restart()
	for i, want := range ways {
		if got := r.addr(ways); got != want {
			t.Fatalf("way %d is %q", i, got)
		}
		r.failed(true)
		if r.next(ways, nil) != (i < 2) {
			t.Fatalf("after way %d", i)
		}
	}
	if !r.end() {
		t.Error("nobody is there, and it does not say so")
	}
	r.failed(true)
	if r.failed(false); r.end() {
		t.Error("one way gave no answer")
	}
	if r.first(ways, []*dial{{addr: "a"}}); r.addr(ways) != "" {
		t.Errorf("begins with %q, which a dial is trying", r.addr(ways))
	}
	if r.first(ways, []*dial{{addr: "a"}, {addr: ""}, {addr: "c"}}); r.addr(ways) != "a" {
		t.Errorf("begins with %q when all are tried", r.addr(ways))
	}
}

func TestViewIsAsked(t *testing.T) {
	r := newRig(t, Config{})
	r.m.view = viewOf("a")
	a, b := r.puppet("a"), r.puppet("b")
	r.step(Known{[]topics.Name{a.name, b.name}})
	r.pass(time.Second)
	if r.want("a", Alive); r.state("b") != Candidate || r.count["b"] > 0 {
		t.Errorf("b, for which the view has no place, is %v and was dialled %d times", r.state("b"), r.count["b"])
	}
}

// viewOf has a place for one name.
type viewOf topics.Name

func (v viewOf) links(p *peer) bool { return p.key == topics.Name(v) }
func (viewOf) forget(*peer)         {}
