package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
)

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

// lines has a header of several lines: a proxy puts its own behind those of the client.
func lines(key string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[key] = values }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func TestRefusals(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{MaxMessage: 10})
	_, base := startServer(t, n, Options{})
	for _, c := range []struct {
		method, path, body string
		with               func(*http.Request)
		status             int
		reason             string
	}{
		{method: "GET", path: "/nothing", status: 404, reason: "not_found"},
		{method: "GET", path: "/v1/nothing", status: 404, reason: "not_found"},
		{method: "GET", path: "/debug/pprof/", status: 404, reason: "not_found"},
		{method: "POST", path: "/nothing", status: 405, reason: "method_not_allowed"},
		{method: "POST", path: "/v1/members", status: 405, reason: "method_not_allowed"},
		{method: "GET", path: "/v1/leave", status: 405, reason: "method_not_allowed"},
		{method: "DELETE", path: "/v1/messages", status: 405, reason: "method_not_allowed"},
		{method: "POST", path: "/v1/members/nobody/forget", status: 404, reason: "unknown_peer"},
		{method: "POST", path: "/v1/members/" + string(n.Name()) + "/forget", status: 404, reason: "unknown_peer"},
		{method: "POST", path: "/v1/members/two%20words/forget", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/messages?channel=a&channel=b", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/messages?channel=no%20spaces", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/messages?channel=", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/messages", body: "eleven byte", status: 413, reason: "too_large"},
		{method: "POST", path: "/v1/messages", with: header("Content-Type", "multipart/form-data; boundary=x"), status: 415, reason: "unsupported_type"},
		{method: "POST", path: "/v1/tags", body: `{"a":"b"} x`, status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/tags", body: `{"a":"b"}{"a":"c"}`, status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/tags", body: `null`, status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/tags", body: `{"a":null}`, status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/tags", body: ``, status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests?channel=no%20spaces", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests?channel=a&want=-1", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests?channel=a&timeout=5", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests?to=two%20words", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/requests?channel=a", status: 404, reason: "nobody_answers"},
		{method: "POST", path: "/v1/requests?to=nobody", status: 404, reason: "nobody_answers"},
		{method: "POST", path: "/v1/requests?to=" + string(n.Name()), status: 404, reason: "nobody_answers"},
		{method: "POST", path: "/v1/requests?channel=a", body: "eleven byte", status: 413, reason: "too_large"},
		{method: "POST", path: "/v1/requests?channel=a", with: header("Origin", "http://elsewhere.example"), status: 403, reason: "cross_origin"},
		{method: "POST", path: "/v1/answers?channel=a", with: header("Origin", "http://elsewhere.example"), status: 403, reason: "cross_origin"},
		{method: "POST", path: "/v1/answers?at_once=0", status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/answers/1", status: 404, reason: "unknown_request"},
		{method: "GET", path: "/v1/answers", status: 405, reason: "method_not_allowed"},
		{method: "GET", path: "/v1/messages?channel=unknown", status: 404, reason: "unknown_channel"},
		{method: "GET", path: "/v1/events?after=yesterday", status: 400, reason: "bad_request"},
		{method: "GET", path: "/v1/events?after=-1", status: 400, reason: "bad_request"},
		{method: "GET", path: "/v1/events", with: header("Last-Event-ID", "1-2-3"), status: 400, reason: "bad_request"},
		{method: "POST", path: "/v1/leave", with: header("Origin", "http://elsewhere.example"), status: 403, reason: "cross_origin"},
		{method: "POST", path: "/v1/leave", with: header("Sec-Fetch-Site", "cross-site"), status: 403, reason: "cross_origin"},
		{method: "POST", path: "/v1/leave", with: header("X-Forwarded-For", "127.0.0.1"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: header("Via", "1.1 proxy"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: header("X-Forwarded-Proto", "https"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: lines("X-Forwarded-For", ""), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: lines("X-Forwarded-For", "", "192.0.2.1"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: lines("Forwarded", "", "for=192.0.2.1"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: lines("Via", "", "1.1 proxy"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: lines("X-Real-Ip", "", "192.0.2.1"), status: 403, reason: "not_loopback"},
		{method: "POST", path: "/v1/leave", with: host("evil.example:8080"), status: 403, reason: "bad_host"},
		{method: "GET", path: "/v1/members", with: host("evil.example"), status: 403, reason: "bad_host"},
	} {
		with := c.with
		if with == nil {
			with = func(*http.Request) {}
		}
		answer, body := ask(t, c.method, base+c.path, []byte(c.body), with)
		refused(t, c.method+" "+c.path, answer, body, c.status, c.reason)
		if allow := answer.Header.Get("Allow"); (c.status == 405) != (allow != "") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
	}
	for _, name := range []string{"localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "::1", string(n.Name()) + ":1"} {
		if answer, body := ask(t, "GET", base+"/v1/members", nil, host(name)); answer.StatusCode != 200 {
			t.Errorf("for host %s: %s %s", name, answer.Status, body)
		}
	}
	select {
	case <-n.Done():
		t.Error("a request that was refused made the node leave")
	default:
	}
}

// from answers a request as if it came from an address, to another.
func from(s *Server, remote, local, method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("x"))
	r.RemoteAddr = remote
	addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(local))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(addr))))
	return w
}

func TestOnlyLoopbackMayWrite(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	closed, open := New(n, Options{}), New(n, Options{RemoteWrite: true})
	t.Cleanup(func() { closed.Close(); open.Close() })
	for _, path := range []string{"/v1/messages", "/v1/tags", "/v1/requests", "/v1/answers", "/v1/answers/1", "/v1/leave", "/v1/members/x/forget"} {
		answer, body := recorded(from(closed, "10.1.2.3:4567", "10.0.0.1:8080", "POST", path))
		refused(t, path+" from afar", answer, body, http.StatusForbidden, "not_loopback")
	}
	if w := from(closed, "10.1.2.3:4567", "10.0.0.1:8080", "GET", "/v1/members"); w.Code != http.StatusOK {
		t.Errorf("reading from afar, under any host name: %d %s", w.Code, w.Body)
	}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"from afar, with RemoteWrite":  from(open, "10.1.2.3:4567", "10.0.0.1:8080", "POST", "/v1/messages"),
		"from loopback":                from(closed, "127.0.0.1:4567", "10.0.0.1:8080", "POST", "/v1/messages"),
		"from loopback, mapped, to v6": from(closed, "[::ffff:127.0.0.1]:4567", "[2001:db8::1]:8080", "POST", "/v1/messages"),
	} {
		if w.Code != http.StatusOK {
			t.Errorf("publishing %s: %d %s", what, w.Code, w.Body)
		}
	}
}

// A page of an attacker's whose name leads to the node is of one origin with it. It changes nothing, also where everybody may.
func TestNoPageMayWriteUnderAnotherName(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{Hostname: "node_1.example", Bind: nodetest.Address(t)})
	token, _ := openToken(t, goodToken)
	open, locked := New(n, Options{RemoteWrite: true}), New(n, Options{Token: token})
	t.Cleanup(func() { open.Close(); locked.Close() })
	for _, c := range []struct {
		server       *Server
		host, origin string
		token        bool
		status       int
	}{
		{open, "evil.example", "http://evil.example", false, 403},
		{open, "evil.example:8080", "http://evil.example:8080", false, 403},
		{open, "evil.", "http://evil.", false, 403},
		{open, "evil.example", "", false, 200}, // no browser
		{open, "node_2", "http://node_2", false, 200},
		{open, "10.0.0.1:8080", "http://10.0.0.1:8080", false, 200},
		{open, "[2001:db8::1]:8080", "http://[2001:db8::1]:8080", false, 200},
		{open, "NODE_1.example:8080", "http://NODE_1.example:8080", false, 200},
		{locked, "evil.example", "http://evil.example", false, 401},
		{locked, "mesh.example", "http://mesh.example", true, 200}, // who has the token says it nowhere else
	} {
		for _, local := range []string{"10.0.0.1:8080", "[2001:db8::1]:8080"} {
			r := httptest.NewRequest("POST", "/v1/messages", strings.NewReader("x"))
			r.RemoteAddr, r.Host = "10.1.2.3:4567", c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.token {
				r.Header.Set("Authorization", "Bearer "+goodToken)
			}
			addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(local))
			w := httptest.NewRecorder()
			c.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(addr))))
			if w.Code != c.status {
				t.Errorf("for %s, of %q, with a token %v: %d %s", c.host, c.origin, c.token, w.Code, w.Body)
			}
		}
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	_, b, _, base := pair(t, Options{})
	events := listen(t, base+"/v1/events")
	answer, body := ask(t, "POST", base+"/v1/members/"+string(b.Name())+"/forget", nil)
	if answer.StatusCode != http.StatusOK || !strings.Contains(string(body), string(b.Name())) {
		t.Fatalf("%s %s", answer.Status, body)
	}
	for _, want := range []string{"forgotten", "joined"} {
		if _, e := read[Event](events); e.Kind != want || e.Peer != b.Name() {
			t.Errorf("%+v, want %s", e, want)
		}
	}
}

