package mesh

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// What waited on the way looks behind: one that did not says what the clock is.
func TestOffsets(t *testing.T) {
	t.Parallel()
	const s = time.Second
	late := func(n int, by ...time.Duration) (all []time.Duration) {
		for i := range n {
			all = append(all, by[i%len(by)])
		}
		return all
	}
	for name, c := range map[string]struct {
		came []time.Duration // one in each beat
		want time.Duration
		sure bool
	}{
		"nothing":                                   {nil, 0, false},
		"one that is ahead":                         {late(3, 20*s), 20 * s, true},
		"two that are ahead":                        {late(2, 20*s), 20 * s, false},
		"few that are behind":                       {late(9, -60*s), -60 * s, false},
		"ten that are behind":                       {late(10, -60*s, -70*s), -60 * s, true},
		"ten, one of them not delayed":              {append(late(9, -60*s), -s), -s, true},
		"twelve of which the first was not delayed": {append([]time.Duration{0, 0}, late(10, -60*s)...), -60 * s, true},
		"a clock that was set right":                {append(late(10, 60*s), late(10, 0)...), 0, true},
	} {
		var o offsets
		for i, by := range c.came {
			o.take(by, time.Duration(i)*s, s)
		}
		if got, sure := o.ahead(); got != c.want || sure != c.sure {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, sure, c.want, c.sure)
		}
	}
	var o offsets // what waited for an hour comes at once, and counts as one
	for range 100 {
		o.take(-time.Hour, 0, s)
	}
	if got, sure := o.ahead(); sure {
		t.Errorf("%v by what came at once", got)
	}
}

func TestBlame(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	for _, c := range []struct {
		ahead []time.Duration
		own   time.Duration
		of    int
	}{
		{[]time.Duration{h}, 0, 0}, // of two nobody knows which
		{[]time.Duration{h, h}, -h, 2},
		{[]time.Duration{-h, -h - time.Second, 0}, h, 2},
		{[]time.Duration{h, 0}, 0, 0},
		{[]time.Duration{h, 0, 0}, 0, 0},
		{[]time.Duration{h, 2 * h, 3 * h}, 0, 0}, // they do not agree
		{[]time.Duration{h, h, 0, 0}, 0, 0},
	} {
		if own, of := blame(c.ahead); (own-c.own).Abs() > time.Second || of != c.of {
			t.Errorf("%v: %v, %d", c.ahead, own, of)
		}
	}
}

// clocks are what was told of clocks.
func (r *rig) clocks() (told []Change) {
	for _, c := range r.changes {
		if c.Kind == Clock {
			told = append(told, c)
		}
	}
	return told
}

// A clock that is off is told once, and then ever more rarely, with whose it is.
func TestClocksAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		ahead [3]time.Duration
		peer  topics.Name // that is told of
		words string
		own   bool
	}{
		"none":                  {},
		"a little":              {ahead: [3]time.Duration{9 * time.Second, -9 * time.Second, 0}},
		"one is ahead":          {ahead: [3]time.Duration{time.Hour}, peer: "a", words: "its clock is 1h0m0s ahead of this node's"},
		"one is behind":         {ahead: [3]time.Duration{-time.Minute}, peer: "a", words: "its clock is 1m0s behind this node's"},
		"this one is behind":    {ahead: [3]time.Duration{time.Hour, time.Hour, time.Hour}, peer: "self", words: "this node's clock is 1h0m0s behind those of 3 peers", own: true},
		"this one, and another": {ahead: [3]time.Duration{0, -time.Hour, -time.Hour}, peer: "self", words: "this node's clock is 1h0m0s ahead of those of 2 peers", own: true},
	} {
		r := newRig(t, Config{})
		all := []*puppet{r.puppet("a"), r.puppet("b"), r.puppet("c")}
		for i, p := range all {
			p.ahead, p.header.At = c.ahead[i], 1
		}
		r.hear(all...)
		r.pass(15 * time.Second)
		told := r.clocks()
		if c.peer == "" {
			if len(told) > 0 {
				t.Errorf("%s: %v", name, told)
			}
			continue
		}
		if len(told) == 0 || told[0].Peer != c.peer || !strings.Contains(told[0].Why, c.words) {
			t.Fatalf("%s: %v", name, told)
		}
		if c.own != (r.m.Stats().ClockOff != "") || !c.own && r.member(c.peer).ClockOff != told[0].Why {
			t.Errorf("%s: shown are %q and %q", name, r.m.Stats().ClockOff, r.member("a").ClockOff)
		}
		if off := r.member("a").Clock; off != c.ahead[0] {
			t.Errorf("%s: that of a is %v ahead", name, off)
		}
		r.pass(time.Hour)
		if n := len(r.clocks()); n < 3 || n > 12 {
			t.Errorf("%s: told %d times in an hour", name, n)
		}
		before := len(r.clocks())
		for _, p := range all {
			p.ahead = 0
		}
		r.pass(11 * time.Second)
		if s := r.m.Stats().ClockOff; s != "" || r.member("a").ClockOff != "" {
			t.Errorf("%s: %q and %q though all are right", name, s, r.member("a").ClockOff)
		}
		if r.pass(time.Hour); len(r.clocks()) != before {
			t.Errorf("%s: told of once all are right", name)
		}
	}
}

