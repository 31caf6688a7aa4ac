package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// rivals are a member and a second process of its name elsewhere, which says hello and has been told of.
func rivals(t *testing.T) (r *rig, member, second *puppet, hello ListenerID) {
	r = newRig(t, Config{})
	member, second = r.puppet("x"), r.puppet("x")
	second.header.Incarnation, second.addr = 2000, "10.9.0.9:20000"
	r.hear(member)
	r.listens("x", "10.9.0.9")
	hello = ListenerID(r.ids)
	r.pass(10 * time.Second)
	r.wantTold(Conflict, "x")
	if text := r.m.twinText(r.m.peers["x"]); !strings.Contains(text, second.addr) {
		t.Fatalf("%q", text)
	}
	return r, member, second, hello
}

// The readers of a process that was the member before an older one came are its own still, and count again once that is gone,
// wherever their connections come from.
func TestReadersOfAMemberThatIsBack(t *testing.T) {
	for what, from := range map[string]string{"its own address": "10.0.0.1", "another one, behind NAT": "10.7.0.7"} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, Config{})
			young, older := r.puppet("x"), r.puppet("x")
			young.header.Incarnation, older.header.Incarnation, older.addr = 2000, 1000, "10.9.0.9:20000"
			r.hear(young)
			r.step(ReaderUp{77, from})
			r.step(ReaderNamed{77, "x"})
			r.listens("x", "10.9.0.9")
			r.step(ReaderUp{78, "10.9.0.9"})
			r.step(ReaderNamed{78, "x"})
			r.pass(10 * time.Second)
			p := r.m.peers["x"]
			if !strings.Contains(r.m.twinText(p), "the older process is the member, the one at 10.9.0.9") || r.m.unlinked(p) != "" {
				t.Fatalf("%q, unlinked: %q", r.m.twinText(p), r.m.unlinked(p))
			}
			r.step(ReaderDown{78})
			if r.m.unlinked(p) == "" {
				t.Error("the reader of the former member counts for the older process")
			}
			older.header.Leaving = true
			older.beat()
			older.mute, older.fail = true, Refused
			older.breaks()
			r.listens("x", "10.0.0.1")
			r.pass(15 * time.Second)
			if r.want("x", Alive); p.line.Incarnation() != 2000 {
				t.Fatal("the young one is not the member")
			}
			if why := r.m.unlinked(p); why != "" || !p.feed.flows {
				t.Errorf("%q, messages flow: %v", why, p.feed.flows)
			}
		})
	}
}

// settledWhy are what was told of conflicts that are over.
func (r *rig) settledWhy(name topics.Name) (all []string) {
	for _, c := range r.changes {
		if c.Kind == Settled && c.Peer == name {
			all = append(all, c.Why)
		}
	}
	return all
}

// A conflict is over a few beats after the hello of the second process went with it, however it ended. While it answers, it is
// not, though its hello went.
func TestConflictIsOverOnceTheSecondIsGone(t *testing.T) {
	for _, c := range []struct {
		what string
		ends func(p *puppet)
		why  string // "": it is not over
	}{
		{"it is gone", func(p *puppet) { p.fail = Refused }, "is gone"},
		{"its machine is", func(p *puppet) { p.fail = TimedOut }, "is gone"},
		{"it says goodbye", func(p *puppet) { p.header.Leaving = true }, "has left"},
		{"another one is there", func(p *puppet) { p.name = "y" }, "goes by another name"},
		{"it is stopped", func(p *puppet) { p.mute = true }, "is silent"},
		{"this machine has no socket", func(p *puppet) { p.fail = Local }, ""},
		{"it runs", func(*puppet) {}, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			r, _, second, hello := rivals(t)
			c.ends(second)
			r.step(ListenerDown{hello})
			r.pass(12 * time.Second)
			told, text := r.settledWhy("x"), r.m.twinText(r.m.peers["x"])
			if (text == "") != (c.why != "") || c.why == "" && len(told) > 0 {
				t.Fatalf("%q is shown, told %q", text, told)
			}
			if c.why != "" && (len(told) != 1 || !strings.HasSuffix(told[0], "the process at 10.9.0.9:20000 "+c.why)) {
				t.Errorf("told %q", told)
			}
		})
	}
}

// Without its hello's end, which a machine that lost power does not show, the next look tells.
func TestConflictIsOverByTheNextLook(t *testing.T) {
	r, _, second, _ := rivals(t)
	second.fail = TimedOut
	r.pass(twinEvery + 10*time.Second)
	if told := r.settledWhy("x"); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// Where the member ends, and the second process is heard in its place, the conflict is over too. One that comes again is told
// again.
func TestConflictIsOverOnceTheMemberIsGone(t *testing.T) {
	r, member, second, hello := rivals(t)
	r.puppets = []*puppet{second}
	r.step(LinkDown{member.link, "broken"})
	r.pass(10 * time.Second)
	told := r.settledWhy("x")
	if len(told) != 1 || !strings.Contains(told[0], "10.9.0.9:20000 is the member") {
		t.Fatalf("told %q; %v", told, r.changes)
	}
	r.puppets = append(r.puppets, member)
	before := r.m.stats.Conflicts
	r.listens("x", hostOf(member.addr))
	r.pass(10 * time.Second)
	if r.m.stats.Conflicts == before {
		t.Errorf("not seen again after %d", hello)
	}
}

// This node looks after who uses its own name, and says when nobody does any more: not while a look of others makes it look
// heard.
func TestConflictOfTheOwnNameIsOver(t *testing.T) {
	r := newRig(t, Config{})
	a, second := r.puppet("a"), r.puppet("self")
	second.header.Incarnation, second.addr = 2000, "10.0.0.99:20000"
	r.hear(a)
	a.header.Twin = "self@10.0.0.99"
	r.pass(5*time.Minute + twinEvery/6) // the word of others makes it look once a minute
	if told := r.settledWhy("self"); len(told) != 0 || r.m.namesake() == "" {
		t.Fatalf("it runs, and %q, shown %q", told, r.m.namesake())
	}
	second.fail, second.name = Refused, "10.0.0.99"
	delete(r.m.listeners.named, "self")
	a.header.Twin = ""
	r.pass(5 * time.Second)
	if told := r.settledWhy("self"); len(told) != 1 || r.m.namesake() != "" {
		t.Errorf("it is gone, and %q, shown %q", told, r.m.namesake())
	}
}

func TestOwnConflictIsOver(t *testing.T) {
	met := rival{"10.0.0.9:20000", 5, 0}
	for i, c := range []struct {
		own  ownName
		now  Time
		over bool
	}{
		{ownName{told: true, heard: heardRounds}, 0, true},
		{ownName{heard: heardRounds}, 0, false},
		{ownName{told: true, heard: heardRounds - 1}, 0, false},
		{ownName{told: true, heard: heardRounds, rival: met}, 0, false},
		{ownName{told: true, heard: heardRounds, rival: met}, twinFor + 1, true},
		{ownName{told: true, heard: goneRounds, left: true}, 0, true},
		{ownName{told: true, heard: goneRounds - 1, left: true}, 0, false},
		{ownName{told: true, heard: goneRounds, left: true, rival: met}, 0, false},
	} {
		if got := c.own.over(c.now); got != c.over {
			t.Errorf("%d: %t", i, got)
		}
	}
	o := ownName{deaf: deafRounds, heard: heardRounds}
	if o.judge(audience{deaf: 1, listers: 1}); o.heard != 0 {
		t.Error("one that is second is heard")
	}
}
