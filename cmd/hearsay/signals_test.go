//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// started runs the program as a process of its own until the test ends.
func started(t *testing.T, log io.Writer, before []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append(append(before, self), args...)
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// A node that has no files to read again takes a SIGHUP as the wish to end, as a terminal that is closed means it, and
// says goodbye. One that was told to ignore it, as nohup does, lives on.
func TestHangUpEndsANodeWithoutFiles(t *testing.T) {
	t.Parallel()
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP) // what these tests ignore, under nohup, the nodes would, too
	defer signal.Stop(hups)
	for what, before := range map[string][]string{"": nil, "nohup": {"/bin/sh", "-c", `trap "" HUP; exec "$0" "$@"`}} {
		var log screen
		addr := nodetest.Address(t)
		cmd := started(t, &log, before, "node", "--hostname", addr, "--bind", addr)
		log.shows(t, "http started")
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if what == "nohup" {
			must(t, "health", "--addr", addr)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "node ended") {
			t.Errorf("%s: %v\n%s", what, err, &log)
		}
	}
}

// What a command has started ends with it, and is no reason to say that it was killed.
func TestHandlersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, node.Config{})
	var log screen
	h := startHandlers([]handler{{[]string{messageEvent}, "exec 3>" + fifo + "; sleep 78 >/dev/null 2>&1 &"}}, "n", logger(&log))
	defer h.close()
	h.message(node.Message{From: n.Name()})
	ended := make(chan error, 1)
	go func() {
		f, err := os.Open(fifo)
		if err == nil {
			_, err = io.ReadAll(f) // until nobody holds it
			f.Close()
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(nodetest.Patience):
		t.Error("what the command started outlives it")
	}
	if log.String() != "" {
		t.Errorf("it did not fail:\n%s", &log)
	}
}

// A file that gives nothing, as a pipe, does not hold pub when it is interrupted.
func TestPubOfAPipeIsInterrupted(t *testing.T) {
	t.Parallel()
	addr := show(t, startNode(t, node.Config{}))
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := begin(t, nil, "pub", "--addr", addr, "--file", fifo)
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0) // once pub has it open
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	select {
	case <-p.ended:
	case <-time.After(nodetest.Patience):
		t.Error("does not end")
	}
	f.Close()
	if status := p.end(t); status != 0 {
		t.Errorf("status %d, %v", status, p.err)
	}
}

// Nor does a configuration that nobody writes hold a node.
func TestNodeWithoutItsConfigurationIsInterrupted(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := begin(t, nil, "node", "--config", fifo)
	p.stop()
	if status := p.end(t); status == 0 || !strings.Contains(p.err.Error(), "nothing had come of it") {
		t.Errorf("status %d, %v", status, p.err)
	}
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0) // for who waits for it still
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// A pipe for the log that is full, and that nobody reads, holds up neither the node nor its end.
func TestStoppedLogHoldsUpNoSignal(t *testing.T) {
	t.Parallel()
	unread, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	if err := log.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Skip("a pipe that has no deadlines: ", err)
	}
	for err == nil { // until it is full
		_, err = log.Write(make([]byte, 1<<10))
	}
	peer := startNode(t, node.Config{})
	addr := nodetest.Address(t)
	cmd := started(t, log, nil, "node", "--hostname", addr, "--bind", addr, "--log-level", "debug", string(peer.Name()))
	must(t, "wait", "--addr", addr, "--members", "2", "--timeout", "60s")
	must(t, "health", "--addr", addr)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end by itself: %v", err)
	}
}
