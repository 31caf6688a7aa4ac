package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"hearsay/node/files"
)

// Certificate is a server's certificate with its key, in PEM. The files are read again when they have changed.
type Certificate struct {
	files  *files.Followed[*tls.Certificate]
	secret secret
}

// OpenCertificate reads both files.
func OpenCertificate(cert, key string) (*Certificate, error) {
	followed, err := files.Follow(files.Source[*tls.Certificate]{
		Paths: func() []string { return []string{cert, key} },
		Most:  maxPEM,
		Read:  func() (*tls.Certificate, error) { return readCertificate(cert, key) },
	})
	if err != nil {
		return nil, err
	}
	return &Certificate{files: followed, secret: secret{path: key}}, nil
}

func readCertificate(cert, key string) (*tls.Certificate, error) {
	public, err := files.Read(cert, maxPEM)
	if err != nil {
		return nil, err
	}
	secret, err := files.Read(key, maxPEM)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	pair, err := tls.X509KeyPair(public, secret)
	return &pair, err
}

// wrap makes connections of a listener speak TLS. HTTP/2 is left out: the bounds of connections and streams are those
// of HTTP/1.1.
func (c *Certificate) wrap(ln net.Listener) net.Listener {
	return tls.NewListener(ln, &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.files.Get(), nil },
		NextProtos:     []string{"http/1.1"},
		MinVersion:     tls.VersionTLS12,
	})
}

// maxPEM bounds a file with a certificate, or with its key: ten times what a long chain takes.
const maxPEM = 256 << 10 // bytes

// Bounds of a file with tokens.
const (
	maxTokens    = 8
	minToken     = 16      // characters
	maxTokenFile = 4 << 10 // bytes
)

// Token is what lets a client in. Its file has one on each line, all of which are good, and is read again when it has
// changed.
type Token struct {
	files  *files.Followed[[][sha256.Size]byte] // hashes: they are compared in constant time, whatever their length
	secret secret
}

// OpenToken reads the file.
func OpenToken(path string) (*Token, error) {
	followed, err := files.Follow(files.Source[[][sha256.Size]byte]{
		Paths: func() []string { return []string{path} },
		Most:  maxTokenFile,
		Read: func() (sums [][sha256.Size]byte, err error) {
			all, err := ReadTokens(path)
			for _, token := range all {
				sums = append(sums, sha256.Sum256([]byte(token)))
			}
			return sums, err
		},
	})
	if err != nil {
		return nil, err
	}
	return &Token{files: followed, secret: secret{path: path}}, nil
}

// ReadTokens returns the tokens in a file. An error shows none of them.
func ReadTokens(path string) (all []string, err error) {
	text, err := files.Read(path, maxTokenFile)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	for i, line := range bytes.Split(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\n")) {
		token := strings.TrimSpace(string(line))
		if token == "" {
			continue
		}
		if len(token) < minToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("%s: line %d: a token has at least %d printable characters and no space", path, i+1, minToken)
		}
		all = append(all, token)
	}
	if len(all) == 0 || len(all) > maxTokens {
		return nil, fmt.Errorf("%s: %d tokens, not 1 to %d", path, len(all), maxTokens)
	}
	return all, nil
}

// holds reports whether a token is among those of the file.
func (t *Token) holds(token string) bool {
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, good := range t.files.Get() {
		found |= subtle.ConstantTimeCompare(sum[:], good[:])
	}
	return found == 1
}

// bears reports whether a request has a good token: as a bearer, or as the password of any user, as a browser sends it.
func (s *Server) bears(r *http.Request) bool {
	if s.options.Token == nil {
		return false
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return s.options.Token.holds(strings.TrimSpace(token))
	}
	_, password, ok := r.BasicAuth()
	return ok && s.options.Token.holds(password)
}

// mayRead reports whether a request may be answered at all.
func (s *Server) mayRead(r *http.Request) bool {
	switch {
	case s.mayKnow(r):
		return true
	case r.URL.Path == "/healthz", r.URL.Path == "/readyz":
		return true // probes have no token, and learn no more than whether it works
	}
	return s.options.OpenMetrics && r.URL.Path == "/metrics"
}

// mayKnow reports whether an answer may tell of the mesh: names, addresses, messages.
func (s *Server) mayKnow(r *http.Request) bool { return !s.options.Private || s.bears(r) }

// mayGoOn reports whether a stream would be begun now: the token that began it may have been withdrawn.
func (s *Server) mayGoOn(r *http.Request) bool {
	return s.mayRead(r) && (r.Method != http.MethodPost || s.mayChange(r))
}

var errWithdrawn = errors.New("the token was withdrawn")

// untilWithdrawn is a request that ends when the token is withdrawn with which it began: its context does, and its body. The
// caller calls done after it.
func (s *Server) untilWithdrawn(w http.ResponseWriter, r *http.Request) (lasting *http.Request, done func()) {
	if s.options.Token == nil {
		return r, func() {}
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for s.mayGoOn(r) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		cancel(errWithdrawn)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}()
	return r.WithContext(ctx), func() { cancel(nil); <-ended } // the next request's body is its own
}

// still refuses to carry out a request whose token was withdrawn since it began. Who has waited for a client asks it last.
func (s *Server) still(w http.ResponseWriter, r *http.Request) error {
	if !s.mayGoOn(r) {
		return unauthorized(w)
	}
	return nil
}

// unauthorized asks for a token.
func unauthorized(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", `Basic realm="hearsay: the token is the password", charset="UTF-8"`)
	return newFault(http.StatusUnauthorized, "no_token", "that takes a token").
		hint("send it as 'Authorization: Bearer TOKEN'; the commands take --token-file")
}

// validate says what cannot be meant.
func (o Options) validate() error {
	if o.Private && o.Token == nil {
		return errors.New("private needs a token")
	}
	return CheckMetricTags(o.MetricTags)
}

// follow reads the files of Options again when they change, until the server is closed.
func (s *Server) follow() {
	if c := s.options.Certificate; c != nil {
		s.handlers.Go(func() { c.secret.look(s); c.files.Run(s.ctx, tells[*tls.Certificate](s, &c.secret)) })
	}
	if t := s.options.Token; t != nil {
		s.handlers.Go(func() { t.secret.look(s); t.files.Run(s.ctx, tells[[][sha256.Size]byte](s, &t.secret)) })
	}
}

// Reload reads the files of Options again, now. It waits for the disk for some seconds at most.
func (s *Server) Reload() {
	if c := s.options.Certificate; c != nil {
		c.files.Reload(tells[*tls.Certificate](s, &c.secret))
	}
	if t := s.options.Token; t != nil {
		t.files.Reload(tells[[][sha256.Size]byte](s, &t.secret))
	}
}

// secret is a file that nobody else is to read.
type secret struct {
	path    string
	mu      sync.Mutex
	exposed bool // and that was told
}

// look tells when others may read it.
func (f *secret) look(s *Server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.exposed
	if f.exposed = files.Exposed(f.path); f.exposed && !was {
		s.log.Warn("secret of http can be read by others", "file", f.path, "hint", "chmod 600")
	}
}

// tells logs what is wrong with files that are followed, and whether others may read the one with a secret.
func tells[T any](s *Server, of *secret) func(T, error) {
	return func(_ T, err error) {
		of.look(s)
		if err != nil {
			s.log.Error("file of http not changed", "why", err)
		}
	}
}
