//go:build unix

package node

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// Faults on real sockets and processes. What takes a firewall, and so root, is in scripts/faults.sh.

func TestMain(m *testing.M) {
	if args := os.Getenv("HEARSAY_TEST_NODE"); args != "" {
		runChild(strings.Fields(args))
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	childBeat     = 200 * time.Millisecond
	childInterval = 500 * time.Millisecond
)

// runChild is a node in a process of its own, called by its address, until its standard input ends. A number in a line
// has it publish so many messages, wedgeWord stops its loop.
func runChild(args []string) {
	n, err := Start(context.Background(), Config{
		Hostname: args[0], Bind: args[0], Seeds: args[1:], Beat: childBeat, Interval: childInterval,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() == wedgeWord {
			n.wedge()
			continue
		}
		many, err := strconv.Atoi(lines.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		for i := range many {
			_ = n.Publish(strconv.AppendInt(nil, int64(i), 10))
		}
	}
	n.Close()
}

// child is a process that a test may do anything to.
type child struct {
	*exec.Cmd
	stdin io.WriteCloser
	once  sync.Once
}

func spawn(t *testing.T, addr string, seeds ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HEARSAY_TEST_NODE="+strings.Join(append([]string{addr}, seeds...), " "))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: cmd, stdin: stdin}
	t.Cleanup(c.kill)
	return c
}

func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (c *child) kill() {
	c.once.Do(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

// publish has it publish so many messages: the numbers from 0.
func (c *child) publish(t *testing.T, many int) {
	t.Helper()
	if _, err := fmt.Fprintln(c.stdin, many); err != nil {
		t.Fatal(err)
	}
}

// leave ends a child as SIGTERM ends a node: it says goodbye.
func (c *child) leave(t *testing.T) {
	t.Helper()
	c.once.Do(func() {
		c.stdin.Close()
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// observed is a mesh of nodes in this process, and one child that they all hear.
func observed(t *testing.T) (nodes []*Node, c *child, name topics.Name) {
	t.Helper()
	addrs := nodetest.Addresses(t, 5)
	for _, addr := range addrs[:4] {
		nodes = append(nodes, startAt(t, addr, addrs[0]))
	}
	c = spawn(t, addrs[4], addrs[0])
	name = topics.Name(addrs[4])
	linkedTo(t, name, nodes)
	return nodes, c, name
}

// listedBy waits until all of the nodes list the name, or none of them.
func listedBy(t *testing.T, name topics.Name, want bool, nodes []*Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			if slices.Contains(n.Alive(), name) != want {
				return fmt.Errorf("%s lists %s: %v, want %v", n.Name(), name, !want, want)
			}
		}
		return nil
	})
}

// told is the last event of each node.
func told(nodes []*Node) (ids []uint64) {
	for _, n := range nodes {
		ids = append(ids, n.LastEvent())
	}
	return ids
}

// died reports whether this is what a node tells of one that has died: it is suspected and evicted, once. Where the machine is
// starved others may hear it for longer than this one, who says so first.
func died(told []mesh.Kind) bool {
	for len(told) > 1 && told[0] == mesh.Suspected && told[1] == mesh.Separated {
		told = told[2:]
	}
	return slices.Equal(told, []mesh.Kind{mesh.Suspected, mesh.Evicted})
}

func TestKilledNodeIsLostEvictedAndReturns(t *testing.T) {
	t.Parallel()
	nodes, c, name := observed(t)
	before := told(nodes)
	c.kill()
	listedBy(t, name, false, nodes)
	inState(t, name, mesh.Quarantined, nodes)
	for i, n := range nodes {
		if got := kinds(n, before[i], name); !died(got) {
			t.Errorf("%s told of %v", n.Name(), got)
		}
	}
	spawn(t, string(name), string(nodes[0].Name()))
	listedBy(t, name, true, nodes)
}

func TestFrozenNodeIsLostAndRecovers(t *testing.T) {
	t.Parallel()
	nodes, c, name := observed(t)
	c.signal(t, syscall.SIGSTOP)
	listedBy(t, name, false, nodes)
	c.signal(t, syscall.SIGCONT)
	listedBy(t, name, true, nodes)
}

func TestLeavingNodeIsNotSuspected(t *testing.T) {
	t.Parallel()
	nodes, c, name := observed(t)
	before := told(nodes)
	c.leave(t)
	inState(t, name, mesh.Left, nodes)
	for i, n := range nodes {
		if got := kinds(n, before[i], name); !slices.Equal(got, []mesh.Kind{mesh.Departed}) {
			t.Errorf("%s told of %v", n.Name(), got)
		}
	}
}

// wire forwards connections, and can fall silent without closing them, as a cable does that is pulled.
type wire struct {
	mu    sync.Mutex
	moved *sync.Cond
	cut   bool
	conns []net.Conn
	lns   []net.Listener
	wg    sync.WaitGroup
}

// newWire makes the node at one address reachable at another.
func newWire(t *testing.T, at, to string) *wire {
	t.Helper()
	w := &wire{}
	w.moved = sync.NewCond(&w.mu)
	for _, port := range []string{":20000", ":30000"} {
		ln, err := net.Listen("tcp", at+port)
		if err != nil {
			t.Fatal(err)
		}
		w.lns = append(w.lns, ln)
		w.wg.Add(1)
		go w.accept(ln, to+port)
	}
	t.Cleanup(w.close)
	return w
}

func (w *wire) accept(ln net.Listener, to string) {
	defer w.wg.Done()
	for {
		here, err := ln.Accept()
		if err != nil {
			return
		}
		there, err := net.Dial("tcp", to)
		if err != nil {
			here.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, here, there)
		w.mu.Unlock()
		w.wg.Add(2)
		go w.copy(here, there)
		go w.copy(there, here)
	}
}

func (w *wire) copy(to, from net.Conn) {
	defer w.wg.Done()
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		w.mu.Lock()
		for w.cut {
			w.moved.Wait()
		}
		w.mu.Unlock()
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (w *wire) set(cut bool) {
	w.mu.Lock()
	w.cut = cut
	w.moved.Broadcast()
	w.mu.Unlock()
}

func (w *wire) close() {
	for _, ln := range w.lns {
		ln.Close()
	}
	w.set(false)
	w.mu.Lock()
	conns := slices.Clone(w.conns)
	w.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	w.wg.Wait()
}

// One node's connections to another fall silent, while the rest hear it: it is detached, not evicted, and alive as
// soon as the connection is.
func TestOneWayBreakDetaches(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 6)
	open, behind := new(book), new(book)
	names := []string{"n1", "n2", "n3", "n4", "n5"}
	for i, name := range names {
		open.set(name, addrs[i])
		behind.set(name, addrs[i])
	}
	behind.set("n5", addrs[5]) // how n1 alone reaches it
	w := newWire(t, addrs[5], addrs[4])
	var nodes []*Node
	for i, name := range names {
		cfg := Config{Hostname: name, Bind: addrs[i], Seeds: names[:1], Resolver: open, Beat: childBeat, Interval: childInterval}
		if i == 0 {
			cfg.Resolver = behind
		}
		nodes = append(nodes, start(t, cfg))
	}
	whole(t, nodes...)
	w.set(true)
	inState(t, "n5", mesh.Detached, nodes[:1])
	listedBy(t, "n5", true, nodes[1:4])
	w.set(false)
	whole(t, nodes...)
	if got := kinds(nodes[0], 0, "n5"); slices.Contains(got, mesh.Evicted) {
		t.Errorf("evicted: %v", got)
	}
}
