package main

import "testing"

// Each cause is read once in a line of wait.
func TestUnsaid(t *testing.T) {
	for _, c := range []struct{ causes, said, want string }{
		{"heard; no message link", "it hears 1 peer", "heard; no message link"},
		{"heard; 10.0.0.2:30000 does not answer; unlinked: its messages do not arrive: 10.0.0.2:30000 does not answer",
			"it hears 1 peer, but messages do not pass directly between it and b: its messages do not arrive: 10.0.0.2:30000 does not answer", "heard"},
		{"one-way: it does not hear this node", "a link goes one way between it and b: it does not hear this node", ""},
		{"x; y; unlinked: x", "", "x; y"},
	} {
		if got := unsaid(c.causes, c.said); got != c.want {
			t.Errorf("%q after %q: %q", c.causes, c.said, got)
		}
	}
}
