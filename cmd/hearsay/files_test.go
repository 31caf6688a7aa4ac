//go:build unix

package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"hearsay/node"
	"hearsay/node/files"
	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// A node with fewer file descriptors than its mesh needs hears as many peers as it can, knows the others by their word, says so once, and answers the
// health check.
func TestFewFilesAreSharedFairly(t *testing.T) {
	t.Parallel()
	var seeds []string
	for range 24 {
		n := startNode(t, node.Config{Seeds: seeds})
		if seeds == nil {
			seeds = []string{string(n.Name())}
		}
	}
	var log screen
	addr := nodetest.Address(t)
	cmd := started(t, &log, []string{"/bin/sh", "-c", `ulimit -n 64; exec "$0" "$@"`}, "node", "--hostname", addr, "--bind", addr, seeds[0])
	log.shows(t, "too few file descriptors")
	must(t, "wait", "--addr", addr, "--members", "5", "--at-least", "--state", "alive")
	must(t, "wait", "--addr", addr, "--members", "25", "--at-least", "--state", "alive", "--timeout", "60s") // most of them by the word of others
	heard := 0
	for _, m := range decode[web.Members](t, soon(t, "members", "--json", "--addr", addr)).Members {
		if m.State == "alive" && len(m.Via) == 0 {
			heard++
		}
	}
	if most := files.Divide(64).Port; heard > most {
		t.Errorf("%d are heard, with files for %d", heard, most)
	}
	for range 10 {
		soon(t, "health", "--addr", addr)
	}
	if said := strings.Count(log.String(), "file descriptors"); said != 1 {
		t.Errorf("told %d times:\n%s", said, &log)
	}
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Errorf("%v\n%s", err, &log)
	}
}
