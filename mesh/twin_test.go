package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// A stranger that claims this node's name, and to be older, is told of. It is not the member while the peers listen to
// this node.
func TestStrangerIsNotTheMemberOfOurName(t *testing.T) {
	r := newRig(t, Config{})
	x, stranger := r.puppet("x"), r.puppet("stranger")
	r.hear(x)
	stranger.mute = true
	r.step(Known{[]topics.Name{"stranger"}})
	r.pass(100 * time.Millisecond)
	r.step(Beat{stranger.link, []topics.Name{"self"}, stranger.header, 0})
	for range 20 {
		if why := r.m.Stats().Second; why != "" {
			t.Fatalf("at %v it thinks that it is the second: %s", r.now, why)
		}
		r.pass(500 * time.Millisecond)
	}
	r.wantTold(Conflict, "self")
}

// What answers a dial in this node's name, and started in the same millisecond, is this node if it says hello here too, and
// a namesake if it does not. Whether it does is known by its next beat.
func TestNamesakeOfTheSameMillisecond(t *testing.T) {
	for what, hello := range map[string]bool{"this node": true, "a namesake": false} {
		r := newRig(t, Config{})
		p := r.puppet("10.0.0.1")
		p.name, p.header.Incarnation, p.mute = "self", r.m.Incarnation(), true
		r.step(Known{[]topics.Name{"10.0.0.1"}})
		r.pass(100 * time.Millisecond)
		p.beat()
		r.pass(100 * time.Millisecond)
		if n := r.m.Stats().Conflicts; n != 0 || r.m.isOurs(p.addr) {
			t.Errorf("%s: decided at once, %d conflicts told", what, n)
		}
		if hello {
			r.listens("self", "10.0.0.1")
		}
		r.pass(time.Second)
		p.beat()
		r.pass((deafRounds + 1) * time.Second) // by then it is seen which of the two is the member
		if n := r.m.Stats().Conflicts; n == 0 != hello || r.m.isOurs(p.addr) != hello {
			t.Errorf("%s: %d conflicts told, this node itself: %v", what, n, r.m.isOurs(p.addr))
		}
	}
}

// A seed that is an address, and leads to this node itself, is dialled each minute by a node that hears nobody: it may
// stand for many, in turn.
func TestSeedAddressThatLeadsHereIsDialledAgain(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"10.0.0.1"}})
	p := r.puppet("10.0.0.1")
	p.name, p.header.Incarnation, p.mute = "self", r.m.Incarnation(), true
	r.pass(100 * time.Millisecond)
	p.beat()
	r.listens("self", "10.0.0.1")
	r.pass(time.Second)
	p.beat()
	if r.state("10.0.0.1") != Alias {
		t.Fatal(r.state("10.0.0.1"))
	}
	before := r.count["10.0.0.1"]
	r.pass(75 * time.Second)
	if n := r.count["10.0.0.1"] - before; n != 1 {
		t.Errorf("dialled %d times in 75 s", n)
	}
	a := r.puppet("a")
	r.hear(a)
	r.pass(3 * time.Minute) // the dial that was due is over
	before = r.count["10.0.0.1"]
	r.pass(2 * time.Minute)
	if n := r.count["10.0.0.1"] - before; n != 0 {
		t.Errorf("dialled %d times beside one that is heard", n)
	}
	a.header.Leaving = true
	a.beat()
	r.pass(75 * time.Second)
	if n := r.count["10.0.0.1"] - before; n != 1 {
		t.Errorf("dialled %d times in 75 s since that one has left", n)
	}
}

