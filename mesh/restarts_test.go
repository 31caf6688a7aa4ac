package mesh

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// restarts takes the process of a puppet through its end and a new life.
func (p *puppet) restarts() {
	p.dies()
	p.r.pass(500 * time.Millisecond)
	p.reachable()
	p.header.Incarnation++
	p.header.Seq, p.header.List = 0, 1
}

func (r *rig) restartsTold() (all []string) {
	for _, c := range r.changes {
		if c.Kind == Restarts {
			all = append(all, string(c.Peer)+" "+c.Why)
		}
	}
	return all
}

func (r *rig) toldSteady(name topics.Name) (n int) {
	for _, c := range r.changes {
		if c.Kind == Steady && c.Peer == name {
			n++
		}
	}
	return n
}

// A process that is started again each few seconds is told of, once a minute at most, and shown until it stays up.
func TestCrashLoopIsTold(t *testing.T) {
	r, _, _, _, x := four(t)
	at := r.now
	for r.now-at < 3*time.Minute-5*time.Second {
		x.restarts()
		r.pass(3 * time.Second)
	}
	told := r.restartsTold()
	if len(told) < 2 || len(told) > 3 || !strings.HasPrefix(told[0], "x started again 4 times in ") || r.m.Stats().RestartsTold != uint64(len(told)) {
		t.Errorf("%d, %q", r.m.Stats().RestartsTold, told)
	}
	shown := func() string { return r.m.member(r.m.peers["x"]).Restarts }
	if why := shown(); !strings.HasPrefix(why, "started again ") {
		t.Errorf("shown is %q", why)
	}
	r.pass(115 * time.Second)
	if why := shown(); !strings.HasPrefix(why, "started again of late, the last 1m5") || r.toldSteady("x") != 0 {
		t.Errorf("once most are long ago, %q is shown", why)
	}
	r.pass(6 * time.Second)
	if why := shown(); why != "" || len(r.restartsTold()) != len(told) {
		t.Errorf("it stays up, and %q is shown, %q told", why, r.restartsTold())
	}
	if r.pass(5 * time.Minute); r.toldSteady("x") != 1 {
		t.Errorf("that it is over was told %d times", r.toldSteady("x"))
	}
}

// The time in which it was started again is that of the restarts: it does not grow while nothing ends. Its end is told though
// somebody looked just then.
func TestCrashLoopThatIsOver(t *testing.T) {
	r, _, _, _, x := four(t)
	for range 5 {
		x.restarts()
		r.pass(2 * time.Second)
	}
	r.pass(60 * time.Second)
	if why := r.m.member(r.m.peers["x"]).Restarts; !regexp.MustCompile("^started again 5 times in 1[0-2]s, the last 1m[0-3]s ago: ").MatchString(why) {
		t.Errorf("shown is %q", why)
	}
	for range 80 {
		r.pass(time.Second)
		r.m.member(r.m.peers["x"])
	}
	if n := r.toldSteady("x"); n != 1 {
		t.Errorf("that it is over was told %d times", n)
	}
}

// A deploy starts each once, or twice where it is taken back. Two processes of one name are heard in turn, and neither of them
// is started.
func TestFewRestartsAreNotTold(t *testing.T) {
	r, a, b, c, x := four(t)
	for range 2 {
		for _, p := range []*puppet{a, b, c, x} {
			p.restarts()
			r.pass(5 * time.Second)
		}
	}
	r.pass(3 * time.Minute)
	first := x.header.Incarnation
	for i := range int64(80) { // the older one is believed after three beats
		x.header.Incarnation = first + max(0, i%4-2)
		x.header.Seq++
		x.beat()
		r.pass(200 * time.Millisecond)
	}
	if n := r.m.Stats().Conflicts; n < 10 {
		t.Fatalf("they were not believed in turn: %d conflicts", n)
	}
	if told := r.restartsTold(); len(told) > 0 || r.m.member(r.m.peers["x"]).Restarts != "" {
		t.Errorf("%q", told)
	}
}

// A process that says goodbye each time does not end by itself, and is not said to.
func TestRestartsWithAGoodbyeAreSaidToHaveOne(t *testing.T) {
	for _, c := range []struct {
		byes int // of five
		want string
	}{
		{5, "started again 5 times in [0-9]+s, the last [0-9]s ago: it said goodbye each time, so something stops it and starts it again"},
		{0, "started again 5 times in [0-9]+s, the last [0-9]s ago: its process ends again and again"},
		{2, "started again 5 times in [0-9]+s, the last [0-9]s ago: its process ends again and again, 2 of 5 times with a goodbye"},
	} {
		r, _, _, _, x := four(t)
		for i := range 5 {
			if i < c.byes {
				x.header.Leaving = true
				x.beat()
				x.header.Leaving = false
				r.want("x", Left)
			}
			x.restarts()
			r.listens("x", hostOf(x.addr))
			r.pass(2 * time.Second)
			r.want("x", Alive)
		}
		if why := r.m.member(r.m.peers["x"]).Restarts; !regexp.MustCompile("^" + c.want + "$").MatchString(why) {
			t.Errorf("%d goodbyes: %q", c.byes, why)
		}
	}
}
