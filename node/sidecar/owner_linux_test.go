package sidecar

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The file of a socket is its owner's alone before anything is done to it.
func TestSocketIsItsOwnersFromTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tap")
	ln, err := (&net.ListenConfig{Control: ownerOnly}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
