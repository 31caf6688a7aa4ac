package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"hearsay/topics"
)

// guard refuses, before anything else, what a browser was tricked into sending: a name of the attacker's that
// leads to a loopback address makes his page and this server one origin, but it still is in the header Host.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLoopback(localAddr(r)) && !s.isOurs(r.Host) {
			fail(w, newFault(http.StatusForbidden, "bad_host", "the request is for a host that this node is not").
				hint("use an address, localhost, or the node's name"))
			return
		}
		if !s.mayRead(r) {
			fail(w, unauthorized(w))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOurs reports whether a Host header names this server as only its users would.
func (s *Server) isOurs(hostport string) bool {
	host := hostOf(hostport)
	if host == "" || strings.EqualFold(host, "localhost") {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	name, err := topics.ParseName(host)
	return err == nil && strings.EqualFold(name.Host(), s.node.Name().Host())
}

// hostOf is a Host header without a port.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// mayWrite refuses a request that changes something to those who may not.
func (s *Server) mayWrite(h handle) handle {
	sameSite := http.NewCrossOriginProtection()
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := sameSite.Check(r); err != nil {
			return newFault(http.StatusForbidden, "cross_origin", "a page of another site may not do that")
		}
		switch {
		case s.mayChange(r) && s.isTricked(r):
			return newFault(http.StatusForbidden, "bad_host", "a browser may do that under a name that is this node's for sure").
				hint("use an address, the node's name, or another without a dot; or start the node with --http-token")
		case s.mayChange(r):
		case s.options.Token != nil:
			return unauthorized(w)
		default:
			return newFault(http.StatusForbidden, "not_loopback", "only clients on a loopback address may do that").
				hint("run it on the node's machine, or start the node with --http-remote-write")
		}
		lasting, done := s.untilWithdrawn(w, r)
		defer done()
		err := h(w, lasting)
		if err != nil && errors.Is(context.Cause(lasting.Context()), errWithdrawn) {
			return unauthorized(w)
		}
		return err
	}
}

// mayChange reports whether a request may change something, from wherever its page is.
func (s *Server) mayChange(r *http.Request) bool {
	return fromLoopback(r) || s.bears(r) || s.options.Token == nil && s.options.RemoteWrite
}

// isTricked reports whether a browser may have sent a request for a page of an attacker's, whose name leads here: no cookie
// or password tells the two apart where everybody may write. Nobody can have a name without a dot on the Internet. Browsers
// say Origin of all that changes something, and other clients hardly do: they use what names they like.
func (s *Server) isTricked(r *http.Request) bool {
	return r.Header.Get("Origin") != "" && !s.bears(r) && strings.Contains(hostOf(r.Host), ".") && !s.isOurs(r.Host)
}

// fromLoopback reports whether a request was made on this machine. One that a proxy forwarded was not, as far as
// is known. That there is such a header says it: what is in it, or in the first of several, may be the client's own.
func fromLoopback(r *http.Request) bool {
	for header := range r.Header {
		switch {
		case header == "Forwarded", header == "Via", header == "X-Real-Ip", strings.HasPrefix(header, "X-Forwarded-"):
			return false
		}
	}
	return isLoopback(r.RemoteAddr)
}

func isLoopback(addr string) bool {
	return addrOf(addr).IsLoopback()
}

// localAddr is the address that a request came to, "" if that is not known.
func localAddr(r *http.Request) string {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return a.String()
	}
	return ""
}
