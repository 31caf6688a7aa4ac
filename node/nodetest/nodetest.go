// Package nodetest helps tests that run nodes. It imports nothing of this module, so that every package can use it.
package nodetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come. It bounds a hang; nothing is measured by it.
const Patience = 30 * time.Second

// Eventually waits until f says that it has seen what it wants; f returns what is wrong until then.
func Eventually(t testing.TB, f func() error) {
	t.Helper()
	late := time.After(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-late:
			t.Fatalf("after %v: %v", Patience, err)
		case <-tick.C:
		}
	}
}

// Progress returns a context for what takes as long as the machine needs for it: it ends with the test, or when on was not
// called for as long as a test is patient.
func Progress(t testing.TB) (ctx context.Context, on func()) {
	ctx, cancel := context.WithCancelCause(t.Context())
	late := time.AfterFunc(Patience, func() { cancel(fmt.Errorf("nothing went on for %v", Patience)) })
	t.Cleanup(func() { late.Stop() })
	return ctx, func() { late.Reset(Patience) }
}

// Starved returns for which part of the time since Starved was called a thread of a process waited for a processor, from 0 to as
// many as wait at once. 0 where the kernel does not say (Linux does).
func Starved(pid int) (since func() float64) {
	begin, before := time.Now(), waited(pid)
	return func() float64 { return (waited(pid) - before).Seconds() / time.Since(begin).Seconds() }
}

// waited is for how long the threads of a process have waited for a processor.
func waited(pid int) (all time.Duration) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, file := range files {
		var ran, waits time.Duration
		if text, err := os.ReadFile(file); err == nil {
			_, _ = fmt.Sscan(string(text), (*int64)(&ran), (*int64)(&waits))
		}
		all += waits
	}
	return all
}

// subnet gives each test addresses of its own, in a network that other processes on this machine hardly use.
var subnet struct {
	sync.Mutex
	last int
}

// Addresses returns n loopback addresses that no other test of this process uses. Where a machine has none but
// 127.0.0.1 the test is skipped.
func Addresses(t testing.TB, n int) []string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.78.0.1:0")
	if err != nil {
		t.Skip("this system has no addresses in 127.0.0.0/8 but 127.0.0.1: ", err)
	}
	ln.Close()
	return Loopback(n)
}

// Loopback returns the same, for examples, which cannot be skipped.
func Loopback(n int) []string {
	pid := os.Getpid()
	subnet.Lock()
	defer subnet.Unlock()
	addrs := make([]string, n)
	for i := range addrs {
		subnet.last++
		addrs[i] = fmt.Sprintf("127.%d.%d.%d", 100+pid%100, pid/100%200+subnet.last/250, 1+subnet.last%250)
	}
	return addrs
}

// Address returns one.
func Address(t testing.TB) string {
	t.Helper()
	return Addresses(t, 1)[0]
}

// Listen binds an address, lets serve have each connection in a goroutine of its own, and ends with the test.
func Listen(t testing.TB, addr string, serve func(net.Conn)) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return ln.Addr()
}
