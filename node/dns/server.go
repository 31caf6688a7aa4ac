package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"hearsay/node"
	"hearsay/node/files"
)

const (
	renewEvery = time.Second            // tags change without an event
	renewGap   = 100 * time.Millisecond // between looks, however much happens
	renewTime  = 2 * time.Second        // for one of them
	stale      = 10 * time.Second       // after which nothing is known any more
	readTime   = 2 * time.Second        // for a query over TCP, the first and the next
	closeTime  = 2 * time.Second        // for answers under way when the server closes
)

// DefaultDomain is where names are unless told otherwise.
const DefaultDomain = "hearsay"

// Options of a Server.
type Options struct {
	Addr   string       // HOST:PORT; without HOST: 127.0.0.1
	Domain string       // of all names; "": DefaultDomain
	Logger *slog.Logger // nil: nothing is logged
}

// Server answers for one node.
type Server struct {
	node     *node.Node
	log      *slog.Logger
	origin   string // the domain as it stands in records
	udp, tcp *dns.Server
	addr     net.Addr
	gate     *gate
	serial   atomic.Uint32
	zone     atomic.Pointer[zone]
	renewed  atomic.Int64 // when, in Unix ms

	counts    [outcomes]atomic.Uint64
	truncated atomic.Uint64
	refused   atomic.Uint64 // connections

	ctx    context.Context
	cancel context.CancelFunc
	parts  sync.WaitGroup
}

// ParseDomain checks a domain, and returns it as names of it end: in lower case, without a dot at its end.
func ParseDomain(domain string) (string, error) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	letter := func(c rune) bool {
		return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
	}
	switch {
	case len(domain) > maxName/2: // half is left for names
		return "", fmt.Errorf("must be at most %d bytes", maxName/2)
	case !fits(domain, maxName) || strings.ContainsFunc(domain, func(c rune) bool { return !letter(c) }):
		return "", errors.New("must be the name of a domain, such as hearsay or mesh.example.com")
	}
	return domain, nil
}

// Listen opens the port, over UDP and TCP, before the node is there.
func Listen(o Options) (*Server, error) {
	if o.Domain == "" {
		o.Domain = DefaultDomain
	}
	domain, err := ParseDomain(o.Domain)
	if err != nil {
		return nil, fmt.Errorf("domain %.80q: %w", o.Domain, err)
	}
	s := &Server{log: o.Logger, origin: domain + ".", gate: newGate()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	ln, pc, err := listen(o.Addr)
	if err != nil {
		return nil, err
	}
	s.addr = pc.LocalAddr()
	s.udp = &dns.Server{PacketConn: pc, Handler: s, UDPSize: udpOwn, DecorateReader: s.gated, MsgInvalidFunc: s.invalid}
	s.tcp = &dns.Server{
		Listener: limit(ln, max(4, min(maxConns, files.Limit()/16)), &s.refused), Handler: s, DecorateReader: s.gated, MsgInvalidFunc: s.invalid,
		ReadTimeout: readTime, WriteTimeout: readTime, IdleTimeout: func() time.Duration { return readTime },
	}
	return s, nil
}

// listen opens a port for both, of which 0 is any.
func listen(addr string) (net.Listener, *net.UDPConn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	const tries = 10 // for a port that is free for both
	for i := 0; ; i++ {
		ln, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return nil, nil, err
		}
		at := ln.Addr().(*net.TCPAddr)
		pc, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone})
		if err == nil {
			return ln, pc, nil
		}
		ln.Close()
		if p, _ := strconv.Atoi(port); p != 0 || i == tries {
			return nil, nil, err
		}
	}
}

// Addr is where it listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Domain is that of all names.
func (s *Server) Domain() string { return strings.TrimSuffix(s.origin, ".") }

// Start begins to answer for a node, until Close.
func (s *Server) Start(n *node.Node) {
	s.node = n
	for _, part := range []*dns.Server{s.udp, s.tcp} {
		ready := make(chan struct{})
		part.NotifyStartedFunc = func() { close(ready) }
		s.parts.Go(func() {
			if err := part.ActivateAndServe(); err != nil {
				s.log.Error("dns ended", "why", err)
			}
		})
		<-ready
	}
	s.parts.Go(s.follow)
}

