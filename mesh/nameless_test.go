package mesh

import (
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

func TestPlain(t *testing.T) {
	type names = []topics.Name
	for _, c := range []struct {
		self  topics.Name
		names names
		want  names
	}{
		{"a", names{"a"}, nil},
		{"a", names{"a", "b", "10.0.0.1"}, nil},
		{"a", names{"a", "b:21000", "c", "d:22000"}, names{"a", "c"}},
		{"a", names{"a", "b", "c:20000"}, names{"a", "b"}}, // they would append another port to that
		{"a:20000", names{"a:20000", "b:21000"}, names{"a:20000"}},
		{"a:21000", names{"a:21000", "b:22000", "c"}, nil}, // no naive node connects there
	} {
		if got := withoutPorts(c.self, c.names); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v", c.names, got)
		}
	}
}

func TestWholeDue(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		since, interval, beat time.Duration
		want                  bool
	}{
		{s, 5 * s / 2, s, false}, {2 * s, 5 * s / 2, s, true}, {0, s, s, true}, {time.Hour, 5 * s, s, true},
	} {
		if got := wholeDue(c.since, c.interval, c.beat); got != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// What listeners without a name are told has the same numbers, and is not complete where names are kept from them.
func TestForNameless(t *testing.T) {
	r, _, _, _, _ := four(t)
	q := r.puppet("q:21000")
	r.hear(q)
	r.pass(3 * time.Second)
	last := r.lists[len(r.lists)-1]
	o := last.Nameless
	if o == nil || slices.Contains(o.Names, "q:21000") || !slices.Contains(last.Names, "q:21000") ||
		len(o.Names) != len(last.Names)-1 || o.Header.Complete || !last.Header.Complete {
		t.Fatalf("%+v, %+v", last.Said, o)
	}
	if h := last.Header; o.Header.Seq != h.Seq || o.Header.List != h.List {
		t.Fatalf("%+v, %+v", h, o.Header)
	}
	if p := r.m.forNameless(Said{last.Names[:1], r.m.header(true)}); p == nil || !p.Header.Pulse || p.Header.Complete {
		t.Fatalf("a pulse says %+v", p)
	}
	kept := r.kept
	if h := kept.Header; !slices.Equal(kept.Names, last.Names) || h.Pulse || !h.Replay || h.Seq <= last.Header.Seq || !h.Complete {
		t.Fatalf("after some pulses new listeners are told %+v", kept.Said)
	}
	if h := kept.Nameless.Header; !slices.Equal(kept.Nameless.Names, o.Names) || h.Pulse || !h.Replay || h.Complete {
		t.Fatalf("and those without a name %+v", kept.Nameless)
	}
}
