package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// A peer that calls from elsewhere than its name leads to is told of, then ever more rarely, and not once its name is right.
// One whose name leads to where it calls from has a link that goes one way.
func TestStaleNameIsTold(t *testing.T) {
	for _, leads := range []string{"10.0.0.77", "10.0.0.1"} {
		r := newRig(t, Config{})
		x := r.puppet("x")
		r.step(ListenerUp{1, hostOf(x.addr)})
		r.step(Hello{1, "x"})
		x.fail, x.addr = TimedOut, leads+":20000"
		stale := leads != "10.0.0.1"
		r.pass(10 * time.Minute)
		told, shown := r.told(Stale), r.member("x").Stale
		if (shown != "") != stale || stale && !strings.Contains(shown, "elsewhere than it calls from, which is 10.0.0.1: 10.0.0.77:20000 does not answer: timed out") {
			t.Errorf("leads to %s: %q", leads, shown)
		}
		if n := len(told); stale && (n < 2 || n > 6) || !stale && n > 0 {
			t.Errorf("leads to %s: told %d times in ten minutes", leads, n)
		}
		if n, _ := r.toldOneWay("x"); (n > 0) == stale {
			t.Errorf("leads to %s: told %d times of a link that goes one way", leads, n)
		}
		x.fail, x.addr = 0, "10.0.0.1:20000"
		r.pass(10 * time.Minute)
		n := len(r.told(Stale))
		if r.pass(time.Hour); r.state("x") != Alive || r.member("x").Stale != "" || len(r.told(Stale)) != n {
			t.Errorf("its name is right: %s, %q", r.state("x"), r.member("x").Stale)
		}
	}
}

// Of a peer that is called localhost no DNS is out of date: its name leads each machine to itself.
func TestLocalhostIsNotStaleDNS(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("localhost")
	r.step(ListenerUp{1, "10.0.0.1"})
	r.step(Hello{1, "localhost"})
	x.fail, x.addr = Refused, "127.0.0.1:20000"
	r.pass(10 * time.Minute)
	if got := r.member("localhost").Stale; got != "its name leads each machine to itself, and it calls from 10.0.0.1: give it another --hostname" {
		t.Errorf("%q", got)
	}
}

// A naive node that calls before its own port is bound has the name of the address that it calls from: that is not stale, though
// somebody called so from elsewhere before.
func TestNaiveNodeThatBindsLateIsNotStale(t *testing.T) {
	for _, before := range []string{"", "10.0.0.77"} {
		r := newRig(t, Config{Seeds: []topics.Name{"10.0.0.1"}})
		x := r.puppet("10.0.0.1")
		x.fail, x.header, x.addr = Refused, nil, "10.0.0.1:20000"
		if before != "" {
			r.step(ListenerUp{1, before})
			r.step(Hello{1, "10.0.0.1"})
			r.step(ListenerDown{1})
		}
		r.step(ListenerUp{2, "10.0.0.1"})
		r.pass(10 * time.Minute)
		if m := r.member("10.0.0.1"); len(r.told(Stale)) > 0 || m.Stale != "" || m.Fails < blockedAfter {
			t.Errorf("called from %q before: told %d times, %q, %d dials in vain", before, len(r.told(Stale)), m.Stale, m.Fails)
		}
	}
}

// A seed that leads here is told, though others are heard, unless another one leads to somebody.
func TestSeedThatLeadsHereIsToldAmongOthers(t *testing.T) {
	for _, other := range []bool{false, true} {
		seeds := []topics.Name{"mirror"}
		if other {
			seeds = append(seeds, "a")
		}
		r := newRig(t, Config{Seeds: seeds})
		a := r.puppet("a")
		p := r.puppet("mirror")
		p.name = "self"
		p.header.Incarnation = r.m.Incarnation()
		r.dns["mirror"], r.dns["a"] = []string{"10.0.0.2"}, []string{"10.0.0.1"}
		r.listens("self", "10.0.0.2")
		r.hear(a)
		r.pass(5 * time.Second)
		if lost := r.m.LostSeeds(); (len(lost) == 1 && strings.Contains(lost[0].Cause, "this node itself")) == other {
			t.Errorf("another seed leads to somebody: %v, %+v", other, lost)
		}
	}
}

// DNS has no part in a name that is an address: where such a peer calls from elsewhere it was started with another one.
func TestStaleAddressIsNotOfDNS(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("10.0.0.77")
	r.step(ListenerUp{1, "10.0.0.1"})
	r.step(Hello{1, "10.0.0.77"})
	x.fail, x.addr = Refused, "10.0.0.77:20000"
	r.pass(10 * time.Minute)
	shown := r.member("10.0.0.77").Stale
	if len(r.told(Stale)) == 0 || strings.Contains(shown, "DNS") || !strings.Contains(shown, "which is 10.0.0.1: ") || !strings.Contains(shown, "another --bind than its --hostname") {
		t.Errorf("told %v, %q", r.told(Stale), shown)
	}
}
