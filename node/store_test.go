package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// telling is a store and what it says, a line each.
func telling(dir string) (*store, func() []string) {
	b := new(bytes.Buffer)
	s := newStore(dir, slog.New(slog.NewTextHandler(b, nil)))
	return s, func() []string {
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		b.Reset()
		return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	}
}

func TestStoreKeepsNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "demand")
	s := newStore(dir, slog.New(slog.DiscardHandler))
	if got := s.load(); got != nil {
		t.Fatalf("an empty store holds %v", got)
	}
	want := []topics.Name{"z", "a", "b:20100", "[::1]"} // in this order: those first that are to be tried first
	s.save(want)
	if got := newStore(dir, s.log).load(); !slices.Equal(got, want) {
		t.Errorf("load: %v, saved %v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}

// A file that is cut at any byte, or is nothing like it should be, is one warning, and is kept aside.
func TestStoreSurvivesAnyFile(t *testing.T) {
	dir := t.TempDir()
	s := newStore(dir, slog.New(slog.DiscardHandler))
	s.save([]topics.Name{"a", "b"})
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"", "null", "[]", `{"version":2,"peers":["a"]}`, `{"version":1,"peers":{}}`, string(make([]byte, maxStoreFile+1))}
	for n := range whole[:len(whole)-2] { // without the final newline and brace it is cut
		files = append(files, string(whole[:n]))
	}
	for _, file := range files {
		if err := os.WriteFile(s.path, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		s, lines := telling(dir)
		if got := s.load(); got != nil {
			t.Errorf("%.60q was read as %v", file, got)
		}
		if said := lines(); len(said) != 1 || !strings.Contains(said[0], "not read") {
			t.Errorf("%.60q: said %q", file, said)
		}
		if b, err := os.ReadFile(filepath.Join(dir, brokenFile)); string(b) != file || err != nil {
			t.Errorf("%.60q is not kept aside: %v", file, err)
		}
	}
}

// One name that is none does not spoil the file, and is told.
func TestStoreSkipsBadNames(t *testing.T) {
	dir := t.TempDir()
	s, lines := telling(dir)
	file := `{"version":1,"peers":["good","tcp://x",5,null,"","GOOD",{"name":"y"},"other:21000"]}`
	if err := os.WriteFile(s.path, []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := s.load(), []topics.Name{"good", "other:21000"}; !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if said := lines(); len(said) != 1 || !strings.Contains(said[0], "tcp://x") || !strings.Contains(said[0], "count=5") {
		t.Errorf("said %q", said)
	}
	s.save([]topics.Name{"good", "other:21000"})
	if b, _ := os.ReadFile(s.path); bytes.Contains(b, []byte("tcp")) {
		t.Errorf("not mended: %s", b)
	}
}

// A directory that cannot be used is told once for each reason, and once that it can be used again.
func TestStoreTellsOnceWhatIsWrong(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "state")
	if err := os.WriteFile(dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s, lines := telling(dir)
	said := func(want ...string) {
		t.Helper()
		got := lines()
		if len(got) != len(want) {
			t.Fatalf("said %q, want %q", got, want)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("said %q, want %q", got[i], want[i])
			}
		}
	}
	s.try()
	said("not a directory")
	for i := range 3 {
		s.save([]topics.Name{topics.Name(fmt.Sprint("n", i))})
	}
	said()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.path, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.save([]topics.Name{"a"})
	s.save([]topics.Name{"a"})
	said("peers.json")
	if err := os.RemoveAll(s.path); err != nil {
		t.Fatal(err)
	}
	s.save([]topics.Name{"a"})
	s.save([]topics.Name{"a"})
	said("again")
	s.try()
	said()
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}

// What a process that was killed had not written to its end is cleared away by the next.
func TestStoreClearsAway(t *testing.T) {
	dir := t.TempDir()
	s, _ := telling(dir)
	name, err := s.writeTemp([]byte("half"))
	if err != nil {
		t.Fatal(err)
	}
	s.try()
	if _, err := os.Stat(name); err == nil {
		t.Error("it is still there")
	}
}

func TestRecall(t *testing.T) {
	at := func(s float64) mesh.Time { return mesh.Time(s * float64(time.Second)) }
	members := []mesh.Member{
		{Name: "young", State: mesh.Alive, Since: at(50), Heard: at(100)},
		{Name: "old", State: mesh.Alive, Since: at(1), Heard: at(99)},
		{Name: "left", State: mesh.Left, Since: at(98), Heard: at(98)},
		{Name: "lost-late", State: mesh.Quarantined, Heard: at(90)},
		{Name: "suspect", State: mesh.Suspect, Heard: at(96)},
		{Name: "lost-early", State: mesh.Quarantined, Heard: at(20)},
		{Name: "never-heard", State: mesh.Candidate},
	}
	earlier := []topics.Name{"stranger", "OLD", "left", "another"}
	all := []topics.Name{"old", "young", "suspect", "lost-late", "lost-early", "left", "stranger", "another"}
	for most := range len(all) + 2 {
		if got, want := recall(members, earlier, most), all[:min(most, len(all))]; !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", most, got, want)
		}
	}
	if got := recall(nil, earlier, 9); !slices.Equal(got, earlier) {
		t.Errorf("alone: %v", got)
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

// The living one is found behind all the dead names that a file can hold before it.
func TestNodeFindsItsMeshBehindDeadNames(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dir := t.TempDir()
	peers := make([]string, 0, 201)
	for i := range 200 {
		peers = append(peers, fmt.Sprintf("127.99.0.1:%d", 21000+i))
	}
	b, err := json.Marshal(map[string]any{"version": 1, "peers": append(peers, addrs[1])})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, storeFile), b, 0o644); err != nil {
		t.Fatal(err)
	}
	whole(t, startAt(t, addrs[1]), start(t, Config{Hostname: addrs[0], Bind: addrs[0], StateDir: dir}))
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

// A disk that does not answer holds up no start. What it says later is still heard.
func TestStartDoesNotWaitForTheDisk(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	answer, said := make(chan []byte), make(chan string, 1)
	began := make(chan *Node)
	go func() {
		began <- start(t, Config{
			Hostname: addrs[0], Bind: addrs[0], StateDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(first{"not read yet", said}, nil)),
			readFile: func(string, int64) ([]byte, error) { return <-answer, nil },
		})
	}()
	var n *Node
	select {
	case n = <-began:
	case <-time.After(20 * time.Second):
		answer <- nil
		t.Fatal("it waits for the disk")
	}
	<-said
	other := start(t, Config{Hostname: addrs[1], Bind: addrs[1]})
	answer <- fmt.Appendf(nil, `{"version":1,"peers":[%q]}`, addrs[1])
	whole(t, n, other)
}

// first is a log that tells of the first line with a text.
type first struct {
	text string
	said chan<- string
}

func (f first) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(f.text)) {
		select {
		case f.said <- string(p):
		default:
		}
	}
	return len(p), nil
}

// A mesh that is too large for the file descriptors of a node is told, once.
func TestFewFilesAreTold(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 3)
	said := make(chan string, 9)
	logger := slog.New(slog.NewTextHandler(first{"too few file descriptors", said}, nil))
	a := start(t, Config{Hostname: addrs[0], Bind: addrs[0], Logger: logger, files: 8})
	b, c := startAt(t, addrs[1], addrs[0]), startAt(t, addrs[2], addrs[0])
	whole(t, a, b, c)
	<-said
	a.Close()
	if len(said) > 0 {
		t.Errorf("again: %s", <-said)
	}
}
