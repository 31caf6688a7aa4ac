package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/backlog"
	"hearsay/node/dns"
	"hearsay/topics"
)

func nodeCommand() *cli.Command {
	return &cli.Command{
		Name:      "node",
		Usage:     "run one node of the mesh",
		ArgsUsage: "[SEED...]",
		Description: "Starts a node that looks for the mesh at the SEEDs: names or addresses of other nodes, HOST or\n" +
			"HOST:PORT. One that is up is enough; those that are not are tried again for ever. Without a SEED the\n" +
			"node waits to be found. Without SEEDs the list in HEARSAY_SEEDS (commas) is taken, or seeds of the --config file.\n\n" +
			"Received messages are printed to standard output, one a line; logs go to standard error. SIGINT and\n" +
			"SIGTERM say goodbye to the mesh and end the node with status 0, and so does the end of whoever reads\n" +
			"standard output. SIGHUP makes a node with --config, keys, a certificate or tokens read their files again; one\n" +
			"without ends as SIGTERM does, unless it was started with nohup. Of --config it takes --on, tags and --log-level.\n" +
			"While it runs, the other commands and a browser show and steer it at --http.",
		Flags: fromFile(append([]cli.Flag{
			configFlag(), seedsFlag(),
			&cli.StringFlag{Name: "hostname", EnvVars: []string{"HEARSAY_HOSTNAME"}, DefaultText: "that in HOSTNAME, else the system's", Usage: "`NAME` by which the others can reach this node"},
			&cli.StringFlag{Name: "mesh", EnvVars: []string{"HEARSAY_MESH"}, Usage: "label of this node's mesh, `NAME`: it meets nobody of another label, or of none (default: none)"},
			&cli.BoolFlag{Name: "multicast", EnvVars: []string{"HEARSAY_MULTICAST"}, Usage: "find nodes on the same network segment without a SEED, and be found"},
			&cli.StringSliceFlag{Name: "multicast-group", EnvVars: []string{"HEARSAY_MULTICAST_GROUP"}, Usage: "`GROUP:PORT` for that, one of IPv4 and one of IPv6 at most (default: 239.77.77.77:20000 and [ff02::7777]:20000)"},
			&cli.StringSliceFlag{Name: "multicast-interface", EnvVars: []string{"HEARSAY_MULTICAST_INTERFACE"}, Usage: "`NAME` of an interface to use, which may be the loopback one; repeat for more (default: all others)"},
			&cli.StringFlag{Name: "bind", EnvVars: []string{"HEARSAY_BIND"}, Usage: "`ADDR` to listen on, a literal address of this machine (default: all)"},
			&cli.IntFlag{Name: "discovery-port", EnvVars: []string{"HEARSAY_DISCOVERY_PORT"}, Value: topics.DiscoveryPort, Usage: "`PORT` for peer lists; on another one than 20000 the node is called NAME:PORT"},
			&cli.IntFlag{Name: "message-port", EnvVars: []string{"HEARSAY_MESSAGE_PORT"}, DefaultText: "that", Usage: "`PORT` for messages: always the discovery port + 10000"},
			&cli.DurationFlag{Name: "interval", EnvVars: []string{"HEARSAY_INTERVAL"}, Value: 2500 * time.Millisecond, Usage: "`TIME` between pings, and between whole lists while naive nodes are about"},
			&cli.DurationFlag{Name: "beat", EnvVars: []string{"HEARSAY_BEAT"}, Value: time.Second, Usage: "`TIME` between signs of life; the others miss this node after three of them"},
			&cli.IntFlag{Name: "full-mesh", EnvVars: []string{"HEARSAY_FULL_MESH"}, Value: node.DefaultFullMesh, Usage: "with more than `N` members, 32 to 4096, listen to some twelve of them and know the others by their word; 0: listen to all"},
			&cli.StringSliceFlag{Name: "channel", EnvVars: []string{"HEARSAY_CHANNEL"}, Usage: "receive the named channel `C` too (repeat for more)"},
			&cli.IntFlag{Name: "outbox-bytes", EnvVars: []string{"HEARSAY_OUTBOX_BYTES"}, Value: defaultOutbox, Usage: "`BYTES` of messages that wait for slow peers, in all"},
			&cli.IntFlag{Name: "inbox-bytes", EnvVars: []string{"HEARSAY_INBOX_BYTES"}, Value: defaultInbox, Usage: "`BYTES` of messages that wait for slow readers: a half for HTTP and --tap, a quarter each for standard output and the node itself"},
			&cli.IntFlag{Name: "ring-bytes", EnvVars: []string{"HEARSAY_RING_BYTES"}, Value: defaultRing, Usage: "`BYTES` of messages that are kept for those that missed them"},
			&cli.DurationFlag{Name: "ring-time", EnvVars: []string{"HEARSAY_RING_TIME"}, Value: defaultRingTime, Usage: "`TIME` for which they are kept, or 6 minutes where that is longer while a network carries nothing to a member"},
			&cli.StringFlag{Name: "replay", EnvVars: []string{"HEARSAY_REPLAY"}, Usage: "ask for the last `N|TIME` of messages from before the start: so many of each member and channel, such as 100, or those of a time, such as 30s (default: none)"},
			&cli.IntFlag{Name: "ttl", EnvVars: []string{"HEARSAY_TTL"}, Value: defaultTTL, Usage: "`N` times at most a message of this node is relayed, where nodes do not hear each other; 0: never"},
			&cli.StringSliceFlag{Name: "tag", EnvVars: []string{"HEARSAY_TAG"}, Usage: "say `KEY=VALUE` of this node to all, such as role=web (repeat for more, 160 bytes in all)"},
			&cli.GenericFlag{Name: "on", Value: &texts{}, Usage: "run a command for events: `EVENT[,EVENT]=COMMAND`, EVENT as in 'hearsay monitor', or message (repeat for more)"},
			&cli.BoolFlag{Name: "ping", EnvVars: []string{"HEARSAY_PING"}, Usage: "publish \"PING! from host NAME\" every interval"},
			&cli.PathFlag{Name: "mesh-key", TakesFile: true, EnvVars: []string{"HEARSAY_MESH_KEY"}, Usage: "lock the mesh with the key pairs in `FILE`, which all members share (see 'hearsay keygen')"},
			&cli.PathFlag{Name: "key", TakesFile: true, EnvVars: []string{"HEARSAY_KEY"}, Usage: "lock the mesh with this node's own key pairs in `FILE`, and --authorized-keys"},
			&cli.PathFlag{Name: "authorized-keys", TakesFile: true, EnvVars: []string{"HEARSAY_AUTHORIZED_KEYS"}, Usage: "`DIR` with the public keys of all members as NAME.key, and of readers in readers/"},
			&cli.PathFlag{Name: "state-dir", TakesFile: true, EnvVars: []string{"HEARSAY_STATE_DIR"}, Usage: "remember known peers in the file peers.json of `DIR`, and look for them after a restart (default: not)"},
			&cli.StringFlag{Name: "http", EnvVars: []string{"HEARSAY_HTTP"}, Usage: "`ADDR`, HOST:PORT, for the page, metrics and the other commands; \"\": none (default: port 8080 of a loopback --bind, else of 127.0.0.1)"},
			&cli.PathFlag{Name: "http-cert", TakesFile: true, EnvVars: []string{"HEARSAY_HTTP_CERT"}, Usage: "serve HTTPS with the certificate in `FILE` (PEM), and --http-key"},
			&cli.PathFlag{Name: "http-key", TakesFile: true, EnvVars: []string{"HEARSAY_HTTP_KEY"}, Usage: "`FILE` with the key of --http-cert (PEM)"},
			&cli.PathFlag{Name: "http-token", TakesFile: true, EnvVars: []string{"HEARSAY_HTTP_TOKEN"}, Usage: "let clients on other machines change things with a token from `FILE`, which has one on each line"},
			&cli.BoolFlag{Name: "http-private", EnvVars: []string{"HEARSAY_HTTP_PRIVATE"}, Usage: "want the token for everything but /healthz and /readyz, from this machine too"},
			&cli.BoolFlag{Name: "http-open-metrics", EnvVars: []string{"HEARSAY_HTTP_OPEN_METRICS"}, Usage: "leave /metrics open all the same"},
			&cli.BoolFlag{Name: "http-remote-write", EnvVars: []string{"HEARSAY_HTTP_REMOTE_WRITE"}, Usage: "let clients on other machines publish, forget peers and make the node leave"},
			&cli.StringSliceFlag{Name: "http-metric-tag", EnvVars: []string{"HEARSAY_HTTP_METRIC_TAG"}, Usage: "have the tag `KEY` of members as the label tag_KEY of the metric hearsay_tags (repeat for more)"},
			&cli.StringFlag{Name: "dns", EnvVars: []string{"HEARSAY_DNS"}, Usage: "answer DNS for members and tags at `ADDR`, HOST:PORT, over UDP and TCP: role-web.hearsay is who says role=web (default: not)"},
			&cli.StringFlag{Name: "dns-domain", EnvVars: []string{"HEARSAY_DNS_DOMAIN"}, Value: dns.DefaultDomain, Usage: "`DOMAIN` in which --dns has its names"},
			&cli.BoolFlag{Name: "pprof", EnvVars: []string{"HEARSAY_PPROF"}, Usage: "serve profiles at /debug/pprof/"},
			&cli.StringFlag{Name: "log-format", EnvVars: []string{"HEARSAY_LOG_FORMAT"}, Value: "text", Usage: "`FORMAT` of the log: text or json"},
			&cli.StringFlag{Name: "log-level", EnvVars: []string{"HEARSAY_LOG_LEVEL"}, Value: "info", Usage: "least `LEVEL` that is logged: debug, info, warn or error"},
		}, sidecarFlags()...)),
		Before: readConfig,
		Action: runNode,
	}
}

