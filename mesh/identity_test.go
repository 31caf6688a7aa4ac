package mesh

import (
	"testing"
	"time"
)

// A peer that spells its name in another way on a new link is listed in that way, and who keeps what Alive returned
// is told.
func TestAliveAsSpelledLast(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	r.hear(p)
	p.name = "X"
	p.breaks()
	r.pass(100 * time.Millisecond)
	if got := r.m.Alive(); len(got) != 1 || got[0] != "X" {
		t.Errorf("alive: %v", got)
	}
}
