package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/multicast"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

func TestMembersLinksAndStatus(t *testing.T) {
	t.Parallel()
	a, b, _, base := pair(t, Options{Version: "v1"})
	nodetest.Eventually(t, func() error {
		members := get[Members](t, base+"/v1/members")
		if members.Self.Name != a.Name() || members.Self.State != "alive" || !members.Self.Ready {
			t.Errorf("self: %+v", members.Self)
		}
		if len(members.Members) != 1 {
			t.Fatalf("%+v", members)
		}
		m := members.Members[0]
		if m.Name != b.Name() || m.State != "alive" || m.Why == "" || !m.Seed || m.Incarnation != b.Started().UnixMilli() ||
			m.Address != string(b.Name())+":20000" || m.LastHeard == nil || m.NextTry != nil || m.ListedBy == nil {
			t.Errorf("%+v", m)
		}
		if age := time.Since(m.Since); age < 0 || age > nodetest.Patience {
			t.Errorf("alive since %v", m.Since)
		}
		if !m.HearsMe || !m.MessagesLink || m.Received == 0 {
			return fmt.Errorf("not complete yet: %+v", m)
		}
		return nil
	})
	nodetest.Eventually(t, func() error {
		links := get[Links](t, base+"/v1/links")
		if len(links.Nodes) != 2 || links.Nodes[0].Name != a.Name() || !slices.Equal(links.Nodes[1].Hears, []topics.Name{a.Name()}) {
			return fmt.Errorf("%+v", links)
		}
		return nil
	})
	s := get[Status](t, base+"/v1/status")
	if s.Name != a.Name() || s.Version != "v1" || s.Alive != 1 || s.Members != 2 || !s.Ready || s.ReadyReason == "" ||
		s.Incarnation != a.Started().UnixMilli() || s.Uptime <= 0 || s.Counters["mesh_beats"] == 0 ||
		!slices.Equal(s.Channels, []string{"news", "other"}) || !slices.Equal(s.Seeds, []topics.Name{b.Name()}) {
		t.Errorf("%+v", s)
	}
}

