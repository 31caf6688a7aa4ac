package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/mesh/record"
	"hearsay/topics"
)

func TestClockSetBackIsBelievedAfterThreeBeats(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header.Incarnation = 500
	x.beat()
	r.pass(3 * time.Second)
	x.header.Incarnation = 100
	x.beat()
	x.beat()
	if r.m.peers["x"].line.Incarnation() != 500 {
		t.Fatal("an older incarnation was believed at once")
	}
	x.beat()
	if r.m.peers["x"].line.Incarnation() != 100 || r.state("x") != Alive {
		t.Fatal("an older incarnation was not believed")
	}
	r.wantTold(Restarted, "x")
}

func TestAlternatingIncarnationsAreAConflict(t *testing.T) {
	r, _, _, _, x := four(t)
	for i := range 100 {
		x.header.Incarnation = 500 + int64(i%2)
		x.beat()
	}
	n := 0
	for _, c := range r.changes {
		if c.Kind == Conflict {
			n++
		}
	}
	if n != 1 || r.m.peers["x"].line.Incarnation() != 501 || r.state("x") != Alive {
		t.Fatal(n, r.m.peers["x"].line.Incarnation())
	}
}

func TestGoodbyeOutlastsTheSameIncarnation(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header.Leaving = true
	x.beat()
	r.want("x", Left)
	if r.m.score(r.m.peers["x"]) != 0 {
		t.Fatal("a goodbye is no offence")
	}
	x.header.Leaving = false
	hello := func() {
		r.step(ListenerUp{9, "10.0.0.4"})
		r.step(Hello{9, "x"})
		r.step(ListenerDown{9})
		r.pass(100 * time.Millisecond)
	}
	hello()
	r.want("x", Left)
	x.header.Incarnation-- // its clock was set back
	x.mute = true
	hello()
	x.beat()
	x.beat()
	r.want("x", Left)
	x.beat()
	r.want("x", Alive)
}

func TestTombstoneEnds(t *testing.T) {
	r, a, _, _, x := four(t)
	x.header.Leaving = true
	x.beat()
	x.mute, x.fail = true, Refused
	before := r.count["x"]
	a.say("b", "c")
	a.say("b", "c", "x")
	r.pass(9 * time.Minute)
	if n := r.count["x"] - before; n > 2 {
		t.Fatalf("%d dials of a peer that left", n)
	}
	r.pass(2 * time.Minute)
	r.wantTold(Forgotten, "x")
}

// A pulse says that a list stands. Without that list its sender neither vouches nor accuses.
func TestPulseWithoutItsListSaysNothing(t *testing.T) {
	r, a, b, c, x := four(t)
	poll := func() votes { return r.m.poll(r.m.peers["x"]) }
	if v := poll(); v.voters != 3 || v.vouches != 3 {
		t.Fatalf("%+v", v)
	}
	h := *a.header
	h.Pulse, h.Seq = true, h.Seq+1
	r.step(Beat{a.link, []topics.Name{"a"}, &h, 0})
	if v := poll(); v.voters != 3 || v.vouches != 3 {
		t.Fatalf("after a pulse: %+v", v)
	}
	h.List, h.Seq = h.List+1, h.Seq+1
	r.step(Beat{a.link, []topics.Name{"a"}, &h, 0})
	if v := poll(); v.voters != 2 || v.vouches != 2 {
		t.Fatalf("after a pulse with an unknown number: %+v", v)
	}
	b.header.Degraded = true
	b.beat()
	if v := poll(); v.voters != 1 {
		t.Fatalf("a degraded voter counts: %+v", v)
	}
	c.header = nil
	c.beat()
	if v := poll(); v.voters != 0 || v.limit() != evictSlow {
		t.Fatalf("a naive voter counts: %+v", v)
	}
	_ = x
}

