package topics

import (
	"errors"
	"strings"
	"testing"
)

func TestTwin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, addr, want string }{
		{"node_1", "10.0.0.9", "node_1@10.0.0.9"},
		{"node_1:21000", "[fd00::1]", "node_1:21000@[fd00::1]"},
		{"node_1", "node_2", ""},
		{"node_1", "10.0.0.9:20000", ""},
		{"", "10.0.0.9", ""},
		{strings.Repeat("a", 63), "10.100.100.100", strings.Repeat("a", 63) + "@10.100.100.100"},
		{strings.Repeat("a.", 40) + "a", "10.0.0.9", ""},
	} {
		got := MakeTwin(Name(c.name), Name(c.addr))
		if got != c.want {
			t.Errorf("%s at %s: %q", c.name, c.addr, got)
		}
		if name, addr := CutTwin(got); got != "" && (string(name) != c.name || string(addr) != c.addr) {
			t.Errorf("%q is %s at %s", got, name, addr)
		}
	}
	h := Header{Version: 1, Beat: MinBeat, Twin: "a@b"}
	if err := h.Validate(); !errors.Is(err, RuleTwin) {
		t.Error(err)
	}
}
