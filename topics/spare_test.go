package topics

import (
	"strings"
	"testing"
)

func TestSpared(t *testing.T) {
	for _, in := range []string{"3/-/", "3/-/a", "3/-//", "3/-/-/", "3/*/a/", "3/a/", "3/-/a/1", "2/-/a/", ""} {
		if origin, ok := ParseSpared(in); ok {
			t.Errorf("%q spares %q", in, origin)
		}
	}
	for _, name := range []Name{"node_1", "[::1]:99", "10.0.0.1"} {
		topic := SparedTopic(name)
		if origin, ok := ParseSpared(topic); !ok || origin != name {
			t.Errorf("%q: %q, %v", topic, origin, ok)
		}
		if origin, _, ok := ParseWanted(topic); ok {
			t.Errorf("%q asks for %q: an older node sends it", topic, origin)
		}
		for _, far := range []bool{false, true} {
			if r := (Relayed{far, name, Message}).String(); strings.HasPrefix(r, topic) || strings.HasPrefix(r, Newest) {
				t.Errorf("%q brings %q", topic, r)
			}
		}
	}
}

func TestNewest(t *testing.T) {
	all := []Newer{{"node_1", 1, 1, "1"}, {"[::1]:99", MaxTime, MaxInt, "2/a/b"}, {"c", 7, 100, "2/" + strings.Repeat("x", MaxChannel)}}
	var body []byte
	for _, n := range all {
		body, _ = n.Append(body)
	}
	rest := string(body)
	for _, want := range all {
		var n Newer
		var ok bool
		if n, rest, ok = CutNewer(rest); !ok || n != want {
			t.Fatalf("%+v, %v, want %+v", n, ok, want)
		}
	}
	if _, _, ok := CutNewer(rest); ok {
		t.Errorf("%q is left", rest)
	}
	for _, bad := range []string{
		"a", "a/1/2", "a/1/2/3", "a/0/2/1", "a/1/0/1", "a/01/2/1", "-/1/2/1", "a/1/9007199254740992/1", "/1/2/1", ",a/1/2/1",
		"a/1/2/1" + strings.Repeat(",a/1/2/1", MaxNewest/8),
	} {
		if n, rest, ok := CutNewer(bad); ok || rest != "" {
			t.Errorf("%.30q: %+v and %q", bad, n, rest)
		}
	}
	for ok := true; ok; {
		if body, ok = all[0].Append(body); len(body) > MaxNewest {
			t.Fatalf("%d bytes", len(body))
		}
	}
	if len(body) < MaxNewest*9/10 {
		t.Errorf("no room at %d bytes", len(body))
	}
}
