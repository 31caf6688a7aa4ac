package main

import (
	"testing"

	"hearsay/node/web"
)

// What is cut shows that it is, and whose clock is off is looked at first.
func TestTopShowsWhatIsCut(t *testing.T) {
	if got := (row{text: "abcdef"}).fit(4, false); got != "abc~" {
		t.Errorf("%q", got)
	}
	if got := (row{text: "abcd"}).fit(4, false); got != "abcd" {
		t.Errorf("%q", got)
	}
	well := web.Member{State: "alive", HearsMe: true, MessagesLink: true, Flowing: true}
	spare := web.Member{State: "alive", Spare: true, MessagesLink: true, Flowing: true}
	if deaf := (web.Member{State: "alive", MessagesLink: true, Flowing: true}); illness(spare) != illness(well) || illness(deaf) <= illness(well) {
		t.Error("who does not hear this node is well where it need not, and only there")
	}
	off := well
	off.ClockOff = "its clock is 1h0m0s ahead of this node's"
	if illness(off) <= illness(well) {
		t.Error("a clock that is off is well")
	}
}