func TestSilentPeersConfirmNothing(t *testing.T) {
	r, a, b, c, x := four(t)
	x.dies()
	r.pass(10 * time.Millisecond)
	a.say("b", "c")
	b.say("a", "c")
	if v := r.m.poll(r.m.peers["x"]); v.confirms != 2 || !v.refusal || v.limit() != evictFast {
		t.Fatalf("%+v", v)
	}
	a.mute, b.mute, c.mute = true, true, true
	r.pass(2900 * time.Millisecond)
	if v := r.m.poll(r.m.peers["x"]); v.confirms != 0 || v.voters != 0 {
		t.Fatalf("%+v", v)
	}
	r.pass(2 * time.Minute)
	for _, k := range []topics.Name{"a", "b", "c", "x"} {
		r.want(k, Suspect) // hears nobody: it is the broken one
	}
	if s := r.m.Stats(); !s.Degraded || s.NoBudget == 0 {
		t.Fatalf("%+v", s)
	}
	if why := r.m.peers["x"].why; !strings.Contains(why, " beats missed, 0 of 0 confirm; kept, as this node hears nobody") {
		t.Errorf("x is suspect because %s", why)
	}
}

func TestEvictionsAreBoundedByTheBudget(t *testing.T) {
	r := newRig(t, Config{})
	var ps []*puppet
	for i := range 30 {
		ps = append(ps, r.puppet(topics.Name(string(rune('a'+i%26))+string(rune('a'+i/26)))))
	}
	r.hear(ps...)
	r.pass(10 * time.Minute) // the budget fills
	for _, p := range ps[:15] {
		p.dies()
		p.fail = Unreachable
	}
	count := func() (n int) {
		for _, p := range ps[:15] {
			if r.state(p.name) == Quarantined {
				n++
			}
		}
		return n
	}
	r.pass(30 * time.Second)
	if n := count(); n < 3 || n > 10 {
		t.Fatalf("%d of 15 evicted at once", n)
	}
	for _, p := range ps[:15] {
		if p := r.m.peers[p.name]; p.state == Quarantined && r.m.score(p) > record.MassPenalty && r.m.count[Suspect] > 10 {
			t.Fatalf("penalty %v in a mass event", r.m.score(p))
		}
	}
	r.pass(20 * time.Minute)
	if n := count(); n != 15 {
		t.Fatalf("%d of 15 evicted in the end", n)
	}
}

// A round that is late by any amount is one round.
func TestStallChargesOneMiss(t *testing.T) {
	r, _, _, _, _ := four(t)
	r.now += time.Hour
	r.step(Tick{})
	for _, p := range r.m.slots {
		if p.detector.quiet > 1 || p.state != Alive {
			t.Fatalf("%s: %d rounds, %v", p.name, p.detector.quiet, p.state)
		}
	}
	if s := r.m.Stats(); s.LateRounds != 1 || !s.Degraded {
		t.Fatalf("%+v", s)
	}
	r.pass(10 * time.Second)
	if s := r.m.Stats(); s.Degraded {
		t.Fatal("still degraded")
	}
}

func TestNaivePeerIsGivenItsOwnBeat(t *testing.T) {
	r, _, _, _, x := four(t)
	x.header = nil
	x.beat()
	x.mute = true
	r.pass(6 * time.Second)
	r.want("x", Alive)
	r.pass(4 * time.Second)
	r.want("x", Suspect)
}

func TestListsGoOutWhenNeeded(t *testing.T) {
	r, a, _, _, _ := four(t)
	lists, pulses := len(r.lists), r.pulses
	r.pass(time.Minute)
	if l, p := len(r.lists)-lists, r.pulses-pulses; l < 1 || l > 3 || p+l < 50 || p+l > 70 {
		t.Fatalf("%d lists and %d pulses in a steady minute", l, p)
	}
	number := r.lists[len(r.lists)-1].Header.List
	lists = len(r.lists)
	a.header = nil
	r.pass(time.Minute)
	if l := len(r.lists) - lists; l > 4 || r.plain < 24 {
		t.Fatalf("%d lists to all, %d to those without a name in a minute with a naive peer", l, r.plain)
	}
	if n := r.lists[len(r.lists)-1].Header.List; n != number {
		t.Fatal("the number of an unchanged list changed", number, n)
	}
	a.header = &topics.Header{Version: 1, Incarnation: 1, Beat: 1000, List: 9, Strict: true, Complete: true}
	r.pass(time.Minute)
	lists = len(r.lists)
	r.step(ListenerUp{1, "10.0.0.1"}) // says no hello, and nobody new lives there
	r.pass(3 * time.Second)
	r.plain, r.plainGap = 0, 0
	r.pass(time.Minute)
	if l := len(r.lists) - lists; l > 3 || r.plain < 24 {
		t.Fatalf("%d lists to all, %d to those without a name in a minute with a naive listener", l, r.plain)
	}
	if r.plainGap > r.m.cfg.Interval {
		t.Fatalf("a naive listener waited %v for a list", r.plainGap)
	}
	r.step(ListenerDown{1})
	r.pass(5 * time.Second)
	lists, r.plain = len(r.lists), 0
	r.pass(time.Minute)
	if l := len(r.lists) - lists; l > 3 || r.plain > l {
		t.Fatalf("%d lists in a minute after it went, %d to those without a name", l, r.plain)
	}
}

