package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// newWatchRig is a node of a partial mesh that has been there for long, and has just asked r for all that it is relayed, and for o.
func newWatchRig(t *testing.T) *rig {
	r := newRig(t, "r", "n")
	r.view.few = true
	r.pass(time.Minute).said()
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(soon+short).said("r: 3/o/", "r: 3/*/", "r: 3/-/")
	return r
}

// digest has a member tell numbers of streams, as "f/7/3/1,g/7/4/1".
func (r *rig) digest(via topics.Name, body string) *rig {
	r.out = r.j.Newer(r.now, via, body, r.out)
	return r
}

// What a relay had before it was asked is asked of it, though nothing more is said.
func TestWhatARelayHadBefore(t *testing.T) {
	r := newWatchRig(t)
	r.digest("r", "f/7/30/1,o/7/3/1").said("r: "+lateOfF, "r: 5/o/7/~10000/1")
	r.answer("r", lateOfF, 29, 30).ends("r", lateOfF).answer("r", "5/o/7/~10000/1", 1, 2, 3).ends("r", "5/o/7/~10000/1").got("f29 f30 o1 o2 o3")
	r.relayed("r", "f", true, 31).got("f31")

	r = newWatchRig(t) // of a stream that is known it is asked for what is missing, when it had time to come
	r.relayed("r", "f", true, 1).got("f1")
	r.digest("r", "f/7/3/1").said().pass(tailGrace+2*short).said("r: 5/f/7/2-/1").answer("r", "5/f/7/2-/1", 2, 3).got("f2 f3")

	r = newWatchRig(t) // it is known where the stream begins
	r.out = r.j.Tell(r.now-time.Minute, "f", 7, "25:1", r.out)
	r.digest("r", "f/7/25/1").pass(time.Second).said().count("streams", uint64(len(r.j.streams)), 0)
	r.digest("r", "f/7/27/1").pass(tailGrace+short).said("r: 5/f/7/26-/1").answer("r", "5/f/7/26-/1", 27).ends("r", "5/f/7/26-/1").pass(20 * time.Second)
	r.gave("f 26-26").got("+1 f27")

	r = newWatchRig(t) // the process before is known
	r.relayed("r", "f", true, 1).digest("r", "f/8/2/1").pass(tailGrace + 2*short).said("r: 5/f/8/1-/1")

	r = newWatchRig(t) // where the past is wanted anyway, all of that is
	r.j.cfg.ReplayCount = 5
	r.digest("r", "f/7/30/1").said("r: 5/f/7/-5/1")
}

// It has no more itself, as it asks for that: what it is answered it passes on.
func TestAWatchedRelayPassesOnWhatItAsksFor(t *testing.T) {
	r := newWatchRig(t)
	r.digest("r", "f/7/30/1").said("r: "+lateOfF).answer("r", lateOfF, 30).ends("r", lateOfF).got("")
	r.relayed("r", "f", true, 28, 29).pass(lateWait + short).got("f28 f29 f30")
}

// Several tell, and one that does not answer, or not with all, hides nothing.
func TestAllWhoAreWatchedAreAsked(t *testing.T) {
	both := func() *rig {
		r := newWatchRig(t)
		r.view.lists["n"] = []topics.Name{"o"}
		r.pass(time.Second).said("n: 3/*/", "n: 3/-/")
		return r
	}
	r := both()
	r.digest("r", "f/7/30/1").digest("n", "f/7/30/1").said("r: "+lateOfF).pass(openTime+short).said("r: not "+lateOfF, "n: "+lateOfF)

	r = both()
	r.digest("r", "f/7/30/1").digest("n", "f/7/31/1").said("r: "+lateOfF).answer("r", lateOfF, 29, 30).ends("r", lateOfF).got("f29 f30")
	r.pass(tailGrace+2*short).said("r: not "+lateOfF, "n: 5/f/7/31-/1")
}

// Who speaks for itself meanwhile is believed.
func TestWhoSpeaksWhileItIsToBeAskedFor(t *testing.T) {
	r := newWatchRig(t)
	r.digest("r", "f/7/30/1").digest("r", "f/7/30/1").said("r: " + lateOfF)
	r.view.linked = append(r.view.linked, "f")
	r.j.Up(r.now, "f")
	r.ends("r", lateOfF).pass(time.Second)
	for _, s := range r.j.Says() {
		if s.Topic == lateOfF && !s.Cancel {
			t.Errorf("%s is asked", s.To)
		}
	}
}

