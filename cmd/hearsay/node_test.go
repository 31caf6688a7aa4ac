package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

func TestNodeIsShownAndSteered(t *testing.T) {
	t.Parallel()
	one, two := nodetest.Address(t), nodetest.Address(t)
	a := begin(t, nil, "node", "--hostname", one, "--bind", one, "--beat", "200ms", two)
	b := begin(t, nil, "node", "--hostname", two, "--bind", two, "--beat", "200ms", "--channel", "news")
	must(t, "wait", "--members", "2", "--addr", one+":8080")
	must(t, "wait", "--members", "2", "--addr", two+":8080")
	nodetest.Eventually(t, func() error {
		must(t, "pub", "--addr", one+":8080", "hello")
		must(t, "pub", "--addr", one+":8080", "--channel", "news", "extra")
		if out := b.out.String(); !strings.Contains(out, "hello\n") || !strings.Contains(out, "extra\n") {
			return errors.New("not printed yet: " + out)
		}
		return nil
	})
	must(t, "leave", "--addr", one+":8080")
	if status := a.end(t); status != 0 {
		t.Errorf("after leave: status %d, %v", status, a.err)
	}
	if strings.Contains(a.out.String(), "extra") {
		t.Error("printed from a channel that it does not listen to")
	}
	must(t, "wait", "--members", "1", "--addr", two+":8080")
	b.stop()
	if status := b.end(t); status != 0 {
		t.Errorf("interrupted: status %d, %v", status, b.err)
	}
}

func TestNodeHTTPAddress(t *testing.T) {
	addr := nodetest.Address(t)
	taken, err := net.Listen("tcp", addr+":8080")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	nodeAt := []string{"node", "--hostname", addr, "--bind", addr}
	with := func(args ...string) []string { return append(nodeAt[:len(nodeAt):len(nodeAt)], args...) }

	p := begin(t, nil, nodeAt...)
	p.log.shows(t, "node started")
	if log := p.log.String(); !strings.Contains(log, "no HTTP") || !strings.Contains(log, "address already in use") {
		t.Errorf("the default address is taken:\n%s", log)
	}
	p.stop()
	if status := p.end(t); status != 0 {
		t.Errorf("the default address is taken: status %d, %v", status, p.err)
	}

	fails(t, exitFailed, "listen on "+addr+":8080 for HTTP: address already in use", with("--http", addr+":8080")...)
	fails(t, exitFailed, "listen on 192.0.2.1:8080 for HTTP: ", with("--http", "192.0.2.1:8080")...)

	t.Setenv("HEARSAY_HTTP", "")
	p = begin(t, nil, nodeAt...)
	p.log.shows(t, "node started")
	if log := p.log.String(); strings.Contains(log, "HTTP") || strings.Contains(log, "http") {
		t.Errorf("no HTTP is wanted:\n%s", log)
	}
	p.stop()
	p.end(t)

	t.Setenv("HEARSAY_HTTP", addr+":8081")
	p = begin(t, nil, nodeAt...)
	p.log.shows(t, "http started")
	must(t, "health") // finds it by the same environment
	p.stop()
	p.end(t)
}

func TestFailedStartFreesTheHTTPPort(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	addr := n.Config().Bind
	fails(t, exitFailed, ":20000", "node", "--hostname", addr, "--bind", addr)
	ln, err := net.Listen("tcp", addr+":8080")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
}

func TestNodeRemembersItsMesh(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	one, two := nodetest.Address(t), nodetest.Address(t)
	startNode(t, node.Config{Bind: two})
	start := func(seeds ...string) *program {
		return begin(t, nil, append([]string{"node", "--hostname", one, "--bind", one, "--state-dir", dir}, seeds...)...)
	}
	p := start(two)
	must(t, "wait", "--members", "2", "--addr", one+":8080")
	p.stop()
	p.end(t)
	p = start()
	must(t, "wait", "--members", "2", "--addr", one+":8080")
	p.stop()
	p.end(t)
	if err := os.WriteFile(filepath.Join(dir, "peers.json"), []byte(`{"version":1,"peers":["`), 0o600); err != nil {
		t.Fatal(err)
	}
	p = start()
	p.log.shows(t, "known peers not read")
	must(t, "health", "--addr", one+":8080")
}

