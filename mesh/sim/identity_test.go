package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Many nodes behind one address are not taken for one spammer.
func TestStarBehindOneAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, 120, 7, "192.0.2.1", func(p *Plan) {
		p.topology(1)
		p.Network.Latency = Span{500 * time.Microsecond, 1500 * time.Microsecond} // one building
	})
	s.whole(2 * time.Second)
}

func TestNameThatDoesNotResolveIsReachedWhereItsHelloCameFrom(t *testing.T) {
	s := newStage(t, 2, 7, "", func(p *Plan) { p.Hosts[0].Seeds, p.Hosts[1].NoName = nil, true })
	s.whole(time.Second)
}

// A name that DNS knows is not taken by who says hello, whatever became of its node, by nodes that heard it once or
// never: neither with a hello nor with a list that starts with it.
func TestNameInDNSIsNotTakenWhileItsNodeIsDown(t *testing.T) {
	t.Parallel()
	const thief, victim = 0, 3 // the watch gives a name to the last host that has it
	for v := range 8 {
		silent, nameless, met := v&1 > 0, v&2 > 0, v&4 > 0
		s := newStage(t, 4, 5, "", func(p *Plan) {
			h := &p.Hosts[thief]
			h.Name, h.Kind, h.Begin, h.Seeds = HostName(victim), Forger, -1, []topics.Name{HostName(1), HostName(2)}
			if nameless {
				h.Kind = Naive
			}
			p.Hosts[2].Seeds, p.Hosts[victim].Seeds = nil, []topics.Name{HostName(1)}
			if !met {
				p.Hosts[victim].Begin = -1
			}
			p.DNS[HostName(victim)] = p.Hosts[victim].Addrs
		})
		s.within(1200*time.Millisecond, "two", hear(1, 2))
		s.pass(10 * time.Second)
		if s.do(Crash{victim}); silent {
			s.do(PowerCut{victim})
		}
		s.pass(time.Minute)
		s.do(Start{thief})
		for range 600 {
			s.pass(time.Second)
			for _, i := range []int{1, 2} {
				if x := s.at(i, HostName(victim)); x.State == mesh.Alive {
					t.Fatalf("silent %v, nameless %v, met %v: %+v", silent, nameless, met, x)
				}
			}
		}
	}
}

func TestMultiHomedSeedIsOnePeer(t *testing.T) {
	s := newStage(t, 2, 7, "", func(p *Plan) {
		p.Hosts[0].Seeds, p.Hosts[1].Seeds = []topics.Name{"second", HostName(1)}, nil
		p.DNS[HostName(1)], p.DNS["second"] = p.Hosts[1].Addrs, []string{"10.1.1.1"}
		p.Hosts[1].Addrs = []string{p.Hosts[1].Addrs[0], "10.1.1.1"}
	})
	s.whole(time.Second)
	s.pass(time.Minute)
	if n := len(s.hosts[0].proc.dialled); n != 2 || s.actors[0].told(mesh.Conflict) > 0 {
		t.Fatal(n, s.actors[0].changes)
	}
}

// A naive node says no hello: where it came from is what leads to it.
func TestNaiveNewcomerIsFoundByItsAddress(t *testing.T) {
	s := newStage(t, 5, 1, "", func(p *Plan) {
		p.Hosts[4].Kind, p.Hosts[4].Begin, p.Hosts[4].Seeds = Naive, -1, []topics.Name{HostName(0)}
		p.Hosts[3].Seeds = []topics.Name{HostName(0)}
	})
	s.whole(time.Second)
	s.do(Start{4})
	s.within(15*time.Second, "naive newcomer", Whole())
}

