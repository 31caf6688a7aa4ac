package relay

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// newFloodRig is a node of a partial mesh that asks a, b and c for all that they are relayed, for the sake of x, and has for a
// while. Of o no list tells.
func newFloodRig(t *testing.T) *rig {
	r := newRig(t, "a", "b", "c")
	r.view.few, r.view.known = true, []topics.Name{"o", "x"}
	for _, name := range r.view.linked {
		r.view.lists[name] = []topics.Name{"x"}
	}
	r.pass(settleBeats*time.Second + watchTime + 3*time.Second)
	r.j.Says()
	return r
}

// flood has numbers of o come by several, each number by the first of them first.
func (r *rig) flood(vias string, from, to uint64) *rig {
	for n := from; n <= to; n++ {
		for _, via := range strings.Fields(vias) {
			r.relayed(topics.Name(via), "o", true, n)
		}
	}
	return r
}

// spared is who is asked to leave out an origin.
func (r *rig) spared(origin topics.Name, want ...topics.Name) *rig {
	r.Helper()
	var got []topics.Name
	if w := r.j.spares.ways[origin]; w != nil {
		got = w.spared
	}
	if !slices.Equal(got, want) {
		r.Fatalf("%v are spared, want %v", got, want)
	}
	return r
}

func TestWhoIsSlowerIsSpared(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 2).spared("o").said()
	r.flood("a b c", 3, 3).spared("o", "b", "c")
	r.said("b: 3/-/", "b: 3/-/o/", "c: 3/-/", "c: 3/-/o/")
	r.flood("a", 4, 9).spared("o", "b", "c").said()
	r.count("spared", uint64(r.j.Stats().Spared), 2)
}

// One that is the slower one now and then is not spared.
func TestCopiesInARowCount(t *testing.T) {
	r := newFloodRig(t)
	for n := uint64(1); n < 20; n += 2 {
		r.flood("a b", n, n).flood("b a", n+1, n+1)
	}
	r.spared("o")
}

// One way stays, whatever it brings twice.
func TestOneWayIsNeverSpared(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 5).flood("a a a a", 6, 9).spared("o", "b", "c")
	r.flood("b a", 10, 20) // what b had said before it heard that it is spared
	r.spared("o", "b", "c")
}

func TestOutsideOfPartialMeshesNobodyIsSpared(t *testing.T) {
	r := newFloodRig(t)
	r.view.few = false
	r.pass(time.Second).flood("a b c", 1, 9).spared("o").said()
	r = newFloodRig(t)
	r.flood("a b c", 1, 9).spared("o", "b", "c")
	r.view.few = false
	r.pass(time.Second).spared("o")
}

// Where an origin's messages come over its own connection all others are spared.
func TestWhoIsHeardNeedsNoOtherWay(t *testing.T) {
	r := newFloodRig(t)
	r.view.linked = append(r.view.linked, "o")
	r.j.Up(r.now, "o")
	r.pass(time.Second)
	for n := uint64(1); n < 5; n++ {
		r.hear("o", n).flood("a b c", n, n)
	}
	r.spared("o", "a", "b", "c")
	r.view.linked = slices.DeleteFunc(r.view.linked, func(name topics.Name) bool { return name == "o" })
	r.pass(time.Second).spared("o")
}

// What this node said itself need not come back.
func TestOwnMessagesAreSpared(t *testing.T) {
	r := newFloodRig(t)
	for n := uint64(1); n < 5; n++ {
		r.relayed("a", "me", true, n).relayed("b", "me", true, n)
	}
	r.spared("me", "a", "b").pass(5*time.Second).spared("me", "a", "b")
}

// A relay that is asked for an origin alone is a hop from it: it stays, also where another one is quicker.
func TestTheRelayOfAnOriginStays(t *testing.T) {
	r := newFloodRig(t)
	relay := r.j.plan.relayOf("x")
	others := slices.DeleteFunc([]topics.Name{"a", "b", "c"}, func(name topics.Name) bool { return name == relay })
	for n := uint64(1); n < 6; n++ {
		r.relayed(others[0], "x", true, n).relayed(relay, "x", false, n).relayed(others[1], "x", true, n)
	}
	r.spared("x", others...)
}

