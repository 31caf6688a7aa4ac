package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// drawing is a view of so many peers, the first of which drew this node.
func drawing(count, claims int, salt lots) (v *partial, peers []*peer) {
	v = &partial{most: leastMesh, on: true}
	for i := range count {
		p := &peer{key: topics.Name(fmt.Sprint("n", i)), slot: i, state: Far}
		p.lot = salt.of(p.key)
		if i < claims {
			p.origin.claims = 1
		}
		peers = append(peers, p)
	}
	return v, peers
}

func (v *partial) names(peers []*peer) (names []topics.Name) {
	for _, p := range peers {
		if v.chosen.has(p.slot) {
			names = append(names, p.key)
		}
	}
	slices.Sort(names)
	return names
}

func TestFewNeighboursAreDrawn(t *testing.T) {
	for _, c := range []struct{ peers, claims, listed, want int }{
		{100, 0, audienceOf, drawnMost},
		{100, 3, audienceOf, drawnLeast + 3},
		{100, 90, audienceOf, neighbours},
		{100, 0, 0, drawnLeast + audienceOf},
		{5, 2, audienceOf, 5},
	} {
		least, most := c.peers, 0
		for salt := range lots(50) {
			v, peers := drawing(c.peers, c.claims, salt)
			found := v.draw(peers, c.listed)
			n := len(v.names(peers))
			if len(found) != n {
				t.Fatalf("%d are new of %d", len(found), n)
			}
			if again := v.draw(peers, c.listed); len(again) > 0 {
				t.Fatalf("a second draw finds %d more", len(again))
			}
			least, most = min(least, n), max(most, n)
		}
		if most > c.want || least < c.want-c.claims || least < c.want-3 { // some that claim were drawn, too
			t.Errorf("%d peers of which %d claim, listed by %d: %d to %d neighbours, want %d", c.peers, c.claims, c.listed, least, most, c.want)
		}
	}
}

// Nobody can see to it that it is drawn: each node draws others. And who joins changes few draws.
func TestDrawsAreOfEachNodesOwn(t *testing.T) {
	drawn := make(map[topics.Name]int)
	for salt := range lots(1000) {
		v, peers := drawing(100, 0, salt)
		v.draw(peers, audienceOf)
		for _, name := range v.names(peers) {
			drawn[name]++
		}
	}
	for name, n := range drawn {
		if n < 40 || n > 130 { // 80 of 1,000 on the average
			t.Errorf("%s is drawn by %d of 1000", name, n)
		}
	}
	if len(drawn) != 100 {
		t.Errorf("%d of 100 are drawn by somebody", len(drawn))
	}
	changed := 0
	for salt := range lots(100) {
		v, peers := drawing(150, 0, salt)
		v.draw(slices.Clone(peers[:100]), audienceOf)
		changed += len(v.draw(peers, audienceOf))
	}
	if share := float64(changed) / 100 / drawnMost; share < 0.2 || share > 0.45 {
		t.Errorf("%.2f of the neighbours change in a mesh that grows by half", share)
	}
}

// Who drew this node and is its neighbour stays one, whoever draws it later.
func TestNeighboursStay(t *testing.T) {
	v, peers := drawing(100, 40, 7)
	v.draw(peers, audienceOf)
	before := v.names(peers)
	for _, p := range peers {
		if v.chosen.has(p.slot) {
			p.state = Alive
		}
	}
	for _, p := range peers {
		p.origin.claims = 1
	}
	if v.draw(peers, audienceOf); !slices.Equal(v.names(peers), before) {
		t.Errorf("%v, and before %v", v.names(peers), before)
	}
}

func TestAMeshIsPartialUntilItIsMuchSmaller(t *testing.T) {
	v := &partial{most: 40}
	for _, c := range []struct {
		members   int
		on, again bool
	}{{40, false, false}, {41, true, false}, {40, true, false}, {30, true, false}, {29, false, true}, {29, false, false}, {40, false, false}} {
		if again := v.size(c.members, 0); again != c.again || v.on != c.on {
			t.Errorf("%d members: partial %v, all linked again %v", c.members, v.on, again)
		}
	}
}

