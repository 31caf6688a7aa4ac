//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// zmtpOpening is a greeting and a READY.
func zmtpOpening(socket string) []byte {
	return []byte("\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL" + strings.Repeat("\x00", 48) +
		"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03" + socket)
}

// floods listens as a node of that name does. Whoever connects is sent beats as fast as it takes them, so short that there
// are thousands in each piece that a node reads at once. Each list names one of so many others, none: all are the same.
func floods(t *testing.T, self string, others int) {
	t.Helper()
	var beats []byte
	for i := range 4000 {
		names := self
		if others > 0 {
			names += fmt.Sprint(",n", i%others)
		}
		beats = append(append(beats, 1, 1, '0', 0, byte(len(names))), names...)
	}
	nodetest.Listen(t, self+":20000", func(c net.Conn) {
		defer c.Close()
		go func() { _, _ = io.Copy(io.Discard, c) }()
		_, err := c.Write(zmtpOpening("PUB"))
		for err == nil {
			_, err = c.Write(beats)
		}
	})
}

// longestSilence listens to the beats of a node until the connection ends, and returns the longest time between two.
func longestSilence(t *testing.T, addr string) (longest func() (time.Duration, int)) {
	t.Helper()
	c, err := net.Dial("tcp", addr+":20000")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(append(zmtpOpening("SUB"), 0, 2, 1, '0')); err != nil {
		t.Fatal(err)
	}
	var most time.Duration
	beats, ended := 0, make(chan struct{})
	go func() {
		defer close(ended)
		r := bufio.NewReader(c)
		_, _ = r.Discard(64)
		var last time.Time
		for {
			flags, err := r.ReadByte()
			size, n := r.ReadByte()
			if errors.Join(err, n) != nil {
				return
			}
			frame := make([]byte, size)
			if flags&2 != 0 { // a long one: so short are they here that one byte says it
				rest, _ := r.Peek(7)
				frame = make([]byte, int(rest[5])<<8|int(rest[6]))
				_, _ = r.Discard(7)
			}
			if _, err := io.ReadFull(r, frame); err != nil {
				return
			}
			if now := time.Now(); string(frame) == "0" && flags&1 != 0 {
				if beats++; beats > 2 { // the first is the last that there was, again
					most = max(most, now.Sub(last))
				}
				last = now
			}
		}
	}()
	return func() (time.Duration, int) { c.Close(); <-ended; return most, beats }
}

// A member that sends beats as fast as they are taken neither keeps a node from its own beats, nor its health check from an
// answer, nor its end: all are as in a node that is not flooded. Not parallel: how long things take is compared. Where
// others take the machine nothing is shown, and it is tried again.
func TestFloodedNodeIsHealthyAndEnds(t *testing.T) {
	for try := 1; ; try++ {
		starved, wrong := floodedNode(t)
		switch {
		case wrong == nil:
			return
		case starved < 0.5:
			t.Fatal(wrong)
		case try == 4:
			t.Skip("this machine is starved: ", wrong)
		}
	}
}

// floodedNode compares a node that is flooded with one that is not. It returns how starved the former was, and what is wrong.
func floodedNode(t *testing.T) (share float64, wrong error) {
	addrs := nodetest.Addresses(t, 4)
	flooders, flooded, quiet := addrs[:2], addrs[2], addrs[3]
	for i, self := range flooders {
		floods(t, self, 10*i)
	}
	var log screen
	nodeAt := func(addr string, seeds ...string) (pid int, end func() time.Duration) {
		cmd := started(t, &log, nil, append([]string{"node", "--hostname", addr, "--bind", addr}, seeds...)...)
		return cmd.Process.Pid, func() time.Duration {
			begin := time.Now()
			if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
				t.Errorf("%v\n%s", err, &log)
			}
			return time.Since(begin)
		}
	}
	_, endQuiet := nodeAt(quiet)
	pid, endFlooded := nodeAt(flooded, flooders...)
	must(t, "wait", "--addr", flooded, "--members", "3", "--state", "alive")
	soon(t, "health", "--addr", quiet)
	silences := map[string]func() (time.Duration, int){flooded: longestSilence(t, flooded), quiet: longestSilence(t, quiet)}
	healthy := func(addr string) (took time.Duration, ok bool) {
		begin := time.Now()
		answer, err := http.Get("http://" + defaultHTTP(addr) + "/healthz")
		if err != nil {
			return time.Since(begin), false
		}
		answer.Body.Close()
		return time.Since(begin), answer.StatusCode == http.StatusOK
	}
	starved := nodetest.Starved(pid)
	var longest time.Duration
	asked := 0
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for begin := time.Now(); time.Since(begin) < 12*time.Second; asked++ {
		<-pace.C
		took, ok := healthy(flooded)
		longest = max(longest, took)
		if quick, well := healthy(quiet); !ok && well && quick < time.Second {
			wrong = errors.Join(wrong, fmt.Errorf("not healthy, after %v:\n%s", took, &log))
		}
	}
	share = starved()
	came := uint64(0)
	for _, m := range decode[web.Members](t, soon(t, "members", "--json", "--addr", flooded)).Members {
		came += m.Received
	}
	if came < 1<<20 {
		wrong = errors.Join(wrong, fmt.Errorf("%d bytes are no flood", came))
	}
	a, many := silences[flooded]()
	b, control := silences[quiet]()
	ended, would := endFlooded(), endQuiet()
	t.Logf("starved to %.2f; %d MiB came; longest silence %v (%v without a flood), beats %d (%d), longest health check of %d %v, end in %v (%v)",
		share, came>>20, a, b, many, control, asked, longest, ended, would)
	if a-b > 300*time.Millisecond || many < control/2 {
		wrong = errors.Join(wrong, fmt.Errorf("%d beats and a silence of %v; without a flood %d and %v", many, a, control, b))
	}
	if ended > would+3*time.Second {
		wrong = errors.Join(wrong, fmt.Errorf("ended in %v, and without a flood in %v", ended, would))
	}
	return share, wrong
}
