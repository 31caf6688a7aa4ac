package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

func TestOwnNameBySilentListers(t *testing.T) {
	t.Parallel()
	var o ownName
	for i, c := range []struct {
		deaf, listers, rounds int
		second                bool
	}{
		{2, 3, deafRounds - 1, false},
		{2, 3, 1, true},
		{1, 2, 1, false}, // half is not most
		{2, 3, deafRounds - 1, false},
		{0, 0, 1, false}, // nobody lists it
		{3, 3, deafRounds, true},
	} {
		var second bool
		for range c.rounds {
			second = o.judge(audience{deaf: c.deaf, listers: c.listers})
		}
		if second != c.second || (o.why("n1", 5, 0) != "") != c.second {
			t.Errorf("%d: %v, %q", i, second, o.why("n1", 5, 0))
		}
	}
	if why := o.why("n1", 5, 0); !strings.HasPrefix(why, "3 of 3 peers list n1 ") {
		t.Error(why)
	}
}

// Peers that list this node and listen to somebody else have another process for it, unless its messages reach them: then
// it is its lists that are held up, as where one port is blocked.
func TestWhoReadsOurMessagesHasNoOtherOfOurName(t *testing.T) {
	for _, reads := range []bool{false, true} {
		r := newRig(t, Config{})
		r.hear(r.puppet("a", "b"), r.puppet("b", "a"))
		clear(r.m.listeners.named)
		r.m.listeners.changes++
		r.m.stirAll()
		if reads {
			for i, name := range []topics.Name{"a", "b"} {
				r.step(ReaderUp{ListenerID(70 + i), "10.9.9.9"})
				r.step(ReaderNamed{ListenerID(70 + i), name})
			}
		}
		r.pass((deafRounds + 4) * time.Second)
		if why := r.m.Stats().Second; (why == "") != reads {
			t.Errorf("its messages are read: %t, and it is the second: %q", reads, why)
		}
	}
}

// What answers to the name is told, for a while, and is no evidence.
func TestOwnNameByWhoAnswersToIt(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		h   *topics.Header
		age string
	}{
		{nil, "younger than"},
		{&topics.Header{Incarnation: 6}, "younger than"},
		{&topics.Header{Incarnation: 5}, "as old as"},
		{&topics.Header{Incarnation: 4}, "older than"},
	} {
		var o ownName
		o.meet("10.0.0.9:20000", c.h, 0)
		if got, want := o.namesake("n1", 5, 0), "another process, "+c.age+" this one, uses the name n1 at 10.0.0.9:20000"; got != want {
			t.Errorf("%d: %q", i, got)
		}
		if got := o.namesake("n1", 5, twinFor+1); got != "" {
			t.Errorf("%d: long ago, and %q", i, got)
		}
		if o.judge(audience{}); o.why("n1", 5, 0) != "" {
			t.Errorf("%d: by its word alone", i)
		}
	}
}

// A process that is not the member is told which one is, as far as it is known.
func TestWhyASecondOneIsNone(t *testing.T) {
	const born = 1000
	for _, c := range []struct {
		rival rival
		want  string
	}{
		{rival{}, "2 of 3 peers list n1 and do not listen to this node: another process uses the name"},
		{rival{"10.0.0.9:20000", 5, 0}, "an older process uses the name n1 at 10.0.0.9:20000"},
		{rival{"10.0.0.9:20000", 5000, 0}, "a process that was heard before this one uses the name n1"},
		{rival{"10.0.0.9:20000", 5, -twinFor - 1}, "another process uses the name"},
	} {
		o := ownName{rival: c.rival, of: 2, listers: 3, second: true}
		if got := o.why("n1", born, 0); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q", c.rival, got)
		}
	}
}

// The other process is looked after now and then, and at once where nobody says any more that it is there, once; not much sooner
// than it was.
func TestLookAfterANamesake(t *testing.T) {
	t.Parallel()
	const s = time.Second
	o := ownName{rival: rival{"10.0.0.9:20000", 5, 0}}
	for i, c := range []struct {
		now, said time.Duration
		want      bool
	}{
		{0, 0, true}, {1 * s, 1 * s, false}, {4 * s, 0, false}, // said last at 1 s: the last look was just now
		{5 * s, 0, true}, {11 * s, 0, false}, {19 * s, 0, false}, {20 * s, 0, true},
		{27 * s, 27 * s, false}, {28 * s, 0, false}, {29 * s, 0, true}, {43 * s, 0, false}, {44 * s, 0, true},
	} {
		if c.said > 0 {
			o.said = c.said
		}
		if got := o.look(c.now, s) != ""; got != c.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

// Where somebody answers that nobody is there, the other process is gone; where nobody answers at all, after two dials.
func TestNamesakeIsNotGoneByOneDial(t *testing.T) {
	t.Parallel()
	const at = "10.0.0.9:20000"
	for _, sure := range []bool{true, false} {
		o := ownName{rival: rival{at, 5, 0}, lookDue: time.Hour, told: true}
		if o.gone("10.0.0.8:20000", true, 0); o.left {
			t.Error("another one is gone")
		}
		o.gone(at, sure, time.Second)
		if o.left != sure || !sure && o.lookDue != time.Second {
			t.Errorf("sure: %v, gone: %v; the next look is at %v", sure, o.left, o.lookDue)
		}
		o.gone(at, false, time.Second)
		if !o.left || o.rival.addr != "" {
			t.Errorf("sure: %v, and it is not gone", sure)
		}
	}
}

// One that went before it was told says nothing of a conflict that is told later, by what those do who list this node.
func TestOneThatWentUntoldEndsNoConflict(t *testing.T) {
	var o ownName
	o.meet("10.0.0.9:20000", nil, time.Second)
	o.gone("10.0.0.9:20000", true, 2*time.Second)
	now := time.Hour
	for range deafRounds {
		now += time.Second
		o.judge(audience{listers: 3, deaf: 3})
	}
	if !o.second || !o.says(now) {
		t.Fatalf("not told: %+v", o)
	}
	for round := 1; !o.over(now); round++ {
		if now += time.Second; round > heardRounds {
			t.Fatal("it is not over")
		}
		if o.judge(audience{listers: 3}); o.over(now) && round < heardRounds {
			t.Fatalf("over after %d rounds", round)
		}
	}
}
