package node

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearsay/mesh"
)

// A dial that fails by this machine's own fault is told with what it lacks, and nothing else.
func TestLocalHint(t *testing.T) {
	t.Parallel()
	for number, want := range map[syscall.Errno]string{
		syscall.EMFILE: "ulimit -n", syscall.ENFILE: "fs.file-max", syscall.EADDRNOTAVAIL: "no port is free", syscall.ENOBUFS: "no memory", syscall.ENOMEM: "no memory",
	} {
		err := fmt.Errorf("dial x: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", number)})
		got := localHint(err)
		if !strings.Contains(got, want) || strings.Contains(got, "file descriptors") != (number == syscall.EMFILE || number == syscall.ENFILE) || dialReason(err) != mesh.Local {
			t.Errorf("%v (%s): %q, want %q", number, dialReason(err), got, want)
		}
	}
}

// What this machine lacks is told once a minute, each lack by itself.
func TestLocalFailuresAreToldOnceAMinute(t *testing.T) {
	t.Parallel()
	var told localTold
	start := time.Unix(1e9, 0)
	for i, c := range []struct {
		hint string
		at   time.Duration
		due  bool
	}{
		{"files", 0, true}, {"files", time.Second, false}, {"ports", time.Second, true},
		{"files", localEvery - 1, false}, {"files", localEvery, true}, {"ports", localEvery, false},
	} {
		if due := told.due(c.hint, start.Add(c.at)); due != c.due {
			t.Errorf("%d: %t", i, due)
		}
	}
}
