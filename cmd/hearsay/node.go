package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/topics"
)

func nodeCommand() *cli.Command {
	return &cli.Command{
		Name:      "node",
		Usage:     "run one node of the mesh",
		ArgsUsage: "[SEED...]",
		Description: "Starts a node that looks for the mesh at the SEEDs: names or addresses of other nodes, HOST or\n" +
			"HOST:PORT. One that is up is enough; those that are not are tried again for ever. Without a SEED the\n" +
			"node waits to be found. Flags go before the SEEDs; without SEEDs the list in HEARSAY_SEEDS (commas) is taken.\n\n" +
			"Received messages are printed to standard output, one a line; logs go to standard error. SIGINT and\n" +
			"SIGTERM say goodbye to the mesh and end the node with status 0. While it runs, the other commands\n" +
			"and a browser show and steer it at --http.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "hostname", EnvVars: []string{"HEARSAY_HOSTNAME", "HOSTNAME"}, Usage: "`NAME` by which the others can reach this node (default: the system's name)"},
			&cli.StringFlag{Name: "bind", EnvVars: []string{"HEARSAY_BIND"}, Usage: "`ADDR` to listen on, a literal address of this machine (default: all)"},
			&cli.IntFlag{Name: "discovery-port", EnvVars: []string{"HEARSAY_DISCOVERY_PORT"}, Value: topics.DiscoveryPort, Usage: "`PORT` for peer lists; on another one than 20000 the node is called NAME:PORT"},
			&cli.IntFlag{Name: "message-port", EnvVars: []string{"HEARSAY_MESSAGE_PORT"}, Usage: "`PORT` for messages: always the discovery port + 10000 (default: that)"},
			&cli.DurationFlag{Name: "interval", EnvVars: []string{"HEARSAY_INTERVAL"}, Value: 2500 * time.Millisecond, Usage: "`TIME` between pings, and between whole lists while naive nodes are about"},
			&cli.DurationFlag{Name: "beat", EnvVars: []string{"HEARSAY_BEAT"}, Value: time.Second, Usage: "`TIME` between signs of life; the others miss this node after three of them"},
			&cli.StringSliceFlag{Name: "channel", EnvVars: []string{"HEARSAY_CHANNEL"}, Usage: "receive the named channel `C` too (repeat for more)"},
			&cli.BoolFlag{Name: "ping", EnvVars: []string{"HEARSAY_PING"}, Usage: "publish \"PING! from host NAME\" every interval"},
			&cli.StringFlag{Name: "state-dir", EnvVars: []string{"HEARSAY_STATE_DIR"}, Usage: "remember known peers in the file peers.json of `DIR`, and look for them after a restart (default: not)"},
			&cli.StringFlag{Name: "http", EnvVars: []string{"HEARSAY_HTTP"}, Usage: "`ADDR`, HOST:PORT, for the page, metrics and the other commands; \"\": none (default: port 8080 of a loopback --bind, else of 127.0.0.1)"},
			&cli.BoolFlag{Name: "http-remote-write", EnvVars: []string{"HEARSAY_HTTP_REMOTE_WRITE"}, Usage: "let clients on other machines publish, forget peers and make the node leave"},
			&cli.BoolFlag{Name: "pprof", EnvVars: []string{"HEARSAY_PPROF"}, Usage: "serve profiles at /debug/pprof/"},
			&cli.StringFlag{Name: "log-format", EnvVars: []string{"HEARSAY_LOG_FORMAT"}, Value: "text", Usage: "`FORMAT` of the log: text or json"},
			&cli.StringFlag{Name: "log-level", EnvVars: []string{"HEARSAY_LOG_LEVEL"}, Value: "info", Usage: "least `LEVEL` that is logged: debug, info, warn or error"},
		},
		Action: runNode,
	}
}

