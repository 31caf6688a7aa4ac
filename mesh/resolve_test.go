package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// svc gives the rig one configured name, which leads to addresses.
func svc(t *testing.T, addrs ...string) *rig {
	r := newRig(t, Config{Seeds: []topics.Name{"svc"}})
	r.dns["svc"] = addrs
	return r
}

// Every address of an answer is dialled, not the first that answers: whoever is there.
func TestEveryAddressOfAnAnswerIsDialled(t *testing.T) {
	r := svc(t)
	for i := range 12 {
		p := r.puppet(topics.Name(fmt.Sprintf("pod-%d", i)))
		host, _, _ := splitEndpoint(p.addr)
		r.dns["svc"] = append(r.dns["svc"], host)
	}
	r.pass(2 * time.Second)
	for _, p := range r.puppets {
		r.want(p.name, Alive)
	}
	if n := len(r.m.Members()); n != 12 {
		t.Fatalf("%d members: %v", n, r.m.Members())
	}
}

// The own address in an answer is recognised by the own beat, and not dialled again and again: but it is after a while,
// as addresses are given to others.
func TestOwnAddressInAnAnswer(t *testing.T) {
	r := svc(t, "10.0.0.1", "10.0.0.2")
	me, b := r.puppet("self"), r.puppet("b")
	me.header.Incarnation = 1000
	r.pass(2 * time.Second)
	r.want("b", Alive)
	if n := r.count["10.0.0.1"] + r.count["svc"]; n > 2 {
		t.Fatalf("%d dials of this node", n)
	}
	before := r.count["10.0.0.1"] + r.count["svc"]
	r.pass(8 * time.Minute)
	if n := r.count["10.0.0.1"] + r.count["svc"] - before; n > 0 {
		t.Fatalf("%d dials of this node in eight minutes", n)
	}
	me.name, me.header.Incarnation, me.link = "c", 5, 0
	r.pass(4 * time.Minute)
	r.want("c", Alive)
	_ = b
}

// Of an evicted member whose address is another's now, that other one is the cause, and not what the dials before met.
func TestAddressOfTheEvictedIsGivenToAnother(t *testing.T) {
	r := newRig(t, Config{})
	b, c := r.puppet("b"), r.puppet("c")
	r.hear(b, c)
	b.dies()
	r.pass(time.Minute)
	if got := r.member("b").Failure; r.state("b") != Quarantined || got != b.addr+" refuses connections: no node runs there" {
		t.Fatalf("%s: %q", r.state("b"), got)
	}
	d := r.puppet("d")
	d.addr = b.addr
	r.hear(d)
	b.hang = true
	r.pass(10 * time.Minute)
	link := r.up(r.underWay("b"), d.addr)
	r.step(Beat{link, []topics.Name{"d", "self"}, d.header, 0})
	if got := r.member("b").Failure; r.state("b") != Quarantined || got != b.addr+" is d" {
		t.Errorf("%s: %q", r.state("b"), got)
	}
	if r.state("d") != Alive {
		t.Errorf("d is %s", r.state("d"))
	}
	b.hang = false
	r.pass(10 * time.Minute)
	if got := r.member("b").Failure; got != b.addr+" refuses connections: no node runs there" {
		t.Errorf("nobody has it: %q", got)
	}
}

// An address that led to a peer which is heard elsewhere now, or not at all, is looked at again.
func TestAddressIsGivenToAnother(t *testing.T) {
	r := svc(t, "10.0.0.1", "10.0.0.2")
	a, b := r.puppet("a"), r.puppet("b")
	r.pass(time.Second)
	r.want("a", Alive)
	r.want("b", Alive)
	b.header.Leaving = true
	b.beat()
	b.header.Leaving, b.name, b.header.Incarnation, b.link = false, "c", 7, 0
	b.header.Seq, b.header.List = 0, 1
	r.pass(35 * time.Second)
	r.want("c", Alive)
	r.want("a", Alive)
	_ = a
}

