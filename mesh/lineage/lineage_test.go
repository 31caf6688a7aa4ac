package lineage

import (
	"testing"
	"time"

	"hearsay/topics"
)

func TestMade(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seq            uint64
		replay, met    bool
		newest, before uint64
		want           bool
	}{
		{1, true, false, 0, 0, true},   // a newcomer is there on its first list, though that was said before
		{57, true, true, 57, 0, false}, // said again
		{57, false, true, 57, 0, false},
		{58, true, true, 57, 0, true}, // said again, but made since
		{57, false, true, 58, 56, true},
		{56, false, true, 58, 56, false},
		{9, false, true, 1 << 53, 8, true}, // somebody forged a number
		{9, false, true, 1 << 53, 0, false},
		{0, false, true, 57, 56, true}, // not counted
		{0, true, true, 0, 0, false},
		{0, true, false, 0, 0, true},
	} {
		h := &topics.Header{Seq: c.seq, Replay: c.replay}
		if got := made(h, c.met, c.newest, c.before); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if !made(nil, true, 9, 9) {
		t.Error("a naive node is never heard again")
	}
	var n Count
	for _, c := range []struct {
		inc       int64
		seq, want uint64
	}{{5, 3, 3}, {5, 2, 3}, {5, 9, 9}, {6, 1, 1}, {5, 4, 4}} {
		if n.Note(&topics.Header{Incarnation: c.inc, Seq: c.seq}); n.Of(c.inc) != c.want || n.Of(7) != 0 {
			t.Errorf("%+v: %+v", c, n)
		}
	}
}

// What a beat says of its process, and what is done about it: a new one counts from then on.
func TestJudge(t *testing.T) {
	t.Parallel()
	type step struct {
		incarnation int64
		left        bool
		want        Verdict
	}
	for name, steps := range map[string][]step{
		"the first counts":             {{5, false, Current}, {5, false, Current}},
		"a newer one at once":          {{5, false, Current}, {6, false, Newer}, {6, false, Current}},
		"an older one after three":     {{5, false, Current}, {4, false, Stale}, {4, false, Stale}, {4, false, SetBack}, {4, false, Current}},
		"in a row":                     {{5, false, Current}, {4, false, Stale}, {4, false, Stale}, {5, false, Current}, {4, false, Stale}},
		"an older one after a goodbye": {{5, false, Current}, {4, true, SetBack}},
		"each restart begins anew":     {{5, false, Current}, {4, false, Stale}, {4, false, Stale}, {6, false, Newer}, {5, false, Stale}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l Lineage
			for i, s := range steps {
				got := l.Judge(&topics.Header{Incarnation: s.incarnation}, s.left, 0)
				if got != s.want {
					t.Fatalf("beat %d: %v, want %v", i, got, s.want)
				}
				if got == Newer || got == SetBack {
					former := l.Incarnation()
					if l.Replace(s.incarnation, 0); l.Incarnation() != s.incarnation || !l.IsFormer(former) {
						t.Fatalf("beat %d: %+v", i, l)
					}
				}
			}
			if l.Judge(nil, false, 0) != Current {
				t.Error("a naive node has no incarnation, and yet another one")
			}
		})
	}
}

func TestReturns(t *testing.T) {
	t.Parallel()
	var l Lineage
	l.Leave(5)
	beat := func(incarnation int64, isNew bool) bool {
		return l.Returns(&topics.Header{Incarnation: incarnation}, isNew)
	}
	for i, c := range []struct {
		incarnation int64
		isNew, want bool
	}{{5, true, false}, {4, true, false}, {4, false, false}, {4, true, false}, {5, true, false}, {4, true, true}, {6, false, true}} {
		if got := beat(c.incarnation, c.isNew); got != c.want {
			t.Errorf("beat %d: %v", i, got)
		}
	}
}

// What is lost between two beats counts, though not across incarnations, and what was heard of an incarnation before it
// counted is not made anew afterwards.
func TestLost(t *testing.T) {
	t.Parallel()
	var l Lineage
	var link Count
	for i, c := range []struct {
		incarnation int64
		seq, lost   uint64
		isNew       bool
	}{{1, 1, 0, true}, {1, 2, 0, true}, {1, 6, 3, true}, {1, 6, 0, false}, {2, 9, 0, true}, {2, 9, 0, false}} {
		h := &topics.Header{Incarnation: c.incarnation, Seq: c.seq}
		isNew, lost := l.Made(h, true, &link)
		if isNew != c.isNew || lost != c.lost {
			t.Errorf("beat %d: new %v, %d lost", i, isNew, lost)
		}
		if l.Judge(h, false, 0) == Newer {
			l.Replace(c.incarnation, 0)
		}
	}
}

func TestHush(t *testing.T) {
	t.Parallel()
	var h Hush
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{{0, true}, {59 * time.Second, false}, {time.Minute, true}, {119 * time.Second, false}} {
		if got := h.Tell(c.at); got != c.want {
			t.Errorf("at %v: %v", c.at, got)
		}
	}
}
