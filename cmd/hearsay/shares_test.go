package main

import (
	"testing"

	"hearsay/node"
)

func TestInboxIsSharedOut(t *testing.T) {
	for _, all := range []int{minInbox, defaultInbox, maxInbox} {
		for _, tap := range []bool{false, true} {
			s := divideInbox(all, tap)
			if s.node+s.printer+s.readers+s.tap > all || s.node < node.MinInboxBytes || s.printer <= 0 || s.readers <= 0 || (s.tap > 0) != tap {
				t.Errorf("%d bytes, tap %v: %+v", all, tap, s)
			}
		}
	}
}