// What is said again, says no time, or waited as a link stood still, has no clock called off.
func TestDelayIsNoClock(t *testing.T) {
	for name, do := range map[string]func(r *rig, p *puppet){
		"said again": func(r *rig, p *puppet) {
			h := *p.header
			h.Replay = true
			for range 30 {
				r.step(Beat{p.link, []topics.Name{p.name, "self"}, &h, -time.Hour})
				r.pass(time.Second)
			}
		},
		"no time": func(r *rig, p *puppet) {
			p.ahead, p.header.At = time.Hour, 0
			r.pass(30 * time.Second)
		},
		"stood still": func(r *rig, p *puppet) {
			for i := range 30 { // a beat a second was sent, and all come at once
				p.ahead = time.Duration(i-30) * time.Second
				p.beat()
			}
			p.ahead = 0
			r.pass(30 * time.Second)
		},
	} {
		r := newRig(t, Config{})
		a := r.puppet("a")
		a.header.At = 1
		r.hear(a)
		do(r, a)
		if told := r.clocks(); len(told) > 0 {
			t.Errorf("%s: %v", name, told)
		}
	}
}

// The first whose clock is known is not blamed before the others show that it is this node's that is off.
func TestWhoseClockWaitsForOthers(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	for _, p := range []*puppet{a, b} {
		p.ahead, p.header.At = -time.Hour, 1
		r.hear(p)
		r.pass(3 * time.Second)
	}
	r.pass(12 * time.Second)
	if told := r.clocks(); len(told) != 1 || told[0].Peer != "self" {
		t.Errorf("%v", told)
	}
}

// Pulses say the time at first, and then some of them: others need ten in all.
func TestSomePulsesSayTheTime(t *testing.T) {
	r := newRig(t, Config{})
	r.hear(r.puppet("a"))
	for r.pulse.Header.Seq < clockSpans {
		if r.pass(time.Second); r.pulses > 0 && r.pulse.Header.At == 0 {
			t.Fatalf("pulse %d does not say the time", r.pulse.Header.Seq)
		}
	}
	said, before := 0, r.pulses
	for r.pulses < before+40 {
		if r.pass(time.Second); r.pulse.Header.At != 0 {
			said++
		}
	}
	if said < 9 || said > 11 {
		t.Errorf("%d of 40 pulses say the time", said)
	}
}

// Where this node's own clock is set, the word of one peer comes after that of another: nobody else is blamed meanwhile.
func TestOwnClockThatIsSet(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		for phase := range 10 {
			r := newRig(t, Config{})
			all := []*puppet{r.puppet("a"), r.puppet("b"), r.puppet("c")}
			for _, p := range all {
				p.header.At = 1
				r.hear(p)
				r.pass(300 * time.Millisecond)
			}
			r.pass(20*time.Second + time.Duration(phase)*100*time.Millisecond)
			for _, p := range all {
				p.ahead = by
			}
			r.pass(40 * time.Second)
			told := r.clocks()
			if len(told) == 0 || slices.ContainsFunc(told, func(c Change) bool { return c.Peer != "self" }) {
				t.Errorf("%v, in the %d. tenth of a beat: %v", by, phase, told)
			}
		}
	}
}

// Of a peer that is lost the clock is no matter.
func TestClockOfTheLost(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	a.header.At, b.header.At, a.ahead = 1, 1, time.Hour
	r.hear(a, b)
	if r.pass(20 * time.Second); r.member("a").ClockOff == "" {
		t.Fatal("not told while it is there")
	}
	a.dies()
	if r.pass(time.Minute); r.member("a").ClockOff != "" {
		t.Errorf("%v, and still %q", r.state("a"), r.member("a").ClockOff)
	}
}
