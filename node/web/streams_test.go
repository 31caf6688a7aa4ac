package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// Streams are shared by address. What has to end for another is ended, once.
func TestStreamPlaces(t *testing.T) {
	const most = 16
	p := newStreamPlaces(most)
	ended := map[netip.Addr]int{}
	fill := func(addr netip.Addr) (n int) {
		for before := -1; n < 100 && before != ended[addr]; n++ {
			if _, ok := p.enter(addr, func() { ended[addr]++ }); !ok {
				return n
			}
		}
		return n
	}
	if n := fill(addrA); n != most {
		t.Errorf("one address has %d of %d", n, most)
	}
	if n := fill(addrB); n != most/2 || ended[addrA] != most/2 {
		t.Errorf("the next one has %d, of the first %d have ended", n, ended[addrA])
	}
	if n := fill(addrOwn); n < ownPlaces || p.open() != most+ownPlaces {
		t.Errorf("this machine has %d, all %d", n, p.open())
	}
	leave, ok := p.enter(netip.MustParseAddr("10.0.2.1"), func() {})
	if !ok {
		t.Fatal("one that has nothing was refused")
	}
	open := p.open()
	leave()
	leave()
	if p.open() != open-1 {
		t.Errorf("%d are open, of %d one has left", p.open(), open)
	}
}

// A stream that makes room for another address's ends.
func TestStreamMakesRoom(t *testing.T) {
	t.Parallel()
	s := New(startNode(t, node.Config{}), Options{})
	t.Cleanup(func() { s.Close() })
	s.streams = newStreamPlaces(2)
	open := func(from string) <-chan error {
		r := httptest.NewRequest(http.MethodGet, "/v1/events", nil)
		r.RemoteAddr = from + ":1"
		ended := make(chan error, 1)
		go func() { ended <- s.events(httptest.NewRecorder(), r) }()
		return ended
	}
	opened := func(n int64) {
		nodetest.Eventually(t, func() error {
			if got := s.metrics.eventStreams.Load(); got != n {
				return fmt.Errorf("%d streams", got)
			}
			return nil
		})
	}
	first := open("10.0.0.1")
	opened(1)
	second := open("10.0.0.1")
	opened(2)
	open("10.0.1.1")
	if err := <-second; err != nil {
		t.Errorf("the newest ended with %v", err)
	}
	select {
	case err := <-first:
		t.Errorf("the older ended too: %v", err)
	default:
	}
	if n := s.metrics.cutOff.Load(); n != 0 {
		t.Errorf("%d cut off, who were not slow", n)
	}
}
