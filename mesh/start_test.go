package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// large is a machine of a partial mesh: a hears so many whom no dial reaches, and b hears a.
func large(t *testing.T, many int) (r *rig, a, b *puppet) {
	t.Helper()
	return newRig(t, Config{FullMesh: leastMesh}).large(many)
}

// leaping is one that was alone for a round before.
func leaping(t *testing.T, many int) (r *rig, a, b *puppet) {
	t.Helper()
	r = newRig(t, Config{FullMesh: leastMesh})
	r.m.view.(*partial).growth.note(0)
	return r.large(many)
}

func (r *rig) large(many int) (_ *rig, a, b *puppet) {
	names := []topics.Name{"b"}
	for i := range many {
		names = append(names, topics.Name(fmt.Sprint("n", i)))
	}
	r.sparse = 1000
	a, b = r.puppet("a", names...), r.puppet("b", "a")
	r.hear(a, b)
	return r, a, b
}

// Names that were to be dialled while it was not known that the mesh is a large one are not, once they are far members.
func TestOnesThatNeedNotBeHeardAreNotDialledAtTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh})
	var names []topics.Name
	for i := range 3 * leastMesh {
		names = append(names, topics.Name(fmt.Sprint("n", i)))
	}
	a, b := r.puppet("a", append(names, "b")...), r.puppet("b", "a")
	for _, name := range names {
		r.puppet(name).hang = true
	}
	r.hear(a, b)
	r.pass(time.Second)
	if !r.m.isPartial() {
		t.Fatal("the mesh is no partial one")
	}
	for _, name := range names {
		if p := r.m.peers[name]; p != nil && !r.m.view.links(p) && p.reach.waiting(DiscoveryPort) != nil {
			t.Fatalf("%s is to be dialled, and is %v %+v tries %d far %d cand %d", name, p.state, p.attest, p.reach.tries, r.m.count[Far], r.m.count[Candidate])
		}
	}
}

// A way that becomes shorter is told later, as one that is as long: whoever has the longer one is wrong about nothing.
func TestAShorterWayIsToldLater(t *testing.T) {
	t.Parallel()
	r, a, b := large(t, 2*leastMesh)
	a.tells(rumour("x", "n1", "n2", "n3"))
	r.pass((calmRounds + 3) * time.Second)
	if way := r.toldWay("x"); way != 4 {
		t.Fatalf("x is told of by a way of %d names", way)
	}
	b.tells(rumour("x", "n4"))
	r.pass(time.Second)
	if way := r.toldWay("x"); way != 4 {
		t.Errorf("the way of %d names is told at once", way)
	}
	r.pass(rewordGap + time.Second)
	if way := r.toldWay("x"); way != 2 {
		t.Errorf("x is told of by a way of %d names at last", way)
	}
}

// toldWay is how many names the way had by which somebody was told of last.
func (r *rig) toldWay(x topics.Name) (way int) {
	for _, tell := range r.tellings {
		for _, record := range tell.Records {
			if slices.Contains(record.Hears, x) {
				way = len(record.Way)
			}
		}
	}
	return way
}

// While a mesh grows, and until the neighbours drawn then are heard, so is one that becomes longer: it changes again.
func TestALongerWayIsToldLaterWhileAMeshGrows(t *testing.T) {
	t.Parallel()
	r, a, b := leaping(t, 2*leastMesh)
	a.tells(rumour("x", "n1"))
	b.tells(rumour("x", "n1", "n2", "n3"))
	r.pass(1500 * time.Millisecond)
	a.tells()
	r.pass(time.Second)
	if way := r.toldWay("x"); way != 2 {
		t.Errorf("the way of %d names is told at once", way)
	}
	r.pass(calmRounds*time.Second + 2*rewordGap)
	if way := r.toldWay("x"); way != 4 {
		t.Errorf("x is told of by a way of %d names at last", way)
	}
}

// A machine that is short of time holds names for longer: what others tell comes later, too, where they are on it.
func TestNamesAreHeldForLongerWhereTimeIsShort(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh})
	for _, c := range []struct{ lag, wait time.Duration }{{0, holdTime}, {time.Millisecond, holdTime}, {time.Second, holdLags * time.Second}} {
		if r.m.lag = c.lag; r.m.holdWait() != c.wait {
			t.Errorf("with Ticks that are late by %v one is held for %v", c.lag, r.m.holdWait())
		}
	}
}

// A member that is heard is dialled because others list it in a full mesh alone: in a partial one they list it anew all the
// time, and whoever is dialled tells all that it knows.
func TestWhoIsHeardIsNotDialledForAList(t *testing.T) {
	t.Parallel()
	r, a, _ := large(t, 2*leastMesh)
	r.pass(4 * time.Second)
	r.want("b", Alive)
	before := r.count["b"]
	p := r.m.peers["b"]
	r.m.view.(*partial).chosen.set(p.slot)
	p.detector.quiet = 1
	a.say("n1", "n2")
	a.say("b", "n1", "n2")
	if r.count["b"] != before {
		t.Error("it is")
	}
}

