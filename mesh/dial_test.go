package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// Two dials of one peer are answered in the order in which they end, each for itself: the link through the address
// that a hello came from is not taken for the name's, which would then be tried alone for ever.
func TestAnswersGoToTheirOwnDials(t *testing.T) {
	r := newRig(t, Config{})
	dialOf := func() Dial {
		t.Helper()
		if len(r.dials) != 1 {
			t.Fatalf("dials %v, want one", r.dials)
		}
		d := r.dials[0]
		r.dials = nil
		return d
	}
	r.step(ListenerUp{1, "10.0.0.9"})
	r.step(Hello{1, "x"})
	r.step(DialFailed{Dial: dialOf(), Reason: Unresolved})
	byAddr := dialOf()
	if byAddr.Addr != "10.0.0.9:20000" {
		t.Fatalf("dials %+v, want the address of the hello", byAddr)
	}
	r.now += time.Second // it hangs, and there is another sign of life
	r.step(ListenerUp{2, "10.0.0.9"})
	r.step(Hello{2, "x"})
	byName := dialOf()
	if byName.Addr != "" {
		t.Fatalf("dials %+v, want the name", byName)
	}
	r.step(DialFailed{Dial: byName, Reason: Unresolved})
	x := r.puppet("x")
	x.link = r.up(byAddr, byAddr.Addr)
	x.beat()
	r.want("x", Alive)
	r.step(DialFailed{Dial: byAddr, Reason: Unresolved}) // answered before
	if p := r.m.peers["x"]; p.reach.tour.way.resolved || p.reach.tour.way.adopted != byAddr.Addr {
		t.Fatalf("resolved: %v, adopted %q, want the hello's address", p.reach.tour.way.resolved, p.reach.tour.way.adopted)
	}
}

// A dial that is answered after its peer was dropped is not the next peer's of that name.
func TestAnswerToADroppedPeer(t *testing.T) {
	r := newRig(t, Config{Seeds: nil})
	r.step(ListenerUp{1, "10.0.0.9"})
	r.step(Hello{1, "x"})
	old := r.dials[0]
	r.step(Forget{"x"})
	r.step(ListenerUp{2, "10.0.0.8"})
	r.step(Hello{2, "x"})
	if len(r.dials) != 2 {
		t.Fatalf("dials %v", r.dials)
	}
	r.step(DialFailed{Dial: old, Reason: Refused})
	if p := r.m.peers["x"]; p.reach.tries != 0 || r.m.Stats().Flying != 1 {
		t.Fatalf("%d failures, %d under way, want the new dial to be waited for", p.reach.tries, r.m.Stats().Flying)
	}
	r.step(LinkUp{1, old, "10.0.0.9:20000"})
	if len(r.hung) != 1 {
		t.Fatal("a second answer makes a link")
	}
}

// A dial on the word of a stranger stays one, however many ways to the name there are: the places of members are theirs.
func TestStrangersTakeNoPlacesOfMembers(t *testing.T) {
	r := newRig(t, Config{})
	r.listens("ghost", "10.66.0.1")
	d := r.dials[0]
	r.dials = nil
	r.step(DialFailed{Dial: d, Reason: Unresolved})
	if p := r.m.peers["ghost"]; len(p.reach.flying(DiscoveryPort)) != 1 || p.reach.flying(DiscoveryPort)[0].class != classHello {
		t.Errorf("%+v", p.reach.flying(DiscoveryPort))
	}
	if n := r.m.dials.perKind[classMember]; n != 0 {
		t.Errorf("%d dials in the places of members", n)
	}
}

// strangersHang makes strangers of four networks say hello, so many from each, whose dials all hang.
func (r *rig) strangersHang(each int) {
	for i := range each {
		for net := range 4 {
			name := topics.Name(fmt.Sprintf("ghost%d-%d", net, i))
			r.puppet(name).hang = true
			r.listens(name, fmt.Sprintf("10.66.%d.%d", net, i+1))
		}
	}
}

