package node

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

func TestStoreKeepsNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "demand")
	s := newStore(dir, slog.New(slog.DiscardHandler))
	if got := s.load(); got != nil {
		t.Fatalf("an empty store holds %v", got)
	}
	want := []topics.Name{"a", "b:20100", "[::1]"}
	s.save(want)
	if got := newStore(dir, s.log).load(); !slices.Equal(got, want) {
		t.Errorf("load: %v, saved %v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}

// A file that is cut at any byte, or is nothing like it should be, is no more than a warning.
func TestStoreSurvivesAnyFile(t *testing.T) {
	dir := t.TempDir()
	s := newStore(dir, slog.New(slog.DiscardHandler))
	s.save([]topics.Name{"a", "b"})
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"", "null", "[]", `{"version":2,"peers":["a"]}`, `{"version":1,"peers":["tcp://x"]}`, string(make([]byte, maxStoreFile+1))}
	for n := range whole[:len(whole)-2] { // without the final newline and brace it is cut
		files = append(files, string(whole[:n]))
	}
	for _, file := range files {
		if err := os.WriteFile(s.path, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := newStore(dir, s.log).load(); got != nil {
			t.Errorf("%.60q was read as %v", file, got)
		}
	}
}

func TestNodeRemembersItsMesh(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dir := t.TempDir()
	a := start(t, Config{Hostname: addrs[0], Bind: addrs[0], Seeds: addrs[1:], StateDir: dir})
	b := startAt(t, addrs[1])
	whole(t, a, b)
	a.Close()
	b.Close()
	b = startAt(t, addrs[1])
	a = start(t, Config{Hostname: addrs[0], Bind: addrs[0], StateDir: dir})
	whole(t, a, b)
}

func TestNodeStartsWithoutItsStateDir(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr, StateDir: fmt.Sprint(file, "/below")})
	if err := n.Publish([]byte("still here")); err != nil {
		t.Error(err)
	}
}
