package web

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

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

// Clients that read nothing share what waits for them, which never comes to more than its bound, and each of them is told
// how many messages it lost to that. Not parallel, as memory is measured.
func TestSilentReadersShareWhatWaits(t *testing.T) {
	const readers, told, messages = 250, 3, 100
	s, base := startServer(t, startNode(t, node.Config{}), Options{})
	s.patience = time.Hour // that a client is cut off for its silence is another test's
	before := heap()
	for range readers - told {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Skip("this process may not have so many connections: ", err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprint(c, "GET /v1/messages HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	var tell []*sse
	for range told {
		tell = append(tell, listen(t, base+"/v1/messages"))
	}
	nodetest.Eventually(t, func() error {
		if s.feed.Readers() < readers {
			return errors.New("not all of them are there yet")
		}
		return nil
	})
	body := bytes.Repeat([]byte("x"), 1<<20)
	waits, most := 0, 0
	for i := range messages {
		s.Deliver(node.Message{From: "x", UID: fmt.Sprint(i), Body: body})
		waits = max(waits, s.feed.Size())
		if i%10 == 0 || i == messages-1 {
			most = max(most, heap()-before)
		}
	}
	t.Logf("%d silent readers, %d messages of 1 MiB: %d MiB waited at most, %d MiB more in use", readers, messages, waits>>20, most>>20)
	if waits > readerBytes || waits < readerBytes-readerBytes/8-len(body) {
		t.Errorf("%d MiB waited at most: the bound is not what holds", waits>>20)
	}
	if most > 128<<20 {
		t.Errorf("%d MiB more in use", most>>20)
	}
	lost := s.feed.Lost()
	for _, c := range tell {
		got, missed := 0, 0
		for got+missed < messages {
			_, m := read[Message](c)
			if missed += int(m.Lost); m.UID != fmt.Sprint(got+missed) {
				t.Fatalf("message %s, after %d and %d that were lost", m.UID, got, missed)
			}
			got++
		}
		if missed < messages-readerBytes>>20-1 {
			t.Errorf("of %d messages %d were lost", messages, missed)
		}
	}
	if want := uint64(readers * (messages - readerBytes>>20 - 1)); lost < want {
		t.Errorf("%d were counted as lost, no less than %d were", lost, want)
	}
	if now := s.feed.Lost(); now != lost {
		t.Errorf("%d were lost while some read", now-lost)
	}
}
