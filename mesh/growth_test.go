package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// grown is that of a mesh with so many members at the ends of rounds.
func grown(members []int) (g growth) {
	for _, n := range members {
		g.note(n)
	}
	return g
}

// A mesh grows while it has many more members than some rounds ago.
func TestAMeshGrowsWhileManyCome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members []int // at the ends of rounds
		now     int
		on      bool
	}{
		{nil, 1, true},
		{[]int{100}, 100, true},
		{[]int{100, 100, 100}, 100, false},
		{[]int{100, 100, 100}, 106, false},
		{[]int{100, 100, 100}, 107, true},
		{[]int{100, 104, 108}, 108, true},
		{[]int{100, 104, 108, 108}, 108, false},
		{[]int{100, 100, 60}, 60, false},
		{[]int{100, 100, 100, 50, 50, 50}, 90, false}, // what was lost comes back
		{[]int{100, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50}, 90, false},
	} {
		g := grown(c.members)
		if on := g.on(c.now); on != c.on {
			t.Errorf("after %v, with %d: it grows %v, not %v", c.members, c.now, on, c.on)
		}
	}
}

// It leaps while it has many more by half, and what it was at the end of the first round was there before.
func TestAMeshLeapsWhileHalfAsManyCome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members []int // at the ends of rounds
		now     int
		leaps   bool
	}{
		{nil, 100, false},
		{[]int{100}, 150, false},
		{[]int{100}, 151, true},
		{[]int{0, 100}, 100, true},
		{[]int{0, 100, 100, 100, 100, 100, 100, 100}, 100, true},
		{[]int{0, 100, 100, 100, 100, 100, 100, 100, 100}, 100, false},
		{[]int{100, 108, 116, 124, 132, 140, 148, 148, 148}, 156, false},
		{[]int{200, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 200, false}, // what was lost comes back
	} {
		g := grown(c.members)
		if leaps := g.leaps(c.now); leaps != c.leaps {
			t.Errorf("after %v, with %d: it leaps %v, not %v", c.members, c.now, leaps, c.leaps)
		}
	}
}

// Where this machine is short of time, a leap is over later, and is over.
func TestALeapLastsWhereTimeIsShort(t *testing.T) {
	t.Parallel()
	rounds := func(late time.Duration) (rounds int) {
		r, _, _ := leaping(t, 2*leastMesh)
		r.pass(1500 * time.Millisecond)
		for ; r.m.unsettled() && rounds < 100; rounds++ {
			r.m.lag = late
			r.m.noteGrowth()
		}
		return rounds
	}
	usual, late := rounds(lateLag), rounds(2*lateLag)
	if usual > len(growth{}.last) || late <= lateRounds*(usual-1) || late > (lateRounds+1)*usual {
		t.Errorf("a leap is over after %d rounds, and after %d late ones", usual, late)
	}
}

// Without a leap a late round is one like any other.
func TestLateRoundsCountWithoutALeap(t *testing.T) {
	t.Parallel()
	r, _, _ := large(t, 2*leastMesh)
	r.pass(20 * time.Second)
	g := &r.m.view.(*partial).growth
	before := g.last
	g.last[0], r.m.lag = 0, 2*lateLag
	if r.m.noteGrowth(); g.last[1] != 0 || g.last[0] != before[0] {
		t.Errorf("%v became %v", before, g.last)
	}
}

// A newcomer to a mesh that was there before loses a name of which nobody speaks any more at once: else newcomers would keep the
// dead for each other.
func TestANewcomerToAMeshKeepsNoDead(t *testing.T) {
	t.Parallel()
	r, a, b := large(t, 2*leastMesh)
	b.tells(rumour("x", "n1"), rumour("y", "n1"))
	r.pass(1500 * time.Millisecond)
	r.want("x", Far)
	a.tells()
	b.tells(rumour("y", "n1"))
	r.pass(2 * holdTime)
	if p := r.m.peers["x"]; p != nil && p.state == Far {
		t.Error("x is a member still")
	}
	r.want("y", Far)
}

