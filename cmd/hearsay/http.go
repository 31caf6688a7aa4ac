package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/web"
)

// httpPort is where a node shows itself unless told otherwise.
const httpPort = "8080"

// defaultHTTP is the address of a node that is bound to bind: its own loopback address, so that several nodes on
// one machine do not collide, and else the machine's.
func defaultHTTP(bind string) string {
	if addr, err := netip.ParseAddr(bind); err == nil && addr.IsLoopback() {
		return net.JoinHostPort(bind, httpPort)
	}
	return net.JoinHostPort("127.0.0.1", httpPort)
}

// listenHTTP opens the port for HTTP before the node starts. It returns nil when none is wanted, and when the
// one that nobody asked for is taken.
func listenHTTP(c *cli.Context, cfg node.Config) (net.Listener, error) {
	addr, asked := c.String("http"), c.IsSet("http")
	switch {
	case !asked:
		addr = defaultHTTP(cfg.Bind)
	case addr == "":
		return nil, nil
	default:
		if err := checkHostPort(addr); err != nil {
			return nil, usagef("--http %.80q: %w", addr, err)
		}
	}
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		return ln, nil
	}
	err = fmt.Errorf("listen on %s for HTTP: %w", addr, cause(err))
	if asked {
		return nil, err
	}
	cfg.Logger.Warn("no HTTP", "why", err, "hint", "give this node an address of its own with --http")
	return nil, nil
}

// checkHostPort refuses what cannot be an address to listen on.
func checkHostPort(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("must be HOST:PORT, such as 127.0.0.1:8080, or empty for none")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("the port %.20q must be 0 to 65535", port)
	}
	return nil
}

// cause is the last error of a chain: what the system said, without the address again.
func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return errors.New(dns.Err)
	}
	return err
}

func isLoopback(addr net.Addr) bool {
	ap, err := netip.ParseAddrPort(addr.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func closeListener(ln net.Listener) {
	if ln != nil {
		ln.Close()
	}
}

// httpOptions reads the flags, and the files that they name.
func httpOptions(c *cli.Context) (o web.Options, err error) {
	o = web.Options{
		Version:     versionString(),
		RemoteWrite: c.Bool("http-remote-write"),
		Private:     c.Bool("http-private"),
		OpenMetrics: c.Bool("http-open-metrics"),
		Profile:     c.Bool("pprof"),
		MetricTags:  c.StringSlice("http-metric-tag"),
		ReaderBytes: sharesOf(c).readers,
	}
	cert, key, token := c.String("http-cert"), c.String("http-key"), c.String("http-token")
	switch {
	case (cert == "") != (key == ""):
		return o, usagef("--http-cert and --http-key: each needs the other")
	case o.Private && token == "":
		return o, usagef("--http-private: needs --http-token")
	case o.OpenMetrics && !o.Private:
		return o, usagef("--http-open-metrics: /metrics is open anyway, without --http-private")
	}
	if err := web.CheckMetricTags(o.MetricTags); err != nil {
		return o, usagef("--http-metric-tag: %w", err)
	}
	if cert != "" {
		if o.Certificate, err = web.OpenCertificate(cert, key); err != nil {
			return o, fmt.Errorf("--http-cert and --http-key: %w", err)
		}
	}
	if token != "" {
		if o.Token, err = web.OpenToken(token); err != nil {
			return o, fmt.Errorf("--http-token: %w", err)
		}
	}
	return o, nil
}

// serveHTTP shows the node on ln. It returns nil without one.
func serveHTTP(n *node.Node, ln net.Listener, o web.Options, log *slog.Logger) *web.Server {
	if ln == nil {
		return nil
	}
	o.Logger = log.With("node", n.Name())
	server := web.New(n, o)
	log.Info("http started", "node", n.Name(), "addr", ln.Addr().String())
	if o.Token != nil && o.Certificate == nil && !isLoopback(ln.Addr()) {
		log.Warn("http tokens go over the network in the clear", "node", n.Name(), "hint", "give a certificate with --http-cert")
	}
	go func() {
		if err := server.Serve(ln); err != nil {
			log.Error("http ended", "node", n.Name(), "why", err)
		}
	}()
	return server
}
