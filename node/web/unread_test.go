package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

// The answer to a message names those that it was not handed to, the first of them.
func TestPublishedSaysToWhomItWasNotHanded(t *testing.T) {
	t.Parallel()
	v := &view{Status: node.Status{Members: []mesh.Member{{Name: "reads"}}}}
	for i := range namedAtMost + 2 {
		v.Members = append(v.Members, mesh.Member{Name: topics.Name(fmt.Sprint("n", i)), Unread: true})
	}
	var p Published
	p.unread(v)
	if p.NotTo != namedAtMost+2 || len(p.NotToAs) != namedAtMost || p.NotToAs[0] != "n0" {
		t.Errorf("%+v", p)
	}
	if v.Machine.Second = "another is the member"; p.Conflict != "" {
		t.Errorf("%+v", p)
	}
	if p.unread(v); p.Conflict != "another is the member" {
		t.Errorf("%+v", p)
	}
}

// A message that no member is handed is said to reach none: those that are heard no more, or read nothing, are named.
func TestPublishedSaysThatNobodyIsReached(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members   []mesh.Member
		to, notTo int
	}{
		{nil, 0, 0},
		{[]mesh.Member{{Name: "seed", State: mesh.Candidate}}, 0, 0},
		{[]mesh.Member{{Name: "dead", State: mesh.Suspect}}, 0, 1},
		{[]mesh.Member{{Name: "dead", State: mesh.Suspect}, {Name: "a", State: mesh.Alive, Reads: true}}, 1, 1},
		{[]mesh.Member{{Name: "cut", State: mesh.Detached}, {Name: "reads", State: mesh.Detached, Reads: true}}, 1, 1},
		{[]mesh.Member{{Name: "a", State: mesh.Alive, Unread: true}, {Name: "far", State: mesh.Far, Reads: true}}, 1, 1},
		{[]mesh.Member{{Name: "starts", State: mesh.Alive}}, 0, 0},
		{[]mesh.Member{{Name: "hears us", State: mesh.Suspect, Reads: true}}, 1, 0},
	} {
		var p Published
		p.unread(&view{Status: node.Status{Members: c.members}})
		if wanted := len(c.members); wanted > 0 && c.members[0].State != mesh.Candidate && p.Members != wanted {
			t.Errorf("%+v: %d members", c.members, p.Members)
		}
		if p.To != c.to || p.NotTo != c.notTo || len(p.NotToAs) != c.notTo {
			t.Errorf("%+v: %+v", c.members, p)
		}
	}
}

// Who is not heard is named, and why: one that was evicted with the time, for as long as it is quarantined, beside one that is heard
// too, and the latest first.
func TestReadyNamesWhoIsSilent(t *testing.T) {
	t.Parallel()
	frozen := mesh.Member{Name: "b", State: mesh.Suspect, Failure: "10.0.0.2:20000 accepts, but says nothing"}
	lost := mesh.Member{Name: "c", State: mesh.Quarantined, Since: time.Minute}
	later := mesh.Member{Name: "d", State: mesh.Quarantined, Since: 2 * time.Minute, Failure: "no such host"}
	const c1, d2 = "c (quarantined since 2026-01-01T00:01:00Z)", "d (quarantined since 2026-01-01T00:02:00Z)"
	for _, c := range []struct {
		members  []mesh.Member
		degraded bool
		want     string
	}{
		{[]mesh.Member{frozen, lost}, true, "; not heard: b: 10.0.0.2:20000 accepts, but says nothing; " + c1 + ": nothing comes"},
		{[]mesh.Member{frozen}, false, "; not heard: b: 10.0.0.2:20000 accepts, but says nothing"},
		{[]mesh.Member{lost}, false, "; not heard: " + c1 + ": nothing comes"},
		{[]mesh.Member{{Name: "a", State: mesh.Alive, Stale: "elsewhere"}, frozen}, false, "it hears 1 peer, but a: elsewhere; not heard: b: 10.0.0.2:20000 accepts, but says nothing"},
		{[]mesh.Member{{Name: "a", State: mesh.Alive}, frozen, lost}, false, "it hears 1 peer; not heard: b: 10.0.0.2:20000 accepts, but says nothing; " + c1 + ": nothing comes"},
		{[]mesh.Member{{Name: "a", State: mesh.Alive}, lost, later}, false, "it hears 1 peer; not heard: " + d2 + ": no such host; " + c1 + ": nothing comes"},
		{[]mesh.Member{{Name: "a", State: mesh.Alive}, lost, later, frozen, frozen}, false, "it hears 1 peer; not heard: b, b: 10.0.0.2:20000 accepts, but says nothing; " + d2 + ": no such host; " + c1 + ": nothing comes"},
	} {
		v := &view{Status: node.Status{Members: c.members, At: time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC), Uptime: time.Hour}}
		v.Machine.Degraded = c.degraded
		if _, why := v.ready(); !strings.HasSuffix(why, c.want) {
			t.Errorf("%+v: %s", c.members, why)
		}
	}
}

