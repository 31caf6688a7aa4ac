package mesh

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What is on its way over a message link is not lost by what happens to its peer.
func TestMessageLinkFate(t *testing.T) {
	silent := func(x *puppet) { // for so long that it is suspect, and dialled again
		x.mute = true
		x.r.pass(4500 * time.Millisecond)
		x.r.want("x", Suspect)
		x.mute = false
	}
	for name, c := range map[string]struct {
		happens          func(r *rig, x *puppet, message *link)
		readOut, doubted bool // what is asked for
		new              bool // another message link is dialled
	}{
		"goodbye": {func(r *rig, x *puppet, _ *link) {
			x.header.Leaving = true
			x.beat()
			r.want("x", Left)
		}, true, false, false},
		"replaced": {func(r *rig, x *puppet, _ *link) {
			x.header.Incarnation++
			x.beat()
			r.pass(time.Second)
		}, true, false, true},
		"replaced, and dialled before that was heard": {func(r *rig, x *puppet, message *link) {
			message.at = r.now + 1
			x.header.Incarnation++
			x.beat()
			r.pass(time.Second)
		}, false, true, false},
		"silent, and heard over a new link": {func(r *rig, x *puppet, _ *link) {
			silent(x)
			x.beat()
			r.want("x", Alive)
		}, false, true, false},
		"silent, and heard at another address": {func(r *rig, x *puppet, _ *link) {
			x.addr = "10.9.9.9:20000"
			silent(x)
			x.beat()
			r.want("x", Alive)
		}, false, true, false},
		"evicted": {func(r *rig, x *puppet, message *link) {
			evict(r, r.puppets[0], r.puppets[1], r.puppets[2], x)
			r.want("x", Quarantined)
		}, false, false, false},
		"evicted, and back": {func(r *rig, x *puppet, message *link) {
			evict(r, r.puppets[0], r.puppets[1], r.puppets[2], x)
			x.fail, x.mute = 0, false
			r.step(Heard{message.id}) // the sign of life that has it dialled
			r.pass(2 * time.Second)
			r.want("x", Alive)
		}, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _, _, x := four(t)
			p := r.m.peers["x"]
			message := p.feed.link
			c.happens(r, x, message)
			if slices.Contains(r.hung, message.id) {
				t.Error("hung up")
			}
			if got := slices.Contains(r.readOut, message.id); got != c.readOut {
				t.Errorf("read out: %v", got)
			}
			if got := slices.Contains(r.doubted, message.id); got != c.doubted {
				t.Errorf("doubted: %v", got)
			}
			if got := slices.Contains(r.askedFor, message.id); got != (c.doubted && !strings.HasPrefix(name, "replaced")) {
				t.Errorf("asked: %v", got)
			}
			if got := p.feed.link != nil && p.feed.link != message; got != c.new {
				t.Errorf("another message link: %v", got)
			}
			if got := p.feed.link == nil; got != (c.readOut && !c.new) {
				t.Errorf("no message link: %v", got)
			}
			state := p.state
			r.step(Heard{message.id}) // of a process that is gone it would be no sign of life
			if c.readOut && p.state != state {
				t.Errorf("%v after the last messages of a process that is gone", p.state)
			}
			r.step(LinkDown{message.id, "closed by the peer"})
			if len(p.feed.ending) > 0 {
				t.Error("its end was not taken in")
			}
		})
	}
}