func runNode(c *cli.Context) error {
	cfg, err := nodeConfig(c)
	if err != nil {
		return err
	}
	ln, err := listenHTTP(c, cfg)
	if err != nil {
		return err
	}
	n, err := node.Start(c.Context, cfg)
	if err != nil {
		closeListener(ln)
		return withHint(err)
	}
	cfg.Logger.Info("node started", "node", n.Name(), "seeds", cfg.Seeds, "version", versionString())
	server := serveHTTP(c, n, ln, cfg.Logger)
	if c.Bool("ping") {
		go ping(c.Context, n, c.Duration("interval"))
	}
	go func() {
		for range n.Events() { // the log has them
		}
	}()
	out := newPrinter(c.App.Writer, cfg.Logger)
	for m := range n.Messages() {
		if server != nil {
			server.Deliver(m)
		}
		out.put(m.Body)
	}
	out.close()
	err = n.Close()
	if server != nil {
		_ = server.Close()
	}
	cfg.Logger.Info("node ended", "node", n.Name())
	return err
}

// withHint says what to do about an address that cannot be listened on.
func withHint(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w (is another node running here? give this one an address of its own with --bind, or --discovery-port)", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w (--bind takes an address that this machine has)", err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w (ports below 1024 are for root: choose another --discovery-port)", err)
	}
	return err
}

// nodeConfig reads the flags. What is wrong is named as on the command line.
func nodeConfig(c *cli.Context) (node.Config, error) {
	logger, err := newLogger(c.App.ErrWriter, c.String("log-format"), c.String("log-level"))
	if err != nil {
		return node.Config{}, err
	}
	cfg := node.Config{
		Hostname:      c.String("hostname"),
		Seeds:         c.Args().Slice(),
		Bind:          c.String("bind"),
		DiscoveryPort: c.Int("discovery-port"),
		MessagePort:   c.Int("message-port"),
		Interval:      c.Duration("interval"),
		Beat:          c.Duration("beat"),
		Channels:      c.StringSlice("channel"),
		StateDir:      c.String("state-dir"),
		Logger:        logger,
	}
	for _, seed := range cfg.Seeds {
		if strings.HasPrefix(seed, "-") {
			return cfg, usagef("flag %.40q stands after a SEED: flags go first", seed)
		}
	}
	if seeds := os.Getenv("HEARSAY_SEEDS"); len(cfg.Seeds) == 0 && seeds != "" {
		cfg.Seeds = strings.Split(seeds, ",")
	}
	if cfg.Hostname == "" {
		if cfg.Hostname, err = os.Hostname(); err != nil {
			return cfg, usagef("the system has no name (%w): give one with --hostname", err)
		}
	}
	for _, flag := range []string{"discovery-port", "message-port"} {
		if c.IsSet(flag) && c.Int(flag) == 0 {
			return cfg, usagef("--%s 0: must be a port that others can know beforehand", flag)
		}
	}
	for _, flag := range []string{"beat", "interval"} {
		if c.Duration(flag) <= 0 {
			return cfg, usagef("--%s %v: must be more than nothing", flag, c.Duration(flag))
		}
	}
	return cfg, asFlag(cfg.Validate())
}

// flagOf is what a field of node.Config is called on the command line.
var flagOf = map[string]string{
	"Hostname": "--hostname", "Bind": "--bind", "DiscoveryPort": "--discovery-port", "MessagePort": "--message-port",
	"Interval": "--interval", "Beat": "--beat", "Seeds": "SEED", "Channels": "--channel",
}

// asFlag turns an error about a field of node.Config into one about the flag that it came from.
func asFlag(err error) error {
	var field *node.FieldError
	if !errors.As(err, &field) {
		return err
	}
	name, _, _ := strings.Cut(field.Field, "[")
	named := *field
	named.Field = flagOf[name]
	return usageError{&named}
}

func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log-level %.40q: must be debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usagef("--log-format %.40q: must be text or json", format)
}

// ping publishes what a naive node publishes, until ctx ends.
func ping(ctx context.Context, n *node.Node, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = n.Publish([]byte("PING! from host " + string(n.Name()))) // fails only when the node has ended
		}
	}
}

// oneLine escapes what would break the line or the terminal: control characters and bytes that are no text.
func oneLine(body []byte) string {
	clean := utf8.Valid(body)
	for _, r := range string(body) {
		clean = clean && (r == '\t' || unicode.IsPrint(r))
	}
	if clean {
		return string(body)
	}
	quoted := strconv.Quote(string(body))
	return quoted[1 : len(quoted)-1]
}