// The words of a suspect count for some beats: hundreds of names hang on them, and it may be short of time. Where nobody
// answers at its address they count no more.
func TestWordsOfASuspectCountForSomeBeats(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		r, a, _ := large(t, 2*leastMesh)
		r.pass((calmRounds + 3) * time.Second)
		r.want("n1", Far)
		if gone {
			a.dies()
		} else {
			a.mute, a.hang = true, true
		}
		for r.state("a") == Alive {
			r.pass(50 * time.Millisecond)
		}
		since := r.now
		for r.state("n1") == Far && r.now < since+10*time.Second {
			r.pass(50 * time.Millisecond)
		}
		most, least := wordStays*time.Second+holdTime+time.Second, wordStays*time.Second
		if gone {
			most, least = holdTime+200*time.Millisecond, 0
		}
		if stood := r.now - since; stood < least || stood > most {
			t.Errorf("nobody there %v: its words counted for %v, not %v to %v", gone, stood, least, most)
		}
	}
}

// A configured name of a far member is looked up now and then, as that of any peer: it may lead to somebody else by now.
func TestAConfiguredNameOfAFarMemberIsLookedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh, Seeds: []topics.Name{"x"}})
	r.m.view.(*partial).most = 0
	r.puppet("x").fail = TimedOut
	r.dns["x"] = []string{"10.0.0.1", "10.0.0.9"}
	a := r.puppet("a", "x")
	r.hear(a)
	r.pass(10 * time.Second)
	r.want("x", Far)
	before := r.lookups["x"]
	if r.pass(5 * time.Minute); r.lookups["x"] < before+5 {
		t.Errorf("looked up %d times in five minutes", r.lookups["x"]-before)
	}
}

// One that is heard and no neighbour is given up soon, if others hear it: so its message link waits for that.
func TestMessagesOfOneThatIsNoNeighbourWait(t *testing.T) {
	t.Parallel()
	for _, drawn := range []bool{true, false} {
		r := newRig(t, Config{FullMesh: leastMesh})
		r.m.view.(*partial).most = 0
		x := r.puppet("x")
		r.hear(x)
		p := r.m.peers["x"]
		r.m.cut(p.feed.link)
		if p.since = r.now; drawn {
			r.m.view.(*partial).chosen.set(p.slot)
		} else {
			r.m.view.(*partial).chosen.clear(p.slot)
		}
		r.m.dialMessages(p)
		if wait := p.feed.due; drawn == (wait == r.now+partAfter*time.Second) {
			t.Errorf("drawn: %v, and dialled at %v, now it is %v", drawn, wait, r.now)
		}
	}
}

// A newcomer to a partial mesh says hello to its seed, and nobody else knows of it: so it is heard there.
func TestNewcomersToAPartialMeshAreHeard(t *testing.T) {
	t.Parallel()
	r, _, _ := large(t, 2*leastMesh)
	x := r.puppet("x")
	r.pass(10 * time.Second)
	r.step(ListenerUp{1, hostOf(x.addr)})
	r.step(Hello{1, "x"})
	r.pass(time.Second)
	if r.want("x", Alive); !r.m.isPartial() {
		t.Error("it is no partial mesh")
	}
}

// One that is heard and no neighbour, as no neighbour hears it, is dialled when its link breaks: others go by this node's word.
func TestOneThatIsNoNeighbourIsDialledWhenItsLinkBreaks(t *testing.T) {
	t.Parallel()
	r, _, _ := large(t, 2*leastMesh)
	x := r.puppet("x")
	r.step(ListenerUp{1, hostOf(x.addr)})
	r.step(Hello{1, "x"})
	r.pass(3 * time.Second)
	r.want("x", Alive)
	r.m.view.(*partial).chosen.clear(r.m.peers["x"].slot)
	x.dies()
	r.answer()
	r.want("x", Suspect)
}

// fewRig is a node of a mesh that is a partial one, however few are known.
func fewRig(t *testing.T) *rig {
	r := newRig(t, Config{FullMesh: leastMesh})
	r.m.view.(*partial).most = 0
	return r
}

// What a former neighbour said before, and says to whoever subscribes, makes it no member that is heard, and nobody's word less.
func TestOldWordsOfAFarMemberLeaveItOne(t *testing.T) {
	t.Parallel()
	r := fewRig(t)
	a, x := r.puppet("a", "x"), r.puppet("x")
	r.hear(a)
	r.pass(2 * time.Second)
	r.want("x", Alive)
	r.m.far.look(r.m)
	r.m.part(r.m.peers["x"], func(*peer) bool { return true }, "no neighbour")
	x.header.Seq, x.wedged = x.header.Seq-1, true
	r.m.enqueue(r.m.peers["x"], DiscoveryPort, classProbe)
	r.step(Tick{})
	r.answer()
	if !r.m.peers["x"].live() {
		t.Fatal("there is no link to it")
	}
	a.say("x", "y")
	r.step(Tick{})
	r.want("x", Far)
	if told := r.told(Unattested); len(told) > 0 {
		t.Errorf("told %v", told)
	}
	x.header.Seq++
	x.wedged = false
	x.beat()
	r.want("x", Alive)
}