func TestQuarantineSaysWhyAndWhenItIsTriedAgain(t *testing.T) {
	t.Parallel()
	a, b, _, base := pair(t, Options{})
	b.Leave() // a seed that left is looked for
	<-b.Done()
	nodetest.Eventually(t, func() error {
		m := get[Members](t, base+"/v1/members").Members[0]
		if m.State != "left" || m.NextTry == nil {
			return fmt.Errorf("%+v", m)
		}
		return nil
	})
	v := &view{Status: node.Status{At: time.Unix(1e9, 0), Uptime: time.Minute}}
	m := v.member(mesh.Member{Name: "x", State: mesh.Quarantined, Since: 50 * time.Second, Why: "6 beats missed", Heard: 40 * time.Second, Next: 70 * time.Second, Fails: 2})
	if m.Why != "6 beats missed" || m.State != "quarantined" || m.Failures != 2 || !m.NextTry.Equal(time.Unix(1e9+10, 0)) ||
		!m.Since.Equal(time.Unix(1e9-10, 0)) || !m.LastHeard.Equal(time.Unix(1e9-20, 0)) {
		t.Errorf("%+v", m)
	}
	if m := v.member(mesh.Member{Name: "x", State: mesh.Left, Next: 70 * time.Second}); m.NextTry != nil {
		t.Error("a peer that left, and is no seed, is tried again")
	}
	_ = a
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	in := func(states ...mesh.State) (members []mesh.Member) {
		for i, s := range states {
			members = append(members, mesh.Member{Name: topics.Name(fmt.Sprint("n", i)), State: s})
		}
		return members
	}
	for _, c := range []struct {
		what   string
		status node.Status
		ready  bool
		reason string
	}{
		{"the first", node.Status{Alone: true}, true, "it is the first of its mesh: it was given no seed, and has met nobody"},
		{"the first, its own seed", node.Status{Alone: true, OwnSeed: "a"}, true, "it is the first of its mesh: its only seed, a, is its own name, and it has met nobody"},
		{"one of two of its name", node.Status{Alone: true, Machine: mesh.Stats{Namesake: "another process uses the name"}}, true, "of another name: another process uses the name"},
		{"beside a namesake", node.Status{Members: in(mesh.Alive), Machine: mesh.Stats{Namesake: "another process uses the name"}}, true, "it hears 1 peer, but another process uses the name"},
		{"the first on its segment", node.Status{Alone: true, Multicast: &multicast.State{Interfaces: []string{"eth0"}}}, true, "first"},
		{"no way out", node.Status{Alone: true, Multicast: &multicast.State{Problem: "no interface is up"}}, false, "multicast leads nowhere: no interface is up"},
		{"the first, and somebody makes names up", node.Status{Alone: true, Members: in(mesh.Candidate)}, true, "first"},
		{"seeds that do not answer", node.Status{Members: in(mesh.Candidate, mesh.Candidate)}, false, "n0, n1"},
		{"many of them", node.Status{Members: in(mesh.Candidate, mesh.Candidate, mesh.Candidate, mesh.Candidate, mesh.Candidate)}, false, "and 2 more"},
		{"hears one", node.Status{Members: in(mesh.Alive, mesh.Quarantined)}, true, "1 peer"},
		{"hears some", node.Status{Members: in(mesh.Alive, mesh.Alive)}, true, "2 peers"},
		{"degraded", node.Status{Members: in(mesh.Alive, mesh.Suspect), Machine: mesh.Stats{Degraded: true}}, false, "1 of 2"},
		{"lost all", node.Status{Alone: true, Members: in(mesh.Quarantined)}, false, "hears nobody"},
		{"seeds that lead to itself", node.Status{Uptime: aloneAfter}, true, "lead to itself"},
		{"the same, too early to say", node.Status{Uptime: aloneAfter - 1}, false, "nobody but itself"},
		{"the others left", node.Status{Members: in(mesh.Left, mesh.Left)}, true, "last"},
		{"unlinked", node.Status{Members: []mesh.Member{
			{Name: "a", State: mesh.Alive}, {Name: "b", State: mesh.Alive, Unlinked: "as port 30000 is shut"}, {Name: "c", State: mesh.Alive, Unlinked: "x"},
		}}, true, "it hears 3 peers, but messages do not pass directly between it and b: as port 30000 is shut; messages do not pass directly between it and c: x"},
		{"a name that two have", node.Status{Members: []mesh.Member{
			{Name: "a", State: mesh.Alive, Unlinked: "as it is"}, {Name: "b", State: mesh.Alive, Conflict: "two processes use this name: the older is the member"},
		}}, true, "it hears 2 peers, but b: two processes use this name: the older is the member; messages do not pass directly between it and a: as it is"},
		{"leaving", node.Status{Leaving: true, Members: in(mesh.Alive)}, false, "leaving"},
	} {
		ready, reason := (&view{Status: c.status}).ready()
		if ready != c.ready || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %v, %q", c.what, ready, reason)
		}
	}
}

func TestProbesThroughALife(t *testing.T) {
	t.Parallel()
	seed := nodetest.Address(t)
	n := startNode(t, node.Config{Seeds: []string{seed}})
	_, base := startServer(t, n, Options{})
	answer, body := ask(t, http.MethodGet, base+"/readyz", nil)
	refused(t, "while it looks for its seed", answer, body, http.StatusServiceUnavailable, "not_ready")
	if !strings.Contains(string(body), seed) {
		t.Errorf("not said whom it looks for: %s", body)
	}
	b := startNode(t, node.Config{Bind: seed})
	hears(t, n, b)
	if answer, body := ask(t, http.MethodGet, base+"/readyz", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("when it hears its seed: %s %s", answer.Status, body)
	}
	if answer, body := ask(t, http.MethodGet, base+"/healthz", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("health: %s %s", answer.Status, body)
	}
	n.Close()
	for path, reason := range map[string]string{"/readyz": "not_ready", "/healthz": "leaving"} {
		answer, body := ask(t, http.MethodGet, base+path, nil)
		refused(t, path+" after the end", answer, body, http.StatusServiceUnavailable, reason)
	}
	if m := get[Members](t, base+"/v1/members"); len(m.Members) != 1 || m.Self.State != "leaving" {
		t.Errorf("after the end: %+v", m)
	}
}

func TestOneVisitServesMany(t *testing.T) {
	t.Parallel()
	a, b, s, _ := pair(t, Options{})
	s.views.keep = time.Hour
	look := func() *view {
		v, err := s.views.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	nodetest.Eventually(t, func() error { // until nothing happens any more
		if first := look(); first != look() {
			return fmt.Errorf("two views")
		}
		return nil
	})
	old := look()
	if err := a.Forget(string(b.Name())); err != nil {
		t.Fatal(err)
	}
	if now := look(); now == old || now.LastEvent <= old.LastEvent {
		t.Error("a view from before an event was used after it")
	}
}
