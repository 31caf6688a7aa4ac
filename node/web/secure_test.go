package web

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

const (
	goodToken  = "0123456789abcdef"
	otherToken = "fedcba9876543210"
)

// file writes one, in one piece for who reads it meanwhile.
func file(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

func openToken(t *testing.T, text string) (*Token, string) {
	t.Helper()
	path := file(t, filepath.Join(t.TempDir(), "token"), text)
	token, err := OpenToken(path)
	if err != nil {
		t.Fatal(err)
	}
	return token, path
}

// asked gives a server a request as if it came from an address, and returns the status.
func asked(s *Server, method, path, from, authorization string) (status int, answer *httptest.ResponseRecorder) {
	r := httptest.NewRequest(method, path, strings.NewReader("x"))
	r.RemoteAddr = from
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer = httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	return answer.Code, answer
}

// Who may do what, without a token, with one, and where all is private.
func TestToken(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	token, _ := openToken(t, "\ufeff\n"+otherToken+"\n "+goodToken+" \r\n")
	servers := map[string]*Server{}
	for name, o := range map[string]Options{
		"open":           {},
		"remote write":   {RemoteWrite: true},
		"token":          {Token: token},
		"token, write":   {Token: token, RemoteWrite: true},
		"private":        {Token: token, Private: true},
		"private, write": {Token: token, Private: true, RemoteWrite: true},
		"open metrics":   {Token: token, Private: true, OpenMetrics: true},
	} {
		s := New(n, o)
		defer s.Close()
		servers[name] = s
	}
	const local, remote = "127.0.0.1:1000", "192.0.2.1:1000"
	basic := func(password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anybody", password)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		server, method, path, from, authorization string
		want                                      int
	}{
		{"open", "GET", "/v1/members", remote, "", 200},
		{"open", "POST", "/v1/messages", local, "", 200},
		{"open", "POST", "/v1/messages", remote, "", 403},
		{"open", "POST", "/v1/messages", remote, "Bearer " + goodToken, 403},
		{"open", "POST", "/v1/messages", remote, "Bearer ", 403},
		{"remote write", "POST", "/v1/messages", remote, "", 200},
		{"token", "GET", "/v1/members", remote, "", 200},
		{"token", "POST", "/v1/messages", local, "", 200},
		{"token", "POST", "/v1/messages", remote, "", 401},
		{"token", "POST", "/v1/messages", remote, "Bearer " + goodToken, 200},
		{"token", "POST", "/v1/messages", remote, "bearer  " + otherToken, 200},
		{"token", "POST", "/v1/messages", remote, basic(goodToken), 200},
		{"token", "POST", "/v1/messages", remote, basic(""), 401},
		{"token", "POST", "/v1/messages", remote, "Bearer " + goodToken[1:], 401},
		{"token", "POST", "/v1/messages", remote, "Bearer", 401},
		{"token", "POST", "/v1/messages", remote, "Digest " + goodToken, 401},
		{"token, write", "POST", "/v1/messages", remote, "", 401},
		{"private", "GET", "/v1/members", remote, "", 401},
		{"private", "GET", "/v1/members", local, "", 401},
		{"private", "GET", "/", local, "", 401},
		{"private", "GET", "/nothing", local, "", 401},
		{"private", "GET", "/metrics", local, "", 401},
		{"private", "GET", "/v1/members", remote, "Bearer " + goodToken, 200},
		{"private", "GET", "/metrics", remote, basic(otherToken), 200},
		{"private", "GET", "/healthz", remote, "", 200},
		{"private", "GET", "/readyz", remote, "", 200},
		{"private", "POST", "/v1/messages", local, "", 401},
		{"private", "POST", "/v1/messages", local, "Bearer " + goodToken, 200},
		{"private, write", "POST", "/v1/messages", remote, "", 401},
		{"open metrics", "GET", "/metrics", remote, "", 200},
		{"open metrics", "GET", "/v1/members", remote, "", 401},
	} {
		got, answer := asked(servers[c.server], c.method, c.path, c.from, c.authorization)
		if got != c.want {
			t.Errorf("%s: %s %s from %s with %q: %d; want %d", c.server, c.method, c.path, c.from, c.authorization, got, c.want)
		}
		if wanted := answer.Header().Get("WWW-Authenticate") != ""; wanted != (c.want == 401) {
			t.Errorf("%s: %s %s: asked for a password: %v", c.server, c.method, c.path, wanted)
		}
	}
}

// A page of another origin cannot use the password that a browser keeps.
func TestTokenAcrossOrigins(t *testing.T) {
	t.Parallel()
	token, _ := openToken(t, goodToken)
	s := New(startNode(t, node.Config{}), Options{Token: token})
	defer s.Close()
	r := httptest.NewRequest("POST", "/v1/messages", strings.NewReader("x"))
	r.Header.Set("Origin", "http://elsewhere.example")
	r.SetBasicAuth("", goodToken)
	answer := httptest.NewRecorder()
	if s.ServeHTTP(answer, r); answer.Code != 403 {
		t.Errorf("%d: %s", answer.Code, answer.Body)
	}
}

func TestTokenFiles(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"empty": {"\n\n", "0 tokens"}, "short": {"secret", "line 1: a token has at least"}, "a space": {goodToken + " x", "line 1"},
		"many": {strings.Repeat(goodToken+"\n", 9), "9 tokens"}, "large": {strings.Repeat("x", 5000), "larger than"},
		"not ASCII": {"\n" + goodToken + "ä", "line 2"},
	} {
		path := file(t, filepath.Join(dir, "x"), c.text)
		_, err := OpenToken(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if _, err := OpenToken(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a file that is not there was read")
	}
}

// guarded is a buffer that is written to and read at the same time.
type guarded struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (g *guarded) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all.Write(b)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all.String()
}

// A token that has changed is good at once after Reload, and the old one is not. A bad file changes nothing.
func TestTokenReloaded(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken)
	var log guarded
	s := New(startNode(t, node.Config{}), Options{Token: token, Private: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	defer s.Close()
	status := func(token string) int {
		code, _ := asked(s, "GET", "/v1/members", "127.0.0.1:1", "Bearer "+token)
		return code
	}
	file(t, path, otherToken)
	s.Reload()
	if a, b := status(goodToken), status(otherToken); a != 401 || b != 200 {
		t.Errorf("the old one %d, the new one %d", a, b)
	}
	file(t, path, "bad")
	s.Reload()
	if got := status(otherToken); got != 200 || !strings.Contains(log.String(), "file of http not changed") {
		t.Errorf("%d after a bad file; the log says %q", got, log.String())
	}
	file(t, path, goodToken) // and without Reload a moment later
	nodetest.Eventually(t, func() error {
		if status(goodToken) != 200 {
			return io.ErrNoProgress
		}
		return nil
	})
}

// Who has a stream by a token that is withdrawn loses it within seconds. Whom another token lets in keeps it.
func TestStreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken+"\n"+otherToken)
	_, base := startServer(t, startNode(t, node.Config{}), Options{Token: token, Private: true})
	begin := func(method, path, token string) *bufio.Reader {
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := testClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		lines := bufio.NewReader(answer.Body)
		if line, err := lines.ReadString('\n'); answer.StatusCode != http.StatusOK || err != nil || !strings.HasPrefix(line, ": ") {
			t.Fatalf("%s %s: %s, %q, %v", method, path, answer.Status, line, err)
		}
		return lines
	}
	var gone []*bufio.Reader
	for _, c := range [][2]string{{"GET", "/v1/events"}, {"GET", "/v1/messages"}, {"POST", "/v1/answers"}} {
		gone = append(gone, begin(c[0], c[1], goodToken))
	}
	stays := begin("GET", "/v1/events", otherToken)
	file(t, path, otherToken)
	for i, lines := range gone {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if text, _ := io.ReadAll(lines); !strings.HasSuffix(string(text), ": ended: the token was withdrawn\n\n") {
				t.Errorf("stream %d ends with %q", i, text)
			}
		}()
		select {
		case <-ended:
		case <-time.After(nodetest.Patience):
			t.Fatalf("stream %d goes on", i)
		}
	}
	read := make(chan error, 1)
	go func() {
		_, err := stays.ReadByte()
		read <- err
	}()
	select {
	case err := <-read:
		if err != nil {
			t.Errorf("the stream of the token that is good has ended: %v", err)
		}
	case <-time.After(8 * lookEvery):
	}
}