func TestLeave(t *testing.T) {
	t.Parallel()
	a, b, _, base := pair(t, Options{})
	events, messages := listen(t, base+"/v1/events"), listen(t, base+"/v1/messages")
	answer, body := ask(t, "POST", base+"/v1/leave", nil)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", answer.Status, body)
	}
	select {
	case <-a.Done():
	default:
		t.Error("answered before the node had left")
	}
	events.ended("events")
	messages.ended("messages")
	nodetest.Eventually(t, func() error {
		if m := b.Members(); m[0].State != mesh.Left {
			return fmt.Errorf("%+v", m)
		}
		return nil
	})
	answer, body = ask(t, "POST", base+"/v1/messages", []byte("too late"))
	refused(t, "publish after the end", answer, body, http.StatusServiceUnavailable, "leaving")
	answer, body = ask(t, "POST", base+"/v1/members/"+string(b.Name())+"/forget", nil)
	refused(t, "forget after the end", answer, body, http.StatusServiceUnavailable, "leaving")
}

// gate is a log that holds up whoever asks it whether a line is wanted, and so the node's loop. To write a line holds up
// nobody.
type gate struct {
	slog.Handler
	shut    chan struct{}
	closing atomic.Bool // from now on
	held    atomic.Bool
}

func (g *gate) WithAttrs([]slog.Attr) slog.Handler { return g }
func (g *gate) Enabled(context.Context, slog.Level) bool {
	if g.closing.Load() {
		g.held.Store(true)
		<-g.shut
	}
	return true
}

func TestLoopThatHangsIsToldAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	g := &gate{Handler: slog.DiscardHandler, shut: make(chan struct{})}
	release := sync.OnceFunc(func() { close(g.shut) })
	n := startNode(t, node.Config{Logger: slog.New(g)})
	t.Cleanup(release)
	s, base := startServer(t, n, Options{})
	s.views.timeout = 50 * time.Millisecond
	g.closing.Store(true)
	startNode(t, node.Config{Seeds: []string{string(n.Name())}})
	nodetest.Eventually(t, func() error {
		if !g.held.Load() {
			return errors.New("the loop does not hang yet")
		}
		return nil
	})
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/v1/status", "/v1/members", "/v1/links"} {
		answer, body := ask(t, "GET", base+path, nil)
		refused(t, path, answer, body, http.StatusServiceUnavailable, "no_answer")
	}
	release()
	s.views.timeout = nodetest.Patience
	if answer, body := ask(t, "GET", base+"/healthz", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %s %s", answer.Status, body)
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, base := startServer(t, startNode(t, node.Config{}), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a mistake") })
	answer, body := ask(t, "GET", base+"/", nil)
	refused(t, "a panic", answer, body, http.StatusInternalServerError, "internal")
	s.Close()
	if !strings.Contains(log.String(), "a mistake") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestProfilesAreThereWhenAskedFor(t *testing.T) {
	t.Parallel()
	_, base := startServer(t, startNode(t, node.Config{}), Options{Profile: true})
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline"} {
		if answer, body := ask(t, "GET", base+path, nil); answer.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	t.Parallel()
	_, base := startServer(t, startNode(t, node.Config{}), Options{})
	for _, path := range []string{"/", "/healthz", "/metrics", "/v1/members"} {
		if answer, body := ask(t, "HEAD", base+path, nil); answer.StatusCode != http.StatusOK || len(body) != 0 {
			t.Errorf("%s: %s, %d bytes", path, answer.Status, len(body))
		}
	}
}

func TestTooManyConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", nodetest.Address(t)+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	var refusals atomic.Uint64
	ln := limit(inner, 2, &refusals)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	client := dial()
	first := (<-accepted).(*limitedConn)
	dial()
	second := (<-accepted).(*limitedConn)
	defer second.answering()()
	dial()
	third := <-accepted // the first was idle
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("nobody made room")
	}
	first.Close() // frees no second place
	third.(*limitedConn).answering()
	for range ownPlaces {
		dial()
		(<-accepted).(*limitedConn).answering()
	}
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("there is no end of places")
	}
	if refusals.Load() != 1 {
		t.Errorf("%d refusals were counted", refusals.Load())
	}
	second.Close()
	inner.Close()
	<-accepted
}

func TestIdleConnectionsDoNotShutOutAHealthCheck(t *testing.T) {
	t.Parallel()
	_, base := startServer(t, startNode(t, node.Config{}), Options{})
	for range maxConns + 8 {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Skip("this process may not have so many connections: ", err)
		}
		t.Cleanup(func() { c.Close() })
	}
	for range 20 {
		answer, body := ask(t, "GET", base+"/healthz", nil)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", answer.Status, body)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s, base := startServer(t, startNode(t, node.Config{}), Options{})
	events := listen(t, base+"/v1/events")
	s.Close()
	s.Close()
	events.ended("after Close")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/v1/members", nil))
	answer, body := recorded(w)
	refused(t, "after Close", answer, body, http.StatusServiceUnavailable, "leaving")
}
