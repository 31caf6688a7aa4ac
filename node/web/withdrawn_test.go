package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// begun is a request of which a part was sent.
type begun struct {
	t    *testing.T
	path string
	conn net.Conn
}

// begin sends the header of a POST with a body of ten bytes and a token, and the first bytes of the body.
func begin(t *testing.T, base, path, token, body string) *begun {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	b := &begun{t, path, c}
	b.send(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 10\r\n\r\n%s", path, token, body))
	return b
}

func (b *begun) send(text string) {
	b.t.Helper()
	if _, err := b.conn.Write([]byte(text)); err != nil {
		b.t.Fatalf("%s: %v", b.path, err)
	}
}

func (b *begun) refused(what string) {
	b.t.Helper()
	_ = b.conn.SetReadDeadline(time.Now().Add(nodetest.Patience))
	r, err := http.ReadResponse(bufio.NewReader(b.conn), nil)
	if err != nil {
		b.t.Errorf("%s: %s: %v", what, b.path, err)
		return
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusUnauthorized {
		b.t.Errorf("%s: %s: %s", what, b.path, r.Status)
	}
}

// What was begun with a token is not carried out once that is withdrawn, whether the rest of it comes, does not, or has
// been waiting for others.
func TestWithdrawnBeforeTheWholeHasCome(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken+"\n"+otherToken)
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{Token: token, Private: true})
	var sent, stalled []*begun
	for _, path := range []string{"/v1/messages", "/v1/requests?channel=x", "/v1/answers/1"} {
		sent = append(sent, begin(t, base, path, goodToken, "12345"))
		stalled = append(stalled, begin(t, base, path, goodToken, "12345"))
	}
	waits := begin(t, base, "/v1/messages?wait=1&timeout=5m", goodToken, "1234567890")
	tags := begin(t, base, "/v1/tags", goodToken, `{"a":`)
	stays := begin(t, base, "/v1/messages", otherToken, "good ")
	nodetest.Eventually(t, func() error { // all have been let in
		if got := s.bodies.held.Load() / bodyStep; got != 7 {
			return fmt.Errorf("%d bodies are under way", got)
		}
		return nil
	})
	file(t, path, otherToken)
	s.Reload()
	for _, b := range sent {
		b.send("67890")
		b.refused("the rest came")
	}
	tags.send(`"bb"}`)
	tags.refused("the rest came")
	for _, b := range stalled {
		b.refused("the rest did not come")
	}
	waits.refused("it waited for members")
	stays.send("token")
	if got := heardBodies(t, n, 1); got != "good token" {
		t.Errorf("published %q", got)
	}
	if got := n.Tags(); len(got) > 0 {
		t.Errorf("tags %v", got)
	}
}

// A profile that takes long ends with its token, too.
func TestProfileEndsWithItsToken(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken+"\n"+otherToken)
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{Token: token, Private: true, Profile: true})
	ends := make(chan error, 2)
	for _, of := range []string{"trace", "profile"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "GET /debug/pprof/%s?seconds=240 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", of, goodToken)
		go func() {
			_ = c.SetReadDeadline(time.Now().Add(nodetest.Patience))
			if _, err := io.Copy(io.Discard, c); err != nil {
				ends <- fmt.Errorf("%s: %w", of, err)
				return
			}
			ends <- nil
		}()
	}
	nodetest.Eventually(t, func() error { // all have been let in
		var all bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&all, 2)
		if got := strings.Count(all.String(), "net/http/pprof.sleep("); got != 2 {
			return fmt.Errorf("%d profiles are under way", got)
		}
		return nil
	})
	file(t, path, otherToken)
	s.Reload()
	for range 2 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
}

// Where reading takes no token, what was begun to be changed with one ends with it all the same.
func TestWithdrawnWhereReadingIsOpen(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken+"\n"+otherToken)
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{Token: token})
	through := goodToken + "\r\nX-Forwarded-For: 192.0.2.1" // a client on loopback needs none
	sent, stalled := begin(t, base, "/v1/messages", through, "12345"), begin(t, base, "/v1/messages", through, "12345")
	waits := begin(t, base, "/v1/messages?wait=1&timeout=5m", through, "1234567890")
	local := begin(t, base, "/v1/messages", goodToken, "with ")
	nodetest.Eventually(t, func() error { // these have been let in
		if got := s.bodies.held.Load() / bodyStep; got != 3 { // the fourth waits for members
			return fmt.Errorf("%d bodies are under way", got)
		}
		return nil
	})
	file(t, path, otherToken)
	s.Reload()
	sent.send("67890")
	sent.refused("the rest came")
	stalled.refused("the rest did not come")
	waits.refused("it waited for members")
	local.send("out 1")
	if got := heardBodies(t, n, 1); got != "with out 1" {
		t.Errorf("published %q", got)
	}
}
