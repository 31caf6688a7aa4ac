package sidecar

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
)

// ErrRemote is what Listen answers to an address that others can reach.
var ErrRemote = errors.New("not a loopback address: whoever reaches it hears everything, and speaks in this node's name")

// Listen opens HOST:PORT, tcp://HOST:PORT or ipc://PATH. Without remote, HOST is a literal loopback address, or localhost.
func Listen(addr string, remote bool) (net.Listener, error) {
	if path, ok := strings.CutPrefix(addr, "ipc://"); ok {
		return listenPath(path)
	}
	hostPort := strings.TrimPrefix(addr, "tcp://")
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || port == "" || strings.Contains(hostPort, "/") {
		return nil, errors.New("must be HOST:PORT, such as 127.0.0.1:5550, or ipc://PATH")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if host == "*" {
		host = ""
	}
	if ip, err := netip.ParseAddr(host); !remote && (err != nil || !ip.IsLoopback()) {
		return nil, ErrRemote
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// listenPath takes the place of a socket that nobody listens at any more, and of nothing else.
func listenPath(path string) (net.Listener, error) {
	if path == "" {
		return nil, errors.New("ipc:// needs a path")
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is there, and no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("somebody listens at %s already", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	ln, err := (&net.ListenConfig{Control: ownerOnly}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}
