package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"hearsay/node"
	"hearsay/node/backlog"
	"hearsay/node/dns"
	"hearsay/node/files"
)

const (
	headerTimeout = 5 * time.Second  // for a request's header
	bodyTimeout   = 30 * time.Second // for the whole of a request
	writeTimeout  = 10 * time.Second // for an answer, or one piece of a stream
	idleTimeout   = time.Minute      // for the next request on a connection
	closeTimeout  = 2 * time.Second  // for answers under way when the server closes
	maxHeader     = 16 << 10         // bytes of a request's header
	maxConns      = 512              // connections at once, fewer where file descriptors are few
	maxStreams    = 256              // of them, streams of events and messages: half of the connections at most
	readerBytes   = 64 << 20         // of messages, for all of their readers together
)

// Options of a Server. The zero value reads, and lets loopback write.
type Options struct {
	Version     string         // of the program, for people
	RemoteWrite bool           // let those who are not on a loopback address publish, forget and make it leave
	Certificate *Certificate   // of HTTPS; nil: HTTP
	Token       *Token         // with which clients anywhere may do so; RemoteWrite does not count then. nil: none
	Private     bool           // everything takes the token, on loopback too, but probes of health
	OpenMetrics bool           // nor does /metrics
	Profile     bool           // serve profiles under /debug/pprof/
	MetricTags  []string       // keys of tags that are labels of metrics: MaxMetricTags at most
	DNS         *dns.Server    // what answers for the mesh's names, to be shown; nil: nothing does
	Sidecar     func() Sidecar // how the sockets for programs are; nil: there are none
	Logger      *slog.Logger   // nil: nothing is logged

	// ReaderBytes bounds what waits for those who read /v1/messages, all of them together, in bytes as it is sent: 64 MiB.
	ReaderBytes int
}

// Server shows one node. It is an http.Handler too.
type Server struct {
	node    *node.Node
	options Options
	log     *slog.Logger
	http    http.Server
	handler http.Handler

	views   *cache
	feed    *backlog.Feed // of messages
	past    chan struct{} // has a place for who gathers what was received
	bodies  bodies
	calls   calls
	metrics *metrics
	conns   int // at once
	streams *streamPlaces

	mu       sync.Mutex
	closing  bool           // no answer is begun
	handlers sync.WaitGroup // those under way, and what follows files

	ctx    context.Context // ends every stream
	cancel context.CancelFunc

	patience time.Duration // writeTimeout; tests have less
	pulse    time.Duration // between comments on a stream; tests have less
}

// New returns a server of a node, which the caller still owns.
func New(n *node.Node, o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := o.validate(); err != nil {
		panic("web: " + err.Error())
	}
	if o.ReaderBytes <= 0 {
		o.ReaderBytes = readerBytes
	}
	conns := connsOf(files.Limit())
	s := &Server{
		node: n, options: o, log: o.Logger, feed: backlog.NewFeed(o.ReaderBytes),
		past:  make(chan struct{}, 1),
		conns: conns, streams: newStreamPlaces(min(maxStreams, conns/2)),
		patience: writeTimeout, pulse: pulseEvery,
	}
	s.views = newCache(n, s.unreadable)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.metrics = newMetrics(s)
	s.follow()
	s.handler = s.routes()
	s.http = http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		IdleTimeout:       idleTimeout,
		ConnContext:       withConn,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug), // clients cause it at will
	}
	return s
}

// Serve answers on a listener until Close, and closes it. It returns nil after Close.
func (s *Server) Serve(ln net.Listener) error {
	places := limit(ln, s.conns, &s.metrics.refused)
	if s.options.Certificate != nil {
		places = s.options.Certificate.wrap(places)
	}
	err := s.http.Serve(places)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve http on %s: %w", ln.Addr(), err)
}

// Close ends streams, lets answers under way finish for 2 s, and returns when nothing is left.
func (s *Server) Close() error {
	s.cancel()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	s.handlers.Wait()
	return nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		fail(w, left())
		return
	}
	defer s.handlers.Done()
	defer answering(r.Context())()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.answerBy(r)))
	answer := &recorder{ResponseWriter: w}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("http request failed", "path", r.URL.Path, "why", p, "stack", string(debug.Stack()))
			answer.fail()
		}
		s.metrics.request(r.Pattern, answer.status)
	}()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	s.handler.ServeHTTP(answer, r)
}

// answerBy is how long an answer may take from the header of its request on: whoever has taken nothing of it by then gives
// the place to others.
func (s *Server) answerBy(r *http.Request) time.Duration {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return viewTimeout + s.patience
	}
	return bodyTimeout + s.patience
}

// begin reports whether the server is open, and counts an answer as under way if it is.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.handlers.Add(1)
	}
	return !s.closing
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// fail answers for a handler that panicked, if nothing was answered yet.
func (r *recorder) fail() {
	if r.status == 0 {
		writeError(r, http.StatusInternalServerError, Error{Text: "the program failed to answer", Reason: "internal", Hint: "its log says more"})
	}
}
