package mesh

import (
	"slices"
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
