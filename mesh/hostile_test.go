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