func TestChangesAreGathered(t *testing.T) {
	r := newRig(t, Config{})
	var ps []*puppet
	for i := range 100 {
		ps = append(ps, r.puppet(topics.Name("p"+string(rune('a'+i%26))+string(rune('a'+i/26)))))
	}
	lists := len(r.lists)
	for _, p := range ps {
		r.step(Known{[]topics.Name{p.name}})
		r.pass(10 * time.Millisecond)
	}
	r.pass(time.Second)
	if n := len(r.lists) - lists; n > 16 {
		t.Fatalf("%d lists for 100 peers within a second", n)
	}
	if n := len(r.lists[len(r.lists)-1].Names); n != 101 {
		t.Fatal(n)
	}
}

func TestHeaderIsFilledIn(t *testing.T) {
	r, _, _, _, _ := four(t)
	for i := range ListenerID(4) {
		r.step(ListenerUp{i, "10.0.0.1"})
		r.step(Hello{i, []topics.Name{"e", "f", "e", "E"}[i]})
	}
	last := r.lists[len(r.lists)-1].Header.Seq
	r.pass(40 * time.Second)
	h := r.lists[len(r.lists)-1].Header
	want := topics.Header{
		Version: 1, Incarnation: 1000, Seq: h.Seq, Beat: 1000, List: h.List, Strict: true, Complete: true, Listeners: 4 + 2, At: h.At,
	}
	if h != want || h.Seq < last+30 || h.Validate() != nil {
		t.Fatalf("%+v", h)
	}
}

func TestLeave(t *testing.T) {
	r, _, _, _, _ := four(t)
	start, lists := r.now, len(r.lists)
	r.step(Leave{})
	for i := range 3 {
		if n := len(r.lists) - lists; n != i+1 {
			t.Fatalf("%d goodbyes, not %d", n, i+1)
		}
		if l := r.lists[len(r.lists)-1]; !l.Header.Leaving || r.m.Left() {
			t.Fatalf("%+v", l)
		}
		r.now = r.m.Deadline()
		r.step(Tick{})
	}
	if took := r.now - start; !r.m.Left() || took > 200*time.Millisecond || r.m.Deadline() != never {
		t.Fatal(r.m.Left(), took, r.m.Deadline())
	}
	r.dials = nil
	r.step(DialFailed{Dial: Dial{Target: "a"}, Reason: Refused})
	r.step(ListenerUp{1, "10.0.0.9"})
	if len(r.dials) > 0 {
		t.Fatal("dials after leaving", r.dials)
	}
}

// A peer that stops listing us while we hear it has lost us: we say hello on a new link, and keep the old one
// until that speaks.
func TestHelloAgainToWhoDropsUs(t *testing.T) {
	r, a, _, _, _ := four(t)
	old, before := a.link, r.count["a"]
	a.lists = []topics.Name{"b", "c", "x"}
	a.header.List++
	a.beat()
	r.pass(200 * time.Millisecond)
	if r.count["a"] != before+1 || a.link == old || r.m.links[old] != nil || r.state("a") != Alive {
		t.Fatal("no new link", r.count["a"]-before)
	}
	r.pass(10 * time.Minute)
	if n := r.count["a"] - before; n < 5 || n > 20 {
		t.Fatalf("%d hellos in 10 minutes", n)
	}
}

func TestOldLinkStaysUntilTheNewOneSpeaks(t *testing.T) {
	r, _, _, _, x := four(t)
	old := x.link
	x.mute = true
	r.pass(4500 * time.Millisecond)
	r.want("x", Suspect)
	if r.m.links[old] == nil || x.link == old {
		t.Fatal("the old link was hung up before the new one spoke")
	}
	x.header.Seq++
	r.step(Beat{old, []topics.Name{"x", "a", "b", "c", "self"}, x.header, 0})
	r.want("x", Alive)
	if r.m.links[old] == nil || r.m.links[x.link] != nil {
		t.Fatal("the link that speaks was not kept")
	}
}

