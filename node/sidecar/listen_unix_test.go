//go:build unix

package sidecar

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A socket of a path is its owner's. It takes the place of one that nobody listens at any more, and of no other.
func TestListenAtAPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	first, err := Listen("ipc://"+path, false)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Listen("ipc://"+path, false); err == nil || !strings.Contains(err.Error(), "somebody listens") {
		t.Errorf("a second one: %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as one that is killed
	first.Close()
	second, err := Listen("ipc://"+path, false)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}
