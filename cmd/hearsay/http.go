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

func closeListener(ln net.Listener) {
	if ln != nil {
		ln.Close()
	}
}

// serveHTTP shows the node on ln. It returns nil without one.
func serveHTTP(c *cli.Context, n *node.Node, ln net.Listener, log *slog.Logger) *web.Server {
	if ln == nil {
		return nil
	}
	server := web.New(n, web.Options{
		Version:     versionString(),
		RemoteWrite: c.Bool("http-remote-write"),
		Profile:     c.Bool("pprof"),
		Logger:      log.With("node", n.Name()),
	})
	log.Info("http started", "node", n.Name(), "addr", ln.Addr().String())
	go func() {
		if err := server.Serve(ln); err != nil {
			log.Error("http ended", "node", n.Name(), "why", err)
		}
	}()
	return server
}
