package topics_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// The listeners in docs/other-languages.md hear a node, where their languages are at hand.
func TestListenersOfOtherLanguages(t *testing.T) {
	text, err := os.ReadFile("../docs/other-languages.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, rest, ok := strings.Cut(string(text), "```"+language+"\n")
		code, _, end := strings.Cut(rest, "```")
		if !ok || !end {
			t.Fatalf("no program in %s", language)
		}
		return code
	}
	dir, addr := t.TempDir(), nodetest.Address(t)
	n, err := node.Start(t.Context(), node.Config{Hostname: addr, Bind: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	go func() {
		for range n.Messages() { //nolint:revive // they are for the others
		}
	}()
	hears := func(t *testing.T, name string, args ...string) {
		cmd := exec.CommandContext(t.Context(), name, append(args, addr)...)
		out, err := os.Create(filepath.Join(dir, filepath.Base(name)+".out"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); out.Close() })
		nodetest.Eventually(t, func() error {
			_ = n.Publish([]byte("hello"))
			said, err := os.ReadFile(out.Name())
			if err == nil && (!strings.Contains(string(said), "members "+addr) || !strings.Contains(string(said), "message hello")) {
				err = &os.PathError{Op: "heard", Path: string(said), Err: os.ErrNotExist}
			}
			return err
		})
	}
	write := func(name, code string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("python", func(t *testing.T) {
		const python = "/usr/bin/python3"
		if exec.Command(python, "-c", "import zmq").Run() != nil {
			t.Skip("no pyzmq")
		}
		hears(t, python, write("listen.py", block("python")))
	})
	t.Run("c", func(t *testing.T) {
		program := filepath.Join(dir, "listen")
		if out, err := exec.Command("cc", "-Wall", "-Werror", "-o", program, write("listen.c", block("c")), "-lzmq").CombinedOutput(); err != nil {
			if _, missing := os.Stat("/usr/include/zmq.h"); missing != nil {
				t.Skip("no libzmq to compile with")
			}
			t.Fatalf("%v %s", err, out)
		}
		hears(t, program)
	})
	t.Run("js", func(t *testing.T) {
		js, err := exec.LookPath("node")
		if err != nil {
			t.Skip("no Node.js")
		}
		if out, err := exec.Command(js, "--check", write("listen.mjs", block("js"))).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
}
