package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

func rumour(hears string, way ...topics.Name) topics.Record {
	return topics.Record{Way: way, Hears: []topics.Name{topics.Name(hears)}}
}

// lastTold is what the machine told last, as text.
func (r *rig) lastTold() string {
	if len(r.tellings) == 0 {
		return "nothing"
	}
	text, _ := topics.AppendRecords(nil, r.tellings[len(r.tellings)-1].Records)
	return string(text)
}

// bridge is a machine in two networks: a1 and a2 in one, and bc in the other, which is a bridge to c1.
func bridge(t *testing.T) (r *rig, bc *puppet) {
	r = newRig(t, Config{})
	a1, a2, bc := r.puppet("a1", "a2"), r.puppet("a2", "a1"), r.puppet("bc", "c1", "c2")
	r.hear(a1, a2, bc)
	r.pass(4 * time.Second)
	r.want("c1", Far)
	return r, bc
}

func TestWhatLiesBehindTwoBridgesIsTold(t *testing.T) {
	r, bc := bridge(t)
	if got := r.lastTold(); got != "bc/c1,c2" {
		t.Fatal("it tells of", got)
	}
	if h := r.tellings[0].Header; h.Told != 1 || h.Incarnation != r.m.Incarnation() || r.pulse.Header.Told != 1 {
		t.Errorf("the number of what is told: %+v", h)
	}
	bc.tells(rumour("d1", "cd"))
	r.pass(4 * time.Second)
	if got := r.lastTold(); got != "bc/c1,c2;bc,cd/d1" {
		t.Error("with what it was told, it tells of", got)
	}
	bc.say("c2") // c1 is dead
	r.pass(time.Second)
	if got := r.lastTold(); got != "bc/c2;bc,cd/d1" {
		t.Error("with c1 gone, it tells of", got)
	}
	bc.dies()
	r.pass(time.Second)
	if got := r.lastTold(); got != "" {
		t.Error("without the bridge it tells of", got)
	}
	if n := len(r.tellings); n > 5 {
		t.Errorf("%d tellings", n)
	}
}

// Where those who are heard hear the bridge themselves, there is nothing to tell, nor where they hear each other all.
func TestNothingIsToldToWhoKnows(t *testing.T) {
	r := newRig(t, Config{})
	a1, x := r.puppet("a1", "x"), r.puppet("x", "a1", "b1", "b2")
	r.hear(a1, x)
	r.pass(10 * time.Second)
	r.want("b1", Far)
	x.tells(rumour("c1", "bc"))
	r.pass(5 * time.Second)
	r.want("c1", Far)
	if len(r.tellings) > 0 {
		t.Error("it tells of", r.lastTold())
	}
}

func TestWhoIsToldOfIsFar(t *testing.T) {
	r, bc := bridge(t)
	bc.tells(rumour("d1", "cd"), rumour("e1", "cd", "de"), rumour("x", "self"), rumour("y", "cd", "self"))
	r.pass(4 * time.Second)
	r.want("d1", Far)
	r.want("e1", Far)
	r.want("x", Unknown)
	r.want("y", Unknown) // the way leads over this node
	if via := r.via("e1"); !slices.Equal(via, []topics.Name{"bc"}) || r.m.Stats().Rumours != 2 {
		t.Errorf("by the word of %v; %d names were not taken", via, r.m.Stats().Rumours)
	}
	if m := r.m.peers["e1"]; m.why != "not heard here, heard by de, as bc says" {
		t.Error(m.why)
	}
	bc.tells(rumour("d1", "cd"))
	if r.want("d1", Far); r.state("e1") == Far {
		t.Error("it is told of no more, and a member")
	}
	bc.say("c1", "c2", "d1") // it hears d1 itself now
	r.pass(time.Second)
	if way := r.m.wayTo(r.m.peers["d1"]); len(way) != 1 {
		t.Error("by way of", way)
	}
	bc.tells()
	r.want("d1", Far)
	bc.mute = true
	r.pass(4 * time.Second)
	if s := r.state("d1"); s == Far {
		t.Error("who tells of it is silent, and it is a member")
	}
}

