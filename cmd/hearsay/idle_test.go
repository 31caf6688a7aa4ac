package main

import (
	"testing"

	"hearsay/node/nodetest"
)

// A flag that does nothing without another is told of.
func TestFlagsThatDoNothing(t *testing.T) {
	addr := nodetest.Address(t)
	t.Setenv("HEARSAY_MULTICAST_GROUP", "239.7.7.7:20000")
	p := begin(t, nil, "node", "--hostname", addr, "--bind", addr)
	p.log.shows(t, `msg="flag does nothing" flag=HEARSAY_MULTICAST_GROUP`)
}
