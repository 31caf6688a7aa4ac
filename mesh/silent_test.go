package mesh

import (
	"strings"
	"testing"
	"time"
)

// Connections that stand, and over which nothing comes back, are told of by both ends at once, and not hung up. What comes
// back ends it. A naive peer's are, too.
func TestSilentConnectionsAreUnlinked(t *testing.T) {
	r := newRig(t, Config{})
	a, naive := r.puppet("a"), r.puppet("naive")
	naive.header, naive.addr = nil, "10.0.0.7:20000"
	r.hear(a, naive)
	r.step(ReaderUp{1, "10.0.0.1"})
	r.step(ReaderNamed{1, "a"})
	r.step(ReaderUp{2, "10.0.0.7"})
	r.pass(time.Minute)
	of := func(p *puppet) Member {
		for _, m := range r.m.Members() {
			if m.Name == p.name {
				return m
			}
		}
		t.Fatalf("no %s", p.name)
		return Member{}
	}
	reader := map[*puppet]ListenerID{a: 1, naive: 2}
	for _, p := range []*puppet{a, naive} {
		link := r.m.peers[p.name].feed.link
		for what, c := range map[string]struct {
			is  func(silent bool) Input
			say string
		}{
			"its messages do not arrive directly: nothing comes back over the connection to its port 30000": {
				is: func(silent bool) Input { return LinkSilent{link.id, silent} },
			},
			"this node's messages do not reach it directly: nothing comes back over its connection to port 30000": {
				is: func(silent bool) Input { return ReaderSilent{reader[p], silent} },
			},
		} {
			if m := of(p); !m.Messages || !m.Flowing || m.Unread || m.Unlinked != "" {
				t.Fatalf("set-up: %+v", m)
			}
			before := len(r.unlinked)
			r.step(c.is(true))
			r.pass(1100 * time.Millisecond)
			if m := of(p); m.Flowing || m.Messages != m.Unread || m.Unlinked != what {
				t.Errorf("%s: %+v", what, m)
			}
			if told := r.unlinked[before:]; len(told) != 1 || told[0].Why != what || told[0].Peer != p.name {
				t.Errorf("%s: told %v", what, told)
			}
			r.step(c.is(false))
			r.wantTold(Linked, p.name)
			if m := of(p); !m.Flowing || r.m.peers[p.name].feed.link != link {
				t.Errorf("%s, no more: %+v, %+v", what, m, r.m.peers[p.name].feed.link)
			}
			r.pass(2 * time.Second)
		}
	}
	r.step(ReaderUp{3, "10.0.0.1"}) // another connection of a's, of which one may be silent
	r.step(ReaderNamed{3, "a"})
	r.step(ReaderSilent{3, true})
	before := len(r.unlinked)
	r.step(LinkDown{r.m.peers["a"].feed.link.id, "broken"})
	r.m.peers["a"].feed.due = never // and is not there again yet
	r.pass(5 * time.Second)
	if told := r.unlinked[before:]; len(told) > 0 {
		t.Errorf("a link that broke just now is told of: %v", told)
	}
	r.m.peers["a"].feed.due = r.now
	r.m.wakeBy(r.m.peers["a"], r.now)
	r.pass(time.Second)
	r.step(ReaderDown{3})
	r.step(LinkSilent{r.m.peers["a"].feed.link.id, true})
	r.step(LinkDown{r.m.peers["a"].feed.link.id, "broken"})
	r.pass(time.Second)
	if m := of(a); !m.Flowing {
		t.Errorf("the link that came in its place is taken for silent: %+v", m)
	}
}

// Of a peer that was lost and is heard again the messages may be on their way: TCP takes its time. That they are held up is
// told after ten seconds.
func TestSilenceOfAnOutageHasTime(t *testing.T) {
	r := newRig(t, Config{})
	r.hear(r.puppet("b"))
	a := r.puppet("a")
	r.hear(a)
	r.step(ReaderUp{1, "10.0.0.1"})
	r.step(ReaderNamed{1, "a"})
	r.pass(time.Minute)
	a.mute, a.hang = true, true
	r.pass(6 * time.Second)
	r.want("a", Suspect)
	r.step(LinkSilent{r.m.peers["a"].feed.link.id, true})
	r.step(ReaderSilent{1, true})
	a.reachable()
	a.breaks()
	r.pass(8 * time.Second)
	r.want("a", Alive)
	told := func() (n int) {
		for _, c := range r.unlinked {
			if c.Peer == "a" && strings.Contains(c.Why, "nothing comes back") {
				n++
			}
		}
		return n
	}
	if told() > 0 {
		t.Errorf("told early: %v", r.unlinked)
	}
	r.pass(8 * time.Second)
	if told() != 1 {
		t.Errorf("told: %v", r.unlinked)
	}
}