// Where all hear all nobody is watched, whatever relays are asked. Where the mesh becomes a partial one all that are asked are.
func TestNobodyIsWatchedInAFullMesh(t *testing.T) {
	r := newRig(t, "r", "n")
	r.view.lists["r"] = []topics.Name{"o"}
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(10*time.Second).said("r: 3/o/", "r: 3/*/")
	r.j.Up(r.now, "r")
	r.digest("r", "f/7/30/1").pass(3*time.Second).said("r: 3/o/", "r: 3/*/")
	r.view.few = true
	r.pass(short).said("r: 3/-/")
	r.view.few = false
	r.pass(short).said("r: not 3/-/").digest("r", "f/7/30/1").said()
}

// One is watched for a while, once more for each origin that it is asked for, and when its connection is a new one.
func TestHowLongOneIsWatched(t *testing.T) {
	r := newWatchRig(t)
	r.pass(watchTime+time.Second).said("r: not 3/-/").digest("r", "f/7/30/1").said()
	r.view.lists["r"] = []topics.Name{"o", "p"}
	r.pass(soon+short).said("r: 3/p/", "r: 3/-/")
	r.view.lists["r"] = []topics.Name{"o", "p", "q"}
	r.pass(soon + short).said("r: 3/q/")
	r.pass(time.Second).said("r: not 3/-/", "r: 3/-/") // it tells whoever asks anew of all
	r.j.Up(r.now, "r")
	r.pass(time.Second).said("r: 3/o/", "r: 3/p/", "r: 3/q/", "r: 3/*/", "r: not 3/-/", "r: 3/-/")
	r.j.Up(r.now, "r")
	r.j.Up(r.now, "r")
	if r.pass(short); slices.ContainsFunc(r.j.Says(), func(s Say) bool { return s.Topic == topics.Newest }) {
		r.Error("it is asked more often than once a beat")
	}
	r.view.linked = []topics.Name{"n"}
	r.pass(time.Second)
	if !slices.Contains(r.j.Says(), Say{To: "r", Topic: topics.Newest, Cancel: true}) {
		r.Error("it is watched though it is gone")
	}
	r.pass(watchForget + time.Second)
	r.count("watched", uint64(len(r.j.watches)), 0)
}

// One that is spared is asked for its numbers once, and tells them for as long as it is either.
func TestOneIsWatchedAndSpared(t *testing.T) {
	newest := func(r *rig) (n int) {
		for _, s := range r.j.Says() {
			switch {
			case s.Topic == topics.Newest && s.Cancel:
				n--
			case s.Topic == topics.Newest:
				n++
			}
		}
		return n
	}
	r := newRig(t, "a", "b")
	r.view.few = true
	r.view.lists["a"], r.view.lists["b"] = []topics.Name{"x"}, []topics.Name{"x"}
	if r.pass(soon + short); newest(r) != 2 {
		t.Fatal("not both are watched")
	}
	if r.flood("a b", 1, 5).spared("o", "b"); newest(r) != 0 {
		t.Error("one that tells already was asked again")
	}
	if r.pass(watchTime + 2*time.Second); newest(r) != -1 {
		t.Error("not the one that is watched no more was told")
	}
	r.view.few = false
	if r.pass(time.Second); newest(r) != -1 {
		t.Error("nor the one that is spared no more")
	}
}

// What one that is watched tells is believed of those alone that it relays, and that do not speak for themselves.
func TestOfWhomAWatchedOneTells(t *testing.T) {
	for name, at := range map[string]func(r *rig) topics.Name{
		"who is heard":                    func(*rig) topics.Name { return "n" },
		"this node":                       func(*rig) topics.Name { return "me" },
		"who was not asked":               func(*rig) topics.Name { return "n" },
		"who is not asked for all more":   func(r *rig) topics.Name { r.j.plan.fars["r"] = r.now; return "f" },
		"of whom something came":          func(r *rig) topics.Name { r.j.pasts[plain("f")] = past{at: r.now, next: 31}; return "f" },
		"whose place was taken":           func(r *rig) topics.Name { r.j.pastsLost["r"] = r.now + time.Minute; return "f" },
		"who was admitted again":          func(r *rig) topics.Name { r.j.floors[plain("f")] = 31; return "f" },
		"who is not admitted":             func(r *rig) topics.Name { r.j.Admit(r.now, []topics.Name{"r", "n", "o"}); return "f" },
		"of whom the answer is under way": func(r *rig) topics.Name { r.digest("r", "f/7/30/1").j.Says(); return "f" },
	} {
		r := newWatchRig(t)
		origin := at(r)
		via := topics.Name("r")
		if name == "who was not asked" {
			via, origin = "n", "f"
		}
		r.j.Says()
		r.out = nil
		if r.digest(via, string(origin)+"/7/30/1"); len(r.j.Says()) > 0 {
			t.Errorf("%s: it is asked for", name)
		}
	}
	r := newWatchRig(t)
	r.j.cfg.Wants = func(topic string) bool { return topic == topics.Message }
	r.digest("r", "f/7/30/2/chat").said()
}