func TestWhomAPartialViewLinks(t *testing.T) {
	v := &partial{most: leastMesh, on: true}
	v.chosen.set(1)
	for name, c := range map[string]struct {
		peer peer
		want bool
	}{
		"drawn":               {peer{slot: 1, state: Far}, true},
		"not drawn":           {peer{slot: 2, state: Far}, false},
		"heard, not drawn":    {peer{slot: 2, state: Alive}, false},
		"named":               {peer{slot: 2, state: Candidate}, false},
		"configured":          {peer{slot: 2, state: Candidate, origin: origin{seed: true}}, true},
		"configured, and far": {peer{slot: 2, state: Far, origin: origin{seed: true}}, false},
		"naive":               {peer{slot: 2, state: Alive, says: says{naive: true}}, true},
		"says hello":          {peer{slot: 2, state: Candidate, origin: origin{claims: 1}}, true},
		"far, says hello":     {peer{slot: 2, state: Far, origin: origin{claims: 1}}, false},
		"maybe naive":         {peer{slot: 2, state: Candidate, origin: origin{guessed: true}}, true},
		"silent":              {peer{slot: 2, state: Suspect}, true},
		"evicted":             {peer{slot: 2, state: Quarantined}, true},
	} {
		if got := v.links(&c.peer); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	v.on = false
	if !v.links(&peer{slot: 2, state: Far}) {
		t.Error("a small mesh is a full one")
	}
}

// A teller that is no nearer may have it by way of this node: it counts once everybody has had the time to say so.
func TestWaysThatMayLeadBackDoNotCount(t *testing.T) {
	a := attest{near: 2, base: 2}
	for _, c := range []struct {
		short int
		now   time.Duration
		far   bool
		near  int
		held  time.Duration
	}{
		{1, 0, true, 2, 0},                                // as near as before
		{0, 1, true, 1, 0},                                // a neighbour hears it now
		{1, 2, true, 1, 2 + holdTime},                     // that lost it: the others are as far as this node is
		{1, 3, true, 1, 2 + holdTime},                     //
		{0, 4, true, 1, 0},                                // another neighbour hears it
		{-1, 5, true, 1, 5 + holdTime},                    // nobody vouches
		{2, 5 + holdTime, true, 3, 0},                     // there was a longer way all the time
		{-1, 6 + holdTime, true, 3, 6 + 2*holdTime},       //
		{-1, 6 + 2*holdTime - 1, true, 3, 6 + 2*holdTime}, //
		{-1, 6 + 2*holdTime, false, 3, 0},                 // and none any more
	} {
		if far := a.feasible(c.short, c.now, holdTime); far != c.far || int(a.near) != c.near || a.held != c.held {
			t.Fatalf("%d between, after %v: %v, %+v", c.short, c.now, far, a)
		}
	}
}

// A mesh of which so many names are met is taken for a large one before they are members, and for a while.
func TestManyNamesMakeAMeshPartialForAWhile(t *testing.T) {
	v := &partial{most: 40}
	if v.size(10, 30); v.on {
		t.Error("with as many as those of a full mesh")
	}
	if v.size(10, 31); !v.on {
		t.Fatal("it is not taken for a large one")
	}
	for range evictFast {
		if v.size(10, 71) {
			t.Fatal("for a few rounds only")
		}
	}
	if again := v.size(10, 71); !again || v.on {
		t.Error("though nobody becomes a member")
	}
	if v.size(10, 71); v.on {
		t.Error("and then again")
	}
	v.size(10, 5)
	if v.size(10, 71); !v.on {
		t.Error("not with other names")
	}
	v.size(41, 0)
	for range 2 * evictFast {
		if v.size(35, 0) || !v.on {
			t.Fatal("one that was large is so until it is much smaller")
		}
	}
}

// A word that goes round grows. So one that is much longer than the usual way is none, until that has stood for a while.
func TestAWordThatGoesRoundEnds(t *testing.T) {
	var a attest
	a.meet(1, 0)
	now, short := time.Second, 1
	for far := true; far; now += 2 * holdTime {
		if short++; short > 9 {
			t.Fatal("it goes round and grows")
		}
		a.feasible(-1, now, holdTime)
		far = a.feasible(short, now+holdTime, holdTime)
	}
	if short != 2+wayGrows {
		t.Errorf("a way of %d names is much longer than one of 1", short)
	}
	a.meet(1, 0)
	for _, short := range []int{3, 5} { // each stands for long
		now += wayStands
		a.feasible(-1, now, holdTime)
		if now += holdTime; !a.feasible(short, now, holdTime) {
			t.Errorf("%d names are not much longer than what is usual", short)
		}
	}
}