// Whoever asks whether the node works is told who is not heard, what else is wrong, and why it is not ready, each once.
func TestHealthNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	alive := mesh.Member{Name: "a", State: mesh.Alive}
	stale := mesh.Member{Name: "a", State: mesh.Alive, Stale: "elsewhere"}
	frozen := mesh.Member{Name: "b", State: mesh.Suspect, Failure: "it hangs"}
	for _, c := range []struct {
		members  []mesh.Member
		degraded bool
		want     string
	}{
		{[]mesh.Member{alive}, false, ""},
		{[]mesh.Member{alive, frozen}, false, "not heard: b: it hangs"},
		{[]mesh.Member{stale, frozen}, false, "a: elsewhere; not heard: b: it hangs"},
		{[]mesh.Member{stale, frozen}, true, "not ready: it is degraded: it hears 1 of 2 members, or its rounds come late; not heard: b: it hangs; a: elsewhere"},
		{[]mesh.Member{frozen}, false, "not ready: it hears nobody: 1 peer not heard now; not heard: b: it hangs"},
	} {
		v := &view{Status: node.Status{Members: c.members, Uptime: time.Hour}}
		v.Machine.Degraded = c.degraded
		if got := v.ails(); got != c.want {
			t.Errorf("%+v, degraded %v: %q, not %q", c.members, c.degraded, got, c.want)
		}
	}
}

// Each has its own cause; those of the same are told together, three causes at most, and of each three names.
func TestSayings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ said, want string }{ // NAME=CAUSE
		{"", ""},
		{"a=x", "of a: x"},
		{"a=x b=y c=x", "of a, c: x; of b: y"},
		{"a=x b=x c=x d=x e=x", "of a, b, c, and 2 more: x"},
		{"a=v b=w c=x d=y e=z f=y g=x", "of a: v; of b: w; of c, g: x; and 3 more"},
	} {
		var s sayings
		for _, one := range strings.Fields(c.said) {
			name, why, _ := strings.Cut(one, "=")
			s.add(name, why)
		}
		if got := s.text("of %s: %s"); got != c.want {
			t.Errorf("%s: %q, not %q", c.said, got, c.want)
		}
	}
}

// Seeds that lead to nobody, names that lead elsewhere and links that go one way stay to be seen when somebody is heard.
func TestReadyWarns(t *testing.T) {
	t.Parallel()
	v := &view{Status: node.Status{
		Members:   []mesh.Member{{Name: "a", State: mesh.Alive, OneWay: "it does not hear this node"}, {Name: "b", Stale: "its name leads elsewhere"}, {Name: "c", State: mesh.Suspect, Restarts: "started again 4 times"}},
		LostSeeds: []mesh.Lost{{Name: "noed_2", Cause: "no such host"}},
		Missed:    []string{"7 messages of a missed", "2", "3", "4"}, Lost: "5 messages not delivered",
	}}
	ready, why := v.ready()
	for _, words := range []string{
		"it hears 1 peer, but ", "a link goes one way between it and a: it does not hear this node", "b: its name leads elsewhere", "c: started again 4 times", "seed noed_2: no such host",
		"7 messages of a missed; 2; 3; and 1 more; 5 messages not delivered",
	} {
		if !ready || !strings.Contains(why, words) {
			t.Errorf("ready: %t, %q does not say %q", ready, why, words)
		}
	}
}

// Counts are in the singular where they are one.
func TestDegradedCounts(t *testing.T) {
	t.Parallel()
	v := &view{Status: node.Status{Members: []mesh.Member{{Name: "a", State: mesh.Suspect}}}}
	v.Machine.Degraded = true
	for _, want := range []string{"it hears 0 of 1 member, ", "it hears 0 of 2 members, "} {
		if _, why := v.ready(); !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
		v.Members = append(v.Members, mesh.Member{Name: "b", State: mesh.Suspect})
	}
}

