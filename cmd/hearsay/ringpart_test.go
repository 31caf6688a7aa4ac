package main

import (
	"strings"
	"testing"
)

// A ring of more nodes than hear each other is whole once every node knows every other.
func TestRingOfAPartialMesh(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 64 nodes")
	}
	out := must(t, "ring", "--nodes", "64", "--full-mesh", "32", "--once")
	if !strings.Contains(out, "whole: each of 64 nodes knows all others") {
		t.Error(out)
	}
	fails(t, exitUsage, "--full-mesh 0: more than 250 nodes cannot", "ring", "--nodes", "251", "--full-mesh", "0")
	fails(t, exitUsage, "--nodes 1001: must be 2 to 1000", "ring", "--nodes", "1001")
	fails(t, exitUsage, "--full-mesh 31: must be 32 to 4096, or 0 for all", "ring", "--nodes", "4", "--full-mesh", "31")
}
