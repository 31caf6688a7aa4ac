package mesh

import (
	"slices"
	"testing"
)

func TestWays(t *testing.T) {
	const adopted, hello = "10.0.0.1:20000", "10.0.0.2:20000"
	for _, c := range []struct {
		about string
		way   way
		hello string
		want  []string
	}{
		{"a name alone", way{}, "", []string{""}},
		{"a hello of a name not asked for", way{}, hello, []string{""}},
		{"a hello of a name that never resolved", way{nameless: true}, hello, []string{"", hello}},
		{"a hello of a name that did", way{nameless: true, resolved: true}, hello, []string{""}},
		{"what a listener led to", way{adopted: adopted, nameless: true}, hello, []string{adopted, "", hello}},
		{"the same, and the name resolved since", way{adopted: adopted, nameless: true, resolved: true}, hello, []string{""}},
		{"what a configured name led to", way{adopted: adopted, trusted: true, resolved: true}, hello, []string{adopted, ""}},
		{"a hello from the adopted endpoint", way{adopted: hello, nameless: true}, hello, []string{hello, ""}},
	} {
		if got := c.way.list(c.hello); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}

func TestAdopt(t *testing.T) {
	for _, c := range []struct {
		about   string
		way     way
		trusted bool
		want    bool
	}{
		{"a listener, for a name not asked for", way{}, false, false},
		{"a listener, for a name without an address", way{nameless: true}, false, true},
		{"a listener, for a name with one", way{resolved: true}, false, false},
		{"a configured name, for a name with an address", way{resolved: true}, true, true},
		{"a configured name, for a node reached by its own", way{resolved: true, reached: true}, true, false},
		{"the same endpoint again", way{adopted: "e"}, true, false},
	} {
		if got := c.way.adopt("e", c.trusted); got != c.want || got && (c.way.adopted != "e" || c.way.trusted != c.trusted) {
			t.Errorf("%s: %v, want %v: %+v", c.about, got, c.want, c.way)
		}
	}
}

func TestWhatShowsThatANameHasAnAddress(t *testing.T) {
	for why := Refused; int(why) < len(reasons); why++ {
		var w way
		w.answered(why)
		if want := why == Refused || why == Unreachable || why == BadPeer || why == TimedOut || why == Wordless || why >= NoKey; w.resolved != want || w.nameless != (why == Unresolved || why == NoDNS) {
			t.Errorf("%v: %v, want %v", why, w.resolved, want)
		}
	}
	w := way{adopted: "e"}
	if w.proven("e", true); w != (way{resolved: true, reached: true}) {
		t.Errorf("heard by its name: %+v", w)
	}
	w = way{adopted: "e", trusted: true}
	if w.proven("f", false); w != (way{adopted: "f"}) {
		t.Errorf("heard elsewhere: %+v", w)
	}
}