// How often a name is asked for: at once when the last peer is lost, every five seconds at least by a node that hears
// nobody, every half minute in a mesh, and no more once it has proved to be the name of one node.
func TestHowOftenANameIsLookedUp(t *testing.T) {
	r := svc(t, "10.0.0.1", "10.0.0.2")
	a, b := r.puppet("a"), r.puppet("b")
	r.pass(time.Minute)
	before := r.lookups["svc"]
	r.pass(10 * time.Minute)
	if n := r.lookups["svc"] - before; n < 20 || n > 41 {
		t.Errorf("%d look-ups in ten minutes of a mesh, want one each 15 to 30 s", n)
	}
	before = r.lookups["svc"]
	a.dies()
	b.dies()
	r.pass(20 * time.Millisecond)
	if n := r.lookups["svc"] - before; n < 1 {
		t.Error("not asked at once when nobody is heard")
	}
	r.pass(time.Minute)
	before = r.lookups["svc"]
	r.pass(time.Minute)
	if n := r.lookups["svc"] - before; n < 12 || n > 25 {
		t.Errorf("%d look-ups a minute of a node that hears nobody, want one each 2.5 to 5 s", n)
	}

	r = newRig(t, Config{Seeds: []topics.Name{"node_2", "10.0.0.9"}})
	r.dns["node_2"] = []string{"10.0.0.1"}
	r.puppet("node_2")
	r.pass(time.Second)
	r.want("node_2", Alive)
	before = r.lookups["node_2"]
	r.pass(time.Hour)
	if n := r.lookups["node_2"] - before + r.lookups["10.0.0.9"]; n > 0 {
		t.Errorf("%d look-ups of a node's own name and of an address", n)
	}
}

// A name is asked for at once when the peer that it led to leaves, though others are heard, and when the last one does.
func TestNameIsAskedAtOnceWhenItsPeerLeaves(t *testing.T) {
	r := svc(t, "10.0.0.1", "10.0.0.2")
	a, b := r.puppet("a"), r.puppet("b")
	r.pass(time.Minute)
	for _, p := range []*puppet{a, b} {
		svc := r.m.peers["svc"]
		svc.origin.alias = r.m.peers["a"] // in the second turn it is another's: but nobody is left
		before := r.lookups["svc"]
		p.header.Leaving = true
		p.beat()
		p.fail = Refused
		r.pass(20 * time.Millisecond)
		if n := r.lookups["svc"] - before; n < 1 {
			t.Errorf("not asked at once when %s left", p.name)
		}
		r.pass(4 * time.Second)
	}
}

// The address of a seed that is a node of its own is dialled under the node's name alone, be it heard or not.
func TestOneNodesNameIsDialledOnce(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"node_2"}})
	r.dns["node_2"] = []string{"10.0.0.1"}
	p := r.puppet("node_2")
	p.fail = Unreachable
	r.pass(time.Minute)
	p.reachable()
	r.pass(10 * time.Second)
	r.want("node_2", Alive)
	p.header.Leaving = true
	p.beat()
	p.fail = Refused
	r.pass(time.Hour)
	if n := r.count["10.0.0.1"]; n > 0 || r.count["node_2"] == 0 {
		t.Errorf("dialled %d times under its address, %d under its name", n, r.count["node_2"])
	}
}

// A dead address in the answers costs a dial now and then, and is forgotten when no answer has it any more.
func TestDeadAddressesInAnAnswer(t *testing.T) {
	r := svc(t, "10.0.0.1")
	r.puppet("a")
	for i := range 100 {
		r.dns["svc"] = append(r.dns["svc"], fmt.Sprintf("10.9.9.%d", i))
	}
	r.pass(5 * time.Minute)
	r.want("a", Alive)
	before := r.m.Stats().Dials
	r.pass(time.Hour)
	if n := r.m.Stats().Dials - before; n > 1500 {
		t.Errorf("%d dials an hour of a hundred dead addresses", n)
	}
	r.dns["svc"] = r.dns["svc"][:1]
	r.pass(15 * time.Minute)
	if n := r.m.Stats().Peers; n > 3 { // svc, its address, a
		t.Errorf("%d entries are left", n)
	}
}

// An answer may be of any size: what is beyond the bound is counted.
func TestHugeAnswer(t *testing.T) {
	r := svc(t)
	for i := range 3000 {
		r.dns["svc"] = append(r.dns["svc"], fmt.Sprintf("10.9.%d.%d", i/250, i%250))
	}
	r.pass(time.Second)
	if s := r.m.Stats(); s.OverFound < 3000-maxFound || s.Peers > maxFound+2 {
		t.Errorf("%+v", s)
	}
	r.m.Step(r.now, Resolved{Name: "svc", Addrs: []string{"", "x y", "fe80::1%eth0", "::", "10.0.0.300"}})
}