// A mesh of names with a port grows by lists alone, though a naive peer is alive in it, which is told of none of them:
// the first withheld name is told, and what is withheld makes its list alone incomplete.
func TestMeshWithPortsGrowsBesideANaivePeer(t *testing.T) {
	s := newStage(t, 5, 1, "", func(p *Plan) {
		p.Hosts[1].Kind = Naive
		p.Hosts[0].Seeds = nil
		for i := 2; i < 5; i++ {
			p.Hosts[i].Name, p.Hosts[i].Begin = topics.Name(fmt.Sprintf("%s:2%d000", HostName(i), i)), -1
		}
		for i := 1; i < 5; i++ {
			p.Hosts[i].Seeds = []topics.Name{HostName(0)}
		}
	})
	s.within(10*time.Second, "naive", hear(0, 1))
	s.do(Start{2})
	s.within(10*time.Second, "first", hear(0, 1, 2))
	s.pass(10 * time.Second)
	a := s.actors[0]
	if n := s.books(0).Stats().Withheld; n != 1 || a.told(mesh.Withheld) != 1 || !a.whole.Header.Complete ||
		a.whole.Nameless == nil || a.whole.Nameless.Header.Complete {
		t.Fatalf("%d withheld, %d told, %+v", n, a.told(mesh.Withheld), a.whole)
	}
	s.do(Start{3}, Start{4})
	s.within(time.Second, "each hears the others", hear(0, 2, 3, 4))
	s.within(10*time.Second, "and the naive one", hear(0, 1, 2, 3, 4))
	s.pass(10 * time.Second)
	for name := range s.hosts[1].proc.brain.(*naive).known {
		if name.HasPort() {
			t.Errorf("the naive node was told of %s", name)
		}
	}
}

// Two names for one node, in every list and among the seeds, are one peer.
func TestAliasesAreOnePeer(t *testing.T) {
	s := newStage(t, 3, 1, "", func(p *Plan) {
		p.DNS["other"] = p.Hosts[1].Addrs
		p.Hosts[0].Seeds = []topics.Name{HostName(1), "other", topics.Name(p.Hosts[1].Addrs[0])}
		p.Hosts[2].Seeds = []topics.Name{"other"}
	})
	s.whole(time.Second)
	s.pass(time.Hour)
	if n := len(s.hosts[0].proc.dialled); n != 4 || !s.watch.wholeMesh() {
		t.Fatalf("%d links\n%s", n, s.picture())
	}
	if n := s.actors[0].dials["other"]; n > 9 {
		t.Fatalf("%d dials of an alias in an hour", n)
	}
}

// Hosts whose names do not resolve are reached through the addresses that were given as seeds.
func TestSeedsByAddressWhereNamesDoNotResolve(t *testing.T) {
	s := newStage(t, 3, 1, "", func(p *Plan) {
		for i := range p.Hosts {
			p.Hosts[i].NoName, p.Hosts[i].Seeds = true, []topics.Name{topics.Name(p.Hosts[(i+1)%3].Addrs[0])}
		}
	})
	s.whole(2 * time.Second)
	s.do(Crash{1})
	s.within(500*time.Millisecond, "unlisted", OffLists(1))
	s.pass(time.Second)
	s.do(Start{1})
	s.within(time.Second, "back", Whole())
}

func TestSeedThatIsThisNode(t *testing.T) {
	self, upper := HostName(0), topics.Name(strings.ToUpper(string(HostName(0))))
	s := newStage(t, 2, 1, "", func(p *Plan) {
		p.DNS["me-too"] = p.Hosts[0].Addrs
		p.Hosts[0].Seeds = []topics.Name{self, upper, "me-too", topics.Name(p.Hosts[0].Addrs[0]), HostName(1)}
		p.Hosts[1].Seeds = nil
	})
	s.whole(time.Second)
	s.pass(time.Hour)
	a := s.actors[0]
	if n := len(s.books(0).Members()); n != 1 || a.dials[self]+a.dials[upper] != 0 || a.dials["me-too"] > 9 || a.told(mesh.Conflict) > 0 {
		t.Fatalf("%d members, %v, %v", n, a.dials, a.changes)
	}
}