// A probe without a token learns no more than whether the node works: no name, and no reason, which may have some.
func TestProbesOfAPrivateNode(t *testing.T) {
	t.Parallel()
	token, _ := openToken(t, goodToken)
	const secret = "nowhere.invalid"
	s := New(startNode(t, node.Config{Seeds: []string{secret}}), Options{Token: token, Private: true})
	defer s.Close()
	nodetest.Eventually(t, func() error {
		if _, answer := asked(s, "GET", "/readyz", "127.0.0.1:1", "Bearer "+goodToken); !strings.Contains(answer.Body.String(), secret) {
			return errors.New(answer.Body.String())
		}
		return nil
	})
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK} {
		status, answer := asked(s, "GET", path, "127.0.0.1:1", "")
		if body := answer.Body.String(); status != want || strings.Contains(body, secret) || strings.Contains(body, "hears") {
			t.Errorf("%s: %d: %s", path, status, body)
		}
	}
}

// certificate writes a self-signed one for a name and returns it.
func certificate(t *testing.T, dir, name string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	file(t, filepath.Join(dir, "cert"), string(cert))
	file(t, filepath.Join(dir, "key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// A node with a certificate speaks HTTPS and nothing else. A certificate that has changed is the next one's.
func TestCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := certificate(t, dir, "first.example")
	cert, err := OpenCertificate(filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{Certificate: cert})
	addr := strings.TrimPrefix(base, "http://")
	get := func(roots *x509.CertPool, name string) error {
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name},
		}}
		r, err := client.Get("https://" + addr + "/v1/status")
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), string(n.Name())) || r.ProtoMajor != 1 {
			t.Errorf("%s: %s", r.Proto, body)
		}
		return nil
	}
	if err := get(first, "first.example"); err != nil {
		t.Error(err)
	}
	if err := get(first, "second.example"); err == nil {
		t.Error("it is believed to be another")
	}
	if r, err := http.Get(base + "/v1/status"); err == nil {
		r.Body.Close()
		if r.StatusCode == 200 {
			t.Error("it speaks HTTP as well")
		}
	}
	second := certificate(t, dir, "second.example")
	s.Reload()
	if err := get(second, "second.example"); err != nil {
		t.Error(err)
	}
	if _, err := OpenCertificate(filepath.Join(dir, "key"), filepath.Join(dir, "cert")); err == nil {
		t.Error("a key is a certificate")
	}
	// The bounds of connections hold: one that says nothing has a place, and gives it back.
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
