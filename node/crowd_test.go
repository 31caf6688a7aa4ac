package node

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// Members that join together are one line of the log, and one that joins alone is a line of its own.
func TestCrowdIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := logged(&log)
		pass := func(d time.Duration) {
			for end := time.After(d); ; {
				select {
				case <-n.crowd.due():
					n.tellCrowd()
				case <-end:
					return
				}
			}
		}
		join := func(name string) {
			n.tell(mesh.Change{Kind: mesh.Joined, Peer: topics.Name(name), From: mesh.Candidate, To: mesh.Alive})
			n.tell(mesh.Change{Kind: mesh.Linked, Peer: topics.Name(name), From: mesh.Alive, To: mesh.Alive})
		}
		for i := range 63 {
			join(fmt.Sprint("n", i))
			pass(10 * time.Millisecond)
		}
		pass(time.Second)
		if text := log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, `msg="peers joined"`) || !strings.Contains(text, "count=63 took=620ms") {
			t.Errorf("%s", text)
		}
		log.Reset()
		join("late")
		pass(time.Second)
		if text := log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, `msg="peer joined"`) || !strings.Contains(text, "peer=late") {
			t.Errorf("%s", text)
		}
		log.Reset()
		for _, why := range []string{"first one way", "then both"} { // of one peer what is so now is said
			n.tell(mesh.Change{Kind: mesh.Unlinked, Peer: "a", From: mesh.Alive, To: mesh.Alive, Why: why})
		}
		pass(5 * time.Second)
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "then both") {
			t.Errorf("%s", text)
		}
		log.Reset()
		for _, name := range []string{"a", "b", "a", "c", "b"} { // one that was linked again is one
			n.tell(mesh.Change{Kind: mesh.Linked, Peer: topics.Name(name), From: mesh.Alive, To: mesh.Alive})
		}
		pass(time.Second)
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "count=3 ") || !strings.Contains(text, `peers="[a b c]"`) {
			t.Errorf("%s", text)
		}
		log.Reset()
		for range 2 {
			n.tell(mesh.Change{Kind: mesh.Linked, Peer: "a", From: mesh.Alive, To: mesh.Alive})
		}
		pass(time.Second)
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `msg="peer linked"`) {
			t.Errorf("%s", text)
		}
		log.Reset()
		for i := range 40 {
			n.tell(mesh.Change{Kind: mesh.Unlinked, Peer: topics.Name(fmt.Sprint("n", i)), From: mesh.Alive, To: mesh.Alive, Why: "as the port is shut"})
		}
		pass(time.Second)
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `level=WARN msg="peers unlinked"`) ||
			!strings.Contains(text, "count=40") || !strings.Contains(text, `first=n0 why="as the port is shut"`) {
			t.Errorf("%s", text)
		}
		log.Reset()
		for i := range 1000 { // without an end
			join(fmt.Sprint("n", i))
			pass(10 * time.Millisecond)
		}
		if lines, _ := lines(&log); lines < 6 || lines > 10 {
			t.Errorf("%d lines in 10 s", lines)
		}
		log.Reset()
		for i := range 3 * crowdFull { // all at once
			join(fmt.Sprint("n", i))
		}
		if log.Len() == 0 {
			t.Error("no bound on what waits")
		}
	})
}

// Lines come in the order of their times, and what is told of a peer in the order in which it was.
func TestCrowdIsLoggedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := logged(&log)
		n.tell(mesh.Change{Kind: mesh.Joined, Peer: "a", From: mesh.Candidate, To: mesh.Alive})
		n.tell(mesh.Change{Kind: mesh.Joined, Peer: "b", From: mesh.Candidate, To: mesh.Alive})
		<-time.After(100 * time.Millisecond)
		n.log.Info("between")
		<-n.crowd.due()
		n.tellCrowd()
		n.tell(mesh.Change{Kind: mesh.Joined, Peer: "c", From: mesh.Candidate, To: mesh.Alive})
		<-time.After(100 * time.Millisecond)
		n.tell(mesh.Change{Kind: mesh.Suspected, Peer: "d", From: mesh.Alive, To: mesh.Suspect})
		n.tell(mesh.Change{Kind: mesh.Suspected, Peer: "c", From: mesh.Alive, To: mesh.Suspect})
		var times, said []string
		for line := range strings.Lines(log.String()) {
			when, rest, _ := strings.Cut(line, " ")
			times = append(times, when)
			said = append(said, rest)
		}
		if !slices.IsSorted(times) {
			t.Errorf("out of order:\n%s", &log)
		}
		for i, want := range []string{"between", "count=2 took=0s ago=300ms", "suspect\" node=self peer=d", "joined\" node=self peer=c from=candidate state=alive why=\"\" ago=100ms", "suspect\" node=self peer=c"} {
			if i >= len(said) || !strings.Contains(said[i], want) {
				t.Errorf("line %d has no %q:\n%s", i, want, &log)
			}
		}
	})
}

// counted counts the lines at info level and above.
type counted struct {
	mu    sync.Mutex
	lines map[string]int
	slog.Handler
}

func (c *counted) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[r.Message]++
	return nil
}

func (c *counted) WithAttrs([]slog.Attr) slog.Handler { return c }

// A mesh that forms writes few lines, however many its members are.
func TestLogOfAMeshThatForms(t *testing.T) {
	const nodes = 24
	log := &counted{lines: map[string]int{}, Handler: slog.NewTextHandler(nil, nil)}
	addrs := nodetest.Addresses(t, nodes)
	var all []*Node
	for i, addr := range addrs {
		cfg := Config{Hostname: addr, Bind: addr, Seeds: []string{addrs[(i+1)%nodes]}}
		if i == 0 {
			cfg.Logger = slog.New(log)
		}
		all = append(all, start(t, cfg))
	}
	whole(t, all...)
	nodetest.Eventually(t, func() error {
		for _, m := range all[0].Members() {
			if !m.Flowing {
				return fmt.Errorf("%s does not flow", m.Name)
			}
		}
		return nil
	})
	all[0].Close()
	sum := 0
	for _, n := range log.lines {
		sum += n
	}
	if t.Logf("%d lines: %v", sum, log.lines); sum > nodes {
		t.Errorf("%d lines of %d nodes: %v", sum, nodes, log.lines)
	}
}
