package topics

import (
	"errors"
	"strings"
	"testing"
)

func TestTopicVectors(t *testing.T) {
	v := vectors[struct {
		Topics []struct {
			input
			Kind    string `json:"kind"`
			Channel string `json:"channel"`
		} `json:"topics"`
	}](t, "topics.json")
	for _, c := range v.Topics {
		in := c.bytes(t)
		if got := KindOf(in).String(); got != c.Kind {
			t.Errorf("%s: kind %s, want %s", quote(in), got, c.Kind)
		}
		name, ok := Channel(string(in))
		if name != c.Channel || ok != (c.Kind == "channel") {
			t.Errorf("%s: channel %q, %v", quote(in), name, ok)
		}
	}
}

func TestChannelTopic(t *testing.T) {
	for _, name := range []string{"a", "a/b", "2/", "~!\"#", strings.Repeat("x", MaxChannel)} {
		topic, err := ChannelTopic(name)
		if back, ok := Channel(topic); err != nil || !ok || back != name || topic != "2/"+name {
			t.Errorf("%q: topic %q, %v, read as %q, %v", name, topic, err, back, ok)
		}
	}
	for _, name := range []string{"", " ", "a b", "a,b", "\n", "a\x00", "\x7f", "é", strings.Repeat("x", MaxChannel+1)} {
		if topic, err := ChannelTopic(name); topic != "" || !errors.Is(err, RuleChannel) {
			t.Errorf("%q: topic %q, %v", name, topic, err)
		}
	}
}

func TestHelloVectors(t *testing.T) {
	v := vectors[struct {
		Valid []struct {
			In   string `json:"in"`
			Mesh string `json:"mesh"`
			Name Name   `json:"name"`
		} `json:"valid"`
		Invalid []refused `json:"invalid"`
	}](t, "hellos.json")
	for _, c := range v.Valid {
		if h, err := ParseHello([]byte(c.In)); err != nil || h != (Hello{c.Mesh, c.Name}) || h.Topic() != c.In {
			t.Errorf("%q: %+v, %v", c.In, h, err)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		_, err := ParseHello(in)
		wantRule(t, in, err, r.Rule)
		if n := testing.AllocsPerRun(10, func() { _, _ = ParseHello(in) }); n != 0 {
			t.Errorf("%s: %v allocations", quote(in), n)
		}
	}
}

func TestKindHasAWord(t *testing.T) {
	if KindBeat.String() != "beat" || KindHello.String() != "hello" || Kind(200).String() != "unknown" {
		t.Error("words and kinds differ")
	}
}
