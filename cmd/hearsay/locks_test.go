package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// A lock that is given and empty is no wish for an open door.
func TestEmptyLocks(t *testing.T) {
	for _, c := range []struct{ flag, variable, command, without string }{
		{"mesh-key", "HEARSAY_MESH_KEY", "node", "name a file, or leave it out for an open mesh"},
		{"mesh-key", "HEARSAY_MESH_KEY", "ring", "name a file"},
		{"mesh-key", "HEARSAY_MESH_KEY", "doctor", "name a file"},
		{"key", "HEARSAY_KEY", "node", "leave it out, with --authorized-keys, for an open mesh"},
		{"authorized-keys", "HEARSAY_AUTHORIZED_KEYS", "node", "name a directory, or leave it out, with --key"},
		{"http-cert", "HEARSAY_HTTP_CERT", "node", "for plain HTTP"},
		{"http-key", "HEARSAY_HTTP_KEY", "node", "for plain HTTP"},
		{"http-token", "HEARSAY_HTTP_TOKEN", "node", "for HTTP without tokens"},
		{"token-file", "HEARSAY_TOKEN_FILE", "members", "to show no token"},
		{"ca", "HEARSAY_CA", "members", "to believe the system's certificates"},
	} {
		t.Run(c.command+" "+c.flag, func(t *testing.T) {
			fails(t, exitUsage, "--"+c.flag+": is given, and empty: ", c.command, "--"+c.flag, "")
			fails(t, exitUsage, c.without, c.command, "--"+c.flag+"=")
			if c.command == "node" {
				fails(t, exitUsage, "line 1: "+c.flag+": is given, and empty: ", "node", "--config", config(t, c.flag+": \"\"\n"))
			}
			t.Setenv(c.variable, "")
			fails(t, exitUsage, c.variable+": is given, and empty: ", c.command)
			t.Setenv(c.variable, "/nowhere")
			fails(t, exitUsage, "--"+c.flag+": is given, and empty: ", c.command, "--"+c.flag, "")
		})
	}
	t.Setenv("HEARSAY_KEY", "")
	t.Setenv("HEARSAY_AUTHORIZED_KEYS", "")
	fails(t, exitUsage, "HEARSAY_KEY: is given", "node")
}

// A node says at its start, and while it runs, how it is locked.
func TestLockIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, "keygen", "--dir", dir, "--name", "a")
	key := filepath.Join(dir, "a.key_secret")
	for lock, args := range map[string][]string{
		"open": nil, "mesh key": {"--mesh-key", key}, "own keys": {"--key", key, "--authorized-keys", dir},
	} {
		addr := nodetest.Address(t)
		p := begin(t, nil, append([]string{"node", "--hostname", addr, "--bind", addr}, args...)...)
		word := lock
		if lock != "open" {
			word = fmt.Sprintf("%q", lock)
		}
		p.log.shows(t, "msg=\"node started\" node="+addr+" lock="+word+" ")
		p.log.shows(t, "http started")
		answer, err := http.Get("http://" + addr + ":8080/v1/status")
		if err != nil {
			t.Fatal(err)
		}
		var s web.Status
		err = json.NewDecoder(answer.Body).Decode(&s)
		answer.Body.Close()
		if err != nil || s.Lock != lock {
			t.Errorf("%s: status says %q, %v", lock, s.Lock, err)
		}
	}
}

// A doctor that cannot read the keys that it was given says so among what else it finds.
func TestDoctorWithoutItsKeys(t *testing.T) {
	t.Parallel()
	addr, nothing := nodetest.Address(t), filepath.Join(t.TempDir(), "nothing")
	status, out, err := run(t, "doctor", "--addr", addr, "--hostname", addr, "--mesh-key", nothing)
	if want := "fault    keys      --mesh-key: keys: open " + nothing; status != exitFailed || !strings.Contains(out, want) || !strings.Contains(out, "ports") {
		t.Errorf("status %d, %v, no %q in:\n%s", status, err, want, out)
	}
}

// A doctor that is given a secret which others may read says so, of keys and of tokens.
func TestDoctorWarnsOfExposedSecrets(t *testing.T) {
	t.Parallel()
	dir, addr := t.TempDir(), nodetest.Address(t)
	must(t, "keygen", "--dir", dir)
	key, token := filepath.Join(dir, "mesh.key_secret"), filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("s3cr3t-token-abcdefgh"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[os.FileMode]int{0o600: 0, 0o644: 2} {
		for _, path := range []string{key, token} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		_, out, err := run(t, "doctor", "--addr", "https://"+addr, "--token-file", token, "--mesh-key", key)
		if got := strings.Count(out, "> chmod 600 "+dir); got != warned {
			t.Errorf("%v: %d warnings, %v:\n%s", mode, got, err, out)
		}
	}
}

// A secret that is given in place of the file that holds it is not printed, whatever the way.
func TestSecretInPlaceOfItsFile(t *testing.T) {
	dir := t.TempDir()
	must(t, "keygen", "--dir", dir)
	text, err := os.ReadFile(filepath.Join(dir, "mesh.key_secret"))
	if err != nil {
		t.Fatal(err)
	}
	const token = "s3cr3t-token-abcdefgh"
	whole := string(text)
	_, key, _ := strings.Cut(whole, "secret-key = \"")
	key = key[:40]
	for _, c := range []struct{ variable, flag, value string }{
		{"HEARSAY_MESH_KEY", "mesh-key", whole}, {"HEARSAY_MESH_KEY", "mesh-key", key}, {"HEARSAY_HTTP_TOKEN", "http-token", token},
	} {
		silent := func(args ...string) {
			t.Helper()
			p := begin(t, nil, args...)
			if status := p.end(t); status == 0 || p.err == nil {
				t.Errorf("%q: status %d", args, status)
				return
			}
			if said := p.err.Error() + p.out.String() + p.log.String(); strings.Contains(said, key) || strings.Contains(said, token) ||
				!strings.Contains(said, "no such file; its name is not shown") {
				t.Errorf("%q: %s", args, said)
			}
		}
		addr := nodetest.Address(t)
		silent("node", "--hostname", addr, "--bind", addr, "--"+c.flag, c.value)
		if c.value != whole {
			silent("node", "--hostname", addr, "--bind", addr, "--config", config(t, c.flag+": '"+c.value+"'\n"))
		}
		t.Setenv(c.variable, c.value)
		silent("node", "--hostname", addr, "--bind", addr)
		os.Unsetenv(c.variable)
	}
	fails(t, exitFailed, "its name is not shown", "members", "--addr", nodetest.Address(t), "--token-file", token)
}