func TestMessageLinksFollow(t *testing.T) {
	r, _, _, _, x := four(t)
	find := func() *link { return r.m.peers["x"].feed.link }
	first := find()
	if first == nil || first.addr != "10.0.0.4:30000" {
		t.Fatal("no message link, or elsewhere:", first)
	}
	r.step(LinkDown{first.id, "broken"})
	r.pass(time.Second)
	if find() == nil || r.state("x") != Alive {
		t.Fatal("not dialled again")
	}
	x.mute = true
	for range 10 {
		r.pass(time.Second)
		r.step(Heard{find().id})
	}
	r.want("x", Alive) // any sign of life counts
	x.mute = false
	r.pass(10 * time.Second) // and the silent discovery link was replaced
	if p := r.m.peers["x"]; r.now-p.detector.beatAt > 2*time.Second {
		t.Fatal("no beats for", r.now-p.detector.beatAt)
	}
}

func TestLocalFailureSaysNothing(t *testing.T) {
	r, _, _, _, x := four(t)
	x.fail = Local
	x.breaks()
	r.pass(2 * time.Second)
	if r.state("x") != Alive || r.m.peers["x"].detector.refusal {
		t.Fatal("a local failure was held against a peer")
	}
	x.fail = 0
	r.pass(2 * time.Second)
	if !r.m.peers["x"].live() {
		t.Fatal("not dialled again")
	}
}

// The queue gives each source its turn, and a sign of life does not wait for a dial that hangs.
func TestDialsAreFair(t *testing.T) {
	r, a, b, _, x := four(t)
	var phantoms []topics.Name
	for i := range 60 {
		p := r.puppet(topics.Name("phantom" + string(rune('a'+i%26)) + string(rune('a'+i/26))))
		p.hang = true
		phantoms = append(phantoms, p.name)
	}
	a.say(append(phantoms, "b", "c", "x")...)
	r.pass(time.Second)
	if n := len(r.dials); n != maxPerLane {
		t.Fatalf("%d dials on the word of one", n)
	}
	r.puppet("honest")
	b.say("a", "c", "x", "honest")
	r.pass(100 * time.Millisecond)
	r.want("honest", Alive)
	x.hang = true
	x.breaks()
	r.pass(time.Second)
	x.hang = false
	x.header.Incarnation++
	before := r.count["x"]
	r.step(ListenerUp{9, "10.0.0.4"})
	r.step(Hello{9, "x"})
	if r.count["x"] != before+1 {
		t.Fatal("a hello waits for a dial that hangs")
	}
}

func TestMembersShowTheMatrix(t *testing.T) {
	r, _, _, _, _ := four(t)
	ms := r.m.Members()
	if len(ms) != 4 {
		t.Fatal(ms)
	}
	for _, m := range ms {
		if m.State != Alive || len(m.ListedBy) != 3 || !m.HearsMe || m.Incarnation != 1 || m.Addr == "" || !m.Messages {
			t.Fatalf("%+v", m)
		}
	}
	rows := r.m.Matrix()
	if len(rows) != 5 || rows[0].Name != "self" {
		t.Fatal(rows)
	}
	for _, row := range rows {
		if len(row.Hears) != 4 {
			t.Fatalf("%+v", row)
		}
	}
	if len(r.m.Alive()) != 4 || r.m.Incarnation() != 1000 || len(r.m.Taken()) != len(transitions) {
		t.Fatal("accessors")
	}
}

func TestForgetStartsAnew(t *testing.T) {
	r, _, _, _, x := four(t)
	r.m.punish(r.m.peers["x"], 3)
	r.step(Forget{"X"})
	if r.state("x") != Unknown || !x.closed() {
		t.Fatal("not forgotten")
	}
	r.wantTold(Forgotten, "x")
	r.pass(time.Second)
	if r.listed("x") {
		t.Fatal("still listed")
	}
}

func (p *puppet) closed() bool {
	for _, id := range p.r.hung {
		if id == p.link {
			return true
		}
	}
	return false
}