// Close ends it, and waits. Nothing is nothing to close.
func (s *Server) Close() {
	if s == nil {
		return
	}
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if s.node == nil {
		_ = s.udp.PacketConn.Close()
		_ = s.tcp.Listener.Close()
	} else {
		_ = s.udp.ShutdownContext(ctx)
		_ = s.tcp.ShutdownContext(ctx)
	}
	s.parts.Wait()
}

// follow renews what there is to answer.
func (s *Server) follow() {
	events := s.node.Follow(s.node.LastEvent())
	defer events.Close()
	arrived, tick := events.Arrived(), time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		s.renew()
		select {
		case <-time.After(renewGap):
		case <-s.ctx.Done():
			return
		}
		select {
		case _, open := <-arrived:
			if !open {
				arrived = nil
			}
			for more := true; more; {
				_, some, err := events.Next()
				more = some && err == nil
			}
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
	}
}

// renew asks the loop.
func (s *Server) renew() {
	ctx, cancel := context.WithTimeout(s.ctx, renewTime)
	defer cancel()
	places, err := s.node.Places(ctx)
	if err != nil {
		return
	}
	s.zone.Store(newZone(s.Domain(), places))
	now := time.Now()
	s.renewed.Store(now.UnixMilli())
	s.serial.Store(uint32(now.Unix()))
}

// known is what there is to answer; nil where that is not known.
func (s *Server) known() *zone {
	if time.Since(time.UnixMilli(s.renewed.Load())) > stale {
		return nil
	}
	return s.zone.Load()
}

// ServeDNS answers one query.
func (s *Server) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	m, how := s.answer(q, asker{udp, onThisMachine(addrOf(w.RemoteAddr()))}, s.known())
	s.counts[how].Add(1)
	if m.Truncated {
		s.truncated.Add(1)
	}
	_ = w.WriteMsg(m) // a client that is gone asks no more
}

func (s *Server) invalid([]byte, error) { s.counts[malformed].Add(1) }

// Stats are how often each kind of answer was given, and what was not answered.
type Stats struct {
	Addr      string            `json:"addr"`
	Domain    string            `json:"domain"`
	Names     int               `json:"names"`     // that lead to healthy members
	Answers   map[string]uint64 `json:"answers"`   // answered, nodata, nxdomain, refused, notimp, formerr, servfail
	Truncated uint64            `json:"truncated"` // of them, those that did not fit over UDP
	Dropped   uint64            `json:"dropped"`   // queries beyond what an address may ask
	Refused   uint64            `json:"refused"`   // connections for which there was no room
}

// Stats returns them as of now.
func (s *Server) Stats() Stats {
	out := Stats{
		Addr: s.addr.String(), Domain: s.Domain(), Answers: make(map[string]uint64, outcomes),
		Truncated: s.truncated.Load(), Dropped: s.gate.dropped.Load(), Refused: s.refused.Load(),
	}
	for i := range s.counts {
		out.Answers[outcomeNames[i]] = s.counts[i].Load()
	}
	if z := s.known(); z != nil {
		for _, found := range z.names {
			if len(found.hosts) > 0 {
				out.Names++
			}
		}
	}
	return out
}

// gated reads queries that may be asked, and drops the others before anything is done for them.
func (s *Server) gated(r dns.Reader) dns.Reader { return &gatedReader{r, s.gate} }

type gatedReader struct {
	dns.Reader
	gate *gate
}

func (r *gatedReader) ReadUDP(c *net.UDPConn, timeout time.Duration) ([]byte, *dns.SessionUDP, error) {
	for {
		m, from, err := r.Reader.ReadUDP(c, timeout)
		if err != nil || r.gate.admit(addrOf(from.RemoteAddr())) {
			return m, from, err
		}
	}
}

func (r *gatedReader) ReadTCP(c net.Conn, timeout time.Duration) ([]byte, error) {
	m, err := r.Reader.ReadTCP(c, timeout)
	if err == nil && !r.gate.admit(addrOf(c.RemoteAddr())) {
		return nil, errors.New("too many queries")
	}
	return m, err
}
