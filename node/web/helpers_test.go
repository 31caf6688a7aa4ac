package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startNode runs a node until the test ends.
func startNode(t *testing.T, cfg node.Config) *node.Node {
	t.Helper()
	if cfg.Bind == "" {
		cfg.Bind = nodetest.Address(t)
	}
	if cfg.Hostname == "" {
		cfg.Hostname = cfg.Bind
	}
	if cfg.Beat == 0 {
		cfg.Beat, cfg.Interval = 200*time.Millisecond, 500*time.Millisecond
	}
	n, err := node.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// startServer shows a node at a free port of its own address, until the test ends.
func startServer(t *testing.T, n *node.Node, o Options) (s *Server, base string) {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(n.Config().Bind, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s = New(n, o)
	serve(t, s, ln)
	return s, "http://" + ln.Addr().String()
}

func serve(t *testing.T, s *Server, ln net.Listener) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// pair runs two nodes that hear each other and between which messages flow, the first of them shown.
func pair(t *testing.T, o Options) (a, b *node.Node, s *Server, base string) {
	t.Helper()
	b = startNode(t, node.Config{})
	a = startNode(t, node.Config{Seeds: []string{string(b.Name())}, Channels: []string{"news", "other"}})
	flows(t, a, b)
	flows(t, b, a)
	s, base = startServer(t, a, o)
	return a, b, s, base
}

func hears(t *testing.T, a, b *node.Node) {
	t.Helper()
	awaits(t, a, b, func(m mesh.Member) bool { return m.State == mesh.Alive })
}

// flows waits until messages go both ways, as a sees it.
func flows(t *testing.T, a, b *node.Node) {
	t.Helper()
	awaits(t, a, b, func(m mesh.Member) bool { return m.State == mesh.Alive && m.Flowing })
}

func awaits(t *testing.T, a, b *node.Node, so func(mesh.Member) bool) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		all := a.Members()
		for _, m := range all {
			if m.Name == b.Name() && so(m) {
				return nil
			}
		}
		return fmt.Errorf("%s does not hear %s: %+v", a.Name(), b.Name(), all)
	})
}

// deliver gives the node's messages to the server until the node ends.
func deliver(n *node.Node, s *Server) {
	go func() {
		for m := range n.Messages() {
			s.Deliver(m)
		}
	}()
}

var testClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// reply is an answer without its body.
type reply struct {
	Status     string
	StatusCode int
	Header     http.Header
}

// ask sends a request, changed by with, and returns the answer and its whole body.
func ask(t *testing.T, method, url string, body []byte, with ...func(*http.Request)) (reply, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range with {
		f(r)
	}
	answer, err := testClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.Status, answer.StatusCode, answer.Header}, text
}

// recorded is the same of an answer to a request that was not sent.
func recorded(w *httptest.ResponseRecorder) (reply, []byte) {
	return reply{fmt.Sprint(w.Code), w.Code, w.Header()}, w.Body.Bytes()
}

// get reads JSON.
func get[T any](t *testing.T, url string) (v T) {
	t.Helper()
	answer, body := ask(t, http.MethodGet, url, nil)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("GET %s: %s, %s", url, answer.Status, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return v
}

// refused checks an answer that is an error.
func refused(t *testing.T, what string, answer reply, body []byte, status int, reason string) {
	t.Helper()
	var e Error
	if err := json.Unmarshal(body, &e); err != nil {
		t.Errorf("%s: %v: %s", what, err, body)
		return
	}
	if answer.StatusCode != status || e.Reason != reason || e.Text == "" || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s, %s, want %d %s", what, answer.Status, body, status, reason)
	}
}

// sse is a stream of server-sent events, as a client sees it.
type sse struct {
	t     *testing.T
	lines *bufio.Reader
	close func()
}

func listen(t *testing.T, url string, with ...func(*http.Request)) *sse {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range with {
		f(r)
	}
	answer, err := testClient.Do(r) //nolint:bodyclose // by close, at the end of the test
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("GET %s: %s", url, answer.Status)
	}
	c := &sse{t: t, lines: bufio.NewReader(answer.Body), close: func() { cancel(); answer.Body.Close() }}
	t.Cleanup(c.close)
	c.line(": ") // the server has taken us in
	return c
}

// line returns the rest of the next line that begins with a prefix.
func (c *sse) line(prefix string) string {
	c.t.Helper()
	text, err := c.next(prefix)
	if err != nil {
		c.t.Fatalf("no line %q: %v", prefix, err)
	}
	return text
}

func (c *sse) next(prefix string) (string, error) {
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return "", err
		}
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix); ok {
			return rest, nil
		}
	}
}

// ended checks that nothing more comes.
func (c *sse) ended(what string) {
	c.t.Helper()
	if _, err := c.next("never"); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.t.Errorf("%s: %v, want the end", what, err)
	}
}

// read returns the id and the value of the next event.
func read[T any](c *sse) (id string, v T) {
	c.t.Helper()
	id = c.line("id: ")
	if err := json.Unmarshal([]byte(c.line("data: ")), &v); err != nil {
		c.t.Fatal(err)
	}
	return id, v
}
