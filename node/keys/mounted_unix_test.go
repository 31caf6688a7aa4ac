//go:build unix

package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
)

// A mounted Secret or ConfigMap of Kubernetes consists of links through ..data, which is replaced in one piece. It is
// seen, whole, and so is a directory of it that has readers.
func TestKeeperSeesAMountedSecret(t *testing.T) {
	mount := t.TempDir()
	swap := func(version string) (first, reader zmtp.Key) { // as the kubelet does
		t.Helper()
		dir, keys := directory(t, "node_1", "node_2", "readers/screen")
		data := filepath.Join(mount, version)
		if err := errors.Join(os.CopyFS(data, os.DirFS(dir)), os.Symlink(version, filepath.Join(mount, "..data_tmp")),
			os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data"))); err != nil {
			t.Fatal(err)
		}
		return keys["node_1"], keys["readers/screen"]
	}
	was, _ := swap("..2026_1")
	for _, name := range []string{"node_1.key", "node_1.key_secret", "node_2.key", ReadersDir} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(mount, name)); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(mount, "node_1.key_secret")
	for name, cfg := range map[string]Config{"mesh key": {Mesh: secret}, "own keys": {Own: secret, Authorized: mount}} {
		told := make(chan *Ring, 10)
		k, ring, err := open(cfg, "node_1", func(r *Ring, err error) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			told <- r
		}, time.Millisecond)
		if err != nil || !ring.Admits(was) {
			t.Fatal(name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); k.Run(ctx) }()
		now, reader := swap("..next of " + name)
		select {
		case r := <-told:
			if !r.Admits(now) || r.Admits(was) || r.ByName() && (!r.Admits(reader) || r.Member(reader)) {
				t.Errorf("%s: the old keys hold", name)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s: not seen", name)
		}
		cancel()
		<-done
		was = now
	}
}
