//go:build unix

package node

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hearsay/topics"
)

// What stands in the place of the file may be a pipe that nobody writes to, or have no end.
func TestStoreReadsRegularFilesOnly(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"pipe":             func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"link to itself":   func(path string) error { return os.Symlink(storeFile, path) },
		"directory":        func(path string) error { return os.Mkdir(path, 0o755) },
		"large file": func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, 1<<40))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, lines := telling(t.TempDir())
			if err := put(s.path); err != nil {
				t.Skip(err)
			}
			if got := s.load(); got != nil {
				t.Errorf("read %v", got)
			}
			if said := lines(); len(said) != 1 || !strings.Contains(said[0], "not read") {
				t.Errorf("said %q", said)
			}
			s.save([]topics.Name{"a"})
			again, _ := telling(filepath.Dir(s.path))
			if got := again.load(); (len(got) != 1) != (name == "directory") {
				t.Errorf("saved, and read %v", got)
			}
		})
	}
}