// A word of whom nobody hears, of another mesh or of another process is none.
func TestStrayTellings(t *testing.T) {
	r, bc := bridge(t)
	h := *bc.header
	h.Told = 1
	before := r.m.Stats().Stray
	for _, change := range []func(ev *Told){
		func(ev *Told) { ev.Link = 99 },
		func(ev *Told) { ev.Header.Mesh = "blue" },
		func(ev *Told) { ev.Header.Incarnation++ },
		func(ev *Told) { ev.Header.Told = 0 },
	} {
		ev := Told{Link: bc.link, Records: []topics.Record{rumour("d1", "cd")}, Header: h}
		change(&ev)
		r.step(ev)
	}
	r.pass(10 * time.Second)
	r.want("d1", Unknown)
	if n := r.m.Stats().Stray - before; n != 4 {
		t.Errorf("%d strays", n)
	}
}

// A telling that did not come is asked for, as a list is: by a new link.
func TestAMissedTellingIsAskedFor(t *testing.T) {
	r, bc := bridge(t)
	r.pass(10 * time.Second)
	dials := r.count["bc"]
	bc.header.Told, bc.header.Pulse, bc.lists = 1, true, nil
	r.pass((toldMisses - 1) * time.Second)
	if r.count["bc"] != dials {
		t.Error("asked for at once")
	}
	r.pass(2 * time.Second)
	if r.count["bc"] == dials {
		t.Error("not asked for")
	}
}

// All tellings together are bounded, and who tells of most gives way.
func TestTellingsAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	r.sparse = 1000
	var ps []*puppet
	for i := range 20 {
		ps = append(ps, r.puppet(topics.Name(fmt.Sprintf("p%d", i))))
	}
	r.hear(ps...)
	full := func(p *puppet, many int) {
		big := topics.Record{Way: []topics.Name{"x"}}
		for i := range many {
			big.Hears = append(big.Hears, topics.Name(fmt.Sprintf("%s-%d", p.name, i)))
		}
		p.tells(big)
	}
	for _, p := range ps[:19] {
		full(p, topics.MaxNames)
	}
	if told := r.m.far.told; told > toldMost || told < toldMost-topics.MaxNames {
		t.Errorf("%d names are told", told)
	}
	full(ps[19], 10)
	if r.m.peers["p19"].telling.size != 10 {
		t.Error("who tells of few finds no room")
	}
	if r.m.Stats().Peers > 20+1024+mostFar(r.m) {
		t.Errorf("%d peers", r.m.Stats().Peers)
	}
}

func mostFar(m *Machine) int { return m.cfg.MaxPeers / farMost }

// Of what is told, a change changes what it names, and nothing else.
func TestChangesOfATelling(t *testing.T) {
	r, bc := bridge(t)
	bc.tells(rumour("d1", "cd"), rumour("d2", "cd"), rumour("e1", "cd", "de"))
	r.pass(4 * time.Second)
	bc.tellsOfAChange(topics.Record{Hears: []topics.Name{"d1", "nobody"}}, rumour("e1", "cf"), rumour("f1", "cf"), rumour("d2", "cd", "self"))
	r.pass(4 * time.Second)
	for name, want := range map[topics.Name]State{"d1": Unknown, "d2": Unknown, "e1": Far, "f1": Far, "c1": Far} {
		if got := r.state(name); got != want {
			t.Errorf("%s is %v", name, got)
		}
	}
	p := r.m.peers["bc"]
	if way := p.telling.way(r.m.peers["e1"]); !slices.Equal(way, []topics.Name{"cf"}) {
		t.Error("e1 by way of", way)
	}
	if p.telling.size != 2 || r.m.far.told != 2 {
		t.Errorf("%d names are told, in all %d", p.telling.size, r.m.far.told)
	}
	old := *bc.header
	old.Told--
	r.step(Told{Link: bc.link, Records: []topics.Record{{Hears: []topics.Name{"f1"}}}, Header: old, Change: true})
	r.want("f1", Far) // that came before
}

