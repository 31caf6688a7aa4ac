package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

func TestWhoseWordMakesAMember(t *testing.T) {
	waited := witness{vouch: 1, rounds: farRounds, failed: true, place: true}
	for name, c := range map[string]struct {
		change func(w *witness)
		want   bool
	}{
		"one who is heard hears it":          {func(*witness) {}, true},
		"nobody does":                        {func(w *witness) { w.vouch = 0 }, false},
		"it was heard here once":             {func(w *witness) { w.met, w.vouch = true, 5 }, false},
		"no key of it is known":              {func(w *witness) { w.barred, w.vouch = true, 5 }, false},
		"it was not dialled yet":             {func(w *witness) { w.failed = false }, false},
		"it waits for its dial":              {func(w *witness) { w.failed, w.rounds = false, farPatience }, true},
		"it was named just now":              {func(w *witness) { w.rounds-- }, false},
		"somebody else answers there":        {func(w *witness) { w.refuted = true }, false},
		"somebody else does, and two vouch":  {func(w *witness) { w.refuted, w.vouch = true, 2 }, true},
		"and these pass on what one says":    {func(w *witness) { w.refuted, w.vouch, w.few = true, 2, true }, false},
		"who vouches has no place left":      {func(w *witness) { w.place = false }, false},
		"it need not be heard":               {func(w *witness) { w.failed, w.rounds, w.spare = false, 0, true }, true},
		"it need not, and was one before":    {func(w *witness) { w.failed, w.rounds, w.spare, w.again = false, 0, true, true }, false},
		"it is one already":                  {func(w *witness) { w.far, w.failed, w.rounds = true, false, 0 }, true},
		"it is one, and refuted":             {func(w *witness) { w.far, w.refuted = true, true }, false},
		"it is one, and nobody hears it now": {func(w *witness) { w.far, w.vouch = true, 0 }, false},
	} {
		w := waited
		if c.change(&w); w.attested() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

func TestFarMembersAreDialledOnceABeatAtMost(t *testing.T) {
	c := LAN()
	for _, far := range []struct {
		tries, many int
		spare       bool
		want        time.Duration
	}{{1, 1, false, c.BackOff}, {9, 1, false, c.BackOffCap}, {1, 100, false, 100 * time.Second}, {9, 1000, false, 1000 * time.Second}, {1, 100, true, 1000 * time.Second}} {
		if got := farWait(far.tries, far.many, far.spare, &c); got != far.want {
			t.Errorf("%d tries of one of %d: %v", far.tries, far.many, got)
		}
	}
}

// via is by whose word a peer is a member, as it is told.
func (r *rig) via(name topics.Name) []topics.Name {
	for _, m := range r.m.Members() {
		if m.Name == name {
			return m.Via
		}
	}
	return nil
}

// Three networks are two too many for one node: whom the bridge hears is a member here, and in nobody's list.
func TestFarMembersAreOfBridges(t *testing.T) {
	r := newRig(t, Config{})
	a, x := r.puppet("a", "x"), r.puppet("x", "a", "b1", "b2")
	r.hear(a, x)
	r.pass(4 * time.Second)
	for _, name := range []topics.Name{"b1", "b2"} {
		r.want(name, Far)
		if via := r.via(name); !slices.Equal(via, []topics.Name{"x"}) {
			t.Errorf("%s by the word of %v", name, via)
		}
		if r.listed(name) || r.m.Stats().Far != 2 {
			t.Errorf("%s is listed, or not counted", name)
		}
	}
	r.wantTold(Attested, "b1")
	x.say("a", "b2") // b1 is dead, as its neighbours say
	if s := r.state("b1"); s != Unknown {
		t.Errorf("b1 is %v when nobody hears it", s)
	}
	r.wantTold(Unattested, "b1")
	x.mute = true // and now the bridge
	r.pass(4 * time.Second)
	if s := r.state("b2"); s == Far {
		t.Error("a far member stays when the bridge is silent")
	}
	x.mute = false
	r.pass(10 * time.Second)
	r.want("b2", Far)
}

// Own ears rule: whom this node heard once, nobody's word keeps alive.
func TestNobodysWordBringsBackWhoWasHeard(t *testing.T) {
	r, a, b, c, x := four(t)
	evict(r, a, b, c, x)
	a.say("b", "c", "x") // a lie
	r.pass(2 * time.Minute)
	r.want("x", Quarantined)
}

// Where names are bound to keys, nobody's word makes a member of one that has none here.
func TestWhoHasNoKeyHereIsNotFar(t *testing.T) {
	r := newRig(t, Config{})
	a, x := r.puppet("a", "x"), r.puppet("x", "a", "b1", "B2")
	r.step(Admit{[]topics.Name{"a", "x", "b2"}})
	r.hear(a, x)
	r.pass(10 * time.Second)
	r.want("b1", Candidate)
	r.want("b2", Far)
	r.step(Admit{[]topics.Name{"a", "x", "b1"}})
	r.want("b2", Candidate)
	r.pass(2 * time.Second)
	r.want("b1", Far)
}

// Where somebody answers that nobody is there, one word is not enough.
func TestADialRefutesOne(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a", "b", "ghost"), r.puppet("b", "a")
	ghost := r.puppet("ghost")
	ghost.fail = Refused
	r.hear(a, b)
	r.pass(20 * time.Second)
	r.want("ghost", Candidate)
	b.say("a", "ghost")
	r.pass(3 * time.Second)
	r.want("ghost", Far)
	b.say("a")
	r.pass(2 * time.Second)
	r.want("ghost", Candidate)
}

// Whoever makes up names fills a share of the table, and they go with him.
func TestWhoVouchesForManyFillsAShare(t *testing.T) {
	r := newRig(t, Config{MaxPeers: 400})
	r.sparse = 50
	var ghosts []topics.Name
	for i := range 300 {
		ghosts = append(ghosts, topics.Name(fmt.Sprintf("ghost-%d", i)))
	}
	a, b := r.puppet("a", append(ghosts, "b")...), r.puppet("b", "a")
	r.hear(a, b)
	r.pass(5 * time.Minute)
	if s := r.m.Stats(); s.Far != 400/farPlaces {
		t.Errorf("%d of 400 places by the word of one", s.Far)
	}
	a.dies()
	r.pass(time.Second)
	if s := r.m.Stats(); s.Far != 0 {
		t.Errorf("%d far members by the word of the dead", s.Far)
	}
}

// All who vouch fill half of the table together, however many they are.
func TestWhoVouchFillHalfTogether(t *testing.T) {
	r := newRig(t, Config{MaxPeers: 400})
	r.sparse = 50
	var liars []*puppet
	for i := range farPlaces {
		var ghosts []topics.Name
		for k := range 60 {
			ghosts = append(ghosts, topics.Name(fmt.Sprintf("ghost-%d-%d", i, k)))
		}
		liars = append(liars, r.puppet(topics.Name(fmt.Sprint("liar-", i)), ghosts...))
	}
	r.hear(liars...)
	r.pass(10 * time.Minute)
	if s := r.m.Stats(); s.Far != 400/farMost {
		t.Errorf("%d of 400 places by the word of %d", s.Far, len(liars))
	}
}

// A liar who names others all the time pays for each.
func TestWhoVouchesForOthersAllTheTimePays(t *testing.T) {
	r := newRig(t, Config{})
	r.sparse = 50
	a, b := r.puppet("a", "b"), r.puppet("b", "a")
	r.hear(a, b)
	const seconds = 300
	for i := range seconds / 4 {
		names := []topics.Name{"b"}
		for k := range 60 {
			names = append(names, topics.Name(fmt.Sprintf("ghost-%d-%d", i, k)))
		}
		a.say(names...)
		r.pass(4 * time.Second)
	}
	if n := r.m.Stats().Dials; n > churnBurst+seconds/10+60 {
		t.Errorf("%d dials in %d s", n, seconds)
	}
}
