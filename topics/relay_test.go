package topics

import (
	"slices"
	"strings"
	"testing"
)

func TestRelayedVectors(t *testing.T) {
	v := vectors[struct {
		Valid []struct {
			In     string `json:"in"`
			Far    bool   `json:"far"`
			Origin Name   `json:"origin"`
			Topic  string `json:"topic"`
		} `json:"valid"`
		Invalid []refused `json:"invalid"`
	}](t, "relayed.json")
	for _, c := range v.Valid {
		want := Relayed{c.Far, c.Origin, c.Topic}
		if r, err := ParseRelayed([]byte(c.In)); err != nil || r != want || r.String() != c.In {
			t.Errorf("%q: %+v, %v, written %q", c.In, r, err, r)
		}
		wanted := RelayedTopics(c.Origin)
		if c.Far {
			wanted = RelayedTopics("")
		}
		if !strings.HasPrefix(c.In, wanted) {
			t.Errorf("%q does not come to a subscriber to %q", c.In, wanted)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		got, err := ParseRelayed(in)
		wantRule(t, in, err, r.Rule)
		if got != (Relayed{}) {
			t.Errorf("%s: refused, and yet %+v", quote(in), got)
		}
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		in      string
		origin  Name
		far, ok bool
	}{
		{"3/node_1/", "node_1", false, true}, {"3/[::1]:99/", "[::1]:99", false, true}, {"3/*/", "", true, true},
		{"3", "", false, false}, {"3/", "", false, false}, {"3/node_1", "", false, false}, {"3//", "", false, false},
		{"3/node_1/1", "", false, false}, {"2/node_1/", "", false, false}, {"", "", false, false},
	} {
		origin, far, ok := ParseWanted(c.in)
		if ok != c.ok || ok && (origin != c.origin || far != c.far) {
			t.Errorf("%q: %q, far %v, %v", c.in, origin, far, ok)
		}
		if ok && RelayedTopics(origin) != c.in {
			t.Errorf("%q became %q", c.in, RelayedTopics(origin))
		}
	}
}

func TestQuestionVectors(t *testing.T) {
	v := vectors[struct {
		Valid []struct {
			In   string `json:"in"`
			Want struct {
				Origin      Name   `json:"origin"`
				Incarnation int64  `json:"inc"`
				From        uint64 `json:"from"`
				To          uint64 `json:"to"`
				Count       uint64 `json:"count"`
				Within      int64  `json:"within"`
				Topic       string `json:"topic"`
			} `json:"want"`
		} `json:"valid"`
		Invalid []refused `json:"invalid"`
	}](t, "questions.json")
	for _, c := range v.Valid {
		if q, err := ParseQuestion([]byte(c.In)); err != nil || q != Question(c.Want) || q.String() != c.In {
			t.Errorf("%q: %+v, %v, written %q", c.In, q, err, q)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		q, err := ParseQuestion(in)
		wantRule(t, in, err, r.Rule)
		if q != (Question{}) {
			t.Errorf("%s: refused, and yet %+v", quote(in), q)
		}
	}
}

func TestLast(t *testing.T) {
	long := ChannelPrefix + strings.Repeat("c", MaxChannel)
	for _, c := range []struct {
		topics []string
		fit    int
	}{
		{nil, 0}, {[]string{"1"}, 1}, {[]string{"1", "2/a:b", `2/"\`}, 3}, {[]string{long, long, long}, 2},
		{slices.Repeat([]string{"1"}, 100), 63}, {[]string{"1", "3/a/1"}, 1}, {[]string{""}, 0},
	} {
		var b []byte
		fit := 0
		for i, topic := range c.topics {
			var ok bool
			if b, ok = AppendLast(b, topic, uint64(i+1)); !ok {
				break
			}
			fit++
		}
		if fit != c.fit || len(b) > MaxLast || len(b) > 0 && !isLast(string(b)) {
			t.Errorf("%.3q: %d fit in %q, want %d", c.topics, fit, b, c.fit)
		}
		rest := string(b)
		for i := range fit {
			var topic string
			var number uint64
			if topic, number, rest = CutLast(rest); topic != c.topics[i] || number != uint64(i+1) {
				t.Errorf("%q: number %d of %q, want %d of %q", b, number, topic, i+1, c.topics[i])
			}
		}
		if rest != "" {
			t.Errorf("%q: %q is left", b, rest)
		}
	}
}

// longestLast has as many escapes as fit.
func longestLast() string {
	long := ChannelPrefix + strings.Repeat(`\`, MaxChannel)
	b, _ := AppendLast(nil, long, MaxInt)
	b, _ = AppendLast(b, long, MaxInt)
	return string(b)
}

func FuzzRelay(f *testing.F) {
	for _, s := range []string{"3/node_1/1", "3/*/node_1/2/a", "3/", "3/*/", "5/node_1/5/1-2/1", "5/a/0/-9/2/a", "5/a/5/~1/1", "17:1,3:2/a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRelayed(b); err == nil {
			if r.String() != string(b) || !IsSaid(r.Topic) || KindOf(b) != KindRelay {
				t.Fatalf("%q became %q", b, r)
			}
			checkAccepted(t, r.Origin)
		}
		if q, err := ParseQuestion(b); err == nil {
			if q.String() != string(b) || !IsSaid(q.Topic) || KindOf(b) != KindAsk || q.To > 0 && q.From > q.To {
				t.Fatalf("%q became %q: %+v", b, q, q)
			}
			checkAccepted(t, q.Origin)
		}
		if origin, far, ok := ParseWanted(string(b)); ok && (RelayedTopics(origin) != string(b) || far != (origin == "")) {
			t.Fatalf("%q became %q", b, RelayedTopics(origin))
		}
		if isLast(string(b)) {
			var again []byte
			for rest := string(b); rest != ""; {
				var topic string
				var number uint64
				topic, number, rest = CutLast(rest)
				if again, _ = AppendLast(again, topic, number); len(again) == 0 {
					return // AppendLast keeps room for longer numbers
				}
			}
			if !strings.HasPrefix(string(b), string(again)) {
				t.Fatalf("%q became %q", b, again)
			}
		}
	})
}
