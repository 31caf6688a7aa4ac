package sim

import (
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// stage is a run that a test directs: it does something to hosts, lets time pass, and asks the machines. No rule may be
// broken meanwhile.
type stage struct {
	*world
	t      testing.TB
	actors []*actor // by host: its newest process
}

// actor is a machine under test of which the stage notes what it tells and dials.
type actor struct {
	Machine
	changes []mesh.Change
	dials   map[topics.Name]int
	whole   mesh.Publish // its newest whole list
	nat     string       // where all its listeners seem to come from; may be empty
}

func (a *actor) Unwrap() Machine { return a.Machine }

func (a *actor) Step(now mesh.Time, ev mesh.Input) []mesh.Effect {
	if up, ok := ev.(mesh.ListenerUp); ok && a.nat != "" {
		up.Addr = a.nat
		ev = up
	}
	effects := a.Machine.Step(now, ev)
	for _, e := range effects {
		switch e := e.(type) {
		case mesh.Emit:
			a.changes = append(a.changes, e.Change)
		case mesh.Dial:
			a.dials[e.Target]++
		case mesh.Publish:
			if !e.Header.Pulse {
				a.whole = e
			}
		}
	}
	return effects
}

// told counts the changes of some kinds.
func (a *actor) told(kinds ...mesh.Kind) (n int) {
	for _, c := range a.changes {
		for _, k := range kinds {
			if c.Kind == k {
				n++
			}
		}
	}
	return n
}

// newStage is a ring of n hosts that a test has changed. nat may be empty.
func newStage(t testing.TB, n int, seed uint64, nat string, lay func(p *Plan)) *stage {
	s := &stage{t: t, actors: make([]*actor, n)}
	p := newPlan(n, seed, 0)
	lay(p)
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.Kind != Naive {
			h.Machine = func(b Birth) Machine {
				s.actors[i] = &actor{Machine: honest(b), dials: make(map[topics.Name]int), nat: nat}
				return s.actors[i]
			}
		}
	}
	p.finish()
	s.world = newWorld(seed, p)
	return s
}

// do applies faults now.
func (s *stage) do(faults ...Fault) {
	for _, f := range faults {
		s.act(f)
	}
}

// pass lets time pass.
func (s *stage) pass(d time.Duration) {
	s.t.Helper()
	for end := s.now + d; s.now < end; {
		s.runSecond(min(end, s.now+time.Second))
	}
	s.sound()
}

// whole lets all hosts start, which takes 200 ms, and find each other.
func (s *stage) whole(d time.Duration) {
	s.t.Helper()
	s.pass(200 * time.Millisecond)
	s.within(d, "whole", Whole())
}

// within lets time pass until something holds, which it must in time.
func (s *stage) within(d time.Duration, what string, ok Cond) {
	s.t.Helper()
	for end := s.now + d; !ok(s.world); {
		if s.now >= end {
			s.t.Fatalf("not within %v: %s\n%s", d, what, s.picture())
		}
		s.runSecond(min(end, s.now+10*time.Millisecond))
	}
	s.sound()
}

func (s *stage) sound() {
	s.t.Helper()
	for _, v := range s.violations {
		s.t.Fatalf("at %v: %s broken by %s, of %s: %s", v.At, v.Rule, v.Observer, v.Subject, v.What)
	}
}

// picture is what everybody makes of everybody.
func (s *stage) picture() (text string) {
	for _, h := range s.hosts {
		if h.proc == nil || accounts(h.proc.brain) == nil {
			continue
		}
		text += string(h.name) + ":"
		for _, x := range accounts(h.proc.brain).Members() {
			text += " " + string(x.Name) + "=" + x.State.String()
		}
		if text += "\n"; len(text) > 4000 {
			return text + "..."
		}
	}
	return text
}

// at is what a host knows of a name.
func (s *stage) at(host int, name topics.Name) mesh.Member {
	for _, x := range s.books(host).Members() {
		if x.Name == name {
			return x
		}
	}
	return mesh.Member{}
}

// books are a host's own account of its peers.
func (s *stage) books(host int) Accounts { return accounts(s.hosts[host].proc.brain) }

// hear reports whether all these hosts hear one another. A naive one is heard and not asked.
func hear(hosts ...int) Cond {
	return func(w *world) bool {
		for _, i := range hosts {
			for _, j := range hosts {
				if i != j && w.hosts[i].kind != Naive && w.watch.view(i, j).state != mesh.Alive {
					return false
				}
			}
		}
		return true
	}
}
