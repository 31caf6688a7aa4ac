//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hearsay/node/nodetest"
)

// At SIGHUP a node reads its configuration again: commands, tags and the level of the log change at once. A file that is
// wrong changes nothing, what takes a restart is told, and what the command line says stays.
func TestHangUpReadsTheConfiguration(t *testing.T) {
	t.Parallel()
	addr, dir := nodetest.Address(t), t.TempDir()
	was, is := filepath.Join(dir, "was"), filepath.Join(dir, "is")
	at := "hostname: " + addr + "\nbind: " + addr + "\n"
	file := config(t, at+"on: ['message=cat >>"+was+"']\ntag: [role=web]\n")
	var log screen
	cmd := started(t, &log, nil, "node", "--config", file, "--http-metric-tag", "role")
	log.shows(t, "http started")
	hangUp := func(text, says string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		log.shows(t, says)
	}
	publish := func(body, to string) {
		t.Helper()
		must(t, "pub", "--addr", addr, body)
		nodetest.Eventually(t, func() error {
			if text, err := os.ReadFile(to); !strings.Contains(string(text), body) {
				return fmt.Errorf("%q, %v", text, err)
			}
			return nil
		})
	}
	publish("one", was)
	hangUp(at+"on: ['born=true']\n", "nothing is changed")
	hangUp(at+"tag: ['Role=x']\n", "a key is 1 to 32 bytes")
	hangUp(at+"log-level: loud\n", "must be debug, info, warn or error")
	publish("two", was)
	if out := must(t, "tags", "--addr", addr); out != "role=web\n" {
		t.Errorf("%q", out)
	}
	hangUp(at+"on: ['message=cat >>"+is+"']\ntag: [role=db]\nbeat: 2s\nhttp-metric-tag: [az]\nlog-level: debug\n", `flags=[beat]`)
	publish("three", is)
	nodetest.Eventually(t, func() error {
		if out := must(t, "tags", "--addr", addr); out != "role=db\n" {
			return fmt.Errorf("%q", out)
		}
		return nil
	})
	log.shows(t, "level=DEBUG")
	must(t, "tags", "--addr", addr, "role=live")
	hangUp(at+"tag: [role=db]\n", "changed=\"[log-level on]\"")
	nodetest.Eventually(t, func() error { // it would be another one after the answer's 200 ms
		if out := must(t, "tags", "--addr", addr); out != "role=live\n" {
			return fmt.Errorf("%q: tags that the file does not change are taken from whoever set them", out)
		}
		return nil
	})
	if text, _ := os.ReadFile(was); strings.Contains(string(text), "three") {
		t.Error("the former command is run still")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &log)
	}
}
