package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

func TestReaders(t *testing.T) {
	var rs readers
	rs.init()
	rs.up(1, "a", 10, 20)
	rs.up(2, "a", 11, 21)
	rs.up(3, "b", 12, 22)
	if n := rs.nameless("a", 20); n != 1 {
		t.Errorf("%d have had their time", n)
	}
	if at := rs.next(20); at != 21 {
		t.Errorf("the next has had it at %v", at)
	}
	rs.says(2, "x")
	rs.says(2, "y") // the first counts
	rs.says(9, "z") // nobody
	if rs.named["x"] != 1 || len(rs.named) != 1 || rs.nameless("a", 30) != 1 {
		t.Errorf("%v, %d without a name", rs.named, rs.nameless("a", 30))
	}
	rs.outlived("x", "a", 10, false, 7)
	if rs.named["x"] != 1 {
		t.Error("one that came later was forgotten")
	}
	rs.outlived("x", "a", 11, true, 7)
	if rs.named["x"] != 1 {
		t.Error("one of a process that was there before is forgotten")
	}
	rs.outlived("x", "b", 11, true, 7)
	if rs.named["x"] != 0 {
		t.Error("one of a process that was replaced still counts")
	}
	rs.back("x", 8)
	rs.back("y", 7)
	if len(rs.named) != 1 || rs.named[nobody] != 1 {
		t.Errorf("another process, or another name, has got it back: %v", rs.named)
	}
	rs.back("x", 7)
	if len(rs.named) != 1 || rs.named["x"] != 1 {
		t.Errorf("that process is the member again, and it does not count: %v", rs.named)
	}
	for id := range ListenerID(4) {
		rs.down(id)
	}
	if len(rs.byID)+len(rs.named)+len(rs.unnamed)+len(rs.mute)+rs.hushed > 0 || rs.next(0) != never {
		t.Errorf("left: %+v", rs)
	}
}

// That messages flow is told once both links are up, whichever comes first, and again when one of them was lost.
func TestLinked(t *testing.T) {
	linked := func(r *rig) (n int) {
		for _, c := range r.changes {
			if c.Kind == Linked && c.Peer == "x" {
				n++
			}
		}
		return n
	}
	want := func(r *rig, n int, flows bool) {
		t.Helper()
		if got := linked(r); got != n || r.m.peers["x"].feed.flows != flows {
			t.Fatalf("told %d times, not %d; flowing %v", got, n, r.m.peers["x"].feed.flows)
		}
	}
	r, _, _, _, x := four(t)
	want(r, 0, false)
	r.step(ReaderUp{1, "10.0.0.4"})
	r.step(ReaderNamed{1, "X"})
	want(r, 1, true)
	r.step(ReaderUp{2, "10.9.9.9"}) // a second one changes nothing
	r.step(ReaderNamed{2, "x"})
	r.step(ReaderDown{1})
	want(r, 1, true)
	r.step(ReaderDown{2})
	want(r, 1, false)
	r.step(ReaderUp{3, "10.9.9.9"})
	r.step(ReaderNamed{3, "x"})
	want(r, 2, true)
	r.step(LinkDown{r.m.peers["x"].feed.link.id, "broken"})
	want(r, 2, false)
	r.pass(time.Second) // it is dialled again
	want(r, 3, true)
	evict(r, r.puppets[0], r.puppets[1], r.puppets[2], x)
	want(r, 3, false)
	x.fail, x.mute = 0, false
	r.step(Hello{7, "x"})
	r.step(Heard{r.m.peers["x"].feed.link.id})
	r.pass(2 * time.Second)
	r.want("x", Alive)
	want(r, 4, true)
	r.pass(time.Second)
	x.header.Incarnation++ // it was replaced: what reads us is the former process, until the new one comes
	x.beat()
	r.pass(time.Second)
	want(r, 4, false)
	r.step(ReaderDown{3})
	r.step(ReaderUp{4, "10.0.0.4"})
	r.step(ReaderNamed{4, "x"})
	want(r, 5, true)
}

// Readers that say no name count for those who live at their address, if there is one for each, and not before they
// have had their time to say one.
func TestLinkedWithoutNames(t *testing.T) {
	r := newRig(t, Config{})
	var ps []*puppet
	for i := range 2 {
		p := r.puppet(topics.Name(fmt.Sprint("n", i)))
		p.addr = fmt.Sprintf("10.0.0.1:2000%d", i)
		ps = append(ps, p)
	}
	r.hear(ps...)
	r.pass(5 * time.Second)
	flows := func() (n int) {
		for _, p := range ps {
			if r.m.peers[p.name].feed.flows {
				n++
			}
		}
		return n
	}
	r.step(ReaderUp{1, "10.0.0.1"})
	r.pass(time.Second)
	if n := flows(); n != 0 {
		t.Errorf("%d of two at an address that one reads from", n)
	}
	r.step(ReaderUp{2, "10.0.0.1"})
	if n := flows(); n != 0 {
		t.Errorf("%d before it had its time to say a name", n)
	}
	r.pass(time.Second)
	if n := flows(); n != 2 {
		t.Errorf("%d of two, though both read", n)
	}
}

// A peer that is not heard, and reads this node's messages over a connection of its own, is reached while that carries them.
func TestReadsThoughItIsNotHeard(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	reads := func(want State, is bool) {
		t.Helper()
		r.want("x", want)
		for _, v := range r.m.Members() {
			if v.Name == "x" && v.Reads != is {
				t.Errorf("%v: its messages are read: %t", want, v.Reads)
			}
		}
	}
	x.fail = TimedOut
	r.step(Known{[]topics.Name{"x"}})
	r.pass(time.Second)
	reads(Candidate, false)
	r.step(ReaderUp{70, "10.0.0.1"})
	r.step(ReaderNamed{70, "x"})
	reads(Candidate, true)
	r.step(ReaderSilent{70, true})
	reads(Candidate, false)
	r.step(ReaderSilent{70, false})
	x.fail = 0
	r.pass(time.Minute)
	reads(Alive, true)
	x.fail, x.mute = TimedOut, true
	r.pass(5 * time.Second)
	reads(Suspect, true)
	r.step(ReaderDown{70})
	reads(Suspect, false)
}

// Of the far ends of links, those of message links are asked over which beats with a header come.
func TestWhoAnswers(t *testing.T) {
	r := newRig(t, Config{})
	x, naive := r.puppet("x"), r.puppet("10.0.0.2")
	naive.header = nil
	r.hear(x, naive)
	r.pass(10 * time.Second)
	for _, c := range []struct {
		what string
		link LinkID
		want bool
	}{
		{"messages of a node", r.m.peers["x"].feed.link.id, true},
		{"lists of a node", x.link, false},
		{"messages of a naive one", r.m.peers["10.0.0.2"].feed.link.id, false},
		{"no link", 999, false},
	} {
		if got := r.m.Answers(c.link); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}
