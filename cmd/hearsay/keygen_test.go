package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"hearsay/node/nodetest"
)

func TestKeygen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := must(t, "keygen", "--dir", dir, "--name", "node_1")
	secret, err := os.ReadFile(filepath.Join(dir, "node_1.key_secret"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "node_1.key"))
	if err != nil {
		t.Fatal(err)
	}
	value := func(text []byte, name string) string {
		_, rest, _ := strings.Cut(string(text), name+` = "`)
		return rest[:min(40, len(rest))]
	}
	if key := value(public, "public-key"); len(key) != 40 || !strings.Contains(out, key) || value(secret, "public-key") != key {
		t.Errorf("the public key is %q in:\n%s%s", key, out, public)
	}
	if key := value(secret, "secret-key"); len(key) != 40 || strings.Contains(out+string(public), key) {
		t.Errorf("the secret is %q, or shown in:\n%s%s", key, out, public)
	}
	for want, args := range map[string][]string{
		"is there already":     {"keygen", "--dir", dir, "--name", "node_1"},
		"no such file":         {"keygen", "--dir", filepath.Join(dir, "nothing")},
		"must be the name":     {"keygen", "--name", "../x"},
		"takes no arguments":   {"keygen", "x"},
		"exclude each other":   {"node", "--mesh-key", "x", "--key", "y", "--authorized-keys", "z"},
		"needs a directory":    {"node", "--key", "y"},
		"each needs the other": {"node", "--http-cert", "x"},
		"needs --http-token":   {"node", "--http-private"},
		"open anyway":          {"node", "--http-open-metrics"},
		"--http-token: open":   {"node", "--http-token", filepath.Join(dir, "nothing")},
		"--http-cert":          {"node", "--http-cert", filepath.Join(dir, "nothing"), "--http-key", "x"},
		"--mesh-key: keys:":    {"node", "--hostname", "127.0.0.1", "--bind", "127.0.0.1", "--mesh-key", filepath.Join(dir, "nothing")},
		"in the clear":         {"members", "--addr", "http://192.0.2.1:8080", "--token-file", "x"},
		"give one of the two":  {"ring", "--locked", "--mesh-key", "x"},
		"keys: open":           {"ring", "--mesh-key", filepath.Join(dir, "nothing")},
		"--ca: ":               {"members", "--addr", "https://192.0.2.1:8080", "--ca", filepath.Join(dir, "nothing")},
	} {
		p := begin(t, nil, args...)
		<-p.ended
		if p.err == nil || !strings.Contains(p.err.Error(), want) || strings.Contains(p.err.Error(), "\n") {
			t.Errorf("%v: %v; want %q", args, p.err, want)
		}
	}
}

// A pair is called what a node can be called: nothing that a directory of keys could not hold, or a terminal obeys.
func TestKeygenNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", ".x", "../x", "a/b", `a\b`, "a b", " a", "a\nb", "a\x1b[2J", "a\x00", "a\xff", "\u202ea"} {
		dir := t.TempDir()
		p := begin(t, nil, "keygen", "--dir", dir, "--name", name)
		<-p.ended
		if p.err == nil || !strings.Contains(p.err.Error(), "must be the name") || strings.ContainsAny(p.err.Error(), "\n\x1b") || exitStatus(p.err) != 2 {
			t.Errorf("%q: %v", name, p.err)
		}
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Errorf("%q: it was made", name)
		}
	}
	for _, name := range []string{"mesh", "node_1", "node_3:20001", "[2001:db8::1]", "a.example"} {
		must(t, "keygen", "--dir", t.TempDir(), "--name", name)
	}
}

// Files are read again at SIGHUP.
func TestHangUpSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGHUP")
	}
	called := make(chan struct{}, 1)
	stop := onHangUp(func() { called <- struct{}{} })
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-called
}

// Commands reach a node that is private and speaks HTTPS: in its environment without a flag, from elsewhere with two.
func TestCommandsOfAPrivateNode(t *testing.T) {
	dir, addr := t.TempDir(), nodetest.Address(t)
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	writeCertificate(t, cert, key, addr)
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := begin(t, nil, "node", "--hostname", addr, "--bind", addr, "--http-cert", cert, "--http-key", key, "--http-token", token, "--http-private")
	p.log.shows(t, "http started")
	https := "https://" + addr + ":8080"
	soon(t, "health", "--addr", https, "--ca", cert)
	soon(t, "members", "--addr", https, "--ca", cert, "--token-file", token)
	must(t, "pub", "--addr", https, "--ca", cert, "--token-file", token, "hello")
	for want, args := range map[string][]string{
		"takes a token": {"members", "--addr", https, "--ca", cert},
		"certificate":   {"members", "--addr", https, "--token-file", token},
	} {
		p := begin(t, nil, args...)
		<-p.ended
		if p.err == nil || !strings.Contains(p.err.Error(), want) {
			t.Errorf("%v: %v; want %q", args, p.err, want)
		}
	}
	t.Setenv("HEARSAY_BIND", addr)
	t.Setenv("HEARSAY_HTTP_CERT", cert)
	t.Setenv("HEARSAY_HTTP_TOKEN", token)
	must(t, "members")
	other := filepath.Join(dir, "other")
	writeCertificate(t, other, filepath.Join(dir, "otherkey"), addr)
	t.Setenv("HEARSAY_HTTP_CERT", other)
	p = begin(t, nil, "members")
	if <-p.ended; p.err == nil || !strings.Contains(p.err.Error(), "is not that in") {
		t.Errorf("another certificate: %v", p.err)
	}
}
