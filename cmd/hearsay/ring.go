package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/keys"
	"hearsay/topics"
)

const (
	maxRing   = 1000 // 127.77.0.1 to 127.77.3.250
	ringNet   = 250  // of them in a network, and in a ring of which each hears all: --full-mesh 0
	maxMatrix = 24   // nodes whose table fits a terminal
	ringPoll  = 20 * time.Millisecond
	ringHeap  = 200 // percent of garbage while the ring comes up: to collect less is faster, until new memory costs more than that

	ringMemory = 5 << 30 // bytes from which more is collected: 1,000 nodes take half of that, and as much again as garbage
)

func ringCommand() *cli.Command {
	return &cli.Command{
		Name:  "ring",
		Usage: "run a ring of nodes in this process and watch it find itself",
		Description: "Starts the nodes on 127.77.0.1, 127.77.0.2 and so on, with the standard ports, each given only the next\n" +
			"one's address, the last the first's. Shows who hears whom until every node hears every other, and then\n" +
			"their messages, until it is interrupted. Where 127.77.0.1 is not an address of this machine (macOS) the\n" +
			"nodes share 127.0.0.1 on ports of their own.\n\n" +
			"Of more nodes than --full-mesh each hears some twelve of the others and knows the rest by their word; such a\n" +
			"ring is whole when every node knows every other.\n\n" +
			"With --mesh-key the ring is locked: who else wants to hear it, or be of it, needs that key. --locked makes one\n" +
			"for as long as the ring runs. Among themselves the nodes meet in memory, so this shows who is kept out, not\n" +
			"what a lock costs.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", EnvVars: []string{"HEARSAY_NODES"}, Value: 4, Usage: fmt.Sprintf("`N` nodes, 2 to %d", maxRing)},
			&cli.IntFlag{Name: "full-mesh", EnvVars: []string{"HEARSAY_FULL_MESH"}, Value: node.DefaultFullMesh, Usage: fmt.Sprintf("with more than `N` nodes, 32 to 4096, let each hear some of them (see 'hearsay help node'); 0, up to %d nodes: all", ringNet)},
			&cli.BoolFlag{Name: "once", EnvVars: []string{"HEARSAY_ONCE"}, Usage: "end with status 0 as soon as the ring is whole"},
			&cli.DurationFlag{Name: "timeout", EnvVars: []string{"HEARSAY_TIMEOUT"}, Value: time.Minute, Usage: "fail when the ring is not whole within `TIME`"},
			&cli.PathFlag{Name: "mesh-key", TakesFile: true, EnvVars: []string{"HEARSAY_MESH_KEY"}, Usage: "lock the ring with the key pairs in `FILE` (see 'hearsay keygen')"},
			&cli.BoolFlag{Name: "locked", EnvVars: []string{"HEARSAY_LOCKED"}, Usage: "lock the ring with a key that is made for it, and removed at its end"},
		},
		Before: noArguments,
		Action: runRing,
	}
}

func runRing(c *cli.Context) error {
	count := c.Int("nodes")
	if count < 2 || count > maxRing {
		return usagef("--nodes %d: must be 2 to %d", count, maxRing)
	}
	if c.Duration("timeout") <= 0 {
		return usagef("--timeout %v: must be more than nothing", c.Duration("timeout"))
	}
	full, err := fullMesh(c)
	switch {
	case err != nil:
		return err
	case full < 0 && count > ringNet:
		return usagef("--full-mesh 0: more than %d nodes cannot each hear all others", ringNet)
	}
	locked, unlock, err := ringKeys(c)
	if err != nil {
		return err
	}
	defer unlock()
	collect := collectLess()
	defer collect()
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	begin := time.Now()
	nodes, err := startRing(ctx, count, full, locked)
	defer closeAll(nodes)
	if err != nil {
		return err
	}
	v, hears := newView(c.App.Writer, nodes), "hears"
	if full > 0 && count > full {
		v.partial, v.table, hears = true, false, "knows"
	}
	err = v.untilWhole(ctx, begin, c.Duration("timeout"))
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(c.App.Writer, "whole: each of %d nodes %s all others, %v after the first was started\n",
		count, hears, time.Since(begin).Round(time.Millisecond))
	if c.Bool("once") {
		return nil
	}
	collect()
	return showMessages(ctx, c.App.Writer, nodes)
}

