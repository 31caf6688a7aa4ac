package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// A peer that closes each connection after its first beat costs a dial now and then.
func TestPeerThatHangsUpCostsLittle(t *testing.T) {
	r := newRig(t, Config{})
	x := r.puppet("x")
	r.hear(x)
	for range 6000 {
		if x.link != 0 {
			x.breaks()
			x.link = 0
		}
		r.pass(100 * time.Millisecond)
	}
	if n := r.count["x"]; n > 3000 || n < 100 {
		t.Fatalf("%d dials in 10 minutes", n)
	}
}

// A hello that is over its address's quota waits for a place, and is followed up when one is free: many honest nodes may
// share an address.
func TestHellosBehindOneAddressWaitForAPlace(t *testing.T) {
	r := newRig(t, Config{})
	r.sparse = 50
	const n = 2 * perSource
	for i := range n {
		p := r.puppet(topics.Name(fmt.Sprintf("n%d", i)))
		p.hang = i < perSource // the first of them fill the quota
		r.step(ListenerUp{ListenerID(i + 1), "192.0.2.1"})
		r.step(Hello{ListenerID(i + 1), p.name})
	}
	r.pass(time.Second)
	for i := range perSource {
		r.puppets[i].reachable()
	}
	r.pass(10 * time.Second)
	if got := r.m.count[Alive]; got != n {
		t.Errorf("%d of %d are heard: %+v", got, n, r.m.Stats())
	}
}

// A hello that comes late finds its listener taken for a naive one: the name that was guessed from its address may be the
// one that it says, and wait for its dial.
func TestLateHelloOfAGuessedName(t *testing.T) {
	r := newRig(t, Config{})
	for i := range 2 * maxFlying { // dials that hang hold all places
		hangs := r.puppet(topics.Name(fmt.Sprintf("192.0.2.%d", i+1)))
		hangs.hang = true
		r.step(ListenerUp{ListenerID(i + 1), string(hangs.name)})
	}
	r.pass(time.Second)
	p := r.puppet("198.51.100.1")
	r.step(ListenerUp{1000, "198.51.100.1"})
	r.pass(time.Second)
	r.want("198.51.100.1", Candidate)
	r.step(Hello{1000, "198.51.100.1"})
	for _, q := range r.puppets {
		q.reachable()
	}
	r.pass(10 * time.Second)
	r.want(p.name, Alive)
	if got := r.m.Stats().Impostors; got != 0 {
		t.Errorf("%d answers counted as of another member's endpoint", got)
	}
}

// What a new listener was shown goes to all later: who knows only the last list that went to all is not told by a pulse that
// it lacks one, nor is who knows the newer one.
func TestPulsesAskForNoListThatIsStillToCome(t *testing.T) {
	r := newRig(t, Config{Debounce: time.Second})
	a := r.puppet("a")
	r.hear(a)
	for lists := len(r.lists); len(r.lists) == lists; {
		r.pass(10 * time.Millisecond)
	}
	lists, said, pulses := len(r.lists), r.lists[len(r.lists)-1].Header.List, r.pulses
	r.pass(300 * time.Millisecond)
	r.hear(r.puppet("b"))
	r.pass(850 * time.Millisecond)
	if len(r.lists) != lists || r.pulses == pulses {
		t.Fatalf("%d lists and %d pulses came", len(r.lists)-lists, r.pulses-pulses)
	}
	if r.kept.Header.List != said+1 || r.pulse.Header.List != said {
		t.Errorf("new listeners are shown list %d, pulses say %d, all have %d", r.kept.Header.List, r.pulse.Header.List, said)
	}

	a.header.List, a.header.Pulse = 7, false
	a.beat()
	dials := r.count["a"]
	for range 5 { // shown list 7 when the last that went to all was 6
		a.header.List, a.header.Pulse = 6, true
		a.beat()
		r.pass(time.Second)
	}
	if n := r.count["a"] - dials; n != 0 {
		t.Errorf("%d dials for a list that is known", n)
	}
	a.header.List = 8
	a.beat()
	if n := r.count["a"] - dials; n != 1 {
		t.Errorf("%d dials for one that is not", n)
	}
}