// A name that was a far member, and stays one of few words, goes with the last of them: it is dialled too rarely to wait for that.
func TestANameGoesWithTheLastWord(t *testing.T) {
	t.Parallel()
	r, _, b := large(t, 2*leastMesh)
	r.puppet("x").fail = Refused
	b.tells(rumour("x", "n1"))
	for steps := 0; r.state("x") != Candidate || r.m.peers["x"].reach.tries == 0; steps++ {
		if r.pass(time.Second); steps > 3600 {
			t.Fatalf("x is %v, though a dial has refuted it", r.state("x"))
		}
	}
	b.tells()
	r.pass(3 * time.Second)
	r.want("x", Unknown)
}

// namesOf are so many.
func namesOf(prefix string, many int) (names []topics.Name) {
	for i := range many {
		names = append(names, topics.Name(fmt.Sprint(prefix, i)))
	}
	return names
}

// A name of which two hosts tell has cost neither of them anything: a newcomer to a large mesh would wait for hours for what its
// neighbours may say. One that is told by one host alone costs what it did.
func TestNamesThatTwoTellOfCostNothing(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		r, a, b := large(t, leastMesh)
		r.pass(3 * time.Second)
		names := namesOf("x", 3*churnBurst)
		a.tells(rumours(names, "n1"))
		if both {
			b.tells(rumours(names, "n1"))
		}
		r.pass(3 * time.Second)
		known := 0
		for _, name := range names {
			if p := r.m.peers[name]; p != nil && p.state == Far {
				known++
			}
		}
		if all := known == len(names); all != both || known < churnBurst/2 {
			t.Errorf("told by both %v: %d of %d are members", both, known, len(names))
		}
	}
}

func rumours(names []topics.Name, way ...topics.Name) topics.Record {
	return topics.Record{Way: way, Hears: names}
}

// Who told of a name gives no more places than its part. Another one that tells of it by a longer way does.
func TestWhoTellsByALongerWayGivesAPlaceToo(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{FullMesh: leastMesh, MaxPeers: 2048})
	r.sparse = 1000
	a, b := r.puppet("a", namesOf("n", leastMesh)...), r.puppet("b", "a")
	r.hear(a, b)
	r.pass(3 * time.Second)
	names := namesOf("x", 2048/farPlaces+20)
	a.tells(rumours(names, "n1"))
	b.tells(rumours(names, "n1", "n2"))
	r.pass(4 * time.Second)
	for _, name := range names {
		if p := r.m.peers[name]; p == nil || p.state != Far {
			t.Fatalf("%s is no member: places %v", name, r.m.far.places)
		}
	}
}

// While a mesh grows, a name of which nobody speaks any more stays, and is told of as before. Once it grows no more it is none.
func TestNobodyIsLostWhileAMeshGrows(t *testing.T) {
	t.Parallel()
	r, a, b := leaping(t, 2*leastMesh)
	b.tells(rumour("x", "n1"), rumour("y", "n1"))
	r.pass(1500 * time.Millisecond)
	r.want("x", Far)
	a.tells()
	b.tells(rumour("y", "n1"))
	r.pass(200 * time.Millisecond)
	if !r.m.growing() {
		t.Fatal("the mesh grows no more")
	}
	r.want("x", Far)
	if r.m.peers["x"].attest.said == nil {
		t.Error("it is told of no more")
	}
	r.pass((calmRounds + 2) * time.Second)
	if r.m.unsettled() || r.m.peers["x"] != nil && r.m.peers["x"].state == Far {
		t.Errorf("it is a member still: unsettled %v", r.m.unsettled())
	}
	r.want("y", Far)
}

// While a mesh grows no name is held that comes by a longer way, and one that was lost is back at the first word.
func TestNoNameIsHeldWhileAMeshGrows(t *testing.T) {
	t.Parallel()
	r, a, b := leaping(t, 2*leastMesh)
	a.tells(rumour("x", "n1"))
	b.tells(rumour("x", "n1", "n2", "n3"))
	r.pass(1500 * time.Millisecond)
	a.tells(rumour("y", "n1"))
	r.pass(200 * time.Millisecond)
	if !r.m.growing() {
		t.Fatal("the mesh grows no more")
	}
	p := r.m.peers["x"]
	if p == nil || p.state != Far || p.attest.held > 0 || p.attest.near != 4 {
		t.Errorf("it is %+v", p.attest)
	}
}