// One that says hello in this node's name, from elsewhere, has this node as its seed: nobody else tells of it. It is
// dialled, and told of with its address, once a minute however often it says so. This node itself is neither.
func TestNamesakeThatSeedsFromThisNode(t *testing.T) {
	r := newRig(t, Config{})
	x, namesake := r.puppet("x"), r.puppet("10.9.0.9")
	namesake.addr, namesake.mute = "10.9.0.9:20000", true
	r.hear(x)
	conflicts := func() (n int) {
		for _, c := range r.changes {
			if c.Kind == Conflict {
				if n++; c.Peer != "self" || !strings.Contains(c.Why, "10.9.0.9:20000") {
					t.Errorf("%+v", c)
				}
			}
		}
		return n
	}
	for i := range 300 { // it dials once a second, for five minutes
		before := namesake.link
		r.listens("self", "10.9.0.9")
		r.pass(time.Second)
		if namesake.link != before {
			r.step(Beat{namesake.link, []topics.Name{"self"}, namesake.header, 0})
		}
		if i == 10 && conflicts() != 1 {
			t.Fatalf("%d conflicts told: %v", conflicts(), r.changes)
		}
	}
	if n := conflicts(); n < 4 || n > 6 {
		t.Errorf("told %d times in five minutes", n)
	}
	if n := r.count["10.9.0.9"]; n > 30 {
		t.Errorf("dialled %d times", n)
	}
	mine := r.puppet("10.9.0.8")
	mine.addr, mine.mute = "10.9.0.8:20000", true
	r.step(Known{[]topics.Name{"10.9.0.8"}})
	r.pass(100 * time.Millisecond)
	r.listens("self", "10.9.0.8")
	r.step(Beat{mine.link, []topics.Name{"self"}, &topics.Header{Version: 1, Incarnation: 1000, Beat: 1000}, 0})
	before := r.count["10.9.0.8"]
	r.pass(10 * time.Second)
	if r.count["10.9.0.8"] != before {
		t.Error("it looks for itself")
	}
}

