package web

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// heap is the memory in use after what nobody holds has been given back.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Clients that read nothing share what waits for them. Not parallel, as memory is measured.
func TestSilentReadersShareWhatWaits(t *testing.T) {
	const readers, messages = 250, 6
	s, base := startServer(t, startNode(t, node.Config{}), Options{})
	before := heap()
	for range readers {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Skip("this process may not have so many connections: ", err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprint(c, "GET /v1/messages HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	nodetest.Eventually(t, func() error {
		if s.streams.open() < readers {
			return errors.New("not all of them are there yet")
		}
		return nil
	})
	body := make([]byte, 1<<20)
	for i := range body {
		body[i] = 'x'
	}
	most := 0
	for range messages {
		s.Deliver(node.Message{From: "x", Body: body})
		most = max(most, heap()-before)
	}
	t.Logf("%d silent readers, %d messages of 1 MiB: %d MiB more in use", readers, messages, most>>20)
	if most > 128<<20 {
		t.Errorf("%d MiB more in use", most>>20)
	}
}