// Who makes streams up is asked for few of them at a time and in all, is kept few of them, and leaves room for others.
func TestWhoMakesStreamsUp(t *testing.T) {
	r := newWatchRig(t)
	for range 8 {
		for k := range 40 {
			var b strings.Builder
			for i := range 100 {
				fmt.Fprintf(&b, ",x%d/7/1000000/1", 100*k+i)
			}
			r.digest("r", b.String()[1:])
		}
		if w := r.j.watches["r"]; len(w.waits) > watchMost || len(r.j.openings.all) > watchAtOnce {
			t.Fatalf("%d wait, %d are under way", len(w.waits), len(r.j.openings.all))
		}
		r.pass(500 * time.Millisecond)
	}
	r.view.lists["n"] = []topics.Name{"o"}
	r.pass(time.Second).j.Says()
	r.digest("n", "f/7/30/1")
	if !slices.Contains(r.j.Says(), Say{To: "n", Topic: lateOfF}) {
		t.Error("there is no room for what another one tells")
	}
	r.pass(3*watchTime+2*openTime).count("under way", uint64(len(r.j.openings.all)), 0)
	r.got("").gave()

	r = newWatchRig(t) // it answers at once, with nothing
	for i := range 400 {
		for k := range 10 {
			r.digest("r", fmt.Sprintf("x%d-%d/7/30/1", i, k))
		}
		for _, question := range r.questions("r") {
			r.ends("r", question)
		}
		r.pass(lateWait / 30)
	}
	most := uint64(strangerLimit.Burst) + 5*uint64(strangerLimit.Tokens) // in some four seconds
	if asked := r.j.Stats().Questions; asked > most || asked < watchMost {
		t.Errorf("%d questions, want %d to %d", asked, watchMost, most)
	}
}

// questions are those that one is asked, and that are under way.
func (r *rig) questions(member topics.Name) (questions []string) {
	for question, o := range r.j.openings.all {
		if o.peer == member {
			questions = append(questions, question)
		}
	}
	slices.Sort(questions)
	return questions
}

// Of later lives that one makes up one is followed at a time.
func TestWhoMakesLivesUp(t *testing.T) {
	r := newWatchRig(t)
	r.relayed("r", "f", true, 1).got("f1")
	for i := range 300 {
		r.digest("r", fmt.Sprintf("f/%d/1/1", 100+i))
	}
	r.count("streams", uint64(len(r.j.streams)), 2)
	r.relayedOf("r", life("f", 8), 1).got("f1")
}

// Who lies of numbers is asked, and nothing is told missing that nobody said.
func TestAWatchedOneLiesOfNumbers(t *testing.T) {
	r := newWatchRig(t)
	r.relayed("r", "f", true, 1).got("f1").digest("r", "f/7/1000000/1").pass(time.Second).said("r: 5/f/7/2-/1")
	r.ends("r", "5/f/7/2-/1").relayed("r", "f", true, 2).got("f2").pass(time.Minute).gave().got("")
}

// A neighbour that was a member before it was heard is asked for what its first beat told of, though it says nothing more.
func TestANeighbourThatSaysNothingMore(t *testing.T) {
	const late = "5/n/7/~10000/1"
	r := severalWays(t, time.Minute)
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(time.Second).said("n: "+late).answer("n", late, 24, 25).ends("n", late).got("n24 n25").pass(5 * time.Second).said("n: not " + late)
	r.hear("n", 26).got("n26")

	r = severalWays(t, time.Minute) // it has nothing
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(short).said("n: "+late).ends("n", late).pass(3 * time.Second).said("n: not " + late)

	r = severalWays(t, time.Minute) // its messages come later
	r.view.linked, r.view.known = []topics.Name{"r"}, []topics.Name{"n"}
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(3 * time.Second).said()
	r.view.linked = []topics.Name{"r", "n"}
	r.pass(time.Second).said("n: " + late)

	r = severalWays(t, time.Minute) // much later
	r.view.linked, r.view.known = []topics.Name{"r"}, []topics.Name{"n"}
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(lateBeats * time.Second)
	r.view.linked = []topics.Name{"r", "n"}
	r.pass(time.Second).said()

	r = severalWays(t, time.Minute) // it had said nothing, or started after this node
	r.out = r.j.Tell(r.now, "n", 7, "", r.out)
	r.j.Born(r.now, "r", 7)
	r.out = r.j.Tell(r.now, "r", 7, "25:1", r.out)
	r.pass(short).said()

	r = severalWays(t, time.Minute) // something came of it, and was forgotten
	r.j.pasts[plain("n")] = past{at: r.now, next: 26}
	r.out = r.j.Tell(r.now, "n", 7, "25:1", r.out)
	r.pass(time.Second).said()
}