func TestAnEndOfTheWayGrafts(t *testing.T) {
	for what, end := range map[string]func(r *rig){
		"it is heard no more":          func(r *rig) { r.view.linked = []topics.Name{"b", "c"}; r.pass(time.Second) },
		"its connection has ended":     func(r *rig) { r.j.Open(r.now, "a", 0) },
		"it has a new one":             func(r *rig) { r.j.Up(r.now, "a") },
		"a number is missing":          func(r *rig) { r.flood("a", 11, 11).pass(short) },
		"nothing came for a minute":    func(r *rig) { r.pass(spareForget + 2*time.Second) },
		"it is not asked for all more": func(r *rig) { r.j.plan.fars["a"] = r.now; r.pass(time.Second) },
	} {
		r := newFloodRig(t)
		r.flood("a b c", 1, 9).spared("o", "b", "c")
		r.j.Says()
		end(r)
		if w := r.j.spares.ways["o"]; w != nil && len(w.spared) > 0 {
			t.Errorf("%s: %v are spared", what, w.spared)
		}
		var taken []string
		for _, s := range r.j.Says() {
			if s.Cancel && strings.HasPrefix(s.Topic, topics.Newest) {
				taken = append(taken, string(s.To)+" "+s.Topic)
			}
		}
		if want := []string{"b 3/-/o/", "b 3/-/", "c 3/-/o/", "c 3/-/"}; !slices.Equal(taken, want) {
			t.Errorf("%s: taken back %q", what, taken)
		}
		if r.j.spares.count != 0 || len(r.j.spares.bytes) != 0 || r.j.stats.Grafts != 1 {
			t.Errorf("%s: %d are counted, %v, %d grafts", what, r.j.spares.count, r.j.spares.bytes, r.j.stats.Grafts)
		}
	}
}

// One that is spared and is asked for nothing any more, or has a new connection, is spared no more. The others are.
func TestTheEndOfOneThatIsSpared(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9)
	r.j.Up(r.now, "b")
	r.spared("o", "c")
	r.view.linked = []topics.Name{"a", "b"}
	r.pass(time.Second).spared("o")
	r.count("grafts", r.j.Stats().Grafts, 0)
}

// newer has one that is spared tell of a number.
func (r *rig) newer(via, origin topics.Name, incarnation int64, number uint64) *rig {
	body, _ := topics.Newer{Origin: origin, Incarnation: incarnation, Number: number, Topic: topics.Message}.Append(nil)
	r.out = r.j.Newer(r.now, via, string(body), r.out)
	return r
}

// ended has the question that is asked end, and waits until nothing is under repair.
func (r *rig) ended() *rig {
	r.pass(quietTime + time.Millisecond)
	for _, s := range r.j.streams {
		for s.asked != "" {
			r.ends(s.asked, s.question)
		}
	}
	r.pass(quietTime)
	r.j.Says()
	return r
}

// What the way that is left does not bring is told by those that are spared. It is asked for there, and all ways are open again.
func TestWhoIsSparedTellsWhatIsMissing(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).flood("a", 10, 10).ended()
	r.out = nil
	r.newer("b", "o", 7, 11).pass(tailGrace - time.Millisecond).said()
	r.pass(2 * time.Millisecond).spared("o").out = nil
	says := r.j.Says()
	if want := (Say{To: "b", Topic: "5/o/7/11-/1"}); !slices.Contains(says, want) {
		t.Fatalf("said %v", says)
	}
	r.answer("b", "5/o/7/11-/1", 11).ends("b", "5/o/7/11-/1").got("o11").pass(time.Minute).gave()
}

// What is on its way is not asked for.
func TestANumberThatComesIsNotAskedFor(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("b", "o", 7, 10).flood("a", 10, 10).pass(time.Second)
	r.said("b: 3/-/", "b: 3/-/o/", "c: 3/-/", "c: 3/-/o/").spared("o", "b", "c")
}

