package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

func TestFullMeshAsksForNothing(t *testing.T) {
	r := newRig(t)
	all := numbered(32)
	for i, name := range all { // it starts: lists are ahead of links for a while
		r.view.linked = append(r.view.linked, name)
		r.view.lists[name] = all
		if i%4 == 0 {
			r.pass(200 * time.Millisecond)
		}
	}
	r.pass(time.Minute).said()
	if s := r.j.Stats(); s.Relays+s.Gaps != 0 || s.Questions != 0 {
		t.Errorf("%+v", s)
	}
}

func numbered(n int) (names []topics.Name) {
	for i := range n {
		names = append(names, topics.Name(fmt.Sprintf("n%d", i)))
	}
	return names
}

func TestRelayIsAskedForWhomOthersHear(t *testing.T) {
	r := newRig(t, "r", "s", "x")
	r.view.lists["r"], r.view.lists["s"] = []topics.Name{"o", "s", "x"}, []topics.Name{"o", "r", "x", "me"}
	r.view.lists["x"] = []topics.Name{"r", "s"}
	r.pass(2900 * time.Millisecond).said()
	first := []topics.Name{"r", "s"}
	rank("o", "me", first)
	a, b := first[0], first[1]
	r.pass(time.Second)
	r.said(fmt.Sprintf("%s: 3/o/", a), "r: 3/*/", "s: 3/*/")
	r.relayed(a, "o", false, 4, 5).got("o4 o5").relayed(b, "o", false, 6).got("").count("unasked", r.j.Stats().Unasked, 1)
	r.relayed("x", "o", true, 6).relayed(a, "me", false, 6).got("").count("echoes", r.j.Stats().Echoes, 1)

	// The relay dies: the next one is asked, and for what was missed.
	r.view.linked = slices.DeleteFunc(r.view.linked, func(n topics.Name) bool { return n == a })
	r.view.lists["r"], r.view.lists["s"], r.view.lists["x"] = []topics.Name{"o", "x"}, []topics.Name{"o", "x"}, []topics.Name{b}
	r.pass(quietTime)
	r.said(fmt.Sprintf("%s: not 3/o/", a), fmt.Sprintf("%s: 3/o/", b), fmt.Sprintf("%s: not 3/*/", a), fmt.Sprintf("%s: 5/o/7/6-/1", b))
	r.answer(b, "5/o/7/6-/1", 6, 7).ends(b, "5/o/7/6-/1").relayed(b, "o", false, 7, 8).got("o6 o7 o8").pass(0)

	// The origin is heard: its relay is not asked any more, and not believed.
	r.j.Says()
	r.view.linked = append(r.view.linked, "o")
	r.pass(time.Second)
	r.relayed(b, "o", false, 9).got("").hear("o", 9, 10).got("o9 o10")
	q := topics.Question{Origin: "o", Incarnation: 7, From: 9, Topic: "1"}
	r.said(fmt.Sprintf("%s: not %v", b, q), fmt.Sprintf("%s: %v", b, q), fmt.Sprintf("%s: not 3/o/", b), fmt.Sprintf("%s: not 3/*/", b))
	for range 30 { // everybody answers that there is no more
		for q, s := range r.j.asked {
			r.ends(s.asked, q)
		}
		r.pass(time.Second)
	}
	if !r.j.plan.idle() {
		t.Errorf("%+v is left", r.j.plan)
	}
}

func TestUnreachableOfManyAreSpreadOverRelays(t *testing.T) {
	r := newRig(t, "r1", "r2", "r3", "r4")
	far := numbered(400)
	for _, name := range r.view.linked {
		r.view.lists[name] = far
	}
	r.pass(10 * time.Second)
	load := map[topics.Name]int{}
	for _, s := range r.j.Says() {
		if s.Topic != "3/*/" {
			load[s.To]++
		}
	}
	for _, name := range r.view.linked {
		if load[name] < 60 || load[name] > 140 {
			t.Errorf("%v: want about a hundred each", load)
		}
	}
}

func TestRelaysAreBounded(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = numbered(3000)
	r.pass(10 * time.Second)
	if n := len(r.j.Says()); n != eachMost+1 || len(r.j.plan.lacks) != lacksMost {
		t.Errorf("said %d, lacks %d", n, len(r.j.plan.lacks))
	}
}

