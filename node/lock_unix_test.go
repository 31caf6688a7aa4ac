//go:build unix

package node

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/nodetest"
)

// A file with keys that others may read is told of when it becomes so, and one that has become a pipe changes nothing:
// the node goes on, and ends when it should.
func TestKeysBecomeReadableAndAPipe(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	secret := filepath.Join(generate(t, "mesh"), "mesh.key_secret")
	log := &counted{lines: map[string]int{}, Handler: slog.NewTextHandler(nil, nil)}
	n := start(t, Config{Hostname: addr, Bind: addr, Logger: slog.New(log), Keys: keys.Config{Mesh: secret}})
	says := func(line string, want int) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			log.mu.Lock()
			defer log.mu.Unlock()
			if got := log.lines[line]; got != want {
				return fmt.Errorf("%d lines %q; want %d", got, line, want)
			}
			return nil
		})
	}
	says("secret key can be read by others", 0)
	for i, mode := range []os.FileMode{0o644, 0o600, 0o604} {
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		n.ReloadKeys()
		says("secret key can be read by others", (i+2)/2)
	}
	if err := errors.Join(syscall.Mkfifo(secret+".new", 0o600), os.Rename(secret+".new", secret)); err != nil {
		t.Skip(err)
	}
	says("keys not changed", 1)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		n.ReloadKeys()
		n.Close()
	}()
	select {
	case <-closed:
	case <-time.After(nodetest.Patience):
		t.Fatal("it waits for a pipe")
	}
}
