package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// failing is why the last dial of a peer led nowhere, as it is told.
func (r *rig) failing(name topics.Name) string {
	for _, m := range r.m.Members() {
		if m.Name == name {
			return m.Failure
		}
	}
	return ""
}

// What failed while a member was silent is not held against it once it speaks again over the link that it had.
func TestAFailureEndsWithTheSilence(t *testing.T) {
	t.Parallel()
	r, _, _, _, x := four(t)
	x.mute, x.hang = true, true
	r.pass(5 * time.Second)
	r.step(DialFailed{Dial: r.underWay("x"), Reason: Wordless, Addr: x.addr})
	if got := r.failing("x"); !strings.Contains(got, "says nothing") {
		t.Fatalf("failing: %q", got)
	}
	x.mute = false
	r.pass(2 * time.Second)
	r.want("x", Alive)
	if got := r.failing("x"); got != "" {
		t.Errorf("alive, and failing: %q", got)
	}
}

// Who is reached at a seed and goes by this node's own name is told as what is wrong with the seed.
func TestSeedThatHasThisNodesName(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"there"}})
	r.puppet("there").hang = true
	r.pass(10 * time.Millisecond)
	id := r.up(r.underWay("there"), "10.0.0.9:20000")
	r.step(Beat{id, []topics.Name{r.m.cfg.Self}, &topics.Header{Version: 1, Incarnation: r.m.cfg.Incarnation + 1, Seq: 1, Beat: 1000, List: 1, Strict: true, Complete: true}, 0})
	if got := r.failing("there"); got != "another process uses this node's name at 10.0.0.9:20000" {
		t.Errorf("failing: %q", got)
	}
}
