package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// What is heard beside the mesh's connections makes a node dial, and nobody a member who is not heard.
func TestHintIsAReasonToDial(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	r.puppet("x")
	r.step(Hint{Name: "x", Addr: "10.0.0.1", From: "10.0.0.1"})
	r.step(Hint{Name: "nobody", Addr: "10.0.0.9", From: "10.0.0.9"})
	r.step(Hint{Name: "self", Addr: "10.0.0.8"})
	r.pass(5 * time.Second)
	r.want("x", Alive)
	if r.listed("nobody") || r.state("nobody") == Alive {
		t.Errorf("nobody is %v", r.state("nobody"))
	}
}

// Where DNS has no address for a name, the one that a hint came from is tried.
func TestHintLeadsToItsAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	r.step(Hint{Name: "x", Addr: "10.0.0.9"})
	first := r.underWay("x")
	r.step(DialFailed{Dial: first, Reason: Unresolved})
	if second := r.underWay("x"); first.Addr != "" || second.Addr != "10.0.0.9:20000" {
		t.Errorf("dialled %q, then %q", first.Addr, second.Addr)
	}
}

// Whoever says names without end fills its own quota, and nobody else's.
func TestHintsHaveQuotas(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	for i := range 5000 {
		r.step(Hint{Name: topics.Name(fmt.Sprint("n", i)), Addr: "10.0.0.9"})
	}
	if n := r.m.count[Candidate]; n > perSource {
		t.Errorf("%d names of one", n)
	}
	r.puppet("x")
	r.step(Hint{Name: "x", Addr: "10.0.0.1"})
	r.pass(10 * time.Second)
	r.want("x", Alive)
}