// stuck is a standard output that nobody reads, until it is freed.
type stuck struct {
	begun chan struct{}
	free  chan struct{}
	screen
}

func (s *stuck) Write(p []byte) (int, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	<-s.free
	return s.screen.Write(p)
}

func TestStandardOutputThatIsNotReadHoldsUpNobody(t *testing.T) {
	t.Parallel()
	const printerBytes = 8 << 20
	out := &stuck{begun: make(chan struct{}, 1), free: make(chan struct{})}
	var log screen
	p := newPrinter(out, printerBytes, slog.New(slog.NewTextHandler(&log, nil)))
	p.put([]byte("first"))
	<-out.begun
	body := bytes.Repeat([]byte("x"), printerBytes/4)
	for range 10 {
		p.put(body)
	}
	log.shows(t, "count=") // though nothing comes any more
	p.close()              // gives up
	close(out.free)
	<-p.ended
	if got := strings.Count(out.String(), "\n"); got != 4 {
		t.Errorf("%d lines were printed, want 4: the first and those that fit", got)
	}
	told := 0
	for _, m := range regexp.MustCompile(`count=(\d+)`).FindAllStringSubmatch(log.String(), -1) {
		n, _ := strconv.Atoi(m[1])
		told += n
	}
	if told != 7 {
		t.Errorf("told of %d that were not printed, want 7:\n%s", told, &log)
	}
}

// What expires while standard output is not read is not printed, and not told of as lost.
func TestPrinterShowsNothingThatHasExpired(t *testing.T) {
	t.Parallel()
	out := &stuck{begun: make(chan struct{}, 1), free: make(chan struct{})}
	var log screen
	p := newPrinter(out, 1<<20, slog.New(slog.NewTextHandler(&log, nil)))
	p.put([]byte("first"))
	<-out.begun
	end := time.Now().Add(20 * time.Millisecond)
	p.putUntil([]byte("late"), end)
	p.putUntil([]byte("in time"), time.Now().Add(time.Hour))
	p.put([]byte("last"))
	nodetest.Eventually(t, func() error {
		if !node.Expired(end) {
			return errors.New("it has not expired yet")
		}
		return nil
	})
	close(out.free)
	p.close()
	if got := out.String(); got != "first\nin time\nlast\n" || log.String() != "" {
		t.Errorf("printed %q, logged %q", got, log.String())
	}
}

// failingWriter takes nothing while it fails.
type failingWriter struct {
	mu  sync.Mutex
	err error
	out bytes.Buffer
}

func (w *failingWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	return w.out.Write(p)
}

func (w *failingWriter) fail(err error) {
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
}

func (w *failingWriter) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// A full disk costs the lines that it refuses, and no others. It is told once.
func TestPrinterOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	var log screen
	w := &failingWriter{err: syscall.ENOSPC}
	p := newPrinter(w, 1<<20, slog.New(slog.NewTextHandler(&log, nil)))
	p.put([]byte("lost"))
	log.shows(t, "no space left")
	w.fail(nil)
	nodetest.Eventually(t, func() error {
		p.put([]byte("printed"))
		if w.text() == "" {
			return errors.New("nothing is printed any more")
		}
		return nil
	})
	p.close()
	if n := strings.Count(log.String(), "no space left"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// When the reader of standard output has ended, the node says goodbye.
func TestPrinterTellsThatNobodyReads(t *testing.T) {
	t.Parallel()
	p := newPrinter(&failingWriter{err: syscall.EPIPE}, 1<<20, slog.New(slog.DiscardHandler))
	p.put([]byte("a"))
	<-p.shut
	p.close()
}