const (
	logBytes = 1 << 20     // of the log that wait for standard error: some 4,000 lines
	logGrace = time.Second // what the end waits for them
)

func runNode(c *cli.Context) error {
	level := new(slog.LevelVar)
	cfg, err := nodeConfig(c, level)
	if err != nil {
		return err
	}
	on, err := parseHandlers(*c.Generic("on").(*texts))
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a log that nobody reads any more ends nothing
	logs := backlog.NewHandler(cfg.Logger.Handler(), logBytes)
	defer logs.Close(logGrace)
	cfg.Logger = slog.New(logs)
	warnOfVariables(c, cfg.Logger)
	for _, flag := range []string{"multicast-group", "multicast-interface"} {
		if len(c.StringSlice(flag)) > 0 && !c.Bool("multicast") {
			cfg.Logger.Warn("flag does nothing", "flag", originOf(c, flag), "hint", "it is for --multicast")
		}
	}
	options, err := httpOptions(c)
	if err != nil {
		return err
	}
	ln, err := listenHTTP(c, cfg)
	if err != nil {
		return err
	}
	names, err := listenDNS(c, cfg.Logger)
	if err != nil {
		closeListener(ln)
		return err
	}
	options.DNS = names
	file := configOf(c)
	beside, err := listenSidecars(c)
	if err != nil {
		closeListener(ln)
		names.Close()
		return err
	}
	defer beside.close()
	options.Sidecar = beside.status()
	ctx, reloads := c.Context, cfg.Keys.Locked() || options.Certificate != nil || options.Token != nil || file != nil
	if !reloads && !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	n, err := node.Start(ctx, cfg)
	if err != nil {
		closeListener(ln)
		names.Close()
		return withHint(ofKeys(err))
	}
	cfg.Logger.Info("node started", "node", n.Name(), "lock", cfg.Keys.Lock(), "seeds", cfg.Seeds, "version", versionString())
	serveDNS(n, names, cfg.Logger)
	defer names.Close()
	memory := sharesOf(c)
	beside.serve(n, memory.tap, cfg.Logger)
	server := serveHTTP(n, ln, options, cfg.Logger)
	handled := startHandlers(on, string(n.Name()), cfg.Logger)
	defer handled.close()
	if reloads {
		defer onHangUp(func() {
			file.reload(running{n, handled, level, cfg.Logger})
			n.ReloadKeys()
			if server != nil {
				server.Reload()
			}
		})()
	}
	if c.Bool("ping") {
		go ping(ctx, n, c.Duration("interval"))
	}
	go func() {
		for e := range n.Events() { // the log has them
			handled.event(e)
		}
	}()
	out := newPrinter(c.App.Writer, memory.printer, cfg.Logger)
	go func() {
		select {
		case <-out.shut:
			cfg.Logger.Warn("leaving: nobody reads standard output any more")
			n.Leave()
		case <-n.Done():
		}
	}()
	for m := range n.Messages() {
		if server != nil {
			server.Deliver(m)
		}
		beside.deliver(m)
		out.putUntil(m.Body, m.Expires())
		handled.message(m)
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

// fullMesh reads how many hear each other, as node.Config has it.
func fullMesh(c *cli.Context) (int, error) {
	switch most := c.Int("full-mesh"); {
	case most == 0:
		return -1, nil
	case most < node.MinFullMesh || most > node.MaxFullMesh:
		return 0, usagef("--full-mesh %d: must be %d to %d, or 0 for all", most, node.MinFullMesh, node.MaxFullMesh)
	default:
		return most, nil
	}
}

// nodeConfig reads the flags. What is wrong is named as on the command line.
func nodeConfig(c *cli.Context, level *slog.LevelVar) (node.Config, error) {
	least, err := parseLevel(c.String("log-level"))
	if err != nil {
		return node.Config{}, err
	}
	level.Set(least)
	logger, err := newLogger(c.App.ErrWriter, c.String("log-format"), level)
	if err != nil {
		return node.Config{}, err
	}
	cfg := node.Config{
		Hostname:      c.String("hostname"),
		Seeds:         c.Args().Slice(),
		Bind:          c.String("bind"),
		Mesh:          c.String("mesh"),
		Keys:          node.Keys{Mesh: c.String("mesh-key"), Own: c.String("key"), Authorized: c.String("authorized-keys")},
		DiscoveryPort: c.Int("discovery-port"),

		Multicast:           c.Bool("multicast"),
		MulticastGroups:     c.StringSlice("multicast-group"),
		MulticastInterfaces: c.StringSlice("multicast-interface"),

		MessagePort: c.Int("message-port"),
		Interval:    c.Duration("interval"),
		Beat:        c.Duration("beat"),
		Channels:    c.StringSlice("channel"),
		OutboxBytes: c.Int("outbox-bytes"),
		InboxBytes:  sharesOf(c).node,
		StateDir:    c.String("state-dir"),
		Program:     ownProgram(),
		Logger:      logger,
	}
	if all := c.Int("outbox-bytes"); all < node.MinOutboxBytes || all > node.MaxOutboxBytes {
		return cfg, usagef("--outbox-bytes %d: must be %d to %d bytes", all, node.MinOutboxBytes, node.MaxOutboxBytes)
	}
	if all := c.Int("inbox-bytes"); all < minInbox || all > maxInbox {
		return cfg, usagef("--inbox-bytes %d: must be %d to %d bytes", all, minInbox, maxInbox)
	}
	if err := readRepair(c, &cfg); err != nil {
		return cfg, err
	}
	if cfg.FullMesh, err = fullMesh(c); err != nil {
		return cfg, err
	}
	if err := cfg.Keys.Validate(); err != nil {
		return cfg, usagef("--mesh-key, --key and --authorized-keys: %w", err)
	}
	if len(cfg.Seeds) == 0 {
		cfg.Seeds = seedsOf(os.Getenv(seedsVariable))
	}
	if len(cfg.Seeds) == 0 {
		cfg.Seeds = c.StringSlice("seeds")
	}
	if cfg.Hostname == "" { // every container has this one: it is no wish
		cfg.Hostname = os.Getenv(nameVariable)
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
	if cfg.Tags, err = parseTags(c.StringSlice("tag")); err != nil {
		return cfg, usagef("--tag: %w", err)
	}
	return cfg, asFlag(c, cfg.Validate())
}

func parseLevel(text string) (least slog.Level, err error) {
	if err := least.UnmarshalText([]byte(text)); err != nil {
		return least, usagef("--log-level %.40q: must be debug, info, warn or error", text)
	}
	return least, nil
}

func newLogger(w io.Writer, format string, level slog.Leveler) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: level}
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
