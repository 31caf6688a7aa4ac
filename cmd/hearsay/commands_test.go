package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/node/web"
	"hearsay/topics"
)

// decode reads what a command printed as JSON.
func decode[T any](t *testing.T, out string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return v
}

func TestMembers(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	out := must(t, "members", "--addr", addr)
	for _, want := range []string{"NEXT TRY", "WHY", string(a.Name()) + "  alive", "this node: it hears 1 peer", string(b.Name()) + "  alive", "seed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	all := decode[web.Members](t, must(t, "members", "--json", "--addr", "http://"+addr+"/"))
	if all.Self.Name != a.Name() || len(all.Members) != 1 || all.Members[0].Name != b.Name() {
		t.Errorf("%+v", all)
	}
	if m := decode[web.Members](t, must(t, "members", "--json", "--state", "quarantined", "--addr", addr)); len(m.Members) != 0 {
		t.Errorf("in quarantine: %+v", m)
	}
	if out := must(t, "members", "--state", "suspect", "--state", "left", "--addr", addr); strings.Count(out, "\n") != 1 {
		t.Errorf("suspect or left:\n%s", out)
	}
}

func TestMembersTableSaysWhyAndWhen(t *testing.T) {
	now := time.Unix(1e9, 0)
	at := func(d time.Duration) *time.Time { x := now.Add(d); return &x }
	all := web.Members{
		Self: web.Self{Name: "node_1", State: "alive", Since: now.Add(-time.Hour), ReadyReason: "it hears 1 peer"},
		Members: []web.Member{
			{Name: "node_4", State: "quarantined", Since: now.Add(-40 * time.Second), LastHeard: at(-46 * time.Second),
				NextTry: at(12 * time.Second), Why: "6 beats missed, 2 of 2 confirm", Failures: 3, Penalty: 1.5, Seed: true},
			{Name: "node_3", State: "candidate", Since: now, Why: "", NextTry: at(-time.Second)},
			{Name: "node_2", State: "alive", Since: now.Add(-50 * time.Hour), LastHeard: at(0), Why: "heard",
				ListedBy: nil, MissedBeats: 1, Degraded: true},
		},
	}
	var b strings.Builder
	if err := printMembers(&b, all, true, now); err != nil {
		t.Fatal(err)
	}
	want := `NAME    STATE        SINCE  HEARD     NEXT TRY  LISTED BY  WHY
node_1  alive        60m    -         -         -          this node: it hears 1 peer
node_2  alive        2d     0.0s ago  -         0          heard; 1 beats missed; does not hear us; no message link; doubts itself
node_4  quarantined  40s    46s ago   in 12s    0          6 beats missed, 2 of 2 confirm; 3 dials failed; penalty 1.50; seed
node_3  candidate    0.0s   never     now       0          
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestMembersWatch(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	p := begin(t, nil, "members", "--watch", "--addr", addr)
	p.out.shows(t, string(b.Name())+"  alive")
	b.Close()
	p.out.shows(t, string(b.Name())+"  left")
	p.stop()
	if status := p.end(t); status != 0 {
		t.Errorf("interrupted: status %d, %v", status, p.err)
	}
	_ = a
}

func TestLinks(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	nodetest.Eventually(t, func() error {
		if out := must(t, "links", "--addr", addr); !strings.Contains(out, "2 nodes, 2 of them say whom they hear: 2 of 2 links") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	if links := decode[web.Links](t, must(t, "links", "--json", "--addr", addr)); links.Nodes[0].Name != a.Name() || links.Nodes[1].Name != b.Name() {
		t.Errorf("%+v", links)
	}
}

func TestOneWayLinksAreMarked(t *testing.T) {
	var b strings.Builder
	err := printLinks(&b, newMatrix(web.Links{Nodes: []web.Row{
		{Name: "a", Hears: []topics.Name{"b", "c", "naive"}},
		{Name: "b", Hears: []topics.Name{"a"}},
		{Name: "c", Hears: []topics.Name{"b"}},
	}}))
	want := `    hears   1   2   3   4
  1 a       -   ●   >   ●
  2 b       ●   -   .   .
  3 c       .   >   -   .
  4 naive   ?   ?   ?   -
4 nodes, 3 of them say whom they hear: 5 of 9 links
one-way: a hears c, and is not heard by it
one-way: c hears b, and is not heard by it
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
	}
	var crowd web.Links
	for i := range maxMatrix + 1 {
		crowd.Nodes = append(crowd.Nodes, web.Row{Name: topics.Name(fmt.Sprint("n", i))})
	}
	b.Reset()
	if err := printLinks(&b, newMatrix(crowd)); err != nil || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("a mesh too large for a table: %v\n%s", err, b.String())
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	people, programs := begin(t, nil, "monitor", "--after", "0", "--addr", addr), begin(t, nil, "monitor", "--json", "--after", "0", "--addr", addr)
	people.out.shows(t, "candidate -> alive")
	b.Close()
	people.out.shows(t, "alive -> left")
	programs.out.shows(t, `"to":"left"`)
	first, _, _ := strings.Cut(programs.out.String(), "\n")
	if e := decode[web.Event](t, first); e.ID != 1 || e.Peer != b.Name() {
		t.Errorf("%+v", e)
	}
	people.stop()
	if status := people.end(t); status != 0 {
		t.Errorf("interrupted: status %d, %v", status, people.err)
	}
	a.Close()
	if status := programs.end(t); status != exitUnreachable {
		t.Errorf("when the node ended: status %d, %v", status, programs.err)
	}
}