// IPv6 and ports: the address of a service is dialled at the service's port.
func TestAnswersOfOtherKinds(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"svc:21000"}})
	r.dns["svc:21000"] = []string{"10.0.0.1", "fd00::1"}
	a, b := r.puppet("a:21000"), r.puppet("b:21000")
	a.addr, b.addr = "10.0.0.1:21000", "[fd00::1]:21000"
	r.pass(2 * time.Second)
	r.want("a:21000", Alive)
	r.want("b:21000", Alive)
}

// A seed that is heard under its own name is no service. To look after it costs next to nothing: a node at rest does
// its rounds, its beats, and little else.
func TestSeedThatIsHeardCostsNoTicks(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"a"}})
	r.dns["a"] = []string{"10.0.0.1"}
	r.puppet("a")
	r.pass(time.Minute)
	r.want("a", Alive)
	before := r.ticks
	r.pass(10 * time.Minute)
	if ticks := r.ticks - before; ticks > 10*60*3 {
		t.Errorf("%d ticks in ten minutes", ticks)
	}
}

// Any number of addresses at which nobody answers hold up one that lives for a head start, and then are dialled for as
// long as it takes, a few at a time.
func TestSilentAddressesHaveAHeadStart(t *testing.T) {
	r := svc(t)
	late := func(d Dial) { r.step(DialFailed{Dial: d, Reason: TimedOut}) }
	for i := range 2*maxPerClass[classFound] - 1 {
		name := topics.Name(fmt.Sprintf("10.9.9.%d", i))
		r.puppet(name).hang = true
		r.dns["svc"] = append(r.dns["svc"], string(name))
	}
	a := r.puppet("a")
	a.addr = "10.9.0.1:20000"
	r.dns["svc"] = append(r.dns["svc"], "10.9.0.1")
	first := func() (all []Dial) {
		for _, d := range r.dials {
			if d.Within > 0 {
				all = append(all, d)
			}
		}
		r.dials = nil
		return all
	}
	r.pass(10 * time.Millisecond)
	if r.state("a") != Alive { // else it was in the first lot
		for _, d := range first() {
			if d.Within != headStart {
				t.Fatalf("%+v", d)
			}
			late(d)
		}
		r.pass(10 * time.Millisecond)
	}
	r.want("a", Alive)
	for _, d := range first() {
		late(d)
	}
	if n := r.m.dials.perKind[classSilent]; n != maxPerClass[classSilent] || r.m.dials.perKind[classFound] != 0 {
		t.Errorf("%d dials of silent addresses, %d of others", n, r.m.dials.perKind[classFound])
	}
	for _, d := range r.dials {
		if d.Port == DiscoveryPort && d.Within != 0 {
			t.Errorf("a second dial has %v", d.Within)
		}
	}
}

// The time of a dial of the name itself is shared by all of its addresses, so the one that it tries first is dialled as
// the others are where there are many.
func TestFirstOfManyAddressesIsDialledToo(t *testing.T) {
	for _, n := range []int{2, ownMost, ownMost + 1} {
		r := svc(t)
		for i := range n {
			r.dns["svc"] = append(r.dns["svc"], fmt.Sprintf("10.9.9.%d", i))
		}
		r.puppet("svc").hang = true
		r.puppet("10.9.9.0").hang = true
		d := r.dials[0]
		r.step(Resolved{Name: "svc", Dial: d.ID, Addrs: r.dns["svc"]})
		if got := r.count["10.9.9.0"] > 0; got != (n > ownMost) {
			t.Errorf("%d addresses: dialled %v", n, got)
		}
	}
}

// An address that led to this node is believed to for ten minutes by one that hears others, and for one by one that hears
// nobody.
func TestHowLongAnAddressIsOurs(t *testing.T) {
	for _, heard := range []bool{false, true} {
		r := newRig(t, Config{})
		if heard {
			r.hear(r.puppet("a"))
		}
		r.m.mine.note("10.0.0.9:20000", r.m.now)
		for _, c := range []struct {
			after time.Duration
			ours  bool
		}{{oursFor - time.Second, true}, {2 * time.Second, heard}, {aliasWait(&r.m.cfg) - oursFor - 2*time.Second, heard}, {2 * time.Second, false}} {
			if r.pass(c.after); r.m.isOurs("10.0.0.9:20000") != c.ours {
				t.Errorf("hears others: %t, %v later: ours %t", heard, c.after, !c.ours)
			}
		}
	}
}
