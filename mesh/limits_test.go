package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// What one peer, one lister or one address can make this node do is bounded.

// dialsIn is how many dials were started while f ran.
func (r *rig) dialsIn(f func()) uint64 {
	before := r.m.stats.Dials
	f()
	return r.m.stats.Dials - before
}

// hanging adds peers whose dials hang.
func (r *rig) hanging(kind string, n int) (all []topics.Name) {
	for i := range n {
		name := topics.Name(fmt.Sprintf("%s%d", kind, i))
		r.puppet(name).hang = true
		all = append(all, name)
	}
	return all
}

// A member whose links break as soon as they speak is dialled at once a few times, and then once a beat.
func TestBrokenLinksAreDialledEverMoreRarely(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	r.hear(x)
	before := r.count["x"]
	for range 400 {
		if x.link != 0 && r.m.links[x.link] != nil {
			x.breaks()
		}
		r.pass(50 * time.Millisecond)
	}
	if n := r.count["x"] - before; n > 40 || n < 10 {
		t.Errorf("%d dials in 20 s", n)
	}
}

// Hellos in the name of a departed peer cost a few dials, and then one each in a while.
func TestHellosForTheDeadAreBounded(t *testing.T) {
	r, a, b, c, x := four(t)
	evict(r, a, b, c, x)
	if n := r.dialsIn(func() {
		for i := range 200 {
			r.step(ListenerUp{ListenerID(1000 + i), "10.9.9.9"})
			r.step(Hello{ListenerID(1000 + i), "x"})
			r.step(ListenerDown{ListenerID(1000 + i)})
			r.pass(50 * time.Millisecond)
		}
	}); n < 6 || n > 18 {
		t.Errorf("%d dials for 200 hellos in 10 s", n)
	}
}

// A lister whose names all turn out dead has so many of them dialled, and then one in a while.
func TestDeadNamesOfOneListerAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	r.hear(x)
	if n := r.dialsIn(func() {
		for i := range 100 {
			var names []topics.Name
			for j := range 32 {
				names = append(names, topics.Name(fmt.Sprintf("dead%d-%d", i, j)))
			}
			x.say(names...)
			r.pass(time.Second)
		}
	}); n < 192 || n > 300 {
		t.Errorf("%d dials of 3,200 dead names", n)
	}
}

// A lister whose names are all there gets back what they cost: however many it lists, all are met at once.
func TestLivingNamesOfOneListerAreMet(t *testing.T) {
	r := newRig(t, Config{})
	r.sparse = 20
	var names []topics.Name
	for i := range 2 * churnBurst {
		name := topics.Name(fmt.Sprintf("n%d", i))
		r.puppet(name).addr = fmt.Sprintf("10.3.%d.%d:20000", i/200, i%200+1)
		names = append(names, name)
	}
	r.hear(r.puppet("lister", names...))
	r.pass(5 * time.Second)
	if n := r.m.count[Alive]; n != len(names)+1 {
		t.Errorf("%d of %d are alive", n, len(names)+1)
	}
}

// An address whose quota is full of names that failed has room for one that is there.
func TestFailedNamesGiveWayToAHello(t *testing.T) {
	r := newRig(t, Config{})
	for i := range perSource {
		r.listens(topics.Name(fmt.Sprintf("dead%d", i)), "10.9.9.9")
		r.pass(10 * time.Millisecond)
	}
	if s := r.m.sources.addrs["10.9.9.9"]; s.unheard != perSource {
		t.Fatalf("set-up: %d names", s.unheard)
	}
	r.puppet("living")
	r.listens("living", "10.9.9.9")
	r.pass(100 * time.Millisecond)
	r.want("living", Alive)
}

// Hellos that wait for a place at one address are bounded, and those whose listeners are gone go first.
func TestWaitingHellosAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	r.sparse = 500
	for i := range 3 * 1024 {
		name := topics.Name(fmt.Sprintf("ghost%d", i))
		if i < perSource {
			r.puppet(name).hang = true
		}
		r.listens(name, "10.9.9.9")
	}
	if n := len(r.m.sources.addrs["10.9.9.9"].refused); n != 1024 {
		t.Errorf("%d hellos wait, want 1,024", n)
	}
}

// A listener has one name.
func TestListenerHasOneName(t *testing.T) {
	r := newRig(t, Config{})
	r.step(ListenerUp{1, "10.9.9.9"})
	r.step(Hello{1, "first"})
	r.step(Hello{1, "second"})
	if r.m.peers["first"] == nil || r.m.peers["second"] != nil || r.m.stats.HelloRefused != 1 {
		t.Errorf("%v, %d refused", r.m.peers, r.m.stats.HelloRefused)
	}
}

// However many kinds of dials hang, so many are under way, and of names in lists so many.
func TestDialsUnderWayAreBounded(t *testing.T) {
	seeds := []topics.Name{"svc"}
	for i := range 30 {
		seeds = append(seeds, topics.Name(fmt.Sprintf("seed%d", i)))
	}
	r := newRig(t, Config{Seeds: seeds})
	r.hanging("seed", 30)
	for i := range 30 {
		p := r.puppet(topics.Name(fmt.Sprintf("10.5.0.%d", i+1)))
		p.addr, p.hang = string(p.name)+":20000", true
		r.dns["svc"] = append(r.dns["svc"], string(p.name))
	}
	var ps []*puppet
	for i := range 30 {
		ps = append(ps, r.puppet(topics.Name(fmt.Sprintf("member%d", i)), r.hanging(fmt.Sprintf("listed%d-", i), 4)...))
	}
	r.hear(ps...)
	r.pass(time.Second)
	if n := r.m.dials.perKind[classHearsay]; n == 0 || n > 6 {
		t.Errorf("%d dials of names in lists are under way", n)
	}
	for _, name := range r.hanging("caller", 30) {
		r.listens(name, "10.6.0.1")
	}
	for _, p := range ps {
		p.hang, p.mute = true, true
		p.breaks()
	}
	if n := r.m.Stats().Flying; n != 64 {
		t.Errorf("%d dials are under way", n)
	}
}

// Who does not list us, though it hears others and its link works, hears our hello again, ever more rarely.
func TestHelloAgainToWhoNeverListedUs(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	x.lists = nil
	r.hear(x)
	r.pass(10 * time.Minute)
	if n, dials := r.m.stats.HelloAgain, uint64(r.count["x"]); n < 5 || n > 9 || dials < n {
		t.Errorf("%d hellos in 10 minutes, %d dials", n, dials)
	}
}

// A list that is said again is read again after a while: what was dropped meanwhile is met anew.
func TestOldListIsReadAgain(t *testing.T) {
	r := newRig(t, Config{})
	y := r.puppet("y")
	r.hear(r.puppet("x", "y"), y)
	r.step(Forget{"y"})
	r.pass(r.m.cfg.Refresh/2 - 5*time.Second)
	if r.m.peers["y"] != nil {
		t.Fatal("met again at once, though the list is the same")
	}
	r.pass(10 * time.Second)
	r.want("y", Alive)
}