func TestSubscriptionsAreSaidAgainOverANewConnection(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).said("r: 3/o/", "r: 3/*/").relayed("r", "o", false, 1).got("o1")
	r.j.Up(r.now, "r")
	r.said("r: 3/o/", "r: 3/*/").pass(quietTime).said("r: 5/o/7/2-/1").answer("r", "5/o/7/2-/1", 2).got("o2")
}

// A loss at the end of what a relay passes on is noticed by asking: its beats do not tell.
func TestQuietRelayIsAskedWhetherThereIsMore(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).relayed("r", "o", false, 1, 2)
	r.j.Says()
	r.pass(quietTime).said("r: 5/o/7/3-/1").answer("r", "5/o/7/3-/1", 3).ends("r", "5/o/7/3-/1").got("o1 o2 o3")
	r.pass(0).said("r: not 5/o/7/3-/1", "r: 5/o/7/4-/1").ends("r", "5/o/7/4-/1").pass(time.Minute).said("r: not 5/o/7/4-/1").gave()
}

func TestFarOriginsAreDeliveredOnceWhateverThePaths(t *testing.T) {
	r := newRig(t, "r", "s")
	r.view.lists["r"], r.view.lists["s"] = []topics.Name{"p"}, []topics.Name{"q"}
	r.pass(5*time.Second).relayed("r", "far", true, 1).relayed("s", "far", true, 1).relayed("s", "far", true, 2).relayed("r", "far", true, 2)
	r.got("far1 far2").count("duplicates", r.j.Stats().Duplicates, 2)
	for range 2 { // without numbers
		for _, via := range r.view.linked {
			_, r.out = r.j.Relay(r.now, via, true, plain("naive"), 0, "u1", "x", 1, r.out)
		}
	}
	r.got("x")
	r.view.linked = append(r.view.linked, "far") // it is heard now
	r.pass(time.Second).relayed("r", "far", true, 3).got("")
}

func TestRelayThatLiesAboutNumbers(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).relayed("r", "o", false, 1).got("o1")
	_, r.out = r.j.Relay(r.now, "r", false, plain("o"), 1<<40, "forged", "forged", 1, r.out)
	r.pass(time.Minute).got(fmt.Sprintf("+%d forged", uint64(1<<40-2))).gave(fmt.Sprintf("o 2-%d", uint64(1<<40-1)))

	// The origin is heard itself, and believed.
	r.view.linked = append(r.view.linked, "o")
	r.pass(time.Second)
	for n := uint64(2); n <= 5; n++ {
		r.hear("o", n)
		r.out = r.j.Tell(r.now, "o", 7, text("", n)+":1", r.out)
		r.pass(time.Second)
	}
	r.count("conflicts", r.j.Stats().Conflicts, 1)
	for q, s := range r.j.asked {
		r.answer(s.asked, q, 1, 2, 3)
	}
	r.got("o2 o3 o4 o5").relayed("r", "o", false, 6).got("")
}

// Nothing tells a naive node's message from the copy of it that a relay sends: so only one of the two ways is heard.
func TestNumberlessOriginIsHeardOneWayAtATime(t *testing.T) {
	r := newRig(t, "r", "naive")
	say := func(uid string, relayed bool) {
		m := Stream{Origin: "naive", Topic: "1"}
		if relayed {
			_, r.out = r.j.Relay(r.now, "r", false, m, 0, uid, "relayed", 1, r.out)
		} else {
			_, r.out = r.j.Message(r.now, m, 0, "", "direct", 1, r.out)
		}
	}
	say("", false)
	r.got("direct")
	r.view.linked, r.view.lists["r"] = r.view.linked[:1], []topics.Name{"naive"}
	r.pass(5*time.Second).said("r: 3/naive/", "r: 3/*/", "naive: not ") // what waits in its old connection is not wanted
	say("u1", true)
	say("u1", true)
	r.got("relayed")
	r.j.Up(r.now, "naive")
	say("u2", true)
	say("", false)
	r.got("direct")
}