// However many strangers wait for dials that hang, one from elsewhere is dialled when the next of those is over.
func TestNewcomerDoesNotWaitBehindStrangers(t *testing.T) {
	r := newRig(t, Config{})
	r.strangersHang(50)
	r.puppet("newcomer")
	r.listens("newcomer", "10.1.1.1")
	if r.count["newcomer"] > 0 || r.m.dials.perKind[classHello] != maxPerClass[classHello] {
		t.Fatal("set-up: there is room")
	}
	d := r.dials[0]
	r.dials = r.dials[1:]
	r.step(DialFailed{Dial: d, Reason: Unreachable})
	if r.count["newcomer"] != 1 {
		t.Errorf("%d dials of the newcomer", r.count["newcomer"])
	}
	if r.pass(time.Second); r.state("newcomer") != Alive {
		t.Errorf("it is %v", r.state("newcomer"))
	}
}

// Whoever hangs up while its dial waits is not dialled any more.
func TestNobodyIsDialledForWhoHungUp(t *testing.T) {
	r := newRig(t, Config{})
	r.strangersHang(50)
	for id := range ListenerID(r.ids) {
		r.step(ListenerDown{id + 1})
	}
	if n := len(r.m.peers); n != maxPerClass[classHello] {
		t.Errorf("%d names are known, those that are being dialled are %d", n, maxPerClass[classHello])
	}
	before := r.m.stats.Dials
	for _, d := range r.dials {
		r.step(DialFailed{Dial: d, Reason: Unreachable})
	}
	if n := r.m.stats.Dials - before; n > 0 {
		t.Errorf("%d dials of those who hung up", n)
	}
}

// A peer that lists this node and does not, by turns, is dialled a few times for it and then rarely.
func TestTogglerIsNotDialledEachTime(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	r.hear(x)
	before := r.count["x"]
	for i := range 1200 {
		if x.lists = nil; i%2 == 0 {
			x.lists = []topics.Name{"self"}
		}
		x.header.List++
		x.beat()
		r.pass(50 * time.Millisecond)
	}
	if n := r.count["x"] - before; n < 2 || n > 12 {
		t.Errorf("%d dials in a minute of toggling", n)
	}
}

// Sources of a class take turns, whatever each of them has waiting.
func TestSourcesTakeTurns(t *testing.T) {
	const c = classHearsay
	var q dialer
	q.init()
	lanes := []*lane{{network: "a", queued: true}, {network: "b", queued: true}, {network: "c", queued: true}}
	for i, l := range lanes {
		for range i + 2 {
			l.waiting = append(l.waiting, &dial{peer: &peer{}, class: c, lane: l})
		}
		q.rings[c] = append(q.rings[c], l)
	}
	var got string
	for d := q.pick(c); d != nil; d = q.pick(c) {
		got += d.lane.network
	}
	if want := "abcabcbcc"; got != want {
		t.Errorf("picked of %s, want %s", got, want)
	}
}

// A dial that is answered that nobody is there counts though an older one of the same way hangs: it began before the process ended. One
// that is newer may yet be answered.
func TestARefusalCountsThoughAnOlderDialHangs(t *testing.T) {
	for _, newer := range []bool{true, false} {
		r, _, _, _, x := four(t)
		x.hang = true
		for range 2 {
			x.breaks()
			r.now += time.Second
			r.step(ListenerUp{9, "10.0.0.4"})
			r.step(Hello{9, "x"})
		}
		flying := r.m.peers["x"].reach.flying(DiscoveryPort)
		if len(flying) != 2 || flying[0].id > flying[1].id || flying[0].addr != flying[1].addr {
			t.Fatalf("%+v %+v", flying, r.dials)
		}
		d := flying[0]
		if newer {
			d = flying[1]
		}
		r.step(DialFailed{Dial: Dial{ID: d.id, Target: "x", Addr: d.addr}, Reason: Refused})
		if got := r.state("x") != Alive; got != newer {
			t.Errorf("the newer one %v: it is %v", newer, r.state("x"))
		}
	}
}

// A link that breaks is dialled again though a dial hangs that began before: nobody may answer that any more.
func TestALinkThatBreaksIsDialledThoughADialHangs(t *testing.T) {
	r, _, _, _, x := four(t)
	x.hang = true
	r.m.want(r.m.peers["x"], due, classMember)
	r.step(Tick{})
	if n := len(r.m.peers["x"].reach.flying(DiscoveryPort)); n != 1 {
		t.Fatalf("%d dials are under way", n)
	}
	before := r.count["x"]
	x.breaks()
	r.pass(hanging(r.m.dials.usual, r.m.cfg.Beat))
	if n := r.count["x"] - before; n != 1 {
		t.Errorf("%d dials since the link broke", n)
	}
}
