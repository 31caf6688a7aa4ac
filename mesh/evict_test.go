package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		deaf   bool
		v      votes
		budget float64
		want   verdict
	}{
		{true, votes{voters: 3, confirms: 3}, 5, spared},
		{false, votes{voters: 2, confirms: 2}, 0, agreed},
		{false, votes{voters: 2, confirms: 1}, 5, agreed}, // and costs no budget
		{false, votes{voters: 9, confirms: 8, vouches: 1, against: 1}, 1, budgeted},
		{false, votes{voters: 9, confirms: 8, against: 1}, .9, postponed}, // one doubts itself, or its list is not known
		{false, votes{voters: 2}, .9, postponed},                          // they never heard it: that says nothing
		{false, votes{}, 1, budgeted},
		{false, votes{voters: 2, refusal: true}, 0, agreed}, // an answer that nobody is there is no silence
		{false, votes{refusal: true}, 0, agreed},
		{false, votes{voters: 2, refusal: true, against: 1}, 0, postponed},
	} {
		if got := verdictOn(c.deaf, c.v, c.budget); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestExpected(t *testing.T) {
	for _, c := range []struct {
		deaf    bool
		missing int
		refusal bool
		want    bool
	}{
		{false, 3, false, true}, {false, evictSlow - 1, false, true}, {false, evictSlow, false, false}, {false, 3, true, false},
		{true, 1000, false, true}, {true, 3, true, true},
	} {
		if got := expected(c.deaf, c.missing, c.refusal); got != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// What all have lost is gone for all, however many it is, without a budget and without a doubt of oneself.
func TestWhatAllLostIsGone(t *testing.T) {
	r := newRig(t, Config{})
	var all []topics.Name
	for i := range 40 {
		all = append(all, topics.Name(string(rune('a'+i%20))+string(rune('a'+i/20))))
	}
	var ps []*puppet
	for _, n := range all {
		ps = append(ps, r.puppet(n, slices.DeleteFunc(slices.Clone(all), func(o topics.Name) bool { return o == n })...))
	}
	r.hear(ps...)
	r.pass(5 * time.Second)
	for _, p := range ps[2:] {
		p.dies()
	}
	ps[0].say(all[1])
	ps[1].say(all[0])
	r.pass(10 * time.Second)
	if s := r.m.Stats(); r.m.count[Suspect] != 0 || r.m.count[Alive] != 2 || s.Degraded || s.NoBudget != 0 {
		t.Fatalf("%v, %+v", r.m.count, s)
	}
	if n := r.m.count[Quarantined]; n != leastGraves {
		t.Errorf("%d of the dead are remembered", n)
	}
	before := r.m.stats.Dials
	r.pass(time.Minute)
	if n := r.m.stats.Dials - before; n > 60*rationPerBeat+rationBurst {
		t.Errorf("%d dials in a minute", n)
	}
}

// One that still lists them, or whose list is not known, is enough to leave it to the budget.
func TestWhatOneStillHearsIsNotAgreed(t *testing.T) {
	for name, still := range map[string]func(c *puppet){
		"listed":   func(c *puppet) { c.header.Degraded = true; c.beat() },
		"unknown":  func(c *puppet) { c.header.List++; c.header.Pulse = true; c.lists = nil },
		"nobody's": func(c *puppet) { c.header.Strict = false; c.say("a", "b") },
	} {
		r, a, b, c, x := four(t)
		still(c)
		r.m.budget.tokens = 0
		x.dies()
		a.say("b", "c")
		b.say("a", "c")
		r.pass(15 * time.Second)
		want := Suspect
		if name == "nobody's" {
			want = Quarantined // it does not testify
		}
		if got := r.state("x"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A node that hears nobody evicts nobody, ever, dials its peers ever more rarely, and all of them soon after it hears
// again.
func TestDeafNodeEvictsNobody(t *testing.T) {
	t.Parallel()
	for n := 2; n <= 5; n++ {
		for _, how := range []DialReason{Refused, Unreachable} {
			t.Run(fmt.Sprintf("%d, %v", n, how), func(t *testing.T) {
				t.Parallel()
				deafFor50Hours(t, n, how)
			})
		}
	}
}

func deafFor50Hours(t *testing.T, n int, how DialReason) {
	r := newRig(t, Config{})
	var ps []*puppet
	for i := range n - 1 {
		ps = append(ps, r.puppet(topics.Name(string(rune('a'+i)))))
	}
	r.hear(ps...)
	r.pass(time.Minute)
	for _, p := range ps {
		p.dies()
		p.fail = how
	}
	var hours [3]uint64
	for i := range hours {
		before := r.m.stats.Dials
		r.pass(time.Hour)
		hours[i] = r.m.stats.Dials - before
	}
	r.pass(48 * time.Hour)
	if r.m.count[Suspect] != n-1 || !r.m.Stats().Degraded {
		t.Fatalf("%v", r.m.count)
	}
	if hours[1] >= hours[0] || hours[2] >= hours[1] || hours[2] > uint64(40*(n-1)) {
		t.Errorf("%v dials", hours)
	}
}

func TestGraves(t *testing.T) {
	for members, want := range map[int]int{0: 16, 3: 16, 8: 16, 11: 22, 100: 200} {
		if got := graves(members); got != want {
			t.Errorf("%d members: %d", members, got)
		}
	}
	const s, day = time.Second, 24 * time.Hour
	for i, order := range [][2]float64{ // the first is kept rather than the second
		{faded(30*day, day/2, s), faded(time.Minute, 10*time.Minute, s)},
		{faded(time.Hour, time.Minute, s), faded(time.Hour, 2*time.Minute, s)},
		{faded(time.Minute, time.Minute, s), faded(0, time.Minute, s)},
	} {
		if order[0] >= order[1] {
			t.Errorf("%d: %v", i, order)
		}
	}
}

// What is left of many generations is as much as of two, and whoever was there for long is remembered.
func TestGenerations(t *testing.T) {
	r := newRig(t, Config{})
	old, stays := r.puppet("old"), r.puppet("stays")
	r.hear(old, stays)
	r.pass(time.Hour)
	old.dies()
	r.pass(time.Minute)
	const generations = 200
	var table []int
	var dials []uint64
	for g := range generations {
		before := r.m.stats.Dials
		var pods []*puppet
		for i := range 8 {
			pods = append(pods, r.puppet(topics.Name("pod-"+string(rune('a'+i))+string(rune('a'+g%26))+string(rune('a'+g/26)))))
		}
		r.puppets = append(r.puppets[:2], pods...)
		r.hear(pods...)
		var names []topics.Name
		for _, p := range pods {
			names = append(names, p.name)
		}
		stays.say(names...)
		r.pass(40 * time.Second)
		for _, p := range pods {
			p.dies()
		}
		stays.say()
		r.pass(20 * time.Second)
		table, dials = append(table, len(r.m.peers)), append(dials, r.m.stats.Dials-before)
		if g == 40 {
			r.want("old", Quarantined)
		}
		if n := r.m.count[Suspect] + r.m.count[Detached]; n > 0 || r.m.Stats().Degraded {
			t.Fatalf("after generation %d: %d suspects, degraded %v", g, n, r.m.Stats().Degraded)
		}
	}
	if table[generations-1] > table[1] {
		t.Errorf("entries after each: %v", table)
	}
	if dials[generations-1] > dials[1]+dials[1]/4 {
		t.Errorf("dials in the minute of each: %v", dials)
	}
}

// However many are silent, dials of them are rationed, and a sign of life does not wait behind them.
func TestPace(t *testing.T) {
	r := newRig(t, Config{})
	var ps []*puppet
	for i := range 60 {
		ps = append(ps, r.puppet(topics.Name(string(rune('a'+i%20))+string(rune('a'+i/20)))))
	}
	r.hear(ps...)
	r.pass(time.Minute)
	for _, p := range ps[1:] {
		p.dies()
	}
	r.pass(20 * time.Second)
	before := r.m.stats.Dials
	r.pass(time.Minute)
	if n := r.m.stats.Dials - before; n < 60 || n > 60*rationPerBeat+5 {
		t.Errorf("%d dials of 59 suspects in a minute", n)
	}
	x := ps[40]
	x.reachable()
	r.step(ListenerUp{7, "10.9.9.9"})
	r.step(Hello{7, x.name})
	r.pass(50 * time.Millisecond)
	r.want(x.name, Alive)
}

func TestSuspectWaitGrows(t *testing.T) {
	c := LAN()
	const s = time.Second
	for _, v := range []struct {
		detached, deaf bool
		silence, want  time.Duration
	}{
		{false, false, 10 * s, 2 * s}, {false, false, 10 * time.Minute, 50 * s}, {false, false, 5 * time.Hour, 300 * s},
		{true, false, 10 * s, 10 * s}, {true, false, time.Hour, 60 * s}, {true, false, 10 * time.Hour, 300 * s},
		{false, true, 10 * s, 2 * s}, {false, true, 10 * time.Minute, 10 * s}, {false, true, 10 * time.Hour, 300 * s},
	} {
		if got := suspectWait(100, v.detached, v.deaf, v.silence, &c); got != v.want {
			t.Errorf("%+v: %v", v, got)
		}
	}
}

// A name that is gone is forgotten after a day, unless it was configured.
func TestLongGoneIsForgotten(t *testing.T) {
	for _, configured := range []bool{false, true} {
		var seeds []topics.Name
		if configured {
			seeds = []topics.Name{"x"}
		}
		r := newRig(t, Config{Seeds: seeds})
		a, b, c, x := r.puppet("a", "b", "c", "x"), r.puppet("b", "a", "c", "x"), r.puppet("c", "a", "b", "x"), r.puppet("x")
		r.hear(a, b, c, x)
		r.pass(5 * time.Second)
		evict(r, a, b, c, x)
		r.sparse = 1000
		r.pass(23 * time.Hour)
		r.want("x", Quarantined)
		if r.pass(2 * time.Hour); configured {
			r.want("x", Quarantined)
			continue
		}
		r.want("x", Unknown)
		r.wantTold(Forgotten, "x")
	}
}