func TestPubAndSub(t *testing.T) {
	t.Parallel()
	_, b, addr := pair(t)
	all := begin(t, nil, "sub", "--count", "2", "--addr", addr)
	news := begin(t, nil, "sub", "--json", "--channel", "news", "--count", "1", "--addr", addr)
	nodetest.Eventually(t, func() error {
		if out := must(t, "pub", "--addr", addr, "good\tday\x1b"); out != "published 9 bytes\n" {
			t.Errorf("pub: %q", out)
		}
		if !strings.Contains(all.out.String(), `good\tday\x1b`+"\n") {
			return fmt.Errorf("not there: %q", all.out.String())
		}
		return nil
	})
	nodetest.Eventually(t, func() error {
		p := begin(t, strings.NewReader("from a pipe\n"), "pub", "--json", "--channel", "news", "--addr", addr, "-")
		if status := p.end(t); status != 0 || !strings.Contains(p.out.String(), "12") {
			t.Errorf("pub -: status %d, %v, %s", status, p.err, &p.out)
		}
		if news.out.String() == "" {
			return fmt.Errorf("nothing on the channel")
		}
		return nil
	})
	if m := decode[web.Message](t, news.out.String()); m.Channel != "news" || *m.Body != "from a pipe\n" {
		t.Errorf("%+v", m)
	}
	for what, p := range map[string]*program{"sub": all, "sub --channel": news} {
		if status := p.end(t); status != 0 {
			t.Errorf("%s: status %d, %v", what, status, p.err)
		}
	}
	fails(t, exitTimeout, "0 messages within", "sub", "--channel", "news", "--timeout", "1s", "--addr", addr)
	fails(t, exitFailed, "does not receive the channel", "sub", "--channel", "other", "--addr", addr)
	fails(t, exitFailed, "at most 1048576 bytes", "pub", "--addr", addr, strings.Repeat("x", 1<<20+1))
	fails(t, exitFailed, "channel", "pub", "--channel", "no spaces", "--addr", addr, "x")
	_ = b
}

func TestSubTellsWhatWasLost(t *testing.T) {
	t.Parallel()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, ": hello\n\nid: 1\ndata: {\"from\":\"x\",\"body_base64\":\"/wA=\",\"lost\":7}\n\n")
	}))
	t.Cleanup(fake.Close)
	p := begin(t, nil, "sub", "--count", "1", "--addr", fake.URL)
	if status := p.end(t); status != 0 || p.out.String() != "\\xff\\x00\n" || !strings.Contains(p.log.String(), "7 messages") {
		t.Errorf("status %d, %q, %q", status, &p.out, &p.log)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	if out := must(t, "wait", "--members", "2", "--addr", addr); !strings.HasPrefix(out, "2 alive after ") {
		t.Errorf("%q", out)
	}
	must(t, "wait", "--members", "1", "--at-least", "--addr", addr)
	if got := decode[map[string]any](t, must(t, "wait", "--members", "0", "--state", "quarantined", "--json", "--addr", addr)); got["members"] != 0.0 || got["state"] != "quarantined" {
		t.Errorf("%v", got)
	}
	fails(t, exitTimeout, "2 are alive", "wait", "--members", "1", "--timeout", "1s", "--addr", addr)
	fails(t, exitTimeout, "2 are alive", "wait", "--members", "3", "--at-least", "--timeout", "1s", "--addr", addr)
	p := begin(t, nil, "wait", "--members", "1", "--state", "left", "--addr", addr)
	b.Close()
	if status := p.end(t); status != 0 {
		t.Errorf("one that leaves: status %d, %v", status, p.err)
	}
	inState(t, a, mesh.Left)
	p = begin(t, nil, "wait", "--members", "9", "--addr", addr)
	p.stop()
	if status := p.end(t); status != 0 {
		t.Errorf("interrupted: status %d, %v", status, p.err)
	}
}

func TestWaitIsForANodeThatIsNotThereYetToo(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	p := begin(t, nil, "wait", "--members", "1", "--addr", addr+":8080")
	begin(t, nil, "node", "--hostname", addr, "--bind", addr)
	if status := p.end(t); status != 0 {
		t.Errorf("status %d, %v", status, p.err)
	}
	fails(t, exitTimeout, "no node answers", "wait", "--members", "1", "--timeout", "1s", "--addr", nodetest.Address(t)+":8080")
}

