package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/sidecar"
	"hearsay/node/web"
)

// sidecars are the sockets of --tap and --inject. Without either it does nothing.
type sidecars struct {
	tapAt, injectAt net.Listener
	tap             *sidecar.Tap
	inject          *sidecar.Inject
}

// sidecarFlags say where they are.
func sidecarFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "tap", EnvVars: []string{"HEARSAY_TAP"}, Usage: "bind a ZeroMQ PUB with all that is received at `ADDR`, 127.0.0.1:PORT or ipc://PATH: frames CHANNEL, FROM, BODY (default: none)"},
		&cli.StringFlag{Name: "inject", EnvVars: []string{"HEARSAY_INJECT"}, Usage: "bind a ZeroMQ PULL at `ADDR` and publish what comes: frames CHANNEL, BODY, an empty CHANNEL for all (default: none)"},
		&cli.BoolFlag{Name: "sidecar-remote", EnvVars: []string{"HEARSAY_SIDECAR_REMOTE"}, Usage: "let --tap and --inject be reached by other machines, in the clear and without a key"},
	}
}

// listenSidecars opens their sockets before the node starts.
func listenSidecars(c *cli.Context) (*sidecars, error) {
	s := &sidecars{}
	for _, one := range []struct {
		flag string
		at   *net.Listener
	}{{"tap", &s.tapAt}, {"inject", &s.injectAt}} {
		addr := c.String(one.flag)
		if addr == "" {
			continue
		}
		ln, err := sidecar.Listen(addr, c.Bool("sidecar-remote"))
		var system *net.OpError
		var address *net.AddrError
		switch {
		case errors.As(err, &address): // a port that is none
			err = usagef("--%s %.80q: must be HOST:PORT, such as 127.0.0.1:5550, or ipc://PATH", one.flag, addr)
		case errors.Is(err, sidecar.ErrRemote):
			err = usagef("--%s %.80q: %w (--sidecar-remote allows that)", one.flag, addr, err)
		case errors.As(err, &system):
			err = fmt.Errorf("listen on %s for --%s: %w", addr, one.flag, cause(err))
		case err != nil:
			err = usagef("--%s %.80q: %w", one.flag, addr, err)
		}
		if err != nil {
			s.close()
			return nil, err
		}
		*one.at = ln
	}
	return s, nil
}

// serve begins.
func (s *sidecars) serve(n *node.Node, bytes int, log *slog.Logger) {
	log = log.With("node", n.Name())
	if s.tapAt != nil {
		s.tap = sidecar.OpenTap(s.tapAt, bytes)
		log.Info("tap started", "addr", s.tap.Addr())
	}
	if s.injectAt != nil {
		s.inject = sidecar.OpenInject(s.injectAt, n.Config().MaxMessage, log, func(ctx context.Context, channel string, body []byte) error {
			return injected(ctx, n, channel, body)
		})
		log.Info("inject started", "addr", s.inject.Addr())
	}
}

// injected publishes what a program says. What a member that has stopped does not get is counted as for all messages.
func injected(ctx context.Context, n *node.Node, channel string, body []byte) error {
	var err error
	if channel == "" {
		err = n.PublishWait(ctx, body)
	} else {
		err = n.PublishToWait(ctx, channel, body)
	}
	var slow *node.SlowError
	if errors.As(err, &slow) {
		return nil
	}
	return err
}

func (s *sidecars) deliver(m node.Message) {
	if s.tap != nil {
		s.tap.Deliver(m.Channel, string(m.From), m.Body, m.Expires())
	}
}

// status is what /v1/status shows; nil: there is none.
func (s *sidecars) status() func() web.Sidecar {
	if s.tapAt == nil && s.injectAt == nil {
		return nil
	}
	return func() (out web.Sidecar) {
		if s.tap != nil {
			out.Tap, out.TapPrograms, out.TapLost = s.tap.Addr(), s.tap.Programs(), s.tap.Lost()
		}
		if s.inject != nil {
			out.Inject, out.InjectPrograms = s.inject.Addr(), s.inject.Programs()
			out.Injected, out.Refused = s.inject.Taken(), s.inject.Refused()
		}
		return out
	}
}

func (s *sidecars) close() {
	if s.tap != nil {
		s.tap.Close()
	}
	if s.inject != nil {
		s.inject.Close()
	}
	closeListener(s.tapAt)
	closeListener(s.injectAt)
}
