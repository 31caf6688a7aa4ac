package main

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/dns"
)

// listenDNS opens the port of --dns before the node starts. It returns nil when none is wanted.
func listenDNS(c *cli.Context, log *slog.Logger) (*dns.Server, error) {
	addr, domain := c.String("dns"), c.String("dns-domain")
	if _, err := dns.ParseDomain(domain); err != nil {
		return nil, usagef("--dns-domain %.80q: %w", domain, err)
	}
	if addr == "" {
		if c.IsSet("dns-domain") {
			return nil, usagef("--dns-domain: needs --dns")
		}
		return nil, nil
	}
	if checkHostPort(addr) != nil {
		return nil, usagef("--dns %.80q: must be HOST:PORT, such as 127.0.0.1:5300", addr)
	}
	s, err := dns.Listen(dns.Options{Addr: addr, Domain: domain, Logger: log})
	switch {
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s for DNS: %w (ports below 1024 are for root: choose another, such as 5300)", addr, cause(err))
	case err != nil:
		return nil, fmt.Errorf("listen on %s for DNS: %w", addr, cause(err))
	}
	return s, nil
}

// serveDNS begins to answer.
func serveDNS(n *node.Node, s *dns.Server, log *slog.Logger) {
	if s == nil {
		return
	}
	s.Start(n)
	log.Info("dns started", "node", n.Name(), "addr", s.Addr().String(), "domain", s.Domain())
	if !isLoopback(s.Addr()) {
		log.Warn("dns tells other machines who is in the mesh, and where", "node", n.Name(), "hint", "give --dns a loopback address, unless that is meant")
	}
}