// Only the process that is the member says what its messages are numbered.
func TestWhoseNumbersCount(t *testing.T) {
	r := newRig(t, Config{})
	r.hear(r.puppet("x"))
	for _, c := range []struct {
		name        topics.Name
		incarnation int64
		want        bool
	}{{"x", 1, true}, {"X", 1, true}, {"x", 2, false}, {"x", 0, false}, {"y", 1, false}} {
		if got := r.m.Counts(c.name, c.incarnation); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestGivesWay(t *testing.T) {
	const name, there, other = "10.0.0.2", "10.0.0.2:20000", "10.0.0.9:20000"
	for _, c := range []struct {
		name          topics.Name
		member, other string
		beats         time.Duration
		want          bool
	}{
		{name, there, other, 1, false},
		{name, other, there, 1000, true},
		{name, other, "10.0.0.8:20000", standsAfter, true},
		{"n1", there, other, standsAfter, true},
		{"n1", there, other, standsAfter + 1, false},
	} {
		if got := givesWay(c.name, c.member, c.other, c.beats*time.Second, time.Second); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A rival that has become the member is none.
func TestRivalStands(t *testing.T) {
	r := rival{"10.0.0.9:20000", 5, 0}
	for _, c := range []struct {
		member string
		now    Time
		want   bool
	}{{"10.0.0.2:20000", twinFor, true}, {"10.0.0.2:20000", twinFor + 1, false}, {"10.0.0.9:20000", 0, false}} {
		if got := r.stands(c.member, c.now); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// The address that a process was at before it came back elsewhere is nobody's to be asked for.
func TestFormerAddressIsNotAsked(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	r.hear(x)
	r.listens("x", "10.0.0.1")
	r.pass(2 * time.Second)
	x.dies()
	x.reachable()
	x.addr = "10.0.0.99:20000"
	x.header.Incarnation++
	r.listens("x", "10.0.0.99")
	r.pass(time.Minute)
	r.want("x", Alive)
	if cs := r.m.peers["x"].callers; len(cs) != 1 || cs[0].addr != x.addr {
		t.Errorf("asked are %v", cs)
	}
}

// Whoever says members' names from ever more addresses makes a node look at one of them in two beats, and keeps nobody
// else's twin from being looked for.
func TestLooksForTwinsAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	names := []topics.Name{"a", "c", "d"}
	r.hear(r.puppet("a"), r.puppet("b"), r.puppet("c"), r.puppet("d"))
	r.pass(2 * time.Second)
	for i := range 80 {
		r.listens(names[i%len(names)], fmt.Sprintf("10.5.%d.1", i))
		if i == 20 {
			r.listens("b", "10.6.0.1")
		}
		r.pass(250 * time.Millisecond)
	}
	looks := 0
	for _, to := range r.to {
		if strings.HasPrefix(to, "10.5.") {
			looks++
		}
	}
	if looks < 5 || looks > 20/twinBeats+1 {
		t.Errorf("%d looks in 20 beats: %q", looks, r.to)
	}
	if !slices.Contains(r.to, "10.6.0.1:20000") {
		t.Errorf("no look for the twin of another one: %q", r.to)
	}
}

// The member of a name that two processes use is told by those who hear both, and looks who is there.
func TestMemberIsToldOfItsTwin(t *testing.T) {
	r := newRig(t, Config{})
	a := r.puppet("a")
	r.hear(a)
	twin := r.puppet("self")
	twin.header.Incarnation, twin.addr = 2000, "10.0.0.99:20000"
	for _, c := range []struct {
		says string
		met  bool
	}{{"other@10.0.0.99", false}, {"self@10.0.0.99", true}} {
		a.header.Twin = c.says
		r.pass(5 * time.Second)
		if got := r.m.Stats().Namesake; (got != "") != c.met || c.met && got != "another process, younger than this one, uses the name self at 10.0.0.99:20000" {
			t.Errorf("%s: %q", c.says, got)
		}
	}
	dials := 0
	for i := range 120 { // somebody says ever another address
		a.header.Twin = topics.MakeTwin("self", topics.Name(fmt.Sprintf("10.1.0.%d", i+1)))
		r.pass(time.Second)
	}
	for name := range r.count {
		if strings.HasPrefix(string(name), "10.1.0.") {
			dials++
		}
	}
	if dials < 1 || dials > 3 {
		t.Errorf("%d were dialled by the word of one in two minutes", dials)
	}
	r.wantTold(Conflict, "self")
}

// Who hears both of a name says so in its beats.
func TestTwinIsToldInBeats(t *testing.T) {
	r := newRig(t, Config{})
	a := r.puppet("a")
	r.hear(a)
	if r.pass(2 * time.Second); r.pulse.Header.Twin != "" {
		t.Fatalf("%q of nobody", r.pulse.Header.Twin)
	}
	p := r.m.peers["a"]
	p.twins.rival = rival{"10.0.0.99:20000", 5, r.now}
	if r.pass(2 * time.Second); r.pulse.Header.Twin != "a@10.0.0.99" {
		t.Errorf("%q", r.pulse.Header.Twin)
	}
	if r.pass(5 * time.Minute); r.pulse.Header.Twin != "" {
		t.Errorf("%q of one that is gone", r.pulse.Header.Twin)
	}
}

// That another process uses this node's name is told two rounds after it was met, and that it is the member as soon as that is
// seen: with the first word, where those who list this node do not listen to it by then. Afterwards one comes once a minute.
func TestOwnConflictIsToldRightOnceAMinute(t *testing.T) {
	for _, c := range []struct {
		name  string
		deaf  time.Duration // when the peers turn to the other one, after it was met; 0: never
		soon  time.Duration // by when one word was told
		first string        // the end of it
	}{
		{"the second", 3 * time.Second, 4 * time.Second, "uses the name self at 10.0.0.99:20000"},
		{"the second from the start", time.Millisecond, 7 * time.Second, "and is the member"},
		{"the member", 0, 4 * time.Second, "uses the name self at 10.0.0.99:20000"},
		{"the second in the end", 20 * time.Second, 4 * time.Second, "uses the name self at 10.0.0.99:20000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Config{})
			a, b := r.puppet("a"), r.puppet("b")
			r.hear(a, b)
			twin := r.puppet("self")
			twin.header.Incarnation, twin.addr = 500, "10.0.0.99:20000"
			a.header.Twin = "self@10.0.0.99"
			var told []time.Duration
			began := r.now
			for passed := time.Duration(0); passed < 5*time.Minute; passed += time.Second {
				if c.deaf > 0 && passed >= c.deaf.Truncate(time.Second) {
					for _, p := range []*puppet{a, b} {
						r.m.listeners.named[p.name.Key()] = 0
					}
					r.m.listeners.changes++
					r.m.stirAll()
				}
				n := len(r.conflicts())
				if r.pass(time.Second); len(r.conflicts()) > n {
					told = append(told, r.now-began)
				}
			}
			words := r.conflicts()
			if len(words) < 4 || told[0] > c.soon || !strings.HasSuffix(words[0], c.first) {
				t.Fatalf("%v: %q", told, words)
			}
			if c.deaf > 0 && !strings.HasSuffix(words[1], "and is the member") {
				t.Errorf("%q", words)
			}
			for i := range told[1:] {
				if ousted := i == 0 && words[0] != words[1] && c.deaf > 0; told[i+1]-told[i] < 59*time.Second && !ousted { // a second is how finely this test looks
					t.Errorf("told %v", told)
				}
			}
		})
	}
}

// conflicts are what was told of this node's own name.
func (r *rig) conflicts() (all []string) {
	for _, c := range r.changes {
		if c.Kind == Conflict && c.Peer == "self" {
			all = append(all, c.Why)
		}
	}
	return all
}
