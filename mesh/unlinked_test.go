package mesh

import (
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// A member whose lists come and whose messages do not is told of, and one that hears this node and does not get its
// messages: after ten seconds, then ever more rarely, and not once they pass.
func TestUnlinked(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.puppet("a"), r.puppet("b")
	naive := r.puppet("naive")
	naive.header = nil
	r.hear(a, b, naive)
	r.step(ReaderUp{1, "10.0.0.1"})
	r.step(ReaderNamed{1, "a"})
	told := func(name topics.Name, words string) (n int) {
		for _, c := range r.unlinked {
			if c.Peer == name && strings.Contains(c.Why, words) {
				n++
			}
		}
		return n
	}
	unread := func(name topics.Name) bool {
		for _, m := range r.m.Members() {
			if m.Name == name {
				return m.Unread
			}
		}
		t.Fatalf("no %s", name)
		return false
	}
	why := func(name topics.Name) string {
		for _, m := range r.m.Members() {
			if m.Name == name {
				return m.Unlinked
			}
		}
		return "no such member"
	}
	r.pass(8 * time.Second)
	if why("a")+why("b") != "" {
		t.Errorf("early: %q, %q", why("a"), why("b"))
	}
	if len(r.unlinked) > 0 || unread("a") || !unread("b") {
		t.Fatalf("%v, a is unread %v, b %v", r.unlinked, unread("a"), unread("b"))
	}
	r.pass(5 * time.Second)
	if told("b", "this node's messages do not reach it directly: no connection of it comes to port 30000") != 1 || told("a", "") != 0 || told("naive", "") != 0 || unread("naive") {
		t.Fatalf("%v", r.unlinked)
	}
	if why("a")+why("naive") != "" || !strings.Contains(why("b"), "do not reach it directly") {
		t.Errorf("a %q, naive %q, b %q", why("a"), why("naive"), why("b"))
	}
	r.pass(10 * time.Minute)
	if n := told("b", ""); n < 3 || n > 6 {
		t.Errorf("told %d times in ten minutes", n)
	}
	r.step(ReaderUp{2, "10.0.0.2"})
	r.step(ReaderNamed{2, "b"})
	before := len(r.unlinked)
	r.pass(2 * time.Hour)
	if len(r.unlinked) != before || unread("b") || why("b") != "" {
		t.Errorf("messages pass, and it is told still: %v", r.unlinked[before:])
	}
	r.step(ReaderDown{2})
	r.pass(5 * time.Second)
	if why("b") != "" || len(r.unlinked) != before {
		t.Errorf("a link that broke just now is told: %q", why("b"))
	}
	r.pass(10 * time.Second)
	if len(r.unlinked) != before+1 {
		t.Errorf("not told again: %v", r.unlinked[before:])
	}
	naive.fail = TimedOut
	r.step(LinkDown{r.m.peers["naive"].feed.link.id, "broken"})
	r.pass(20 * time.Second)
	if why("naive") == "" {
		t.Error("messages of the naive one do not arrive, and it is not said")
	}
	naive.fail = 0
	r.pass(5 * time.Minute)
	r.step(LinkDown{r.m.peers["naive"].feed.link.id, "broken"})
	if why("naive") != "" {
		t.Errorf("its link broke just now: %q", why("naive"))
	}
	a.fail = TimedOut // its message port is blocked from now on
	r.step(LinkDown{r.m.peers["a"].feed.link.id, "broken"})
	r.pass(30 * time.Second)
	r.want("a", Alive)
	if told("a", "its messages do not arrive directly: ") == 0 || !strings.Contains(why("a"), "timed out") {
		t.Errorf("%v, %q", r.unlinked, why("a"))
	}
	a.fail = 0
	r.pass(5 * time.Minute)
	if why("a") != "" {
		t.Errorf("its messages arrive again: %q", why("a"))
	}
}

// What is shown of links holds: whoever is silent does not hear this node, lists nobody, and no messages come of it or
// reach it, although its connections do not break and its last list says otherwise.
func TestLinksOfTheSilentAreNotShown(t *testing.T) {
	r := newRig(t, Config{})
	a, b, c := r.puppet("a", "b", "c"), r.puppet("b", "a", "c"), r.puppet("c", "a", "b")
	r.hear(a, b, c)
	r.step(ReaderUp{1, "10.0.0.1"})
	r.step(ReaderNamed{1, "a"})
	of := func(name topics.Name) Member {
		for _, m := range r.m.Members() {
			if m.Name == name {
				return m
			}
		}
		t.Fatalf("no %s", name)
		return Member{}
	}
	a.header.Degraded = true
	a.beat()
	if m := of("a"); !m.HearsMe || !m.Messages || !m.Flowing || !m.Degraded || len(m.ListedBy) != 2 || len(of("b").ListedBy) != 2 {
		t.Fatalf("set-up: %+v", m)
	}
	a.mute, a.hang = true, true
	for _, until := range []State{Suspect, Quarantined} {
		for range 60 {
			if r.state("a") != until {
				r.pass(time.Second)
			}
		}
		r.want("a", until)
		if m := of("a"); m.HearsMe || m.Messages || m.Flowing || m.Degraded || m.Unread {
			t.Errorf("%v: %+v", until, m)
		}
		if n := len(of("b").ListedBy); n != 1 {
			t.Errorf("b is listed by %d while a is %v", n, until)
		}
		b.say("c")
		c.say("b")
	}
	if r.m.peers["a"].feed.link == nil {
		t.Error("its message link is hung up: what the network still holds is lost")
	}
}

// Who is the second of its name has no port that is shut: its peers listen to the other one, and that is told.
func TestSecondIsNotUnlinked(t *testing.T) {
	r := newRig(t, Config{})
	r.hear(r.puppet("a"), r.puppet("b"))
	clear(r.m.listeners.named)
	r.pass(time.Minute)
	r.wantTold(Conflict, "self")
	if r.m.Stats().Second == "" {
		t.Fatal("it is not the second of its name")
	}
	if len(r.unlinked) > 0 {
		t.Errorf("told: %v", r.unlinked)
	}
	for _, m := range r.m.Members() {
		if m.Unlinked != "" {
			t.Errorf("%s: %s", m.Name, m.Unlinked)
		}
	}
}

// One whose port is blocked just after it was met is told of at once, too: nothing was held up by an outage.
func TestYoungMemberIsToldOfAtOnce(t *testing.T) {
	for name, happens := range map[string]func(message LinkID) Input{
		"its messages": func(message LinkID) Input { return LinkSilent{message, true} },
		"ours":         func(LinkID) Input { return ReaderSilent{1, true} },
	} {
		r := newRig(t, Config{})
		r.pass(time.Minute)
		r.step(ReaderUp{1, "10.0.0.1"})
		r.step(ReaderNamed{1, "a"})
		r.pass(500 * time.Millisecond)
		r.hear(r.puppet("a"))
		r.pass(2 * time.Second)
		r.step(happens(r.m.peers["a"].feed.link.id))
		if r.pass(1100 * time.Millisecond); len(r.unlinked) != 1 {
			t.Errorf("%s: told %v", name, r.unlinked)
		}
	}
}

// A message link that stands and brings nothing is told of once its publisher was heard over a while without an answer to what
// it was asked, though no dial has failed yet; at both ends, and at once. Of one that is frozen, or answers late, it is not.
func TestStuckIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		before  time.Duration // that a is mute
		frozen  bool          // from then on
		happens func(message *link) Input
		while   time.Duration
		told    bool
	}{
		"stuck":                      {0, false, func(l *link) Input { return LinkStuck{l.id, true} }, 3200 * time.Millisecond, true},
		"for a moment":               {0, false, func(l *link) Input { return LinkStuck{l.id, true} }, 1500 * time.Millisecond, false},
		"stuck, and frozen":          {0, true, func(l *link) Input { return LinkStuck{l.id, true} }, 4 * time.Second, false},
		"silent":                     {0, false, func(l *link) Input { return LinkSilent{l.id, true} }, 1100 * time.Millisecond, true},
		"silent, as all of it is":    {time.Second, true, func(l *link) Input { return LinkSilent{l.id, true} }, 2e9, false},
		"our messages do not arrive": {0, false, func(l *link) Input { return ReaderSilent{1, true} }, 1100 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Config{})
			a := r.puppet("a")
			r.hear(a, r.puppet("b"))
			r.step(ReaderUp{1, "10.0.0.1"})
			r.step(ReaderNamed{1, "a"})
			r.step(ReaderUp{2, "10.0.0.2"})
			r.step(ReaderNamed{2, "b"})
			r.pass(time.Minute)
			message := r.m.peers["a"].feed.link
			a.hang = true
			r.changes = nil
			a.mute = c.frozen
			r.pass(c.before)
			r.step(c.happens(message))
			r.pass(c.while)
			if got := len(r.unlinked) == 1 && r.unlinked[0].Peer == "a"; got != c.told || len(r.unlinked) > 1 {
				t.Fatalf("told: %v", r.unlinked)
			}
			if !c.told {
				return
			}
			r.step(LinkStuck{message.id, false})
			r.step(LinkSilent{message.id, false})
			r.step(ReaderSilent{1, false})
			r.wantTold(Linked, "a")
			r.pass(time.Minute)
			if len(r.unlinked) > 1 {
				t.Errorf("told again: %v", r.unlinked)
			}
		})
	}
}
