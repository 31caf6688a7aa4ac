//go:build linux

package link

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
)

// fewFiles limits this process to a few file descriptors, and exhaust takes those that are left.
func fewFiles(t *testing.T) {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 200, Max: 200}); err != nil {
		t.Fatal(err)
	}
}

func exhaust() (all []*os.File) {
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return all
		}
		all = append(all, f)
	}
}

func giveBack(all []*os.File) {
	for _, f := range all {
		f.Close()
	}
}

// callers are sockets that were made while there were file descriptors, to connect when there are none.
func callers(t *testing.T, n int) (all []int) {
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: int64(patience.Seconds())})
		all = append(all, fd)
	}
	return all
}

func call(t *testing.T, fd int, addr string) {
	a := netipAddr(addr)
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestOutOfFiles(t *testing.T) {
	t.Parallel()
	t.Run("bare", func(t *testing.T) {
		bare(t, func() {
			fewFiles(t)
			_, addr := barePub(t)
			caller := callers(t, 1)
			files := exhaust()
			defer giveBack(files)
			call(t, caller[0], addr)
			before := cpuTime()
			eventually(t, "half a second spent on accept errors", func() bool { return cpuTime()-before > time.Second/2 })
		})
	})

	t.Run("link", func(t *testing.T) {
		if out, err := child(t, func() { outOfFiles(t) }); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}

func outOfFiles(t *testing.T) {
	fewFiles(t)
	l, addr := attacked(t, Config{HandshakeTimeout: time.Hour})
	all := callers(t, 100)
	honest := all[99]
	start := time.Now()
	files := exhaust()
	for _, fd := range all {
		call(t, fd, addr)
	}
	if _, err := syscall.Write(honest, append(opening("SUB"), subscription("0")...)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a few errors", func() bool { return l.Stats()["accept_errors"] >= 4 })

	giveBack(files[:4]) // too few for all who wait before the honest one
	beat, got := zmtp.AppendMessage(nil, []byte("0"), []byte("beat")), []byte(nil)
	for !bytes.HasSuffix(got, beat) {
		b := make([]byte, 1000)
		n, err := syscall.Read(honest, b)
		if n <= 0 {
			t.Fatalf("the honest caller read %q, then %v", got, err)
		}
		got = append(got, b[:n]...)
	}
	if n, most := l.Stats()["accept_errors"], time.Since(start)/(5*time.Millisecond)+1; n > uint64(most) {
		t.Errorf("%d accept errors, which cannot be when each is waited out", n)
	}
	if l.Stats()["shed"] == 0 {
		t.Error("nobody was shed")
	}
	giveBack(files[4:])
	well(t, l)
}