// A change of another telling than the one that came is not taken, and the telling is asked for.
func TestAChangeOfAnotherTelling(t *testing.T) {
	r, bc := bridge(t)
	bc.tells(rumour("d1", "cd"))
	r.pass(4 * time.Second)
	dials := r.count["bc"]
	bc.header.Told++ // it was lost
	bc.tellsOfAChange(topics.Record{Hears: []topics.Name{"d1"}})
	r.want("d1", Far)
	bc.header.Pulse, bc.lists = true, nil
	r.pass(1500 * time.Millisecond)
	if r.count["bc"] == dials {
		t.Error("not asked for")
	}
}

// Where much is told and little changes, that alone is told.
func TestLittleThatChangesIsToldAlone(t *testing.T) {
	r, bc := bridge(t)
	names := []topics.Name{"c1", "c2"}
	for i := range 2 * wholeUpTo {
		names = append(names, topics.Name(fmt.Sprint("d", i)))
	}
	r.sparse = 1000
	bc.say(names...)
	r.pass(2 * time.Minute)
	if n := r.m.far.said.count; n != len(names) {
		t.Fatalf("it tells of %d of %d", n, len(names))
	}
	before := len(r.tellings)
	bc.say(append([]topics.Name{"e1"}, names[1:]...)...)
	r.pass(5 * time.Second)
	whole := true
	for _, tell := range r.tellings[before:] {
		whole = whole && !tell.Change
	}
	if whole || len(r.tellings)-before > 2 {
		t.Errorf("%d tellings, all whole: %v", len(r.tellings)-before, whole)
	}
	if n := r.tellings[len(r.tellings)-1].Header.Told; n != r.m.far.said.number || uint64(len(r.tellings)) != n {
		t.Errorf("the number is %d after %d tellings", n, len(r.tellings))
	}
	told := make(map[topics.Name]bool)
	for _, tell := range r.tellings {
		if !tell.Change {
			clear(told)
		}
		for _, record := range tell.Records {
			for _, name := range record.Hears {
				told[name] = len(record.Way) > 0
			}
		}
	}
	for name, is := range told {
		if is != (name == "e1" || slices.Contains(names[1:], name)) {
			t.Errorf("%s is told of: %v", name, is)
		}
	}
}

// Who comes is sent a telling of some time ago and what has changed since. It counts once all of that is there.
func TestATellingOfSomeTimeAgoCountsWithItsChanges(t *testing.T) {
	r, bc := bridge(t)
	bc.header.Told = 3
	bc.beat()
	h := *bc.header
	for i, records := range [][]topics.Record{{rumour("d1", "cd"), rumour("d2", "cd")}, {{Hears: []topics.Name{"d1"}}}, {rumour("d3", "cd")}} {
		r.want("d2", Unknown)
		h.Told = uint64(i + 1)
		r.step(Told{Link: bc.link, Records: records, Header: h, Change: i > 0})
	}
	r.want("d1", Unknown)
	if r.state("d2") == Unknown || r.state("d3") == Unknown {
		t.Error("nobody who is told of is learned")
	}
}

// A way has one number for as long as somebody is told of by it. Then another one may take it.
func TestWayHasOneNumber(t *testing.T) {
	var told telling
	ab, ba := []topics.Name{"a", "b"}, []topics.Name{"b", "a"}
	first := told.wayOf(ab, false)
	told.ways[first].used++
	other := told.wayOf(ba, true)
	told.ways[other].used++
	if first == other || told.wayOf(slices.Clone(ab), true) != first || told.wayOf(slices.Clone(ba), true) != other {
		t.Errorf("%d and %d, and then %d and %d", first, other, told.wayOf(ab, true), told.wayOf(ba, true))
	}
	told.ways[first].used--
	taken := told.wayOf([]topics.Name{"c"}, true)
	told.ways[taken].used++
	if again := told.wayOf(ab, true); taken != first || again != 2 || len(told.ways) != 3 {
		t.Errorf("c has %d, and a, b %d of %d", taken, again, len(told.ways))
	}
}
