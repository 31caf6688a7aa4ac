package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// toldOneWay counts what was told of links that go one way, and returns what is shown of it.
func (r *rig) toldOneWay(name topics.Name) (told int, shown string) {
	for _, c := range r.changes {
		if c.Kind == OneWay && c.Peer == name {
			told++
		}
	}
	for _, m := range r.m.Members() {
		if m.Name == name {
			shown = m.OneWay
		}
	}
	return told, shown
}

func (r *rig) toldBothWays(name topics.Name) (n int) {
	for _, c := range r.changes {
		if c.Kind == BothWays && c.Peer == name {
			n++
		}
	}
	return n
}

// Why a member does not hear this node is told as this node knows it: by its own fault, or as it is called localhost.
func TestUnheardByOwnFault(t *testing.T) {
	for _, c := range []struct {
		self        topics.Name
		fault, want string
	}{
		{"10.0.0.9", "its name leads to 10.0.0.8", "it does not hear this node, which hears it: its name leads to 10.0.0.8"},
		{"localhost", "", "it does not hear this node, which hears it: the name of this node, localhost, leads each machine to itself: give it another --hostname"},
	} {
		r := newRig(t, Config{})
		r.m.cfg.Self = c.self
		b := r.puppet("b")
		b.lists = nil
		r.step(OwnFault{c.fault})
		r.hear(b)
		r.pass(13 * time.Second)
		if _, why := r.toldOneWay("b"); why != c.want {
			t.Errorf("%s: %q", c.self, why)
		}
	}
}

// A member that says all it hears, and does not hear this node, is told of after ten seconds, then ever more rarely, and not
// once it hears it.
func TestUnheardIsTold(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	naive, some := r.puppet("naive"), r.puppet("some")
	b.lists = nil
	naive.header, naive.lists = nil, nil
	some.header.Complete, some.lists = false, nil
	r.hear(a, b, naive, some)
	r.pass(8 * time.Second)
	if n, why := r.toldOneWay("b"); n != 0 || why != "" {
		t.Fatalf("early: %d times, %q", n, why)
	}
	r.pass(5 * time.Second)
	for _, name := range []topics.Name{"a", "b", "naive", "some"} {
		n, why := r.toldOneWay(name)
		if want := name == "b"; (n == 1) != want || strings.Contains(why, "it does not hear this node, which hears it: can it reach port 20000") != want {
			t.Errorf("%s: %d times, %q", name, n, why)
		}
	}
	if v := r.member("b"); !v.Unread {
		t.Error("b is said to get the messages of a node that it does not hear")
	}
	r.pass(10 * time.Minute)
	if n, _ := r.toldOneWay("b"); n < 3 || n > 6 {
		t.Errorf("told %d times in ten minutes", n)
	}
	before, _ := r.toldOneWay("b")
	if n := r.toldBothWays("b"); n != 0 {
		t.Errorf("told %d times that both hear each other", n)
	}
	b.say()
	r.pass(time.Hour)
	if r.toldBothWays("a") != 0 || r.toldBothWays("b") != 1 {
		t.Errorf("the end is told %d times of a, %d of b", r.toldBothWays("a"), r.toldBothWays("b"))
	}
	if n, why := r.toldOneWay("b"); n != before || why != "" {
		t.Errorf("it hears this node, and is told of %d times more: %q", n-before, why)
	}
}