// Who tells of what nobody said is asked, so is the other one that is spared no more, and nothing is missed.
func TestANumberThatNobodySaid(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).ended()
	before := r.j.Stats().Questions
	r.newer("b", "o", 7, 1000).pass(time.Second)
	r.out = nil
	r.ends("b", "5/o/7/10-/1").pass(time.Minute).gave().count("questions", r.j.Stats().Questions, before+2)
	r.flood("a", 10, 10).got("o10")
}

// Of an incarnation that is new here the first message is wanted, too; of what was asked for nowhere nothing is.
func TestNumbersOfStreamsThatDidNotCome(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).pass(3 * time.Second)
	r.j.Says()
	r.newer("b", "o", 8, 3).newer("a", "o", 9, 1).newer("b", "p", 7, 1).newer("b", "me", 7, 1).pass(time.Second)
	if says, want := r.j.Says(), (Say{To: "b", Topic: "5/o/8/1-/1"}); !slices.Contains(says, want) {
		t.Errorf("said %v", says)
	}
	r.count("streams", uint64(len(r.j.streams)), 2)
}

// The end of what an origin says is watched by those that are spared, where one has told of it.
func TestTheLastMessageIsWatched(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).ended()
	before := r.j.Stats().Questions
	r.flood("a", 10, 10).ended()
	if r.j.Stats().Questions == before {
		t.Error("nobody was asked, and nobody has told")
	}
	r.newer("c", "o", 7, 10).ended()
	before = r.j.Stats().Questions
	r.flood("a", 11, 12).newer("b", "o", 7, 12).pass(5*time.Second).count("questions", r.j.Stats().Questions, before)
	r.newer("b", "o", 7, 13).flood("a", 13, 13).pass(5*time.Second).count("questions", r.j.Stats().Questions, before)
}

// What is told of and comes leaves nothing behind: nobody is asked whether there is more, however seldom the origin speaks.
func TestWhatWasToldAndCameIsNotAskedFor(t *testing.T) {
	for what, say := range map[string]func(*rig, uint64){
		"by a relay": func(r *rig, n uint64) { r.flood("a b c", n, n) },
		"itself":     func(r *rig, n uint64) { r.hear("o", n).flood("a b c", n, n) },
	} {
		r := newFloodRig(t)
		if what == "itself" {
			r.view.linked = append(r.view.linked, "o")
			r.j.Up(r.now, "o")
			r.pass(time.Second)
		}
		for n := uint64(1); n < 10; n++ {
			say(r, n)
		}
		r.newer("b", "o", 7, 9).ended()
		before := r.j.Stats()
		for n := uint64(10); n < 40; n++ {
			r.newer("b", "o", 7, n)
			say(r, n)
			r.pass(3 * time.Second)
		}
		if s := r.j.Stats(); s.Questions != before.Questions || s.Grafts != before.Grafts || s.Gaps > 0 {
			t.Errorf("%s: %d questions, %d grafts, %d under repair", what, s.Questions-before.Questions, s.Grafts-before.Grafts, s.Gaps)
		}
	}
}

// A number has as long to come as any other that is told, whatever is under repair.
func TestWhatIsToldOfMayBeOnItsWay(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("c", "o", 7, 9).ended().flood("a", 10, 10)
	for _, s := range r.j.streams {
		s.catchUp = true
		r.j.begin(r.now, s, 0)
	}
	r.pass(quietTime-short).newer("b", "o", 7, 11).pass(tailGrace-short).said().spared("o", "b", "c")
	r.flood("a", 11, 11).pass(tailGrace).said().spared("o", "b", "c")
}

// One that does not answer for what it has told of is not asked for ever.
func TestWhoToldAndIsSilent(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a b c", 1, 9).newer("b", "o", 7, 1000).pass(2 * time.Minute)
	if s := r.j.Stats(); s.Gaps != 0 || s.Missed != 0 || s.Questions > 2*askedMost {
		t.Errorf("%+v", s)
	}
}

