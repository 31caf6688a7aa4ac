package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
)

// logger writes to a screen.
func logger(s *screen) *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

// Commands are run for events and messages, with what they are about.
func TestHandlersAreRun(t *testing.T) {
	t.Parallel()
	one, two, dir := nodetest.Address(t), nodetest.Address(t), t.TempDir()
	events, said := filepath.Join(dir, "events"), filepath.Join(dir, "said")
	begin(t, nil, "node", "--hostname", one, "--bind", one, "--beat", "200ms",
		"--on", "joined,left=echo $HEARSAY_NODE $HEARSAY_EVENT $HEARSAY_PEER >>"+events, "--on", "message=cat >>"+said, two)
	b := begin(t, nil, "node", "--hostname", two, "--bind", two, "--beat", "200ms")
	holds := func(file, want string) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
				return fmt.Errorf("no %q: %q, %v", want, text, err)
			}
			return nil
		})
	}
	holds(events, one+" joined "+two+"\n")
	nodetest.Eventually(t, func() error {
		must(t, "pub", "--addr", two, "hello there")
		if text, _ := os.ReadFile(said); !strings.Contains(string(text), `"body":"hello there"`) {
			return fmt.Errorf("%q", text)
		}
		return nil
	})
	b.stop()
	holds(events, one+" left "+two+"\n")
}

// A command that does not end is killed with all that it started; what comes meanwhile is bounded, and told.
func TestHandlersAreBounded(t *testing.T) {
	t.Parallel()
	var log screen
	h := startHandlers([]handler{{[]string{"joined"}, "sleep 600 & sleep 600"}}, "n", logger(&log))
	h.time = 100 * time.Millisecond
	for range 2 * handlersWait {
		h.event(node.Event{Change: mesh.Change{Kind: mesh.Joined, Peer: "p"}})
	}
	log.shows(t, "killed after")
	log.shows(t, "events not handled")
	h.close()
	quiet := startHandlers([]handler{{[]string{messageEvent}, "sleep 600"}}, "n", logger(&log))
	quiet.message(node.Message{Body: make([]byte, 1<<20)}) // JSON has six bytes for each of these
	if bytes := quiet.bytes.Load(); bytes < 6<<20 {
		t.Errorf("where nothing waits, %d bytes of a large message do", bytes)
	}
	quiet.close()
	quiet = startHandlers([]handler{{[]string{messageEvent}, "sleep 600"}}, "n", logger(&log))
	for range 16 {
		quiet.message(node.Message{Body: bytes.Repeat([]byte("x"), 1<<20)})
	}
	if bytes := quiet.bytes.Load(); bytes < 3<<20 || bytes > handlersBytes {
		t.Errorf("%d bytes wait", bytes)
	}
	quiet.close()
	log.shows(t, "events=12") // what was lost in the minute since is told at the end
}

// Whoever sends messages does not fill the log through a command that fails; each command's failures are counted.
func TestHandlersThatFailAreToldOnceAMinute(t *testing.T) {
	t.Parallel()
	var log screen
	h := startHandlers([]handler{{[]string{messageEvent}, "echo no; exit 3"}, {[]string{"joined"}, "exit 4"}}, "n", logger(&log))
	for range 50 {
		h.message(node.Message{})
		h.event(node.Event{Change: mesh.Change{Kind: mesh.Joined, Peer: "p"}})
	}
	nodetest.Eventually(t, func() error {
		if bytes := h.bytes.Load(); bytes > 0 {
			return fmt.Errorf("%d bytes wait", bytes)
		}
		return nil
	})
	for _, status := range []string{"exit status 3", "exit status 4"} {
		if n := strings.Count(log.String(), status); n != 1 {
			t.Errorf("%s is told %d times", status, n)
		}
	}
	h.close()
	if n := strings.Count(log.String(), "repeated=49"); n != 2 {
		t.Errorf("at the end:\n%s", &log)
	}
}

// A command that ends because the node does is not said to have taken too long.
func TestHandlersEndWithTheNode(t *testing.T) {
	t.Parallel()
	var log screen
	begun := filepath.Join(t.TempDir(), "begun")
	h := startHandlers([]handler{{[]string{messageEvent}, ">" + begun + "; sleep 600"}}, "n", logger(&log))
	h.message(node.Message{})
	nodetest.Eventually(t, func() error { _, err := os.Stat(begun); return err })
	h.close()
	if text := log.String(); !strings.Contains(text, "as the node ended") || strings.Contains(text, "killed after") {
		t.Error(text)
	}
}

func TestHandlersThatAreWrong(t *testing.T) {
	t.Parallel()
	for on, want := range map[string]string{"joined": "must be EVENT", "joined=": "must be EVENT", "born=true": "is no event", "joined,=x": "is no event"} {
		fails(t, exitUsage, want, "node", "--on", on)
	}
	fails(t, exitUsage, "must be KEY=VALUE", "node", "--tag", "role")
	fails(t, exitUsage, "--http-metric-tag: \"role=web\": must be the key of a tag", "node", "--http-metric-tag", "role=web")
	fails(t, exitUsage, "a key is 1 to 32 bytes", "node", "--tag", "Role=web")
}

// Tags are seen by all, set while the node runs, and found.
func TestTags(t *testing.T) {
	t.Parallel()
	one, two := nodetest.Address(t), nodetest.Address(t)
	begin(t, nil, "node", "--hostname", one, "--bind", one, "--beat", "200ms", "--tag", "role=web", "--tag", "az=1")
	begin(t, nil, "node", "--hostname", two, "--bind", two, "--beat", "200ms", one)
	must(t, "wait", "--members", "2", "--addr", two)
	sees := func(want bool, tags ...string) {
		t.Helper()
		args := []string{"members", "--addr", two}
		for _, tag := range tags {
			args = append(args, "--tag", tag)
		}
		nodetest.Eventually(t, func() error {
			if out := must(t, args...); strings.Contains(out, one) != want {
				return fmt.Errorf("%v:\n%s", tags, out)
			}
			return nil
		})
	}
	sees(true, "role=web", "az")
	sees(false, "role=db")
	if out := must(t, "tags", "--addr", one); out != "az=1,role=web\n" {
		t.Errorf("%q", out)
	}
	must(t, "tags", "--addr", one, "role=db")
	sees(true, "role=db")
	sees(false, "az")
	must(t, "tags", "--clear", "--addr", one)
	sees(false, "role")
	fails(t, exitUsage, "KEY=VALUE", "tags", "--addr", one, "role")
	fails(t, exitUsage, "--tag: tag \"Role\": ", "members", "--addr", one, "--tag", "Role")
	fails(t, exitUsage, "--clear takes no tags", "tags", "--clear", "--addr", one, "role=db")
}
