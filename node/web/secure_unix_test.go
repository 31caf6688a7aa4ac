//go:build unix

package web

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// A file of tokens that was overwritten in its place is seen, with the size and the time that it had, and also when it
// was bad in between.
func TestTokenOverwritten(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken)
	s := New(startNode(t, node.Config{}), Options{Token: token, Private: true})
	defer s.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{otherToken, "short\n\n\n\n\n\n\n\n\n\n\n", goodToken} {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte(text), 0)
		if err := errors.Join(err, f.Close(), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if len(text) != len(goodToken) {
			t.Fatal("another size")
		}
		if text[0] == 's' {
			s.Reload()
			continue
		}
		nodetest.Eventually(t, func() error {
			if got, _ := asked(s, "GET", "/v1/members", "127.0.0.1:1", "Bearer "+text); got != 200 {
				return fmt.Errorf("%q: %d", text, got)
			}
			return nil
		})
	}
}

// A file that has become a pipe holds up no request, no reload and no end: what it held before holds.
func TestFilesThatBecomePipes(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken)
	dir := t.TempDir()
	certificate(t, dir, "a.example")
	cert, err := OpenCertificate(filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	s := New(startNode(t, node.Config{}), Options{Token: token, Private: true, Certificate: cert})
	defer s.Close()
	for _, path := range []string{path, filepath.Join(dir, "key")} {
		if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
			t.Skip(err)
		}
	}
	done := make(chan int, 1)
	go func() {
		s.Reload()
		status, _ := asked(s, "GET", "/v1/members", "127.0.0.1:1", "Bearer "+goodToken)
		done <- status
	}()
	select {
	case got := <-done:
		if got != 200 {
			t.Errorf("%d", got)
		}
	case <-time.After(nodetest.Patience):
		t.Fatal("it waits for a pipe")
	}
}

// Files with a token or the key of the certificate that others may read are told of, once until they are well.
func TestSecretsThatOthersMayRead(t *testing.T) {
	t.Parallel()
	token, path := openToken(t, goodToken)
	dir := t.TempDir()
	certificate(t, dir, "a.example")
	key := filepath.Join(dir, "key")
	cert, err := OpenCertificate(filepath.Join(dir, "cert"), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, key} {
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log guarded
	s := New(startNode(t, node.Config{}), Options{Token: token, Certificate: cert, Private: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	defer s.Close()
	says := func(file string, times int) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			n := 0
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "level=WARN") && strings.Contains(line, "secret of http can be read by others") && strings.Contains(line, "file="+file) {
					n++
				}
			}
			if n != times {
				return fmt.Errorf("%s: told %d times, not %d:\n%s", file, n, times, log.String())
			}
			return nil
		})
	}
	says(path, 0)
	for i, mode := range []os.FileMode{0o644, 0o600, 0o604} {
		for _, file := range []string{path, key} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
		}
		s.Reload()
		says(path, (i+2)/2)
		says(key, (i+2)/2)
	}
}