// collectLess has the collector leave more garbage than usual, unless the environment says what is to be left, and returns what
// ends that.
func collectLess() (end func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	percent, limit := debug.SetGCPercent(ringHeap), debug.SetMemoryLimit(ringMemory)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// ringKeys says where the ring's keys are. A key that is made for it has a directory of its own, which unlock removes.
func ringKeys(c *cli.Context) (locked node.Keys, unlock func(), err error) {
	path, unlock := c.String("mesh-key"), func() {}
	switch {
	case !c.Bool("locked"):
		return node.Keys{Mesh: path}, unlock, nil
	case path != "":
		return locked, unlock, usagef("--locked makes a key, and --mesh-key names one: give one of the two")
	}
	dir, err := os.MkdirTemp("", "hearsay-ring-")
	if err != nil {
		return locked, unlock, err
	}
	unlock = func() { _ = os.RemoveAll(dir) }
	if _, err := keys.Generate(dir, "mesh"); err != nil {
		unlock()
		return locked, func() {}, err
	}
	path = filepath.Join(dir, "mesh"+keys.SecretExt)
	_, _ = fmt.Fprintf(c.App.Writer, "locked: the key is in %s, until the ring ends\n", path)
	return node.Keys{Mesh: path}, unlock, nil
}

// startRing starts the nodes, each given the next. Those that were started come back with an error too.
func startRing(ctx context.Context, count, full int, locked node.Keys) ([]*node.Node, error) {
	configs := ringConfigs(count)
	var nodes []*node.Node
	for i, cfg := range configs {
		cfg.Keys, cfg.FullMesh = locked, full
		cfg.Seeds = []string{configs[(i+1)%count].Hostname}
		n, err := node.Start(ctx, cfg)
		if err != nil {
			return nodes, ofKeys(err)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func ringConfigs(count int) []node.Config {
	shared := !hasAddress("127.77.0.1")
	configs := make([]node.Config, count)
	for i := range configs {
		addr := fmt.Sprintf("127.77.%d.%d", i/ringNet, i%ringNet+1)
		configs[i] = node.Config{Hostname: addr, Bind: addr}
		if shared {
			port := topics.DiscoveryPort + 1 + i
			configs[i] = node.Config{Hostname: fmt.Sprintf("127.0.0.1:%d", port), Bind: "127.0.0.1", DiscoveryPort: port}
		}
	}
	return configs
}

// hasAddress reports whether a socket can be bound to an address.
func hasAddress(addr string) bool {
	ln, err := net.Listen("tcp", net.JoinHostPort(addr, "0"))
	if err != nil {
		return false
	}
	ln.Close()
	return true
}

func closeAll(nodes []*node.Node) {
	for _, n := range nodes {
		go n.Close()
	}
	for _, n := range nodes {
		<-n.Done()
	}
}

// view shows who hears whom: a table that is drawn over itself in a terminal, lines elsewhere.
type view struct {
	w     io.Writer
	nodes []*node.Node
	table bool
	drawn int // lines to go back
	heard []int

	partial bool // nobody hears all: who knows all is counted
	knowing int  // nodes that know all, up to the first that does not, as of the last look
	toldAt  time.Time
}

func newView(w io.Writer, nodes []*node.Node) *view {
	return &view{w: w, nodes: nodes, heard: make([]int, len(nodes)), table: len(nodes) <= maxMatrix && isTerminal(w)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// untilWhole shows the ring grow and returns when it is whole.
func (v *view) untilWhole(ctx context.Context, begin time.Time, timeout time.Duration) error {
	late := time.After(time.Until(begin.Add(timeout)))
	ticker := time.NewTicker(ringPoll)
	defer ticker.Stop()
	look := v.show
	if v.partial {
		look = v.showKnown
	}
	for {
		if look() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return fmt.Errorf("the ring is not whole after %v: %s", timeout, v.missing())
		case <-ticker.C:
		}
	}
}

// show looks at every node once, and reports whether all hear all.
func (v *view) show() (whole bool) {
	whole = true
	hears := make([][]topics.Name, len(v.nodes))
	var b strings.Builder
	for i, n := range v.nodes {
		hears[i] = n.Alive()
		whole = whole && len(hears[i]) == len(v.nodes)-1
		if !v.table && len(hears[i]) != v.heard[i] {
			fmt.Fprintf(&b, "%s hears %d of %d\n", n.Name(), len(hears[i]), len(v.nodes)-1)
		}
		v.heard[i] = len(hears[i])
	}
	if v.table {
		v.draw(&b, hears)
	}
	io.WriteString(v.w, b.String())
	return whole
}

func (v *view) draw(b *strings.Builder, hears [][]topics.Name) {
	if v.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA", v.drawn)
	}
	fmt.Fprintf(b, "%-18s", "hears")
	for i := range v.nodes {
		fmt.Fprintf(b, "%4d", i+1)
	}
	b.WriteString("\x1b[K\n")
	for i, n := range v.nodes {
		fmt.Fprintf(b, "%3d %-14s", i+1, n.Name())
		for j, other := range v.nodes {
			mark := "."
			switch {
			case i == j:
				mark = "-"
			case slices.Contains(hears[i], other.Name()):
				mark = "●"
			}
			fmt.Fprintf(b, "   %s", mark)
		}
		b.WriteString("\x1b[K\n")
	}
	v.drawn = len(v.nodes) + 1
}

// missing says who did not hear whom at the last look, for the first few.
func (v *view) missing() string {
	if v.partial {
		return v.missingKnown()
	}
	var gaps []string
	for i, n := range v.nodes {
		if heard := v.heard[i]; heard < len(v.nodes)-1 {
			gaps = append(gaps, fmt.Sprintf("%s hears %d of %d", n.Name(), heard, len(v.nodes)-1))
		}
	}
	if len(gaps) > 5 {
		gaps = append(gaps[:5], fmt.Sprintf("and %d more", len(gaps)-5))
	}
	return strings.Join(gaps, ", ")
}

// showMessages lets every node speak in turn and prints who received what, until ctx ends.
func showMessages(ctx context.Context, w io.Writer, nodes []*node.Node) error {
	type receipt struct {
		by  topics.Name
		msg node.Message
	}
	receipts := make(chan receipt)
	for _, n := range nodes {
		go func() {
			for m := range n.Messages() {
				select {
				case receipts <- receipt{n.Name(), m}:
				case <-ctx.Done():
				}
			}
		}()
	}
	ticker := time.NewTicker(2500 * time.Millisecond)
	defer ticker.Stop()
	for turn := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			n := nodes[turn%len(nodes)]
			turn++
			if err := n.Publish([]byte("PING! from host " + string(n.Name()))); err != nil && !errors.Is(err, node.ErrClosed) {
				return err
			}
		case r := <-receipts:
			fmt.Fprintf(w, "%s received %q from %s\n", r.by, r.msg.Body, r.msg.From)
		}
	}
}
