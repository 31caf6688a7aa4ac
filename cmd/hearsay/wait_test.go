package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Each cause is read once in a line of wait.
func TestUnsaid(t *testing.T) {
	for _, c := range []struct{ causes, said, want string }{
		{"heard; no message link", "it hears 1 peer", "heard; no message link"},
		{"heard; 10.0.0.2:30000 does not answer; unlinked: its messages do not arrive: 10.0.0.2:30000 does not answer",
			"it hears 1 peer, but messages do not pass directly between it and b: its messages do not arrive: 10.0.0.2:30000 does not answer", "heard"},
		{"one-way: it does not hear this node", "a link goes one way between it and b: it does not hear this node", ""},
		{"x; y; unlinked: x", "", "x; y"},
		{"heard", "nobody is heard", "heard"}, // a word in a cause is no cause
		{"", "it hears 1 peer", ""},
	} {
		if got := unsaid(c.causes, c.said); got != c.want {
			t.Errorf("%q after %q: %q", c.causes, c.said, got)
		}
	}
}

// A cause that several peers have is read once, with all of them.
func TestCauses(t *testing.T) {
	var c causes
	for _, row := range [][2]string{{"b", "no link"}, {"c", "frozen"}, {"d", "no link"}, {"e", ""}} {
		c.add(row[0], row[1])
	}
	if got := c.String(); got != "; b, d: no link; c: frozen" {
		t.Errorf("%q", got)
	}
}

// Who waits reads what for after a while, and again where that changes, but not at each look.
func TestPatience(t *testing.T) {
	var out strings.Builder
	begin := time.Now()
	p := patience{out: &out, due: begin.Add(waitQuiet)}
	for _, c := range []struct {
		after time.Duration
		why   string
	}{
		{0, "too soon"}, {waitQuiet, "a"}, {waitQuiet + waitWords, "a"}, {waitQuiet + waitWords, "b"}, {waitQuiet + waitWords + time.Second, "c"},
	} {
		p.tell(begin.Add(c.after), errors.New(c.why))
	}
	if want := "hearsay: waiting: a\nhearsay: waiting: b\n"; out.String() != want {
		t.Errorf("%q, not %q", out.String(), want)
	}
}
