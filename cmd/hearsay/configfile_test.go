package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

func config(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "hearsay.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file says what flags say; flags go before the environment, and that before the file.
func TestConfigFile(t *testing.T) {
	a, b := nodetest.Address(t), nodetest.Address(t)
	begin(t, nil, "node", "--hostname", b, "--bind", b)
	file := config(t, "hostname: "+a+"\nbind: "+a+"\nbeat: 200ms\nchannel: [news, orders]\nlog-level: error\nseeds:\n  - "+b+"\nhttp: "+a+":8088\ninbox-bytes: 2097152\nping: true\n")
	t.Setenv("HEARSAY_LOG_LEVEL", "info")
	p := begin(t, nil, "node", "--config", file, "--channel", "extra", "--http", a+":8089")
	must(t, "wait", "--members", "2", "--addr", a+":8089")
	if log := p.log.String(); !strings.Contains(log, "node started") {
		t.Errorf("the environment does not go before the file:\n%s", log)
	}
	fails(t, exitTimeout, "0 messages", "sub", "--channel", "extra", "--timeout", "1s", "--addr", a+":8089")
	fails(t, exitFailed, "does not receive the channel", "sub", "--channel", "news", "--addr", a+":8089")
}

// A path in the file starts where the file is, wherever the program was started. One of the command line does not.
func TestPathsInAConfigFile(t *testing.T) {
	addr := nodetest.Address(t)
	file := config(t, "hostname: "+addr+"\nbind: "+addr+"\nmesh-key: keys/mesh.key_secret\nstate-dir: state\n")
	dir := filepath.Dir(file)
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	must(t, "keygen", "--dir", filepath.Join(dir, "keys"))
	p := begin(t, nil, "node", "--config", file)
	p.log.shows(t, "node started")
	p.stop()
	if p.end(t); p.err != nil {
		t.Error(p.err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
		t.Error(err)
	}
	fails(t, exitFailed, "keys: open keys/mesh.key_secret", "node", "--config", file, "--mesh-key", "keys/mesh.key_secret")
}

func TestConfigFileThatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"hostnam: a":            `"hostnam" is no flag of hearsay node`,
		"- a\n- b":              "line 1: must be lines of KEY: VALUE",
		"# x\n\nbeat: often":    `line 3: beat "often": must be a time with its unit`,
		"beat: 5":               `line 1: beat "5": must be a time`,
		"beat: [1s]":            "line 1: beat: must be a time",
		"beat:":                 `beat "": must be a time`,
		"beat: 1s\nbeat: 2s":    "line 2: mapping key",
		"baet: 1s":              `line 1: "baet" is no flag of hearsay node, did you mean beat?`,
		"Beat: 1s":              "did you mean beat?",
		"seed: [a]":             "did you mean seeds?",
		"hostname: 5":           `hostname "5": must be a text, which is "5" in quotes`,
		"hostname: [a]":         "hostname: must be a text",
		"mesh: 2026-01-01":      `mesh "2026-01-01": must be a text, which is "2026-01-01" in quotes`,
		"[node]\nbeat = \"1s\"": "the file is YAML: lines of KEY: VALUE",
		"tag: [a=b, a=c]":       `: tag: tag "a=c": is given twice`,
		"ping: yes":             `ping "yes": must be true or false`,
		"ttl: 1.5":              `ttl "1.5": must be a whole number`,
		"beat: 1s\n\tping: a":   "not with tabs",
		"a: b: c":               "mapping values are not allowed",
		"config: other":         "is no flag",
		"discovery-port: yes":   `line 1: discovery-port "yes": must be a whole number`,
		"discovery-port: 0x50":  `line 1: discovery-port "0x50": must be a whole number`,
		"hostname: 0x50":        `hostname "0x50": must be a text`,
		"7: x":                  `"7" is no flag`,
		"help: true":            `"help" is no flag`,
		"h: true":               `"h" is no flag`,
		"beat: 1s\n---\nx: y":   "one document",
		"on: joined=true":       "on: must be a list of texts",
		"on: {joined: true}":    "on: must be a list of texts",
		"on: [joined: true]":    "on: must be a list of texts",
		"on:":                   "on: must be a list of texts",
		"seeds: node_1":         "seeds: must be a list of texts",
		"tag: {a: b}":           "tag: must be a list of texts",
		"channel: [1]":          "channel: must be a list of texts",
	} {
		fails(t, exitUsage, want, "node", "--config", config(t, text))
	}
	fails(t, exitUsage, "no such file", "node", "--config", "/nowhere/hearsay.yaml")
}

// The manual page is of all commands, and man reads it.
func TestManualPage(t *testing.T) {
	t.Parallel()
	page := must(t, "man")
	for _, want := range []string{".TH ", "members", "doctor", "log-level"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	man, err := exec.LookPath("man")
	if err != nil {
		t.Skip("no man")
	}
	file := filepath.Join(t.TempDir(), "hearsay.1")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(man, "--warnings", "-l", file)
	cmd.Env = append(os.Environ(), "MANWIDTH=100", "PAGER=cat", "LC_ALL=C.UTF-8")
	var warnings strings.Builder
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "doctor") {
		t.Errorf("%v %s %.200s", err, &warnings, out)
	}
}
