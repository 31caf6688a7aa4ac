package topics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// python returns a command of a Python that has pyzmq, the binding of libzmq. Tests that need it are skipped
// where there is none.
func python(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	for _, program := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(ctx, program, "-c", "import zmq").Run() == nil {
			return exec.CommandContext(ctx, program, args...)
		}
	}
	t.Skip("needs Python with pyzmq (Debian: python3-zmq)")
	return nil
}

// tryNames connects to each name as a naive node does, and prints those that libzmq refused.
const tryNames = `
import json, os, sys, zmq
context, refused = zmq.Context(), []
for name in json.load(sys.stdin):
    socket = context.socket(zmq.SUB)
    try:
        socket.connect("tcp://%s:20000" % name)
    except zmq.ZMQError as e:
        refused.append("%s: %s" % (name, e))
    socket.close(0)
print(json.dumps(refused), flush=True)
os._exit(0)  # without waiting for the resolver
`

func TestLibzmqConnectsToEveryNameWithoutPort(t *testing.T) {
	cmd := python(t, "-c", tryNames)
	names := acceptedNames(t)
	if refused := libzmqRefuses(t, cmd, names); len(refused) > 0 {
		t.Errorf("a naive node dies of %q", refused)
	}
	// The trial itself must be able to fail.
	cmd = python(t, "-c", tryNames)
	if refused := libzmqRefuses(t, cmd, []Name{"*", "a b", "_a", "-a", "a\n"}); len(refused) != 5 {
		t.Errorf("libzmq refuses only %q", refused)
	}
}

func libzmqRefuses(t *testing.T, cmd *exec.Cmd, names []Name) (refused []string) {
	t.Helper()
	in, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &refused); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return refused
}

// acceptedNames are the valid vectors and random strings that pass, all without a port.
func acceptedNames(t *testing.T) (names []Name) {
	const alphabet = "azAZ059-_.x:[]"
	random := rand.New(rand.NewPCG(1, 2))
	var tries []string
	for _, c := range vectors[nameVectors](t, "names.json").Valid {
		tries = append(tries, string(c.bytes(t)))
	}
	for range 4000 {
		b := make([]byte, 1+random.IntN(8))
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		tries = append(tries, string(b))
	}
	for _, s := range tries {
		if n, err := ParseName(s); err == nil && !n.HasPort() {
			names = append(names, n)
		}
	}
	if len(names) < 200 {
		t.Fatalf("only %d names to try", len(names))
	}
	return names
}

// The node in the documentation is the one that the next test runs.
func TestMinimalNodeStandsInTheDocumentation(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	node, err := os.ReadFile("testdata/node.py")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for line := range strings.Lines(string(node)) {
		if line != "\n" {
			line = "\t" + line
		}
		code.WriteString("//" + line)
	}
	if !strings.Contains(string(doc), code.String()+"package topics\n") {
		t.Error("doc.go does not end with testdata/node.py")
	}
}

// Three minimal nodes, of which two are given the first and the first is given nobody, hear each other.
func TestMinimalNodesFindEachOther(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs addresses in 127.0.0.0/8 that nobody set up")
	}
	names := []string{"127.99.7.1", "127.99.7.2", "127.99.7.3"}
	outputs := map[string]*bufio.Scanner{}
	for _, me := range names {
		outputs[me] = startMinimalNode(t, me, names[0])
	}
	for me, out := range outputs {
		waitHeard(t, me, names, out)
	}
}

func startMinimalNode(t *testing.T, me, seed string) *bufio.Scanner {
	t.Helper()
	cmd := python(t, "testdata/node.py")
	if me != seed {
		cmd.Args = append(cmd.Args, seed)
	}
	cmd.Env = append(os.Environ(), "HOSTNAME="+me, "BIND="+me)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return bufio.NewScanner(out)
}

// waitHeard reads what a node prints until it hears all others.
func waitHeard(t *testing.T, me string, names []string, out *bufio.Scanner) {
	heard := map[string]bool{me: true}
	for len(heard) < len(names) && out.Scan() {
		var sign, name string
		if _, err := fmt.Sscan(out.Text(), &sign, &name); err == nil && sign == "+" {
			heard[name] = true
		}
	}
	if len(heard) < len(names) {
		t.Errorf("%s hears only %v", me, heard)
	}
}
