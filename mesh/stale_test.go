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

// A peer that said goodbye, and calls again from elsewhere than its name leads to, is told of as one that died is, for as long as
// it calls; it is dialled again, and let in once its name is right.
func TestStaleNameAfterAGoodbye(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header.Leaving = true
	x.beat()
	x.header.Leaving = false
	r.want("x", Left)
	x.dies()
	at, right := "10.0.0.77", x.addr
	r.pass(time.Second)
	x.header.Incarnation++
	x.header.Seq, x.header.List = 0, 1
	r.listens("x", at)
	r.pass(time.Second)
	if len(r.told(Stale)) > 0 || r.member("x").Stale != "" {
		t.Errorf("told at once: %v", r.told(Stale))
	}
	for range 6 { // it says hello again, as nobody hears it
		r.pass(2 * time.Second)
		r.step(Hello{ListenerID(r.ids), "x"})
		r.listens("x", at)
	}
	const words = "elsewhere than it calls from, which is 10.0.0.77: "
	if shown := r.member("x").Stale; len(r.told(Stale)) != 1 || !strings.Contains(shown, words+right+" refuses") {
		t.Fatalf("told %v, shown %q", r.told(Stale), shown)
	}
	if r.pass(30 * time.Minute); !strings.Contains(r.member("x").Stale, words) {
		t.Errorf("half an hour later: %q", r.member("x").Stale)
	}
	x.addr = at + ":20000"
	x.reachable()
	if r.pass(6 * time.Minute); r.state("x") != Alive || r.member("x").Stale != "" {
		t.Errorf("its name is right: %s, %q", r.state("x"), r.member("x").Stale)
	}
}

// The same where somebody else has the address that its name leads to: it is said who.
func TestStaleNameOfWhoIsBackLeadsToAnother(t *testing.T) {
	r, a, _, _, x := four(t)
	x.header.Leaving = true
	x.beat()
	x.dies()
	r.pass(time.Second)
	x.fail, x.addr = 0, a.addr
	r.listens("x", "10.0.0.77")
	for last := x.link; r.now < 30*time.Second; r.pass(100 * time.Millisecond) {
		if last != x.link {
			last = x.link
			r.step(Beat{last, []topics.Name{"a"}, a.header, 0})
		}
	}
	if shown := r.member("x").Stale; !strings.Contains(shown, "10.0.0.77: "+a.addr+" is a; ") {
		t.Errorf("shown %q, told %v", shown, r.told(Stale))
	}
}

// One that left and does not call has a name that leads nowhere, which is no news.
func TestWhoLeftIsNotStale(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"x"}})
	a, x := r.puppet("a"), r.puppet("x")
	r.hear(a, x)
	r.listens("x", "10.0.0.77") // behind NAT
	r.pass(10 * time.Second)
	x.header.Leaving = true
	x.beat()
	x.dies()
	if r.pass(9 * time.Minute); len(r.told(Stale)) > 0 || r.member("x").Stale != "" {
		t.Errorf("told %v", r.told(Stale))
	}
}

// One that calls, and whose name leads to another member or to this node, is told of and shown: it would be nobody but another
// name of that.
func TestNameOfAnotherIsStale(t *testing.T) {
	for _, leads := range []string{"a at 10.0.0.1", "this node"} {
		r := newRig(t, Config{})
		a := r.puppet("a")
		r.hear(a)
		x := r.puppet("x")
		x.name, x.addr, x.header = "a", a.addr, a.header
		want := "elsewhere than it calls from, which is 10.0.0.9: 10.0.0.1:20000 is a; DNS"
		if leads == "this node" {
			r.listens("self", "10.0.0.2")
			x.name, x.addr, x.header = "self", "10.0.0.2:20000", &topics.Header{Version: 1, Incarnation: r.m.Incarnation(), Beat: 1000}
			want = "elsewhere than it calls from, which is 10.0.0.9: it leads to this node; DNS"
		}
		alias := *x
		r.puppets[1].name = "x" // dials of x find it
		r.puppets = r.puppets[:1]
		r.listens("x", "10.0.0.9")
		d := r.underWay("x")
		l := r.up(d, alias.addr)
		r.dials = nil
		r.step(Beat{l, []topics.Name{alias.name}, alias.header, 0})
		r.want("x", Alias)
		for range 5 {
			r.pass(2 * time.Second)
			r.listens("x", "10.0.0.9")
		}
		var shown Member
		for _, m := range r.m.Members() {
			if m.Name == "x" {
				shown = m
			}
		}
		if told := r.told(Stale); len(told) != 1 || shown.State != Candidate || !strings.Contains(shown.Stale, want) {
			t.Errorf("leads to %s: told %v, shown as %v, %q", leads, told, shown.State, shown.Stale)
		}
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