// A process with our name elsewhere is a conflict, told once a minute, and no harm to the first.
func TestNamesakeIsAConflict(t *testing.T) {
	const second, first = 0, 1 // the watch gives a name to the last host that has it
	s := newStage(t, 3, 1, "", func(p *Plan) {
		p.Hosts[2].Seeds = nil
		h := &p.Hosts[second]
		h.Name, h.Kind, h.Begin, h.Seeds = HostName(first), Forger, -1, []topics.Name{topics.Name(p.Hosts[first].Addrs[0])}
		p.DNS[HostName(first)] = p.Hosts[first].Addrs
	})
	s.within(1200*time.Millisecond, "whole", hear(first, 2))
	s.pass(time.Second)
	s.do(Start{second})
	s.pass(10 * time.Minute)
	if n := s.actors[second].told(mesh.Conflict); n < 1 || n > 11 {
		t.Fatalf("%d conflicts told in 10 minutes", n)
	}
	if !hear(first, 2)(s.world) {
		t.Fatal(s.picture())
	}
}

// Two processes with one name: all decide for the older one, wherever DNS leads; each says so, and the second too, once a
// minute. When the older one ends, the second one follows.
func TestOlderOfTwoProcessesIsTheMember(t *testing.T) {
	t.Parallel()
	const second, first, late = 0, 2, 5 // the watch gives a name to the last host that has it
	for _, leads := range []int{first, second} {
		for seed := range uint64(3) {
			s := newStage(t, 6, seed, "", func(p *Plan) {
				h := &p.Hosts[second]
				h.Name, h.Kind, h.Begin, h.Seeds = HostName(first), Forger, -1, []topics.Name{HostName(1)}
				p.DNS[HostName(first)] = p.Hosts[first].Addrs
				p.Hosts[4].Seeds = []topics.Name{HostName(1)}
				p.Hosts[late].Seeds, p.Hosts[late].Begin = []topics.Name{HostName(4)}, -1
			})
			s.within(1200*time.Millisecond, "ring", hear(1, first, 3, 4))
			s.pass(3 * time.Second)
			older := s.hosts[first].proc.incarnation
			s.do(Start{second}, DNS{HostName(first), s.hosts[leads].addrs}, Start{late})
			all := []int{1, 3, 4, late}
			at := func(host int) string { return s.hosts[host].addrs[0] + ":20000" }
			s.within(10*time.Second, "all agree, and say so", func(*world) bool {
				for _, i := range all {
					if x := s.at(i, HostName(first)); x.State != mesh.Alive || x.Addr != at(first) || x.Incarnation != older ||
						!strings.Contains(x.Conflict, at(first)) || !strings.Contains(x.Conflict, at(second)) {
						return false
					}
				}
				return true
			})
			s.within(15*time.Second, "the second one knows", func(*world) bool { return s.books(second).Stats().Second != "" })
			s.pass(10 * time.Minute)
			for _, i := range all {
				a := s.actors[i]
				if n := a.told(mesh.Conflict); n < 5 || n > 11 {
					t.Errorf("%d told %d conflicts in 10 minutes: %v", i, n, a.changes)
				}
				if x := s.at(i, HostName(first)); x.Addr != at(first) || x.Penalty > 0 || a.told(mesh.Suspected) > 0 {
					t.Errorf("%d: %+v, %v", i, x, a.changes)
				}
				for _, l := range s.hosts[i].proc.dialled {
					if l.port == mesh.MessagePort && l.pub.host.id == second {
						t.Errorf("%d reads messages of the second one", i)
					}
				}
			}
			if n := s.actors[second].told(mesh.Conflict); n < 5 || n > 11 || s.books(first).Stats().Second != "" {
				t.Errorf("the second told %d, the first thinks %q", n, s.books(first).Stats().Second)
			}
			s.do(Crash{first}, DNS{HostName(first), s.hosts[second].addrs})
			s.within(5*time.Second, "the second one follows", func(*world) bool {
				for _, i := range all {
					if x := s.at(i, HostName(first)); x.State != mesh.Alive || x.Addr != at(second) || x.Conflict != "" {
						return false
					}
				}
				return s.books(second).Stats().Second == ""
			})
		}
	}
}

