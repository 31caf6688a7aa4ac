package files

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// followed runs one of a file until the test ends. said is what it has told: values, and errors with "!".
func followed(t *testing.T, path string, read func() (string, error)) (f *Followed[string], said func() []string) {
	t.Helper()
	f, err := Follow(Source[string]{
		Paths: func() []string { return []string{path} }, Most: 100, Read: read, Every: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []string
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx, func(value string, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				value = "!" + err.Error()
			}
			all = append(all, value)
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("not seen: ", what)
		}
	}
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file that changes while it is read is read again at once, and what it says in the end is told, once.
func TestFollowedChangesWhileRead(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "a")
	var meddling atomic.Bool
	_, said := followed(t, path, func() (string, error) {
		text, err := Read(path, 100)
		if string(text) == "b" && meddling.CompareAndSwap(false, true) {
			put(t, path, "cc")
		}
		return string(text), err
	})
	put(t, path+".new", "b")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the last", func() bool { return slices.Contains(said(), "cc") })
	if got := said(); !slices.Equal(got, []string{"cc"}) {
		t.Errorf("told %q", got)
	}
}

// One that changes each time it is read is told of all the same, and its last change is not missed.
func TestFollowedChangesAlways(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "0")
	var mu sync.Mutex
	changes := 0
	_, said := followed(t, path, func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		text, err := Read(path, 100)
		if changes++; changes > 1 && changes < 20 {
			put(t, path, strings.Repeat("x", changes))
		}
		return string(text), err
	})
	put(t, path, "x")
	eventually(t, "the last", func() bool { return slices.Contains(said(), strings.Repeat("x", 19)) })
}

// Reading that failed is tried again though the file looks as it did, and each error is told of once, however they
// alternate, until all is well.
func TestFollowedTriesAgain(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "a")
	var mu sync.Mutex
	bad, tries := false, 0
	f, said := followed(t, path, func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; bad {
			return "", errors.New([]string{"this", "that"}[tries%2])
		}
		text, err := Read(path, 100)
		return string(text), err
	})
	set := func(to bool) {
		mu.Lock()
		defer mu.Unlock()
		bad, tries = to, 0
	}
	set(true)
	put(t, path, "b")
	eventually(t, "ten tries", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return tries >= 10
	})
	if got := f.Get(); got != "a" {
		t.Errorf("%q holds after an error", got)
	}
	set(false)
	eventually(t, "that it is well", func() bool { return f.Get() == "b" })
	if got := slices.DeleteFunc(said(), func(s string) bool { return !strings.HasPrefix(s, "!") }); len(got) != 2 {
		t.Errorf("told %q", got)
	}
}

// A file that is written to in its place is seen, with the size and the time that it had.
func TestFollowedInPlace(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "0")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := followed(t, path, func() (string, error) {
		text, err := Read(path, 100)
		return string(text), err
	})
	for _, text := range strings.Split("123456789", "") {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteAt([]byte(text), 0)
		if err := errors.Join(err, file.Close(), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		eventually(t, text, func() bool { return f.Get() == text })
	}
}

// Times that are old are proof: nothing is read. Young ones are not: the content is compared.
func TestSight(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "a")
	young, old := see(path, 100, time.Now()), see(path, 100, time.Now().Add(time.Hour))
	if young.sure || old.sure != !young.changed.IsZero() {
		t.Errorf("sure of a young file: %v, of an old one: %v", young.sure, old.sure)
	}
	if !young.still(young, 100) || !old.still(old, 100) || !young.still(old, 100) {
		t.Error("a file is another that is the same")
	}
	changed := young
	changed.content[0]++
	if changed.still(young, 100) || changed.still(old, 100) {
		t.Error("another content is not seen")
	}
	if old.sure {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if old.still(see(path, 100, time.Now().Add(time.Hour)), 100) {
			t.Error("another mode is not seen")
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if gone := see(path, 100, time.Now()); old.still(gone, 100) || gone.still(old, 100) || !gone.still(gone, 100) {
		t.Error("a file that is gone is there")
	}
}

// A disk that does not answer holds up neither those who want what a file held nor the end.
func TestFollowedDiskThatHangs(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "x"), "a")
	hangs, asked := make(chan struct{}), make(chan struct{}, 100)
	defer close(hangs)
	first := true
	f, err := Follow(Source[string]{
		Paths: func() []string { return []string{path} }, Most: 100, Every: time.Millisecond,
		Read: func() (string, error) {
			if first {
				first = false
				return "a", nil
			}
			asked <- struct{}{}
			<-hangs
			return "b", nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx, func(string, error) { t.Error("told of what was never read") })
	}()
	put(t, path, "other")
	<-asked
	if got := f.Get(); got != "a" {
		t.Errorf("%q", got)
	}
	cancel()
	<-done
}
