package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// looked is files that are looked at when a test says so, on its clock. said is what they have told.
type looked struct {
	*Followed[string]
	said []string
	at   time.Time
}

// look follows the files of a directory, of which the texts together are the value. No file may be empty.
func look(t *testing.T, dir string) *looked {
	t.Helper()
	paths := func() (all []string) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			all = append(all, filepath.Join(dir, e.Name()))
		}
		return all
	}
	f, err := Follow(Source[string]{Paths: paths, Most: 100, Every: time.Second, Read: func() (string, error) {
		var b strings.Builder
		for _, path := range paths() {
			text, err := Read(path, 100)
			if err == nil && len(text) == 0 {
				err = errors.New("empty")
			}
			if err != nil {
				return "", err
			}
			b.Write(text)
		}
		return b.String(), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := &looked{Followed: f, at: time.Now()}
	f.now = func() time.Time { return l.at }
	return l
}

func (l *looked) tell(value string, err error) {
	if err != nil {
		value = "!" + err.Error()
	}
	l.said = append(l.said, value)
}

// looks looks so many times, a second apart.
func (l *looked) looks(t *testing.T, times int) {
	t.Helper()
	for range times {
		l.again(t.Context(), false, l.tell)
		l.at = l.at.Add(time.Second)
	}
}

func (l *looked) told(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(l.said, want) {
		t.Fatalf("%s: told %q; want %q", what, l.said, want)
	}
}

// A file that is emptied and written in parts counts when it is whole: what it held before holds meanwhile, and nothing
// is said of it.
func TestFollowedWrittenInParts(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "x"), "old")
	l := look(t, dir)
	for _, part := range []string{"", "one ", "one two ", "one two three"} {
		put(t, path, part)
		l.looks(t, 2)
		l.told(t, part)
	}
	l.looks(t, 1)
	l.told(t, "the whole", "one two three")
	if l.looks(t, 5); l.Get() != "one two three" {
		t.Errorf("%q", l.Get())
	}
	l.told(t, "later", "one two three")
}

// One that was bad is no exception, and neither is a directory into which files are copied one by one.
func TestFollowedCopiedInParts(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "1")
	l := look(t, dir)
	put(t, filepath.Join(dir, "a"), "")
	l.looks(t, 3)
	l.told(t, "an empty file", "!empty")
	for _, name := range []string{"a", "b", "c"} {
		put(t, filepath.Join(dir, name), name)
		l.looks(t, 2)
		l.told(t, name, "!empty")
	}
	l.looks(t, 1)
	l.told(t, "all of them", "!empty", "abc")
}

// A reload waits for nothing, and what changes without an end counts in the end.
func TestFollowedWithoutRest(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "x"), "old")
	l := look(t, dir)
	put(t, path, "new")
	l.looks(t, 1)
	l.Reload(l.tell)
	l.told(t, "a reload", "new")
	l.looks(t, 5)
	l.told(t, "after it", "new")
	for i := range unrestLooks + 1 {
		l.told(t, "changes", "new")
		put(t, path, strings.Repeat("x", 1+i%2))
		l.looks(t, 1)
	}
	l.told(t, "changes that do not end", "new", strings.Repeat("x", 1+unrestLooks%2))
}

// Files that are not well are in trouble since the first look that found them so, until one finds them well; what is wrong
// is what the last one found.
func TestTroubleLasts(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "x"), "old")
	l := look(t, dir)
	if l.looks(t, 5); l.Trouble() != nil {
		t.Fatalf("%+v", l.Trouble())
	}
	put(t, path, "")
	l.looks(t, 3)
	first := l.Trouble()
	if first == nil || first.Why != "empty" {
		t.Fatalf("%+v", first)
	}
	l.looks(t, 100)
	put(t, path, strings.Repeat("x", 101))
	l.looks(t, 5)
	if now := l.Trouble(); now == nil || !now.Since.Equal(first.Since) || !strings.Contains(now.Why, "larger than 100 bytes") {
		t.Errorf("%+v, was %+v", now, first)
	}
	l.Reload(l.tell)
	if now := l.Trouble(); now == nil || !now.Since.Equal(first.Since) {
		t.Errorf("after a reload: %+v, was %+v", now, first)
	}
	put(t, path, "good")
	if l.looks(t, 3); l.Trouble() != nil || l.Get() != "good" {
		t.Errorf("mended: %+v", l.Trouble())
	}
}
