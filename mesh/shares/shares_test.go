package shares

import (
	"fmt"
	"testing"
)

func TestNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"10.1.2.3": "10.1.2", "127.0.0.1": "127.0.0", "::1": "0:0:0:0::", "::": "0:0:0:0::",
		"2001:db8::1": "2001:db8:0:0::", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:0:5::9": "2001:db8:0:5::",
		"fe80::1%eth0": "fe80:0:0:0::", "1::2:3:4:5:6": "1:0:0:2::", "": "", "host": "host",
	} {
		if got := Network(addr); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}

func TestYields(t *testing.T) {
	type holds map[string]int
	for _, c := range []struct {
		what string
		held holds
		to   string
		from string // "": nobody
	}{
		{"nothing is held", nil, "10.0.0.1", ""},
		{"one that holds most", holds{"10.0.0.1": 64, "10.0.1.1": 3}, "10.0.2.1", "10.0.0.1"},
		{"not to itself", holds{"10.0.0.1": 64, "10.0.1.1": 3}, "10.0.0.1", ""},
		{"nor to an equal", holds{"10.0.0.1": 4, "10.0.1.1": 3}, "10.0.1.1", ""},
		{"nor to one less", holds{"10.0.0.1": 1}, "10.0.1.1", ""},
		{"but to two less", holds{"10.0.0.1": 2}, "10.0.1.1", "10.0.0.1"},
		{"a network of many small ones", holds{"10.0.0.1": 5, "10.0.0.2": 5, "10.0.0.3": 6, "10.0.1.1": 9}, "10.0.2.1", "10.0.0.3"},
		{"that network's own newcomer takes from its neighbours", holds{"10.0.0.1": 5, "10.0.0.2": 4, "10.0.1.1": 3}, "10.0.0.3", "10.0.0.1"},
		{"and not where they are even", holds{"10.0.0.1": 1, "10.0.0.2": 1, "10.0.1.1": 1}, "10.0.0.3", ""},
		{"where all are in one network", holds{"172.17.0.2": 1, "172.17.0.3": 90}, "172.17.0.4", "172.17.0.3"},
		{"addresses of one host in IPv6", holds{"2001:db8::1": 9, "2001:db8::2": 9, "2001:db8:0:1::1": 12}, "2001:db8:0:2::1", "2001:db8::1"},
	} {
		var s Shares
		for addr, n := range c.held {
			for range n {
				s.Add(addr)
			}
		}
		if from, ok := s.Yields(c.to); ok != (c.from != "") || ok && from != c.from {
			t.Errorf("%s: %q, %v, want %q", c.what, from, ok, c.from)
		}
	}
}

// The order and the number of requests do not matter: in the end nobody has two places more than anybody who asks for
// more.
func TestSharesBecomeEven(t *testing.T) {
	const places = 100
	var s Shares
	ask := func(addr string) {
		if s.held >= places {
			from, ok := s.Yields(addr)
			if !ok {
				return
			}
			s.Remove(from)
		}
		s.Add(addr)
	}
	for range 1000 {
		ask("10.0.0.1")
	}
	if got := s.Held("10.0.0.1"); got != places {
		t.Fatalf("alone it holds %d", got)
	}
	if from, ok := s.Yields("10.0.0.2"); !ok || from != "10.0.0.1" {
		t.Fatalf("%q gives way, %v", from, ok)
	}
	for i := range 1000 {
		ask("10.0.0.1")
		ask(fmt.Sprintf("10.0.0.%d", 2+i%200)) // the same network
		for j := range 3 {
			ask(fmt.Sprintf("10.0.%d.1", 1+j))
		}
	}
	for j := range 3 {
		if got := s.Held(fmt.Sprintf("10.0.%d.1", 1+j)); got != places/4 {
			t.Errorf("an honest one has %d places of %d", got, places)
		}
	}
	if got := s.Held("10.0.0.1"); got > 1 || s.held != places {
		t.Errorf("the first one has %d of its network's, all %d", got, s.held)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	var s Shares
	for range 3 {
		s.Add("::1")
		s.Remove("::1")
		s.Remove("::1")
	}
	if s.held != 0 || len(s.nets) != 0 {
		t.Errorf("%+v", s)
	}
}