// While a mesh grows those that are heard stay neighbours, whoever else has a better lot, until it has doubled.
func TestNeighboursStayUntilAMeshHasDoubled(t *testing.T) {
	t.Parallel()
	v, peers := drawing(50, 0, 7)
	v.draw(peers, audienceOf)
	for _, p := range peers {
		if v.chosen.has(p.slot) {
			p.state = Alive
		}
	}
	before := v.names(peers)
	_, more := drawing(200, 0, 9)
	for i, p := range more {
		p.slot, p.key = 50+i, topics.Name(fmt.Sprint("m", i))
	}
	all := append(slices.Clone(peers), more...)
	stay := func() (n int) {
		for _, name := range v.names(all) {
			if slices.Contains(before, name) {
				n++
			}
		}
		return n
	}
	v.sticky = true
	v.draw(all, audienceOf)
	if stay() < drawnLeast {
		t.Errorf("%d of %d stay", stay(), len(before))
	}
	v.sticky = false
	if v.draw(all, audienceOf); stay() >= drawnLeast {
		t.Errorf("%d of %d stay in a mesh that grows no more", stay(), len(before))
	}
}

// While a mesh grows fewer neighbours tell.
func TestFewTellWhileAMeshGrows(t *testing.T) {
	t.Parallel()
	r, _, _ := leaping(t, 2*leastMesh)
	r.pass(500 * time.Millisecond)
	if grows, n := r.m.growing(), r.m.tellersWanted(); !grows || n != toldFirst {
		t.Errorf("grows %v: %d tell", grows, n)
	}
	r.pass((calmRounds + 2) * time.Second)
	if grows, n := r.m.unsettled(), r.m.tellersWanted(); grows || n != toldBy {
		t.Errorf("grows %v: %d tell", grows, n)
	}
}

// While a mesh grows its lists wait for others that come, and not to leave one out that is lost.
func TestWhoIsLostLeavesTheListAtOnce(t *testing.T) {
	t.Parallel()
	r, a, _ := large(t, 2*leastMesh)
	r.pass(1500 * time.Millisecond)
	if !r.m.growing() || r.state("a") != Alive {
		t.Fatalf("it grows %v, and a is %v", r.m.growing(), r.state("a"))
	}
	l := &r.m.roster
	l.changed, l.sentAt, l.changeDue = true, r.now, r.now+growGap
	a.dies()
	r.pass(200 * time.Millisecond)
	if r.state("a") == Alive || slices.Contains(l.names, "a") {
		t.Errorf("a is %v, and listed %v", r.state("a"), slices.Contains(l.names, "a"))
	}
}

// As many neighbours tell as are wanted, and no other one is asked to.
func TestNoMoreTellThanAreWanted(t *testing.T) {
	t.Parallel()
	r, v, _ := many(t, leastMesh)
	r.hear(r.puppet("last"))
	r.pass((calmRounds + 3) * time.Second)
	var chosen []*peer
	v.chosen.each(func(i int) {
		if p := r.m.slots[i]; p.live() {
			p.reach.link.follows = false
			chosen = append(chosen, p)
		}
	})
	v.parting = nil
	if len(chosen) <= toldBy {
		t.Fatalf("%d neighbours", len(chosen))
	}
	for i, p := range chosen[:toldBy+1] {
		if heeds := r.m.heeds(p); heeds != (i < toldBy) {
			t.Errorf("with %d that tell, another one is asked: %v", i, heeds)
		}
		p.reach.link.follows = true
	}
}

// What was lost and comes back is no growth, and is some again once it is long ago: after three minutes half of it.
func TestAPeakFades(t *testing.T) {
	for _, most := range []int{40, 1000} {
		var g growth
		for range 2 * calmRounds {
			g.note(most)
		}
		for range 60 {
			g.note(most / 8)
		}
		if g.leaps(most) {
			t.Errorf("%d that were there a minute ago are a leap", most)
		}
		for range 3 * 60 {
			g.note(most / 8)
		}
		if !g.leaps(most) {
			t.Errorf("%d that were there four minutes ago are no leap: %d", most, g.peak)
		}
	}
}