// A process behind an address translator, which is a peer's address too, is no conflict.
func TestTranslatedAddressIsNoConflict(t *testing.T) {
	s := newStage(t, 5, 1, "10.0.0.3", func(*Plan) {})
	s.whole(time.Second)
	s.pass(20 * time.Minute)
	for i, a := range s.actors {
		if a.told(mesh.Conflict, mesh.Suspected) > 0 || s.books(i).Stats().Second != "" {
			t.Errorf("%d: %v, %q", i, a.changes, s.books(i).Stats().Second)
		}
	}
}

// One living name among two hundred dead ones, which a stranger lists for ever, is reached.
func TestLiveNameBehindDeadOnesIsReached(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{true, false} {
		s := newStage(t, 3, 1, "", func(p *Plan) {
			var listed []topics.Name
			for i := range 200 {
				name := topics.Name(fmt.Sprintf("phantom%d", i))
				listed = append(listed, name)
				switch i % 3 { // nobody there, a host without a node, no such name
				case 0:
					p.DNS[name] = []string{fmt.Sprintf("10.99.0.%d", i)}
				case 1:
					p.DNS[name] = []string{"10.66.0.1"}
				}
			}
			quiet, liar := &p.Hosts[2], &p.Hosts[1]
			quiet.Seeds, liar.Seeds = nil, nil
			liar.Kind, liar.Lie = Liar, Praise(append(listed, quiet.Name)...)
			liar.Forge = func(_ *rand.Rand, _ uint64, h *topics.Header) { h.Strict = strict }
		})
		s.within(15*time.Minute, "reached", hear(0, 2))
		if n := s.actors[0].told(mesh.Joined); n != 2 || len(s.actors[0].dials) < 65 {
			t.Errorf("%d joined, dials of %d names", n, len(s.actors[0].dials))
		}
	}
}

// A process that says that it is older than a member takes no name from one that was heard for long. All say so, and the
// member is not told that it is the second one.
func TestClaimOfAgeTakesNoName(t *testing.T) {
	t.Parallel()
	const liar, first = 0, 2
	for seed := range uint64(3) {
		s := newStage(t, 5, seed, "", func(p *Plan) {
			h := &p.Hosts[liar]
			h.Name, h.Kind, h.Begin, h.Seeds = HostName(first), Forger, -1, []topics.Name{HostName(1)}
			h.Forge = func(_ *rand.Rand, _ uint64, h *topics.Header) { h.Incarnation = 1 }
			p.DNS[HostName(first)] = p.Hosts[first].Addrs
			p.Hosts[4].Seeds = []topics.Name{HostName(1)}
		})
		s.within(1200*time.Millisecond, "ring", hear(1, first, 3, 4))
		s.pass(40 * time.Second)
		s.do(Start{liar})
		at := func(host int) string { return s.hosts[host].addrs[0] + ":20000" }
		all := []int{1, 3, 4}
		s.within(15*time.Second, "all say so", func(*world) bool {
			for _, i := range all {
				said := "heard first is the member, the one at " + at(first) + ", and another at " + at(liar)
				if !strings.Contains(s.at(i, HostName(first)).Conflict, said) {
					return false
				}
			}
			return true
		})
		s.pass(time.Minute)
		for _, i := range all {
			if x := s.at(i, HostName(first)); x.State != mesh.Alive || x.Addr != at(first) || s.actors[i].told(mesh.Restarted) > 0 {
				t.Errorf("%d: %+v, %v", i, x, s.actors[i].changes)
			}
		}
		if why := s.books(first).Stats().Second; why != "" {
			t.Errorf("the member thinks %q", why)
		}
	}
}