// That the only seed is the node itself is a warning while it hears nobody, and knows of no other of its name.
func TestOwnSeedWarns(t *testing.T) {
	t.Parallel()
	const want = "its only seed, a, is its own name: give it the name of another node"
	for i, c := range []struct {
		status node.Status
		want   string
	}{
		{node.Status{OwnSeed: "a"}, want},
		{node.Status{}, ""},
		{node.Status{OwnSeed: "a", Members: []mesh.Member{{Name: "b", State: mesh.Alive}}}, ""},
		{node.Status{OwnSeed: "a", Members: []mesh.Member{{Name: "b", State: mesh.Far}}}, ""},
		{node.Status{OwnSeed: "a", Machine: mesh.Stats{Namesake: "another process"}}, "another process"},
	} {
		if got := (&view{Status: c.status}).warning(); got != c.want {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// A name that leads nobody to the node is a warning while nobody hears the node, and told once beside a link that goes one way. So
// is that newcomers are turned away.
func TestMisnamedWarns(t *testing.T) {
	t.Parallel()
	const name, away = "the name of this node leads to 10.0.0.8", "all connections are taken"
	for i, c := range []struct {
		status node.Status
		want   string
	}{
		{node.Status{Alone: true}, name},
		{node.Status{Members: []mesh.Member{{Name: "b", State: mesh.Alive}}}, name},
		{node.Status{Members: []mesh.Member{{Name: "b", State: mesh.Alive, HearsMe: true}}}, ""},
		{node.Status{Members: []mesh.Member{{Name: "b", State: mesh.Alive, OneWay: "it does not hear: " + name}}},
			"a link goes one way between it and b: it does not hear: " + name},
		{node.Status{TurnedAway: away, Members: []mesh.Member{{Name: "b", State: mesh.Alive, HearsMe: true, OneWay: away}}},
			"a link goes one way between it and b: " + away},
	} {
		c.status.Misnamed = name
		v := &view{Status: c.status}
		if got := v.warning(); got != c.want {
			t.Errorf("%d: %q", i, got)
		}
		if _, reason := v.ready(); c.status.Alone && reason != "it hears nobody: "+name {
			t.Errorf("%d: %q", i, reason)
		}
	}
}

// A link that goes one way from the start is told as the reason, as it is in members: beside, or in place of, that a seed leads
// nowhere, that nobody was met, or that nobody hears the node.
func TestReadyTellsOfOneWayLinks(t *testing.T) {
	t.Parallel()
	const why = "it hears this node, which does not hear it: 10.0.0.2:20000 does not answer: timed out"
	const want = "a link goes one way between it and 10.0.0.2: " + why
	calls := []mesh.Member{{Name: "10.0.0.2", State: mesh.Candidate, OneWay: why}}
	lost := mesh.Lost{Name: "10.0.0.2", Cause: "10.0.0.2:20000 does not answer: timed out"}
	for i, c := range []struct {
		status node.Status
		ready  bool
		want   string
	}{
		{node.Status{Members: calls, LostSeeds: []mesh.Lost{lost}}, false, "it hears nobody yet: " + want},
		{node.Status{Members: calls, LostSeeds: []mesh.Lost{lost, {Name: "b", Cause: "no such host"}}}, false, "it hears nobody yet: " + want + "; seed b: no such host"},
		{node.Status{Members: calls}, false, "it hears nobody yet: " + want},
		{node.Status{Members: calls, Alone: true}, true, "it hears nobody: " + want},
		{node.Status{Members: []mesh.Member{{Name: "10.0.0.2", State: mesh.Alive, OneWay: why}}, Machine: mesh.Stats{Mute: true}}, true,
			"it hears 1 peer, which does not hear it; " + want},
		{node.Status{Members: []mesh.Member{{Name: "a", State: mesh.Alive}}, Machine: mesh.Stats{Mute: true}}, true,
			"it hears 1 peer, which does not hear it"},
	} {
		v := &view{Status: c.status}
		if ready, got := v.ready(); ready != c.ready || got != c.want {
			t.Errorf("%d: %t, %q", i, ready, got)
		}
		if warned := v.warning(); strings.Contains(warned, "seed 10.0.0.2") {
			t.Errorf("%d: told twice: %q", i, warned)
		}
	}
}