// A message link that brings nothing is replaced by another one, and read to its end; where there is no other one it stays.
// One that has just come up has a while first, and one of a naive peer would have its messages come twice.
func TestStuckMessageLink(t *testing.T) {
	for name, c := range map[string]struct {
		happens  func(r *rig, x *puppet, message *link)
		replaced bool
	}{
		"stuck": {func(r *rig, _ *puppet, message *link) { r.step(LinkStuck{message.id, true}) }, true},
		"stuck for a moment": {func(r *rig, x *puppet, message *link) {
			x.fail = TimedOut
			r.step(LinkStuck{message.id, true})
			r.pass(10 * time.Millisecond)
			r.step(LinkStuck{message.id, false})
			x.fail = 0
		}, false},
		"another one comes up too late": {func(r *rig, x *puppet, message *link) {
			x.hang = true
			r.step(LinkStuck{message.id, true})
			r.pass(10 * time.Millisecond)
			r.step(LinkStuck{message.id, false})
			x.hang = false
		}, false},
		"nobody answers, and then somebody does": {func(r *rig, x *puppet, message *link) {
			x.fail = TimedOut
			r.step(LinkStuck{message.id, true})
			r.pass(3 * time.Second)
			p := r.m.peers["x"]
			if p.feed.link != message || p.feed.carries() || !strings.Contains(r.m.unlinked(p), "nothing comes back") {
				t.Errorf("carries: %v; %q", p.feed.carries(), r.m.unlinked(p))
			}
			x.fail = 0
		}, true},
		"young": {func(r *rig, _ *puppet, message *link) {
			message.at = r.now - 4500*time.Millisecond
			r.step(LinkStuck{message.id, true})
			r.pass(400 * time.Millisecond)
			if r.m.peers["x"].feed.link != message {
				t.Error("replaced after 4.9 s")
			}
		}, true},
		"naive": {func(r *rig, x *puppet, message *link) {
			r.m.peers["x"].says.naive = true
			r.m.onLinkStuck(LinkStuck{message.id, true})
			r.m.peers["x"].says.naive = false
		}, false},
		"an old one": {func(r *rig, _ *puppet, message *link) {
			r.m.links[9999] = &link{id: 9999, peer: message.peer, port: MessagePort}
			r.m.onLinkStuck(LinkStuck{9999, true})
			delete(r.m.links, 9999)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _, _, x := four(t)
			p := r.m.peers["x"]
			message := p.feed.link
			r.pass(6 * time.Second)
			r.changes = nil
			c.happens(r, x, message)
			r.pass(10 * time.Second)
			if slices.Contains(r.hung, message.id) || slices.Contains(r.readOut, message.id) {
				t.Error("hung up, or read for a while only")
			}
			if got := p.feed.link != nil && p.feed.link != message; got != c.replaced || slices.Contains(r.retired, message.id) != c.replaced {
				t.Errorf("replaced: %v; retired: %v", got, r.retired)
			}
			if p.feed.stuck || !p.feed.carries() || len(r.retired) > 1 {
				t.Errorf("stuck: %v; retired: %v", p.feed.stuck, r.retired)
			}
			if len(r.changes) > 0 {
				t.Errorf("told: %v", r.changes)
			}
		})
	}
}

// A process that restarts again and again has the last two of its message links read to the end, and no more.
func TestEndingLinksAreBounded(t *testing.T) {
	r, _, _, _, x := four(t)
	p := r.m.peers["x"]
	for range 10 {
		x.header.Incarnation++
		x.beat()
		r.pass(5 * time.Second)
	}
	if len(p.feed.ending) != maxEnding || p.feed.link == nil {
		t.Fatalf("%d links are read to their end, another one is up: %v", len(p.feed.ending), p.feed.link != nil)
	}
	r.step(Forget{"x"})
	if len(p.feed.ending) > 0 {
		t.Fatal("still read after it was forgotten")
	}
}

// A message link that brings nothing has feedLeast beats from when it came up, whatever a beat takes, and no more once it is older.
func TestFeedLeast(t *testing.T) {
	for _, beat := range []time.Duration{200 * time.Millisecond, time.Second, 2 * time.Second} {
		for _, age := range []time.Duration{beat, feedLeast*beat - beat/10, feedLeast * beat, 9 * feedLeast * beat} {
			r := newRig(t, Config{Beat: beat})
			x := r.puppet("x")
			x.header.Beat = int(beat / time.Millisecond)
			r.hear(x)
			r.pass(10 * feedLeast * beat)
			p := r.m.peers["x"]
			old := p.feed.link
			old.at = r.now - age
			r.step(LinkStuck{old.id, true})
			if want := max(r.now, old.at+feedLeast*beat); p.feed.due != want {
				t.Errorf("a beat of %v, %v old: another one is due in %v, not %v", beat, age, p.feed.due-r.now, want-r.now)
			}
		}
	}
}
