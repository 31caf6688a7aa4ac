//go:build unix

package files

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is read is a file, and no more of it than is wanted; anything else is an error that names it, at once.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put(t, path("file"), "0123456789")
	put(t, path("empty"), "")
	if err := syscall.Mkfifo(path("pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink("/dev/zero", path("device")); err != nil {
		t.Skip(err)
	}
	for name, want := range map[string]string{"file": "0123456789", "empty": ""} {
		if got, err := Read(path(name), 10); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := Read("/proc/self/comm", 100); err == nil && len(got) == 0 { // says that it has no bytes
		t.Error("a file without a size is empty")
	}
	for name, want := range map[string]string{
		"pipe": "no regular file", "device": "no regular file", ".": "no regular file", "nothing": "open ",
	} {
		if _, err := Read(path(name), 10); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path(name)) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	if _, err := Read(path("file"), 9); err == nil || !strings.Contains(err.Error(), "larger than 9 bytes") {
		t.Errorf("a large file: %v", err)
	}
}
