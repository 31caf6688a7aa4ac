package mesh

import (
	"testing"
	"time"

	"hearsay/topics"
)

// A process that takes the place of another is one process, whether its clock runs ahead or was set back: its reader
// and its message link are its own, and it is not linked twice.
func TestRestartIsReadAndReadsAnew(t *testing.T) {
	for name, d := range map[string]int64{"newer": 400, "older": -400} {
		t.Run(name, func(t *testing.T) {
			r, _, _, _, x := four(t)
			x.header.Incarnation = 500
			x.beat()
			r.step(ReaderUp{77, "10.0.0.4"})
			r.step(ReaderNamed{77, "x"})
			r.pass(3 * time.Second)
			if !r.m.peers["x"].feed.flows {
				t.Fatal("set-up: does not flow")
			}
			// the process ends and another takes its place: all links break, and are dialled again
			r.step(ReaderDown{77})
			if l := r.m.peers["x"].feed.link; l != nil {
				r.step(LinkDown{l.id, "broken"})
			}
			x.breaks()
			r.pass(300 * time.Millisecond)
			x.header.Incarnation += d
			x.header.Seq = 0
			r.step(ReaderUp{78, "10.0.0.4"})
			r.step(ReaderNamed{78, "x"})
			before := r.m.peers["x"].feed.link
			for range 5 {
				x.beat()
				r.pass(time.Second)
			}
			p := r.m.peers["x"]
			if !p.feed.flows {
				t.Error("the new process reads our messages, and it is not told")
			}
			if before != nil && before != p.feed.link {
				t.Error("the message link of the new process was replaced by a second one to the same process")
			}
		})
	}
}

// A member whose list was said before it was one is asked for it, and not left unknown until it says it again.
func TestListOfAThawedMemberIsAskedFor(t *testing.T) {
	r, a, b, c, x := four(t)
	x.dies()
	a.say("b", "c")
	b.say("a", "c")
	c.say("a", "b")
	r.pass(30 * time.Second)
	r.want("x", Quarantined)
	x.reachable()
	x.mute, x.wedged = true, true // its list is said again, and its next beat is a pulse
	r.listens("x", "10.0.0.4")
	r.pass(100 * time.Millisecond)
	p := r.m.peers["x"]
	if p.row.known {
		t.Fatal("set-up: its list is known")
	}
	p.reach.askDue = 0
	pulse := *x.header
	pulse.Seq, pulse.Pulse = pulse.Seq+1, true
	r.step(Beat{x.link, []topics.Name{"x"}, &pulse, 0})
	r.want("x", Alive)
	r.pass(100 * time.Millisecond)
	if !p.row.known {
		t.Error("its list is not known")
	}
}
