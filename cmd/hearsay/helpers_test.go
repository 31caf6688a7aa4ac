package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/goleak"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// asProgram makes the test binary be the program, for tests that need one to call.
const asProgram = "HEARSAY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		main()
	}
	for _, set := range os.Environ() { // what the tests say is all there is
		if name, _, _ := strings.Cut(set, "="); strings.HasPrefix(name, "HEARSAY_") {
			os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// screen is an output that is read while it is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits until a text is on the screen.
func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		if !strings.Contains(s.String(), text) {
			return fmt.Errorf("no %q in:\n%s", text, s)
		}
		return nil
	})
}

// program is a run of the program in this process.
type program struct {
	out, log screen
	stop     context.CancelFunc
	ended    chan struct{}
	err      error
}

// parsing is held by whoever reads a command line: the cli package keeps the flag --help in a global variable.
var parsing sync.Mutex

// begin runs a command line until the test ends.
func begin(t *testing.T, input io.Reader, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{stop: cancel, ended: make(chan struct{})}
	app := newApp()
	app.Reader, app.Writer, app.ErrWriter = input, &p.out, &p.log
	parsing.Lock()
	parsed := sync.OnceFunc(parsing.Unlock)
	for _, command := range app.Commands {
		before := command.Before
		command.Before = func(c *cli.Context) error {
			parsed()
			if before == nil {
				return nil
			}
			return before(c)
		}
	}
	go func() {
		defer close(p.ended)
		defer parsed()
		p.err = app.RunContext(ctx, sortArguments(app, append([]string{"hearsay"}, args...)))
	}()
	t.Cleanup(func() {
		cancel()
		<-p.ended
	})
	return p
}

// end waits until the command has ended, and returns its status. It is given more time while it says something.
func (p *program) end(t *testing.T) int {
	t.Helper()
	said := func() int { return len(p.out.String()) + len(p.log.String()) }
	for before, try := said(), 0; ; try++ {
		select {
		case <-p.ended:
		case <-time.After(nodetest.Patience):
			if now := said(); now > before && try < 5 {
				before = now
				continue
			}
			t.Fatalf("does not end: %s%s", &p.out, &p.log)
		}
		break
	}
	return exitStatus(p.err)
}

// run runs a command line to its end.
func run(t *testing.T, args ...string) (status int, out string, err error) {
	t.Helper()
	p := begin(t, strings.NewReader(""), args...)
	status = p.end(t)
	return status, p.out.String(), p.err
}

// must runs a command line that has to succeed, and returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, err := run(t, args...)
	if status != 0 {
		t.Fatalf("hearsay %s: status %d, %v\n%s", strings.Join(args, " "), status, err, out)
	}
	return out
}

// soon repeats a command until it succeeds: on a machine that is short of time an answer may come later than a client waits.
func soon(t *testing.T, args ...string) (out string) {
	t.Helper()
	nodetest.Eventually(t, func() (err error) {
		var status int
		if status, out, err = run(t, args...); status != 0 {
			return fmt.Errorf("hearsay %s: status %d, %w", strings.Join(args, " "), status, err)
		}
		return nil
	})
	return out
}

// fails checks that a command line ends with a status, and an error of one line with these words.
func fails(t *testing.T, status int, words string, args ...string) {
	t.Helper()
	got, out, err := run(t, args...)
	if got != status || err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
		t.Errorf("hearsay %s: status %d, %v, want %d, %q\n%s", strings.Join(args, " "), got, err, status, words, out)
	}
}

// startNode runs a node until the test ends.
func startNode(t *testing.T, cfg node.Config) *node.Node {
	t.Helper()
	if cfg.Bind == "" {
		cfg.Bind = nodetest.Address(t)
	}
	cfg.Hostname = cfg.Bind
	cfg.Beat, cfg.Interval = 200*time.Millisecond, 500*time.Millisecond
	n, err := node.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// show serves a node at port 8080 of its address, until the test ends.
func show(t *testing.T, n *node.Node) (addr string) {
	t.Helper()
	addr = defaultHTTP(n.Config().Bind)
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := web.New(n, web.Options{Version: "v1"})
	go func() {
		for m := range n.Messages() {
			s.Deliver(m)
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() { s.Close(); <-ended })
	return addr
}

// pair runs two nodes that hear each other, the first of them shown.
func pair(t *testing.T) (a, b *node.Node, addr string) {
	t.Helper()
	b = startNode(t, node.Config{})
	a = startNode(t, node.Config{Seeds: []string{string(b.Name())}, Channels: []string{"news"}})
	nodetest.Eventually(t, func() error {
		if len(a.Alive()) != 1 || len(b.Alive()) != 1 {
			return errors.New("they do not hear each other")
		}
		return nil
	})
	return a, b, show(t, a)
}

// inState waits until a node has its only peer in a state.
func inState(t *testing.T, n *node.Node, state mesh.State) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		if m := n.Members(); len(m) != 1 || m[0].State != state {
			return fmt.Errorf("%+v", m)
		}
		return nil
	})
}
