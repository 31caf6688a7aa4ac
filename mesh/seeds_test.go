package mesh

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// A seed that leads to nobody is told with its cause after the first round of dials, and then ever more rarely.
func TestSeedThatLeadsToNobodyIsTold(t *testing.T) {
	for _, c := range []struct {
		how  DialReason
		want string
	}{
		{Unresolved, "no such host"}, {Refused, "10.0.0.9:20000 refuses"}, {TimedOut, "timed out"}, {Unreachable, "no route to 10.0.0.9:20000"},
		{BadPeer, "not as a ZeroMQ publisher"}, {Wordless, "says nothing"}, {NoKey, "no key: "}, {WrongKey, "wrong key: "}, {NotLetIn, "not let in: "}, {Unauthorized, "unauthorized: "},
		{HungUpHello, "wrong key, most likely: 10.0.0.9:20000 hung up"}, {HungUpKey, "not let in, most likely: 10.0.0.9:20000 hung up"},
		{NoDNS, "no answer from DNS"}, {Local, "file descriptor"},
	} {
		r := newRig(t, Config{Seeds: []topics.Name{"there"}})
		p := r.puppet("there")
		p.fail, p.addr = c.how, "10.0.0.9:20000"
		r.pass(500 * time.Millisecond)
		if len(r.told(Unreached)) > 0 {
			t.Fatalf("%v: told before a round was over: %v", c.how, r.changes)
		}
		r.pass(time.Hour)
		told := r.told(Unreached)
		if len(told) < 4 || len(told) > 7 {
			t.Errorf("%v: told %d times in an hour", c.how, len(told))
		}
		if why := told[0].Why; !strings.Contains(why, c.want) {
			t.Errorf("%v: %q, want %q", c.how, why, c.want)
		}
		if lost := r.m.LostSeeds(); len(lost) != 1 || lost[0].Cause != told[0].Why {
			t.Errorf("%v: %+v", c.how, lost)
		}
		if m := r.m.Members(); len(m) != 1 || m[0].Failure != told[0].Why {
			t.Errorf("%v: %+v", c.how, m)
		}
		p.reachable()
		r.pass(20 * time.Minute)
		r.want("there", Alive)
		if m := r.m.Members()[0]; len(r.m.LostSeeds()) > 0 || m.Failure != "" || m.LastAddr != p.addr {
			t.Errorf("%v: found, and yet %+v, %+v", c.how, r.m.LostSeeds(), m)
		}
	}
}

// A seed that is not there yet when a node starts, and comes up within a second, is not told of: where many are started
// together, one is last. One whose machine does not answer is told of after the first dial.
func TestSeedThatStartsALittleLaterIsNotTold(t *testing.T) {
	for _, how := range []DialReason{Refused, Unresolved} {
		r := newRig(t, Config{Seeds: []topics.Name{"there"}})
		p := r.puppet("there")
		p.fail = how
		r.pass(1200 * time.Millisecond)
		if lost := r.m.LostSeeds(); len(r.told(Unreached)) > 0 || len(lost) != 1 {
			t.Errorf("%v: told %v, shown %v", how, r.told(Unreached), lost)
		}
		p.reachable()
		r.pass(time.Minute)
		if r.want("there", Alive); len(r.told(Unreached)) > 0 {
			t.Errorf("%v: told %v", how, r.told(Unreached))
		}
		r = newRig(t, Config{Seeds: []topics.Name{"there"}})
		r.puppet("there").fail = how
		if r.pass(2100 * time.Millisecond); len(r.told(Unreached)) != 1 {
			t.Errorf("%v, and nobody starts: told %v", how, r.told(Unreached))
		}
	}
	r := newRig(t, Config{Seeds: []topics.Name{"there"}})
	r.puppet("there").fail = TimedOut
	if r.pass(1100 * time.Millisecond); len(r.told(Unreached)) != 1 {
		t.Errorf("told %v", r.told(Unreached))
	}
}

// A peer that is being dialled is tried now, whenever its next turn is.
func TestNextTryIsNowWhileOneIsUnderWay(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	x.fail = TimedOut
	r.listens("x", "10.0.0.1")
	r.pass(2 * time.Second)
	if m := r.member("x"); m.Next <= r.now {
		t.Fatalf("at %v: %+v", r.now, m)
	}
	x.hang = true
	r.listens("x", "10.0.0.1")
	r.pass(100 * time.Millisecond)
	if m := r.member("x"); !r.m.peers["x"].reach.dialling() || m.Next > r.now {
		t.Errorf("at %v, it is dialled: %v, next %v", r.now, r.m.peers["x"].reach.dialling(), m.Next)
	}
}

