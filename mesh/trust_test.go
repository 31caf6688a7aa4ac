package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// What is said without proof is believed within bounds only.

func TestNamesOfOneListAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	var names []topics.Name
	for i := range 900 {
		names = append(names, topics.Name(fmt.Sprintf("phantom%d", i)))
	}
	r.hear(r.puppet("liar", names...))
	if n := r.m.count[Candidate]; n > 64 || n < 32 {
		t.Errorf("%d names of one list are candidates, want 64", n)
	}
}

// answers lets a name that is dialled be answered at an endpoint, under the name of a puppet.
func (r *rig) answers(dialled topics.Name, addr string, as topics.Name) {
	r.t.Helper()
	h := topics.Header{Version: 1, Incarnation: 1, Beat: 1000, List: 1, Strict: true, Complete: true}
	link := r.up(r.underWay(dialled), addr)
	r.step(Beat{link, []topics.Name{as, "self"}, &h, 0})
	r.pass(100 * time.Millisecond)
}

// A node that answers at a name out of a list under another name is no proof that the other name is there.
func TestNobodyIsAdoptedOnTheWordOfAList(t *testing.T) {
	r := newRig(t, Config{})
	r.puppet("x").hang = true
	r.hear(r.puppet("lister", "x"))
	r.answers("x", "10.0.0.9:20000", "nowhere")
	if n := r.count["nowhere"]; n != 1 {
		t.Errorf("%d dials of a name that leads nowhere, want 1", n)
	}
	if p := r.m.peers["nowhere"]; p != nil && p.reach.tour.way.adopted != "" {
		t.Errorf("%s was adopted", p.reach.tour.way.adopted)
	}
}

func TestBeatsInAHurryProveNothing(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	r.hear(p, r.puppet("other"))
	p.dies()
	r.pass(time.Minute)
	r.want("x", Quarantined)
	r.m.punish(r.m.peers["x"], 3)
	p.reachable()
	for range 600 {
		if r.pass(time.Second); r.state("x") == Probation {
			break
		}
	}
	for range 48 {
		p.beat()
	}
	r.want("x", Probation)
	r.pass(time.Minute)
	r.want("x", Alive)
}

func TestNobodyBeatsOnceAnHour(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("x")
	p.header.Beat = int(time.Hour / time.Millisecond)
	r.hear(p)
	p.mute = true
	r.pass(60 * time.Second)
	r.want("x", Alive)
	r.pass(40 * time.Second)
	r.want("x", Suspect)
}

func TestOneEndpointIsOneMember(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	b.addr = a.addr
	r.hear(a)
	r.step(Known{[]topics.Name{"b"}})
	r.pass(100 * time.Millisecond)
	r.want("a", Alive)
	if s := r.state("b"); s.Member() {
		t.Errorf("b is %v at the endpoint where a is heard", s)
	}
	if r.m.stats.Impostors == 0 {
		t.Error("no impostor was counted")
	}
}

// A seed that leads to a peer is its alias as soon as the peer is heard, and is looked for again when it is lost.
func TestSeedThatLedToALostPeer(t *testing.T) {
	r := newRig(t, Config{})
	y, x := r.puppet("y"), r.puppet("seed")
	x.hang = true
	r.m.addSeed("seed")
	r.m.at(0)
	r.step(Tick{})
	r.pass(10 * time.Millisecond)
	r.answers("seed", y.addr, "y")
	r.want("y", Alive)
	r.want("seed", Alias)
	before := r.count["seed"]
	y.dies()
	r.pass(time.Minute)
	if n := r.count["seed"] - before; n == 0 {
		t.Error("the seed was not dialled in a minute")
	}
}
