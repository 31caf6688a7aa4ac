package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// What a command has started ends with it, though it has a session of its own: when its time is over, and when it ends.
func TestCommandsDoNotEscape(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"in time":     "setsid sh -c 'echo $$ >FILE; exec sleep 600'; sleep 600",
		"and away":    "setsid sh -c 'echo $$ >FILE; exec sleep 600' >/dev/null 2>&1 & while ! [ -s FILE ]; do sleep 0.01; done",
		"two of them": "setsid sh -c 'setsid sh -c \"echo \\$\\$ >FILE; exec sleep 600\" & sleep 600' >/dev/null 2>&1 & while ! [ -s FILE ]; do sleep 0.01; done",
	} {
		file := filepath.Join(t.TempDir(), "pid")
		line := strings.ReplaceAll(form, "FILE", file)
		limit := nodetest.Patience
		if name == "in time" {
			limit /= 64
		}
		var text []byte
		for ; len(text) == 0 && limit <= nodetest.Patience; limit *= 2 { // it may not have come so far in time
			if err := (command{line: line, limit: limit}).run(t.Context(), io.Discard, io.Discard); (err != nil) != (name == "in time") {
				t.Errorf("%s: %v", name, err)
			}
			text, _ = os.ReadFile(file)
		}
		if len(text) == 0 {
			t.Fatalf("%s: it did not begin", name)
		}
		nodetest.Eventually(t, func() error { // a killed process takes a moment
			stat, _ := os.ReadFile("/proc/" + strings.TrimSpace(string(text)) + "/stat") // nothing where it has ended
			if len(stat) > 0 && !strings.Contains(string(stat), ") Z ") {
				return fmt.Errorf("%s: it goes on: %s", name, stat)
			}
			return nil
		})
	}
}

// Numbers of processes begin anew, before that of the command or after it, and then all are looked at.
func TestStartedSince(t *testing.T) {
	t.Parallel()
	own := os.Getpid()
	for _, at := range []struct{ first, last int }{{own, own}, {own, lastPid()}, {1, lastPid()}, {1, 299}, {1 << 30, 300}, {1 << 29, 1 << 30}} {
		if !slices.Contains(startedSince(at.first, at.last), own) {
			t.Errorf("from %d to %d, this process is not found", at.first, at.last)
		}
	}
	if hasMark(os.Getpid(), "HEARSAY_RUN=nobody") {
		t.Error("a mark that nobody has")
	}
}
