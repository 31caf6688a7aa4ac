package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// ofMesh makes a puppet say a label.
func (p *puppet) ofMesh(label string) *puppet { p.header.Mesh = label; return p }

// foreign counts what was told of other meshes.
func (r *rig) foreign() (told []string) {
	for _, c := range r.changes {
		if c.Kind == Foreign {
			told = append(told, string(c.Peer)+" "+c.Why)
		}
	}
	return told
}

// Meshes of two labels are strangers, one with a label and one without are too, and so is a naive node to a label.
func TestMeshesKeepApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own, other string
		naive      bool
		met        bool
		cause      string
	}{
		{own: "", other: "", met: true},
		{own: "blue", other: "blue", met: true},
		{own: "", naive: true, met: true},
		{own: "blue", other: "red", cause: "another mesh (red)"},
		{own: "blue", other: "Blue", cause: "another mesh (Blue)"},
		{own: "", other: "red", cause: "another mesh (red)"},
		{own: "blue", other: "", cause: "another mesh (without a label)"},
		{own: "blue", naive: true, cause: "another mesh (without a label)"},
	} {
		t.Run(fmt.Sprintf("%q meets %q, naive %v", c.own, c.other, c.naive), func(t *testing.T) {
			r := newRig(t, Config{Seeds: []topics.Name{"x"}, Mesh: c.own})
			x := r.puppet("x", "y").ofMesh(c.other)
			r.puppet("y", "x").ofMesh(c.own)
			if c.naive {
				x.header = nil
			}
			r.pass(20 * time.Second)
			if got := r.state("x") == Alive; got != c.met {
				t.Errorf("x is %v", r.state("x"))
			}
			if got := r.state("y") == Alive; got != c.met {
				t.Errorf("y, whom x lists, is %v", r.state("y"))
			}
			lost, told := r.m.LostSeeds(), r.foreign()
			if c.met {
				if len(lost)+len(told)+len(r.m.Foreigners()) > 0 {
					t.Errorf("lost %v, told %v", lost, told)
				}
				return
			}
			if len(lost) != 1 || !strings.HasPrefix(lost[0].Cause, c.cause) {
				t.Errorf("lost %v", lost)
			}
			if len(told) != 1 || !strings.Contains(told[0], c.cause) {
				t.Errorf("told %q, want it once", told)
			}
			if n := r.m.Stats().Foreign; n < 2 {
				t.Errorf("counted %d", n)
			}
		})
	}
}

// What a publisher says of its mesh before any beat is enough, and what it says of this one is nothing.
func TestMeshSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"x"}, Mesh: "blue"})
	x := r.puppet("x").ofMesh("blue")
	x.mute = true
	r.pass(time.Second)
	r.step(MeshSaid{x.link, "blue"})
	r.step(MeshSaid{x.link + 1000, "red"})
	if len(r.hung) > 0 || len(r.foreign()) > 0 {
		t.Fatalf("hung up %v, told %v", r.hung, r.foreign())
	}
	r.step(MeshSaid{x.link, "red"})
	if !slices.Contains(r.hung, x.link) || len(r.foreign()) != 1 {
		t.Errorf("hung up %v, told %v", r.hung, r.foreign())
	}
}

// A hello from another mesh is no reason to dial anybody.
func TestForeignHello(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Mesh: "blue"})
	for range 3 {
		r.step(ForeignHello{"x", "red", "10.0.0.9"})
	}
	r.step(ForeignHello{"x", "", "10.0.0.9"})
	r.step(ForeignHello{"x", "blue", "10.0.0.9"}) // which the runtime does not say
	r.pass(10 * time.Second)
	if r.count["x"] > 0 || r.state("x") != Unknown || len(r.m.Members()) > 0 {
		t.Errorf("dialled %d times, is %v", r.count["x"], r.state("x"))
	}
	if told := r.foreign(); len(told) != 2 {
		t.Errorf("told %q, want each mesh once", told)
	}
}

// A member that is started again in another mesh is lost at once, and a member again once it is back.
func TestMeshChangesByRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"x"}})
	x, y := r.puppet("x", "y"), r.puppet("y", "x")
	r.pass(5 * time.Second)
	if r.state("x") != Alive || r.state("y") != Alive {
		t.Fatal("not whole")
	}
	x.header.Incarnation, x.header.Mesh = 2, "blue"
	r.step(LinkDown{x.link, "reset"})
	r.pass(500 * time.Millisecond)
	if s := r.state("x"); s != Suspect {
		t.Errorf("x is %v", s)
	}
	y.lists = []topics.Name{"self"}
	y.header.List++
	r.pass(30 * time.Second)
	if slices.Contains(r.m.Alive(), "x") {
		t.Error("x is alive")
	}
	x.header.Incarnation, x.header.Mesh = 3, ""
	r.step(ListenerUp{900, "10.0.0.1"})
	r.step(Hello{900, "x"})
	r.pass(20 * time.Second)
	if s := r.state("x"); s != Alive {
		t.Errorf("x is back, and %v", s)
	}
	if len(r.m.Foreigners()) > 0 {
		t.Errorf("still a stranger: %v", r.m.Foreigners())
	}
}

// A mesh with a label takes nobody for naive, and every beat of it says the label.
func TestLabelledMeshHasNoNaiveNodes(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Mesh: "blue", Seeds: []topics.Name{"x:20010"}})
	r.puppet("x:20010").ofMesh("blue")
	r.step(ListenerUp{1, "10.9.9.9"})
	r.pass(10 * time.Second)
	if n := r.count["10.9.9.9"]; n > 0 {
		t.Errorf("dialled %d times", n)
	}
	for _, l := range r.lists {
		if l.Header.Mesh != "blue" || l.Kept.Header.Mesh != "blue" || l.Nameless != nil || l.Kept.Nameless != nil {
			t.Fatalf("%+v", l.Header)
		}
	}
}

// Who makes up names and labels fills no memory and no log.
func TestForeignersAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	for i := range 5000 {
		r.step(ForeignHello{topics.Name(fmt.Sprint("n", i)), fmt.Sprint("m", i%7), "10.0.0.9"})
	}
	if n := len(r.m.Foreigners()); n != maxForeigners {
		t.Errorf("%d remembered", n)
	}
	if n := len(r.foreign()); n != foreignBurst {
		t.Errorf("%d told", n)
	}
	if n := r.m.Stats().Foreign; n != 5000 {
		t.Errorf("%d counted", n)
	}
}

// A name that leads into another mesh has an address: nobody who listens lends it another.
func TestNameInAnotherMeshHasAnAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"x"}})
	r.puppet("x").ofMesh("red")
	p := r.m.peers["x"]
	p.reach.tour.way.nameless = true // DNS had no answer once
	r.pass(time.Second)
	if way := p.reach.tour.way; !way.resolved || way.open() {
		t.Errorf("%+v", way)
	}
}

// Another name of a member that leads into another mesh now is none of its names any more.
func TestAliasGoesToAnotherMesh(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{})
	x, b := r.puppet("x"), r.puppet("b").ofMesh("red")
	r.hear(x)
	r.step(Known{[]topics.Name{"y"}})
	r.dials = nil
	r.step(Beat{r.up(r.underWay("y"), x.addr), []topics.Name{"x"}, x.header, 0})
	r.want("y", Alias)
	r.m.want(r.m.peers["y"], due, classSeed)
	r.step(Heard{0})
	r.dials = nil
	r.step(Beat{r.up(r.underWay("y"), b.addr), []topics.Name{"b"}, b.header, 0})
	r.want("y", Candidate)
	r.want("x", Alive)
}