// What a relay has said and is held is not believed any more when the origin is heard itself.
func TestHeldWordsOfRelaysAreDroppedForTheOrigins(t *testing.T) {
	r := newRig(t, "r")
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(5*time.Second).relayed("r", "o", false, 1).got("o1")
	_, r.out = r.j.Relay(r.now, "r", false, plain("o"), 3, "forged", "forged", 1, r.out)
	r.j.Up(r.now, "o")
	r.view.linked = append(r.view.linked, "o")
	r.relayed("r", "o", false, 4).got("").j.Says()
	r.pass(quietTime)
	says := r.j.Says()
	if len(says) == 0 || says[len(says)-1].Topic != "5/o/7/2-/1" && says[0].Topic != "5/o/7/2-/1" {
		t.Fatalf("%v", says)
	}
	r.answer("o", "5/o/7/2-/1", 2, 3, 4).ends("o", "5/o/7/2-/1").got("o2 o3 o4").count("held", uint64(r.j.Stats().Holding), 0)
}

// In a partial mesh a few are asked for all that they are relayed: the same ones for as long as they can.
func TestFewAreAskedForAllInAPartialMesh(t *testing.T) {
	for _, few := range []bool{false, true} {
		names := numbered(12)
		r := newRig(t, names...)
		r.view.few = few
		for i, name := range names {
			r.view.lists[name] = []topics.Name{topics.Name(fmt.Sprintf("o%d", i))}
		}
		r.pass(5 * time.Second)
		asked := r.j.plan.far(r.view)
		if want := map[bool]int{false: 12, true: farsFew}[few]; len(asked) != want {
			t.Fatalf("partial %v: %d are asked for all", few, len(asked))
		}
		r.view.linked = slices.DeleteFunc(r.view.linked, func(n topics.Name) bool { return n == asked[0] })
		r.pass(2 * time.Second)
		again := r.j.plan.far(r.view)
		for _, name := range asked[1:] {
			if !slices.Contains(again, name) {
				t.Errorf("partial %v: %s is asked no more, since %s is gone", few, name, asked[0])
			}
		}
		if few && len(again) != farsFew {
			t.Errorf("then %d are", len(again))
		}
	}
}

// In a partial mesh nearly all are lacked for good: a relay is asked soon for one that comes, and for a few that come together.
func TestRelayIsAskedSoonInAPartialMesh(t *testing.T) {
	few := func(few bool, names ...topics.Name) *rig {
		r := newRig(t, "r")
		r.view.few = few
		r.pass(time.Minute).said()
		r.view.lists["r"] = names
		return r
	}
	if r := few(true, "o").pass(0); r.j.Deadline() != r.now+soon {
		t.Errorf("the next look is due at %v, not %v", r.j.Deadline(), r.now+soon)
	}
	few(true, "o").pass(soon-short).said().pass(short).said("r: 3/o/", "r: 3/*/", "r: 3/-/")
	few(false, "o").pass(settleBeats*time.Second-short).said().pass(short).said("r: 3/o/", "r: 3/*/")

	r := few(true, numbered(100)...)
	asked := func(d time.Duration) (n int) {
		r.pass(d)
		for _, s := range r.j.Says() {
			if !s.Cancel && strings.HasPrefix(s.Topic, "3/n") {
				n++
			}
		}
		return n
	}
	if n := asked(soon); n != int(earlyLimit.Burst) {
		t.Errorf("asked for %d of many that come together", n)
	}
	if n := asked(time.Second); n == 0 || n > int(earlyLimit.Tokens)+1 {
		t.Errorf("asked for %d more within a second", n)
	}
	asked(settleBeats * time.Second)
	if n := r.j.Stats().Relays; n != 100 {
		t.Errorf("asked for %d of 100", n)
	}

	r = few(true, "o") // one that was heard meanwhile, and is lacked again, has to wait again
	r.pass(soon).said("r: 3/o/", "r: 3/*/", "r: 3/-/")
	r.view.linked = append(r.view.linked, "o")
	r.pass(short)
	r.view.linked = r.view.linked[:1]
	r.j.Says()
	r.pass(soon-short).said().pass(2*short).said("r: 3/o/", "r: 3/*/")
}