func TestForgetAndLeave(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	if out := must(t, "forget", "--addr", addr, string(b.Name())); out != "forgot "+string(b.Name())+"\n" {
		t.Errorf("%q", out)
	}
	inState(t, a, mesh.Alive)
	fails(t, exitFailed, "is no peer of", "forget", "--addr", addr, "nobody")
	if out := must(t, "leave", "--json", "--addr", addr); !strings.Contains(out, string(a.Name())) {
		t.Errorf("%q", out)
	}
	inState(t, b, mesh.Left)
	fails(t, exitFailed, "left the mesh", "pub", "--addr", addr, "too late")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	n, _, addr := pair(t)
	if out := must(t, "health", "--addr", addr); out != "ok\n" {
		t.Errorf("%q", out)
	}
	if out := must(t, "health", "--ready", "--addr", addr); out != "ready\n" {
		t.Errorf("%q", out)
	}
	if h := decode[map[string]any](t, must(t, "health", "--json", "--addr", addr)); h["status"] != "ok" {
		t.Errorf("%v", h)
	}
	n.Close()
	fails(t, exitFailed, "leaving", "health", "--ready", "--addr", addr)
	fails(t, exitFailed, "left the mesh", "health", "--addr", addr)
	fails(t, exitFailed, "no node answers", "health", "--addr", nodetest.Address(t)+":8080")
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t) + ":8080"
	for _, args := range [][]string{
		{"members"}, {"members", "--watch"}, {"links"}, {"monitor"}, {"leave"}, {"forget", "x"}, {"pub", "x"}, {"sub"},
	} {
		args = append(args[:1:1], append([]string{"--addr", addr}, args[1:]...)...)
		fails(t, exitUnreachable, "no node answers at "+addr+": connection refused", args...)
	}
}

func TestSomebodyElseAnswers(t *testing.T) {
	t.Parallel()
	for what, h := range map[string]http.HandlerFunc{
		"a 404":  http.NotFound,
		"a page": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
	} {
		other := httptest.NewServer(h)
		status, _, err := run(t, "members", "--addr", other.URL)
		if status != exitFailed || !strings.Contains(err.Error(), "is no node") {
			t.Errorf("%s: status %d, %v", what, status, err)
		}
		other.Close()
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { silent.Close() })
	fails(t, exitUnreachable, "no node answers", "members", "--addr", silent.Addr().String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ words, line string }{
		{"must be HOST:PORT", "members --addr here"},
		{"must be HOST:PORT", "members --addr 1.2.3.4:99999"},
		{"must be HOST:PORT", "members --addr ftp://x"},
		{"must be one of candidate, probation", "members --state dead"},
		{"takes no arguments", "members node_1"},
		{"takes no arguments", "leave now"},
		{"takes one NAME", "forget"},
		{"takes one NAME", "forget a b"},
		{"flags go first", "forget a --json"},
		{"takes one TEXT", "pub good day"},
		{"flags go first", "pub text --channel c"},
		{"needs --members", "wait"},
		{"must be 0 or more", "wait --members -1"},
		{"must be more than nothing", "wait --members 1 --timeout 0s"},
		{"must be one of", "wait --members 1 --state dead"},
		{"must not be less", "sub --timeout -1s"},
		{"needs a terminal", "top"},
		{"name of a shell", "completion"},
		{"name of a shell", "completion tcsh"},
		{"unknown command", "membres"},
		{"not defined", "links --matrix"},
		{"must be HOST:PORT", "node --http 8080"},
		{"port \"99999\"", "node --http :99999"},
	} {
		fails(t, exitUsage, c.words, strings.Fields(c.line)...)
	}
	fails(t, exitUsage, "name", "forget", "two words")
}

func TestDefaultAddress(t *testing.T) {
	for _, c := range []struct{ http, bind, want string }{
		{"", "", "127.0.0.1:8080"},
		{"", "10.0.0.1", "127.0.0.1:8080"},
		{"", "127.77.0.3", "127.77.0.3:8080"},
		{"", "::1", "[::1]:8080"},
		{"0.0.0.0:8080", "", "127.0.0.1:8080"},
		{":9000", "127.77.0.3", "127.0.0.1:9000"},
		{"[::]:9000", "", "127.0.0.1:9000"},
		{"10.0.0.1:9000", "", "10.0.0.1:9000"},
	} {
		t.Setenv("HEARSAY_HTTP", c.http)
		t.Setenv("HEARSAY_BIND", c.bind)
		if got := defaultAddr(); got != c.want {
			t.Errorf("HEARSAY_HTTP=%q HEARSAY_BIND=%q: %s, want %s", c.http, c.bind, got, c.want)
		}
	}
}

func TestAddressFromTheEnvironment(t *testing.T) {
	_, _, addr := pair(t)
	t.Setenv("HEARSAY_ADDR", addr)
	must(t, "health")
	fails(t, exitUnreachable, "no node answers", "members", "--addr", nodetest.Address(t)+":8080")
}
