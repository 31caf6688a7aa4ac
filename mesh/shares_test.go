package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// listens has somebody listen from an address and say hello.
func (r *rig) listens(name topics.Name, addr string) {
	r.ids++
	id := ListenerID(r.ids)
	r.step(ListenerUp{id, addr})
	r.step(Hello{id, name})
}

// newcomers are peers that nobody was told of, each at an address of its own, that say hello.
func (r *rig) newcomers(n int) (all []topics.Name) {
	for i := range n {
		name := topics.Name(fmt.Sprintf("honest%d", i))
		p := r.puppet(name)
		p.addr = fmt.Sprintf("10.1.%d.1:20000", i)
		all = append(all, name)
		r.listens(name, fmt.Sprintf("10.1.%d.1", i))
		r.pass(20 * time.Millisecond)
	}
	return all
}

func (r *rig) wantAlive(names []topics.Name) {
	r.t.Helper()
	alive := 0
	for _, name := range names {
		if r.state(name) == Alive {
			alive++
		}
	}
	if alive < len(names) {
		r.t.Errorf("%d of %d newcomers are alive", alive, len(names))
	}
}

// Addresses that hold as many hellos as they may shut nobody out.
func TestHeldHellosShutNobodyOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	r.sparse = 50 // to look at a thousand names after each step takes longer than all else
	for a := range 17 {
		for i := range perSource {
			r.listens(topics.Name(fmt.Sprintf("ghost%d-%d", a, i)), fmt.Sprintf("10.9.%d.1", a))
		}
	}
	r.pass(5 * time.Second)
	names := r.newcomers(50)
	r.pass(5 * time.Second)
	r.wantAlive(names)
	if n := r.m.sources.unheard; n > perTable {
		t.Errorf("%d names never heard are held", n)
	}
}

// Members that list as many names as they may shut nobody out.
func TestListersShutNobodyOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	r.sparse = 50 // to look at a thousand names after each step takes longer than all else
	for a := range 17 {
		var ghosts []topics.Name
		for i := range perSource {
			ghosts = append(ghosts, topics.Name(fmt.Sprintf("ghost%d-%d", a, i)))
		}
		name := topics.Name(fmt.Sprintf("liar%d", a))
		r.puppet(name, ghosts...).addr = fmt.Sprintf("10.9.%d.1:20000", a)
		r.step(Known{[]topics.Name{name}})
	}
	r.pass(30 * time.Second)
	names := r.newcomers(50)
	r.pass(5 * time.Second)
	r.wantAlive(names)
}

// A host that fills the table with processes of its own, all of them alive, gives way to newcomers from elsewhere.
func TestHostWithPortsGivesWay(t *testing.T) {
	t.Parallel()
	const places = 100
	r := newRig(t, Config{MaxPeers: places})
	for i := range 2 * places {
		name := topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i))
		p := r.puppet(name)
		p.addr = string(name)
		r.listens(name, "10.9.9.9")
		r.pass(20 * time.Millisecond)
	}
	if n := r.m.count[Alive]; n < places/2 {
		t.Fatalf("only %d of the host's processes are alive", n)
	}
	names := r.newcomers(20)
	r.pass(5 * time.Second)
	r.wantAlive(names)
	if n := len(r.m.peers); n > places {
		t.Errorf("%d entries", n)
	}
}

// One host has one vote, however many processes run there: its word neither spares a peer that others have lost, nor makes
// it go sooner than the word of one does.
func TestHostWithPortsIsOneVoter(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		host, others []topics.Name // whom they list, before x dies
		drops        string        // who takes x from the list then: the host's processes, or the others
		want         votes
		after        int // missed beats that evict
	}{
		"vouches":  {[]topics.Name{"x"}, []topics.Name{"x"}, "others", votes{voters: 4, vouches: 1, confirms: 3, against: 20}, evictFast},
		"confirms": {[]topics.Name{"x"}, nil, "host", votes{voters: 4, confirms: 1}, evictLimit(1, 3)},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, Config{})
			parts := map[string][]*puppet{}
			for i := range 20 {
				name := topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i))
				p := r.puppet(name, c.host...)
				p.addr = string(name)
				parts["host"] = append(parts["host"], p)
			}
			for _, name := range []topics.Name{"a", "b", "c"} {
				parts["others"] = append(parts["others"], r.puppet(name, c.others...))
			}
			x := r.puppet("x")
			r.hear(append(append(parts["host"], parts["others"]...), x)...)
			x.dies()
			x.fail, x.hang = 0, true
			for _, p := range parts[c.drops] {
				p.say()
			}
			missing := func() int { return r.m.peers["x"].detector.quiet }
			for r.state("x") == Alive || r.state("x") == Suspect {
				r.pass(100 * time.Millisecond)
				if r.state("x") == Suspect && missing() == evictFast-1 {
					if got := r.m.poll(r.m.peers["x"]); got != c.want {
						t.Fatalf("%+v, want %+v", got, c.want)
					}
				}
			}
			if r.state("x") != Quarantined || missing() != c.after {
				t.Errorf("x is %v after %d missed beats, not after %d", r.state("x"), missing(), c.after)
			}
		})
	}
}

// That a host which fills the table has no place to give to itself is no answer to somebody else who asks then.
func TestRoomIsAskedForByNetwork(t *testing.T) {
	const places = 40
	r := newRig(t, Config{MaxPeers: places})
	for i := range places {
		name := topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i))
		p := r.puppet(name)
		p.addr = string(name)
		r.listens(name, "10.9.9.9")
		r.pass(20 * time.Millisecond)
	}
	if n := len(r.m.peers); n < places {
		t.Fatalf("set-up: %d entries", n)
	}
	r.listens("10.9.9.9:30999", "10.9.9.9")
	names := r.newcomers(1)
	r.pass(50 * time.Millisecond)
	r.wantAlive(names)
}

// Names out of lists take no places from peers that are heard: a mesh larger than the table does not turn it over.
func TestHearsayTakesNoPlaceOfTheLiving(t *testing.T) {
	const places = 30
	r := newRig(t, Config{MaxPeers: places})
	var ps []*puppet
	for i := range places {
		p := r.puppet(topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i)))
		p.addr = string(p.name)
		ps = append(ps, p)
	}
	lister := ps[0]
	lister.name, lister.addr = "lister", "10.1.1.1:20000"
	r.hear(ps...)
	before, alive := r.m.stats.Dials, r.m.count[Alive]
	for i := range 30 {
		lister.say(topics.Name(fmt.Sprintf("10.9.9.9:%d", 22_000+i)))
		r.pass(time.Second)
	}
	if n := r.m.count[Alive]; n != alive || alive != places {
		t.Errorf("%d of %d are alive", n, alive)
	}
	if n := r.m.stats.Dials - before; n > 0 {
		t.Errorf("%d dials", n)
	}
}

// A name out of a list takes the place of one of a host that fills the table, or two who know each other by lists alone
// would never meet.
func TestHearsayTakesThePlaceOfOneOfMany(t *testing.T) {
	const places = 30
	r := newRig(t, Config{MaxPeers: places})
	lister, x := r.puppet("lister"), r.puppet("x")
	ps := []*puppet{lister}
	for i := range places - 1 {
		p := r.puppet(topics.Name(fmt.Sprintf("10.9.9.9:%d", 21_000+i)))
		p.addr = string(p.name)
		ps = append(ps, p)
	}
	r.hear(ps...)
	lister.say("x")
	r.pass(time.Second)
	r.wantAlive([]topics.Name{x.name})
	if n := len(r.m.peers); n > places {
		t.Errorf("%d entries", n)
	}
}
