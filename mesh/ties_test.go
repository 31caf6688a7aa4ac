package mesh

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"hearsay/topics"
)

// brokenTies checks who has ties, and that nobody wrote to those of the others.
func (m *Machine) brokenTies() error {
	if !bytes.Equal(bytesOf(&m.untied), bytesOf(&none)) && !reflect.DeepEqual(m.untied, none) { // which takes long
		return errors.New("somebody wrote to the ties of all that have none")
	}
	for _, p := range m.slots {
		switch own := p != nil && p.ties != &m.untied; {
		case p == nil:
		case own != m.tied.has(p.slot):
			return fmt.Errorf("%s has ties, and it is not known: %v", p.name, own)
		case !own && (p.reach.linked() || !p.state.unheard() && p.state != Alias):
			return fmt.Errorf("%s is heard, and has no ties", p.name)
		}
	}
	return nil
}

var none = noTies()

// bytesOf are those of ties in memory: where they are the same, all that they lead to is.
func bytesOf(t *ties) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t)) }

// A far member costs little: a node has a thousand of them, and some twelve neighbours.
func TestFarMembersCostLittle(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(peer{}); size > 1024 {
		t.Errorf("a far member takes %d bytes", size)
	}
	r, _, _ := large(t, 2*leastMesh)
	r.pass(5 * time.Second)
	for _, p := range r.m.slots {
		if p != nil && (p.state == Far) == r.m.tied.has(p.slot) {
			t.Errorf("%s is %v, and has ties: %v", p.name, p.state, r.m.tied.has(p.slot))
		}
	}
	if r.m.count[Far] < leastMesh {
		t.Errorf("there are only %d far members", r.m.count[Far])
	}
}

// One that was a neighbour is let go of once its messages come by others.
func TestTiesEndWithTheNeighbour(t *testing.T) {
	t.Parallel()
	r := fewRig(t)
	a := r.puppet("a", "x")
	r.puppet("x")
	r.hear(a)
	r.pass(2 * time.Second)
	r.want("x", Alive)
	p := r.m.peers["x"]
	r.m.far.look(r.m)
	r.m.part(p, func(*peer) bool { return true }, "no neighbour")
	if r.step(Heard{0}); !r.m.tied.has(p.slot) {
		t.Error("it is let go of though a link stands, over which its messages come")
	}
	if r.pass((feedStays + 2) * time.Second); p.state != Far || r.m.tied.has(p.slot) {
		t.Errorf("it is %v, and has ties: %+v", p.state, p.ties)
	}
}

// So is a far member that was dialled to see whether it is there.
func TestFarMembersThatWereDialledHaveNoTies(t *testing.T) {
	t.Parallel()
	r, _, _ := large(t, 2*leastMesh)
	r.pass(5 * time.Second)
	for _, p := range r.m.slots {
		if p == nil || p.state != Far || r.m.view.links(p) {
			continue
		}
		x := r.puppet(p.name)
		r.m.enqueue(p, DiscoveryPort, classProbe)
		r.step(Tick{})
		r.answer()
		tied := r.m.tied.has(p.slot)
		x.beat()
		if r.pass(2 * time.Second); !tied || p.state != Far || !p.reach.tour.way.reached || r.m.tied.has(p.slot) {
			t.Errorf("with a link it has ties: %v; once it was heard it is %v, and has ties: %v", tied, p.state, r.m.tied.has(p.slot))
		}
		return
	}
	t.Error("everybody is a neighbour")
}

// What is left of the list of one that is no neighbour any more is learned still, and is noted as its own.
func TestFormerListersAreTied(t *testing.T) {
	t.Parallel()
	r, _, _ := large(t, 2*leastMesh)
	r.pass(5 * time.Second)
	p := r.m.peers["n0"]
	if p == nil || r.m.tied.has(p.slot) {
		t.Fatal("it is no far member")
	}
	s := p.asSource()
	s.overflow = []topics.Name{"unknown"}
	if r.m.learnOverflow(s); r.m.peers["unknown"] == nil || !r.m.tied.has(p.slot) || r.m.brokenTies() != nil {
		t.Error("it lists a name, and has no ties")
	}
}