// One that listens to this node, and cannot be dialled where it calls from, is told of after the second dial; one that calls
// from elsewhere is not, as it could be anybody.
func TestBlockedIsTold(t *testing.T) {
	r := newRig(t, Config{})
	a, x, liar := r.puppet("a"), r.puppet("x"), r.puppet("liar")
	r.hear(a)
	x.fail, liar.fail = TimedOut, TimedOut
	for i, p := range []*puppet{x, liar} {
		host := hostOf(p.addr)
		if p == liar {
			host = "10.9.9.9"
		}
		r.step(ListenerUp{ListenerID(i + 1), host})
		r.step(Hello{Listener: ListenerID(i + 1), Name: p.name})
	}
	r.pass(time.Minute)
	n, why := r.toldOneWay("x")
	if n < 1 || n > 3 || why != "it hears this node, which does not hear it: 10.0.0.2:20000 does not answer: timed out" {
		t.Errorf("%d times, %q", n, why)
	}
	if n, why := r.toldOneWay("liar"); n != 0 || why != "" {
		t.Errorf("told of an address by the word of another: %q", why)
	}
	if n, _ := r.toldOneWay("a"); n != 0 {
		t.Error("told of one that is heard")
	}
	if n := r.toldBothWays("x"); n != 0 {
		t.Errorf("told %d times that both hear each other", n)
	}
	x.fail = 0
	r.pass(5 * time.Minute)
	if n := r.toldBothWays("x"); n != 1 {
		t.Errorf("the end is told %d times", n)
	}
	before, why := r.toldOneWay("x")
	if r.member("x").State != Alive || why != "" {
		t.Fatalf("%s: %q", r.member("x").State, why)
	}
	r.pass(time.Hour)
	if n, _ := r.toldOneWay("x"); n != before {
		t.Errorf("told %d times more, though it is heard", n-before)
	}
}

// One whose machine lost power says no hello after that, though a connection of it stands; one that is blocked does.
func TestDeadIsNotBlocked(t *testing.T) {
	for _, calls := range []bool{false, true} {
		r := newRig(t, Config{})
		a, x := r.puppet("a"), r.puppet("x")
		r.step(ListenerUp{1, hostOf(x.addr)})
		r.step(Hello{1, "x"})
		r.hear(a, x)
		x.mute, x.fail = true, TimedOut
		x.breaks()
		for i := range 10 {
			r.pass(10 * time.Second)
			if calls {
				id := ListenerID(i + 2)
				r.step(ListenerUp{id, hostOf(x.addr)})
				r.step(Hello{id, "x"})
			}
		}
		if n, why := r.toldOneWay("x"); (n > 0) != calls {
			t.Errorf("it calls: %v, told %d times: %q", calls, n, why)
		}
	}
}

// member is what is shown of one.
func (r *rig) member(name topics.Name) Member {
	r.t.Helper()
	for _, m := range r.m.Members() {
		if m.Name == name {
			return m
		}
	}
	r.t.Fatalf("no %s", name)
	return Member{}
}

// A member that does not hear this node gets its messages from one that hears both: so both ends say that they flow, once
// that is sure.
func TestOneWayFlowsByRelay(t *testing.T) {
	for _, relayed := range []bool{true, false} {
		r := newRig(t, Config{})
		a, b := r.puppet("a", "b"), r.puppet("b")
		b.lists = nil
		if relayed {
			b.lists = []topics.Name{"a"}
		}
		r.hear(a, b)
		r.step(ReaderUp{1, hostOf(a.addr)})
		r.step(ReaderNamed{1, "a"})
		r.pass(8 * time.Second)
		if v := r.member("b"); v.Flowing {
			t.Error("flows at once")
		}
		r.pass(5 * time.Second)
		if v := r.member("b"); v.Flowing != relayed || !v.Unread {
			t.Errorf("relayed: %v, and flowing: %v, unread: %v", relayed, v.Flowing, v.Unread)
		}
	}
}

// A peer that is dialled just now is tried now.
func TestNextTryIsNow(t *testing.T) {
	r := newRig(t, Config{})
	a, x := r.puppet("a"), r.puppet("x")
	r.hear(a, x)
	x.dies()
	r.pass(20 * time.Second)
	r.want("x", Quarantined)
	x.hang = true
	for r.pass(0); len(r.dials) == 0; {
		r.pass(time.Second)
	}
	if next := r.member("x").Next; next == 0 || next > r.now {
		t.Errorf("next try %v, at %v", next, r.now)
	}
}