// Who asks for the newest numbers is told of late ones first: of what is held behind a gap too, and not of what waits for its past.
func TestRecent(t *testing.T) {
	recent := func(r *rig) string {
		var words []string
		for _, body := range r.j.Recent(r.now) {
			words = append(words, string(body))
		}
		return strings.Join(words, " ")
	}
	r := newWatchRig(t)
	r.relayed("r", "old", true, 1).pass((lateBeats + 1) * time.Second)
	r.relayed("r", "f", true, 1, 2).relayed("r", "g", true, 1, 4).relayed("r", "h", true, 30).hear("n", 1)
	if got := recent(r); got != "n/7/1/1 g/7/4/1,f/7/2/1" && got != "n/7/1/1,g/7/4/1,f/7/2/1" {
		t.Errorf("told %q", got)
	}
	r.pass(short).j.Newest(r.now)
	r.pass(short).ends("r", "5/h/7/~10000/1").pass(lateWait + short)
	if got := string(r.j.Newest(r.now)); !strings.Contains(got, "h/7/30/1") {
		t.Errorf("then %q", got)
	}

	r = newWatchRig(t) // nothing was delivered, and nothing is held
	r.j.cfg.Held = 0
	r.j.Born(r.now, "f", 7)
	if got := recent(r.relayed("r", "f", true, 3)); got != "" {
		t.Errorf("told %q", got)
	}

	r = newWatchRig(t) // however many there are, what is told is bounded
	for i := range 2000 {
		r.relayed("r", topics.Name(fmt.Sprintf("%s%d", strings.Repeat("x", 60), i)), true, 1)
	}
	bodies := r.j.Recent(r.now)
	for _, body := range bodies {
		if len(body) > topics.MaxNewest {
			t.Errorf("%d bytes", len(body))
		}
	}
	r.count("bodies", uint64(len(bodies)), recentMost)
}

// The last words of a life come though the first ones of the next life came before anybody told of them.
func TestLastWordsBeforeARestartThatCameFirst(t *testing.T) {
	r := newWatchRig(t)
	r.relayedOf("r", life("f", 8), 1).got("f1").said()
	r.digest("r", "f/8/1/1,f/7/30/1").said("r: "+lateOfF).digest("r", "f/9/30/1").said()
}

// What waits is not asked for once it is not wanted any more.
func TestWhatIsNotWantedAnyMoreWaitsForNothing(t *testing.T) {
	for _, end := range []func(r *rig){
		func(r *rig) { r.j.Admit(r.now, []topics.Name{"r", "n", "o"}) },
		func(r *rig) {
			r.j.cfg.Wants = func(topic string) bool { return topic != topics.Message }
		},
	} {
		r := newWatchRig(t)
		r.view.lists["n"] = []topics.Name{"o"}
		r.pass(time.Second).j.Says()
		r.digest("r", "f/7/30/1").digest("n", "f/7/30/1").said("r: " + lateOfF)
		end(r)
		r.pass(openTime + short).said("r: not " + lateOfF)
	}
}

// What waits holds nothing else of the digest that it was read from.
func TestWhatWaitsHoldsNoDigest(t *testing.T) {
	t.Parallel()
	body := "f/7/30/2/chat"
	m := Stream{topics.Name(body[:1]), 7, body[7:]}
	c := m.clone()
	if c != m || unsafe.StringData(string(c.Origin)) == unsafe.StringData(body) || unsafe.StringData(c.Topic) == unsafe.StringData(body[7:]) {
		t.Errorf("%v of %v", c, m)
	}
}

// What one has told of, and is not asked for as it was asked too much, is asked for when there is room.
func TestWhatAWatchedOneTellsIsAskedForLater(t *testing.T) {
	r := newWatchRig(t)
	b := &budget{by: map[topics.Name]*rate.Bucket{}}
	b.all.Spend(r.now, strangerLimit.Burst+20, strangerLimit)
	r.j.budgets["r"] = b
	r.digest("r", "f/7/30/1").said().digest("r", "f/7/30/1").said().pass(3 * time.Second).said("r: " + lateOfF)
	r.count("asked too much", r.j.Stats().Overasked, 0)
}
