package sidecar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/node/link/zmtp"
	"hearsay/node/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens a free port until the test ends.
func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// dial connects a program, and says these messages.
func dial(t *testing.T, ln net.Listener, kind string, said ...[]byte) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	b := zmtp.AppendReady(zmtp.AppendGreeting(nil, "NULL"), kind)
	for _, message := range said {
		b = append(b, message...)
	}
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	return c
}

// A program that does not read costs a bounded memory, and the others nothing.
func TestSlowReaderOfTheTap(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	tap := OpenTap(listen(t), most)
	t.Cleanup(tap.Close)
	dial(t, tap.ln, "SUB", zmtp.AppendSubscription(nil, "")) // and never reads
	quick := dial(t, tap.ln, "SUB", zmtp.AppendSubscription(nil, "last"))
	nodetest.Eventually(t, func() error {
		if n := tap.feed.Readers(); n != 2 {
			return fmt.Errorf("%d readers", n)
		}
		return nil
	})
	body := make([]byte, 64<<10)
	nodetest.Eventually(t, func() error { // more than kernels hold
		for range 16 {
			tap.Deliver("news", "n", body, time.Time{})
		}
		if size := tap.feed.Size(); size > most+len(body)+1024 {
			t.Fatalf("%d bytes wait", size)
		}
		if tap.Lost() == 0 {
			return errors.New("nothing is lost")
		}
		return nil
	})
	got := make(chan struct{})
	want := zmtp.AppendMessage(nil, []byte("last"), []byte("n"), []byte("x"))
	go func() {
		defer close(got)
		var all []byte
		for !bytes.HasSuffix(all, want) {
			var b [4096]byte
			n, err := quick.Read(b[:])
			if err != nil {
				t.Error(err)
				return
			}
			all = append(all, b[:n]...)
		}
		if bytes.Contains(all, []byte("news")) {
			t.Error("got what it did not subscribe to")
		}
	}()
	nodetest.Eventually(t, func() error {
		tap.Deliver("last", "n", []byte("x"), time.Time{})
		select {
		case <-got:
			return nil
		default:
			return errors.New("the other program gets nothing")
		}
	})
}

// What is no message, and who is no program, is counted, told once, and costs nobody else anything.
func TestInjectThatIsWrong(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log bytes.Buffer
	var said []string
	in := OpenInject(listen(t), 1000, slog.New(slog.NewTextHandler(&locked{w: &log, mu: &mu}, nil)), func(_ context.Context, channel string, body []byte) error {
		if channel == "bad" {
			return errors.New("no such channel")
		}
		mu.Lock()
		defer mu.Unlock()
		said = append(said, channel+"="+string(body))
		return nil
	})
	t.Cleanup(in.Close)
	message := func(frames ...string) []byte {
		var parts [][]byte
		for _, f := range frames {
			parts = append(parts, []byte(f))
		}
		return zmtp.AppendMessage(nil, parts...)
	}
	for i := range 20 {
		dial(t, in.ln, "PUSH", message("bad", "x"), message("alone"), message("a", "b", "c"), message("", fmt.Sprint(i)))
	}
	dial(t, in.ln, "PUSH", message("", strings.Repeat("x", 5000)))      // too large
	dial(t, in.ln, "PUSH", []byte{0, 0xff}, make([]byte, 1), []byte{1}) // cut off
	dial(t, in.ln, "SUB")
	if c, err := net.Dial("tcp", in.ln.Addr().String()); err == nil {
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		defer c.Close()
	}
	nodetest.Eventually(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(said) != 20 || in.Taken() != 20 || in.Refused() < 61 {
			return fmt.Errorf("%d said, %d refused", len(said), in.Refused())
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if lines := strings.Count(log.String(), "injected message refused"); lines != 1 {
		t.Errorf("told %d times:\n%s", lines, log.String())
	}
}

type locked struct {
	w  *bytes.Buffer
	mu *sync.Mutex
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// A program that connects and says nothing is hung up, and there are only so many.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	tap := OpenTap(listen(t), 1<<20)
	t.Cleanup(tap.Close)
	for range maxConns {
		c, err := net.Dial("tcp", tap.ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	nodetest.Eventually(t, func() error {
		if n := tap.Programs(); n != maxConns {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	one, err := net.Dial("tcp", tap.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	_ = one.SetReadDeadline(time.Now().Add(nodetest.Patience))
	if _, err := one.Read(make([]byte, 1)); err == nil {
		t.Error("let in")
	}
	nodetest.Eventually(t, func() error {
		if n := tap.Programs(); n != 0 {
			return fmt.Errorf("%d are still there", n)
		}
		return nil
	})
}