// Who hangs up once during the key handshake may have been ended just then: that is not told as a wrong key, and tried
// again within a beat, whether the peer was met before or not.
func TestHangUpDuringTheKeyHandshake(t *testing.T) {
	for _, why := range []DialReason{HungUpHello, HungUpKey} {
		for _, met := range []bool{false, true} {
			r := newRig(t, Config{Seeds: []topics.Name{"there", "other"}})
			p := r.puppet("there")
			p.fail = Refused
			if met {
				p.reachable()
				r.hear(p)
				p.dies()
			}
			r.hear(r.puppet("other"))
			r.pass(30 * time.Minute) // it is dialled rarely by now
			p.fail = why
			for late := r.now + time.Hour; !strings.Contains(r.failing("there"), "hung up"); r.pass(100 * time.Millisecond) {
				if r.now > late {
					t.Fatalf("%v, met: %v: %+v", why, met, r.m.Members())
				}
			}
			if got := r.failing("there"); strings.Contains(got, "wrong key") || strings.Contains(got, "not let in") {
				t.Errorf("%v, met: %v: after one dial %q", why, met, got)
			}
			p.reachable()
			r.pass(2 * time.Second)
			if got := r.state("there"); got != Alive && got != Probation {
				t.Errorf("%v, met: %v: %v after the next dial", why, met, got)
			}
			for _, told := range r.told(Unreached) {
				if !strings.Contains(told.Why, "refuses") {
					t.Errorf("%v: told %q", why, told.Why)
				}
			}
		}
	}
}

// Another cause is told soon, however long the first one was told of.
func TestAnotherCauseIsTold(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"there"}})
	p := r.puppet("there")
	p.fail = Unresolved
	r.pass(30 * time.Minute)
	before := len(r.told(Unreached))
	p.fail = Refused
	r.pass(20 * time.Second)
	if told := r.told(Unreached); len(told) != before+1 || !strings.Contains(told[before].Why, "refuses") {
		t.Errorf("%v", told)
	}
}

// Two causes that take turns, as those of a name with two dead addresses do, are told ever more rarely.
func TestCausesThatTakeTurnsAreToldRarely(t *testing.T) {
	c := LAN()
	var m missing
	told := 0
	for now := Time(0); now < time.Hour; now += 10 * time.Second {
		if m.tell([]string{"one", "other"}[now/(10*time.Second)%2], now, &c) {
			told++
		}
	}
	if told < 3 || told > 8 {
		t.Errorf("told %d times in an hour", told)
	}
	if !m.tell("a third", time.Hour+c.BackOff, &c) {
		t.Error("a third cause is not told")
	}
}

// A seed that answers and sends no lists, as a message port does, says so.
func TestSilentSeedIsTold(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"there"}})
	r.puppet("there").mute = true
	r.pass(time.Minute)
	if told := r.told(Unreached); len(told) == 0 || !strings.Contains(told[0].Why, "sends no lists") {
		t.Errorf("%v", told)
	}
}

// A node whose only seed leads to itself is told so.
func TestSeedThatLeadsHereIsTold(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"mirror"}})
	p := r.puppet("mirror")
	p.name = "self"
	p.header.Incarnation = r.m.Incarnation()
	r.dns["mirror"] = []string{"10.0.0.1"}
	r.listens("self", "10.0.0.1")
	r.pass(5 * time.Second)
	if lost := r.m.LostSeeds(); len(lost) != 1 || !strings.Contains(lost[0].Cause, "this node itself") {
		t.Errorf("%+v, %v", lost, r.changes)
	}
}

// An evicted peer owes ever more beats, and the address where it was heard last stays known.
func TestQuarantinedPeerOwesBeats(t *testing.T) {
	r := newRig(t, Config{})
	p := r.puppet("a")
	r.hear(p, r.puppet("b"), r.puppet("c"))
	p.mute, p.hang = true, true
	p.breaks()
	r.pass(time.Minute)
	r.want("a", Quarantined)
	i := slices.IndexFunc(r.m.Members(), func(m Member) bool { return m.Name == "a" })
	if m := r.m.Members()[i]; m.Owes < 55 || m.LastAddr != p.addr || m.Addr != "" {
		t.Errorf("%+v", m)
	}
}

// told returns the changes of a kind.
func (r *rig) told(k Kind) (out []Change) {
	for _, c := range r.changes {
		if c.Kind == k {
			out = append(out, c)
		}
	}
	return out
}

// What is wrong with a peer is forgotten once nothing is, but not of one that calls still and is not heard: it is news if it
// comes again.
func TestTellOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	r.hear(r.puppet("a"))
	p := r.m.peers["a"]
	for i, c := range []struct {
		cause  string
		state  State
		claims int
		told   int
	}{
		{"x", Alive, 0, 1},
		{"x", Alive, 0, 1}, // too soon
		{"", Candidate, 1, 1},
		{"", Alive, 1, 0},
		{"x", Candidate, 1, 1},
		{"", Candidate, 0, 0},
	} {
		p.state, p.origin.claims = c.state, int32(c.claims)
		if r.m.tellOn(p, &p.stale, Stale, c.cause); p.stale.told != c.told {
			t.Errorf("%d: told %d times", i, p.stale.told)
		}
	}
}