// Time goes on for what is spared, also where the view of the mesh stands and is not looked through.
func TestSparingOfAViewThatStands(t *testing.T) {
	r := newFloodRig(t)
	v := &counted{view: r.view}
	pass := func(d time.Duration) {
		for end := r.now + d; r.now < end; r.now += 100 * time.Millisecond {
			r.out = r.j.Tick(r.now, v, r.out)
		}
	}
	pass(time.Minute)
	v.looks = 0
	r.flood("a b c", 1, 9).newer("b", "o", 7, 9).newer("b", "o", 7, 10)
	pass(2 * tailGrace)
	r.spared("o").count("grafts", r.j.Stats().Grafts, 1)
	r.flood("a b c", 10, 19).spared("o", "b", "c").newer("b", "o", 7, 19)
	if body := string(r.j.Newest(r.now)); body != "o/7/19/1" {
		t.Errorf("told %q", body)
	}
	pass(spareForget - time.Second)
	r.spared("o", "b", "c")
	pass(2 * time.Second)
	r.spared("o").count("looks", uint64(v.looks), 0)
}

// What has no number is asked for nowhere, and its copies are not spared.
func TestCopiesWithoutNumbersAreNotSpared(t *testing.T) {
	r := newFloodRig(t)
	m := plain("o")
	m.Incarnation = 0
	for i := range uint64(9) {
		for _, via := range []topics.Name{"a", "b", "c"} {
			_, r.out = r.j.Relay(r.now, via, true, m, 0, text("u", i), "", 10, r.out)
		}
	}
	r.spared("o").count("copies", r.j.Stats().Duplicates, 18)
}

// Origins of which ways are known are bounded.
func TestOriginsOfWaysAreBounded(t *testing.T) {
	r := newFloodRig(t)
	for i := range 2 * waysMost {
		r.relayed("a", topics.Name(text("origin", uint64(i))), true, 1)
	}
	r.count("origins", uint64(len(r.j.spares.ways)), waysMost)
}

// What one member is asked to leave out is bounded, in bytes.
func TestSparesAreBounded(t *testing.T) {
	r := newFloodRig(t)
	size := 0
	for i := range 2 * spareMost / (spareCost + 10) {
		origin := topics.Name(text("origin", uint64(i)))
		for n := uint64(1); n < 5; n++ {
			r.relayed("a", origin, true, n).relayed("b", origin, true, n)
		}
	}
	for _, s := range r.j.Says() {
		if s.Topic != topics.Newest && strings.HasPrefix(s.Topic, topics.Newest) {
			size += len(s.Topic) + spareCost
		}
	}
	if size > spareMost || size < spareMost*9/10 || len(r.j.spares.ways) > waysMost {
		t.Errorf("%d bytes of %d, and %d origins", size, spareMost, len(r.j.spares.ways))
	}
}

// Each number that has changed is told once, those that do not fit the next time.
func TestNewest(t *testing.T) {
	r := newFloodRig(t)
	r.flood("a", 1, 9)
	if body := string(r.j.Newest(r.now)); body != "o/7/9/1" {
		t.Fatalf("told %q", body)
	}
	r.now += time.Second
	r.j.Newest(r.now) // what came in the instant of the last time may be told again
	r.now += time.Second
	if body := r.j.Newest(r.now); body != nil {
		t.Errorf("told %q again", body)
	}
	const many = 600
	for i := range many {
		r.relayed("a", topics.Name(text("origin-with-a-long-name", uint64(i))), true, 1)
	}
	told := map[topics.Name]bool{}
	for range 20 {
		r.now += time.Second
		body := string(r.j.Newest(r.now))
		if len(body) > topics.MaxNewest {
			t.Fatalf("%d bytes", len(body))
		}
		for n, rest, ok := topics.CutNewer(body); ok; n, rest, ok = topics.CutNewer(rest) {
			if told[n.Origin] {
				t.Fatalf("%s is told twice", n.Origin)
			}
			told[n.Origin] = true
		}
	}
	if len(told) != many || len(r.j.newest.queue) != 0 {
		t.Errorf("%d told of %d", len(told), many)
	}
}
