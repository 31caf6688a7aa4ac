//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/files"
	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// A node with fewer file descriptors than its mesh needs hears as many peers as it can, knows the others by their word, says so once, and answers the
// health check.
func TestFewFilesAreSharedFairly(t *testing.T) {
	t.Parallel()
	var seeds []string
	for range 24 {
		n := startNode(t, node.Config{Seeds: seeds})
		if seeds == nil {
			seeds = []string{string(n.Name())}
		}
	}
	var log screen
	addr := nodetest.Address(t)
	cmd := started(t, &log, []string{"/bin/sh", "-c", `ulimit -n 64; exec "$0" "$@"`}, "node", "--hostname", addr, "--bind", addr, seeds[0])
	log.shows(t, "too few file descriptors")
	must(t, "wait", "--addr", addr, "--members", "5", "--at-least", "--state", "alive")
	must(t, "wait", "--addr", addr, "--members", "25", "--at-least", "--state", "alive", "--timeout", "60s") // most of them by the word of others
	heard := 0
	for _, m := range decode[web.Members](t, soon(t, "members", "--json", "--addr", addr)).Members {
		if m.State == "alive" && len(m.Via) == 0 {
			heard++
		}
	}
	if most := files.Divide(64).Port; heard > most {
		t.Errorf("%d are heard, with files for %d", heard, most)
	}
	for range 10 {
		soon(t, "health", "--addr", addr)
	}
	log.shows(t, "newcomers are turned away")
	for _, what := range []string{"too few file descriptors", "newcomers are turned away"} {
		if said := strings.Count(log.String(), what); said != 1 {
			t.Errorf("%s: told %d times:\n%s", what, said, &log)
		}
	}
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Errorf("%v\n%s", err, &log)
	}
}

// However many streams are asked for, they take no file descriptor that the mesh needs: who comes later is heard, and the
// health check is answered.
func TestStreamsTakeNoFilesOfTheMesh(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{64, 128} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			t.Parallel()
			const asked = 150
			shares := files.Divide(limit)
			seed := string(startNode(t, node.Config{}).Name())
			var log screen
			addr := nodetest.Address(t)
			cmd := started(t, &log, []string{"/bin/sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)},
				"node", "--beat", "200ms", "--interval", "500ms", "--hostname", addr, "--bind", addr, seed)
			must(t, "wait", "--addr", addr, "--members", "2")
			var open atomic.Int64
			var answered sync.WaitGroup
			for i := range asked {
				c, err := net.Dial("tcp", defaultHTTP(addr))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				fmt.Fprintf(c, "GET /v1/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", []string{"events", "messages"}[i%2])
				answered.Go(func() {
					_ = c.SetReadDeadline(time.Now().Add(nodetest.Patience))
					if line, _ := bufio.NewReader(c).ReadString('\n'); strings.Contains(line, " 200 ") {
						open.Add(1)
					}
				})
			}
			answered.Wait()
			if n, most := int(open.Load()), shares.HTTP+files.OwnHTTP; n < shares.HTTP/2 || n > most {
				t.Errorf("%d streams were opened, %d at most may be", n, most)
			}
			members := shares.Port - shares.Port/4 // a machine short of time dials some anew before it lets go of what it had
			t.Logf("of %d streams asked for with %d files %d are open, and %d members flow", asked, limit, open.Load(), members)
			for range members - 2 {
				startNode(t, node.Config{Seeds: []string{seed}})
			}
			must(t, "wait", "--addr", addr, "--members", fmt.Sprint(members))
			soon(t, "health", "--addr", addr)
			for _, m := range decode[web.Members](t, soon(t, "members", "--json", "--addr", addr)).Members {
				if m.State != "alive" || len(m.Via) > 0 || !m.Flowing {
					t.Errorf("%+v", m)
				}
			}
			if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
				t.Errorf("%v\n%s", err, &log)
			}
			if said := log.String(); strings.Contains(said, "file descriptors") || strings.Contains(said, "too many open files") {
				t.Error(said)
			}
		})
	}
}
