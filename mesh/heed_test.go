package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// many is a machine of a partial mesh that hears so many members.
func many(t *testing.T, count int) (r *rig, v *partial, heard []*puppet) {
	r = newRig(t, Config{FullMesh: leastMesh})
	r.sparse = 1000
	var names []topics.Name
	for i := range count {
		names = append(names, topics.Name(fmt.Sprint("n", i)))
	}
	for _, name := range names {
		heard = append(heard, r.puppet(name, names...))
	}
	r.hear(heard...)
	return r, r.m.view.(*partial), heard
}

func (r *rig) following() (count int) {
	for _, l := range r.m.links {
		if l.port == DiscoveryPort && l.follows {
			count++
		}
	}
	return count
}

// In a partial mesh some neighbours tell of others, and nobody else that is heard: each telling has nearly all names.
func TestSomeNeighboursAloneTell(t *testing.T) {
	t.Parallel()
	r, v, heard := many(t, leastMesh)
	if v.on || r.following() != leastMesh || len(r.follows) > 0 {
		t.Fatalf("of a full mesh %d tell, after %v", r.following(), r.follows)
	}
	last := r.puppet("last")
	r.hear(last)
	r.pass((calmRounds + 3) * time.Second)
	if n := r.following(); !v.on || n < toldBy || n > drawnMost {
		t.Errorf("of a partial one %d tell", n)
	}
	for _, p := range append(heard, last) {
		l := r.m.links[p.link]
		if l == nil || !l.follows {
			continue
		}
		if !v.chosen.has(l.peer.slot) {
			t.Errorf("%s tells, which is no neighbour", p.name)
		}
	}
	for _, f := range r.follows {
		if l := r.m.links[f.Link]; l != nil && f.Cancel && l.peer.telling.number > 0 {
			t.Errorf("what %s told is kept", l.peer.name)
		}
	}
}

// What is told by one that was not asked counts for nothing: nobody sees to it that it is of now.
func TestWhoIsNotAskedTellsNothing(t *testing.T) {
	t.Parallel()
	r, v, heard := many(t, leastMesh)
	r.hear(r.puppet("last"))
	r.pass(time.Second)
	for _, p := range heard {
		l := r.m.links[p.link]
		if !v.on || l == nil || l.follows {
			continue
		}
		dials := r.count[p.name]
		if p.tells(rumour("x", "y")); l.peer.telling.number > 0 || r.m.peers["x"] != nil {
			t.Fatalf("%s told of x", p.name)
		}
		if r.pass(5 * time.Second); r.count[p.name] > dials+1 {
			t.Errorf("%s is dialled %d times for what it tells", p.name, r.count[p.name]-dials)
		}
		return
	}
	t.Fatal("all tell")
}

// What was told over a former link ends where the far end of the new one is not asked to tell: nobody would say what changes in it.
func TestWhatAFormerLinkToldEnds(t *testing.T) {
	t.Parallel()
	r, v, heard := many(t, leastMesh)
	r.hear(r.puppet("last"))
	r.pass((calmRounds + 3) * time.Second)
	i := slices.IndexFunc(heard, func(p *puppet) bool { l := r.m.links[p.link]; return v.on && l != nil && l.follows })
	if i < 0 {
		t.Fatal("nobody tells")
	}
	p := heard[i]
	q := r.m.links[p.link].peer
	if p.tells(rumour("x", "y")); q.telling.number == 0 {
		t.Fatal("it is not heeded")
	}
	p.mute, p.hang = true, true
	p.breaks()
	r.pass(1500 * time.Millisecond) // another one tells instead
	p.hang, p.fail = false, TimedOut
	for q.reach.link == nil && r.now < time.Minute {
		r.pass(200 * time.Millisecond)
		p.reachable()
	}
	r.want(p.name, Alive)
	if q.reach.link.follows {
		t.Fatal("it is asked to tell")
	}
	if x := r.m.peers["x"]; q.telling.number > 0 || x != nil && x.attest.tellers > 0 {
		t.Errorf("it tells of x still: %d", q.telling.number)
	}
}

// The words of those that are heard for a moment count for nothing, or all that hangs on them would go with them.
func TestWordsOfNeighboursAloneCount(t *testing.T) {
	t.Parallel()
	r, v, heard := many(t, leastMesh)
	r.hear(r.puppet("last"))
	r.pass(time.Second)
	r.m.far.look(r.m)
	if !v.on || len(r.m.far.heard) == 0 {
		t.Fatal("nobody's word counts")
	}
	for _, p := range r.m.far.heard {
		if !v.chosen.has(p.slot) {
			t.Errorf("the word of %s counts", p.name)
		}
	}
	if n := r.m.count[Alive]; n <= len(r.m.far.heard) {
		t.Errorf("all %d of %d are neighbours", n, len(heard))
	}
}

// Those that are heard stay until as many of the drawn ones are, those of before first.
func TestWhoIsHeardStaysUntilOthersAre(t *testing.T) {
	t.Parallel()
	v, peers := drawing(100, 0, 7)
	v.draw(peers, audienceOf)
	before := append(bitset(nil), v.chosen...)
	for _, p := range peers {
		if before.has(p.slot) {
			p.state = Alive
		}
	}
	for _, p := range peers {
		p.lot = lots(8).of(p.key)
	}
	found := v.draw(peers, audienceOf)
	v.keep(before, peers)
	before.each(func(i int) {
		if !v.chosen.has(i) {
			t.Errorf("n%d of before goes, and nobody is heard", i)
		}
	})
	for _, p := range found {
		p.state = Alive
	}
	old := append(bitset(nil), v.chosen...)
	v.draw(peers, audienceOf)
	drawn := v.names(peers)
	if v.keep(old, peers); !slices.Equal(v.names(peers), drawn) || !v.parting.none() {
		t.Errorf("%v are drawn and heard, and %v neighbours", drawn, v.names(peers))
	}
}
