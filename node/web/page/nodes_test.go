package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// nodeVariable makes this test's own program a node, so that there is a process to kill.
const nodeVariable = "HEARSAY_PAGE_TEST_NODE"

// nodeConfig is what such a process is told, as JSON in that variable.
type nodeConfig struct {
	Address string // its name, where it binds, and where it serves HTTP, on port 8080
	Seeds   []string
}

// runNode is a node until it is killed, or its standard input ends because the test has.
func runNode(text string) int {
	var c nodeConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(c.Address, "8080"))
	if err != nil {
		panic(err)
	}
	n, err := node.Start(context.Background(), node.Config{
		Hostname: c.Address, Bind: c.Address, Seeds: c.Seeds, Beat: 200 * time.Millisecond, Interval: 500 * time.Millisecond,
	})
	if err != nil {
		panic(err)
	}
	s := web.New(n, web.Options{Version: "test"})
	go s.Serve(ln)
	go func() {
		for m := range n.Messages() {
			s.Deliver(m)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
	s.Close()
	n.Close()
	return 0
}

// process is a node in a process of its own.
type process struct {
	t       *testing.T
	config  nodeConfig
	command *exec.Cmd
	input   io.Closer
}

// startMesh starts n nodes, which know the first.
func startMesh(t *testing.T, n int) []*process {
	t.Helper()
	subnet := fmt.Sprintf("127.80.%d.", 1+os.Getpid()%254)
	if ln, err := net.Listen("tcp", subnet+"1:0"); err != nil {
		t.Skip("this system has no addresses in 127.0.0.0/8 but 127.0.0.1: ", err)
	} else {
		ln.Close()
	}
	nodes := make([]*process, n)
	for i := range nodes {
		config := nodeConfig{Address: fmt.Sprintf("%s%d", subnet, i+1)}
		if i > 0 {
			config.Seeds = []string{subnet + "1"}
		}
		nodes[i] = &process{t: t, config: config}
		nodes[i].start()
		t.Cleanup(nodes[i].end)
	}
	return nodes
}

func (p *process) start() {
	p.t.Helper()
	text, err := json.Marshal(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.command = exec.Command(program)
	p.command.Env = append(os.Environ(), nodeVariable+"="+string(text))
	p.command.Stderr = p.t.Output()
	if p.input, err = p.command.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.waitHTTP()
}

// waitHTTP waits until the node answers.
func (p *process) waitHTTP() {
	p.t.Helper()
	nodetest.Eventually(p.t, func() error {
		conn, err := net.Dial("tcp", net.JoinHostPort(p.config.Address, "8080"))
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// kill ends the node without a goodbye.
func (p *process) kill() {
	p.command.Process.Kill()
	p.command.Wait()
}

// end lets the node say goodbye, and waits for it.
func (p *process) end() {
	p.input.Close()
	p.command.Wait()
}

func (p *process) url() string { return "http://" + net.JoinHostPort(p.config.Address, "8080") + "/" }
