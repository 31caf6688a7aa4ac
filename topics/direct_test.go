package topics

import (
	"errors"
	"strings"
	"testing"
)

func TestDirectVectors(t *testing.T) {
	v := vectors[struct {
		Valid []struct {
			In      string `json:"in"`
			Name    Name   `json:"name"`
			Channel string `json:"channel"`
		} `json:"valid"`
		Invalid []refused `json:"invalid"`
	}](t, "directs.json")
	for _, c := range v.Valid {
		want := Direct{c.Name, c.Channel}
		if d, err := ParseDirect([]byte(c.In)); err != nil || d != want || d.String() != c.In {
			t.Errorf("%q: %+v, %v", c.In, d, err)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		d, err := ParseDirect(in)
		wantRule(t, in, err, r.Rule)
		if d != (Direct{}) {
			t.Errorf("%s: refused, and yet %+v", quote(in), d)
		}
	}
}

func TestRequestTopic(t *testing.T) {
	topic, err := RequestTopic("time")
	if channel, ok := RequestChannel(topic); err != nil || topic != "4/time" || !ok || channel != "time" {
		t.Errorf("%q, %v, read as %q", topic, err, channel)
	}
	for _, channel := range []string{"", "a b", "a,b", strings.Repeat("x", MaxChannel+1)} {
		if _, err := RequestTopic(channel); !errors.Is(err, RuleChannel) {
			t.Errorf("%q: %v", channel, err)
		}
		if _, ok := RequestChannel(RequestPrefix + channel); ok {
			t.Errorf("%q is the channel of a request", channel)
		}
	}
}

func TestFailText(t *testing.T) {
	for text, want := range map[string]string{
		"": "failed", "exit status 3": "exit status 3", "a\"b\\c\nd\x7f": "a?b?c?d?", "é": "??", strings.Repeat("x", 500): strings.Repeat("x", MaxFail),
	} {
		if got := FailText(text); got != want || !isFail(got) {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzDirect(f *testing.F) {
	for _, s := range []string{"6/node_1/", "6/node_1/a", "6/", "6/a", "6/[::1]:5//"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseDirect(b); err == nil {
			if d.String() != string(b) || KindOf(b) != KindDirect {
				t.Fatalf("%q became %q", b, d)
			}
			checkAccepted(t, d.Name)
		}
	})
}
