package mesh

import (
	"testing"
	"time"
)

func TestVoice(t *testing.T) {
	v := voice{unheard: never}
	const s = time.Second
	for i, c := range []struct {
		hear, of      int
		at            Time
		changed, mute bool
	}{
		{0, 0, 0, false, false},
		{0, 3, 10 * s, false, false},
		{0, 3, 49 * s, false, false},
		{0, 3, 50 * s, true, true},
		{0, 3, 60 * s, false, true}, // told once
		{0, 0, 70 * s, false, true}, // nobody can say
		{1, 3, 80 * s, true, false},
		{0, 3, 90 * s, false, false},
		{0, 3, 129 * s, false, false},
		{0, 1, 131 * s, true, true},
	} {
		if changed := v.judge(c.hear, c.of, c.at, 10*s); changed != c.changed || v.mute != c.mute {
			t.Errorf("%d: %v, %v", i, changed, v.mute)
		}
	}
}

// A node that nobody lists says so once, and says when that ends; a single peer that cannot hear it is no reason.
func TestMuteIsTold(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	a.lists, b.lists = nil, nil
	r.hear(a, b)
	r.pass(10 * time.Minute)
	count := func(k Kind) (n int) {
		for _, c := range r.changes {
			if c.Kind == k {
				n++
			}
		}
		return n
	}
	if count(Mute) != 1 || !r.m.Stats().Mute {
		t.Fatal(r.changes)
	}
	a.say("b")
	r.pass(10 * time.Minute)
	if count(Audible) != 1 || count(Mute) != 1 || r.m.Stats().Mute {
		t.Fatal(r.changes)
	}
}

// A hello of one that left with a bad past is followed when its time has come, and not when the goodbye is forgotten.
func TestHelloOfOneThatIsHeldIsNotLost(t *testing.T) {
	r, _, _, _, x := four(t)
	p := r.m.peers["x"]
	r.m.punish(p, 3)
	x.header.Leaving = true
	x.beat()
	r.want("x", Left)
	x.fail = Refused
	r.pass(5 * time.Second)
	x.header.Leaving, x.header.Incarnation, x.fail = false, 2, 0
	r.step(ListenerUp{7, "10.9.9.9"})
	r.step(Hello{7, "x"})
	r.pass(r.m.hold(p) - 6*time.Second)
	r.want("x", Left)
	r.pass(5 * time.Second)
	r.want("x", Probation)
}
