package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
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

// squeezed has one space where a table has several: names differ in length.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestMembers(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	nodetest.Eventually(t, func() error { // a node whose rounds come late says that for a while
		out := must(t, "members", "--addr", addr)
		for _, want := range []string{"NEXT TRY", "WHY", string(a.Name()) + " alive", "this node: it hears 1 peer", string(b.Name()) + " alive", "seed"} {
			if !strings.Contains(squeezed(out), want) {
				return fmt.Errorf("no %q in:\n%s", want, out)
			}
		}
		return nil
	})
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
		Self: web.Self{Name: "node_1", State: "alive", Since: now.Add(-time.Hour), ReadyReason: "it hears 1 peer", Program: "hearsay v1.2.3"},
		Members: []web.Member{
			{Name: "node_4", State: "quarantined", Since: now.Add(-40 * time.Second), LastHeard: at(-46 * time.Second),
				NextTry: at(12 * time.Second), Why: "6 beats missed, 2 of 2 confirm", MissedBeats: 46,
				Failures: 3, Failure: "10.0.0.4:20000 does not answer: timed out", Address: "10.0.0.4:20000", Penalty: 1.5, Seed: true},
			{Name: "node_10", State: "candidate", Since: now, Failures: 1, Failure: "no such host", NextTry: at(-time.Second)},
			{Name: "node_3", State: "candidate", Since: now, Why: "", NextTry: at(-time.Second)},
			{Name: "node_2", State: "alive", Since: now.Add(-50 * time.Hour), LastHeard: at(0), Why: "heard",
				Address: "10.0.0.2:20000", Program: "hearsay v1.2.2", MissedBeats: 1, Degraded: true},
		},
	}
	var b strings.Builder
	if err := printMembers(&b, all, true, now); err != nil {
		t.Fatal(err)
	}
	want := `NAME     STATE        ADDRESS         VERSION  SINCE  HEARD     NEXT TRY  LISTED BY  WHY
node_1   alive        -               v1.2.3   60m    -         -         -          this node: it hears 1 peer
node_2   alive        10.0.0.2:20000  v1.2.2   2d     0.0s ago  -         0          heard; 1 beat missed; does not hear us; no message link; doubts itself
node_4   quarantined  10.0.0.4:20000  -        40s    46s ago   in 12s    0          6 beats missed, 2 of 2 confirm; 46 by now; 3 dials failed; 10.0.0.4:20000 does not answer: timed out; penalty 1.50; seed
node_3   candidate    -               -        0.0s   never     now       0          
node_10  candidate    -               -        0.0s   never     now       0          1 dial failed; no such host
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestMembersWatch(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	p := begin(t, nil, "members", "--watch", "--addr", addr)
	shows := func(want string) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if out := squeezed(p.out.String()); !strings.Contains(out, want) {
				return fmt.Errorf("no %q in:\n%s", want, out)
			}
			return nil
		})
	}
	shows(string(b.Name()) + " alive")
	b.Close()
	shows(string(b.Name()) + " left")
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

// Nobody of a partial mesh is accused of not being heard by whom it hears.
func TestLinksOfAPartialMeshMayGoOneWay(t *testing.T) {
	var b strings.Builder
	err := printLinks(&b, newMatrix(web.Links{Partial: true, Nodes: []web.Row{
		{Name: "a", Hears: []topics.Name{"b"}},
		{Name: "b"},
	}}))
	want := `    hears   1   2
  1 a       -   >
  2 b       .   -
2 nodes, 2 of them say whom they hear: 1 of 2 links
a partial mesh: each node listens to some of the others, who need not hear it
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
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
	b.Reset()
	if err := printLinks(&b, newMatrix(web.Links{Nodes: []web.Row{{Name: "a"}}})); err != nil || !strings.HasSuffix(b.String(), "\n1 node, 1 of them says whom it hears: 0 of 0 links\n") {
		t.Errorf("%v, %s", err, &b)
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

// pubInputs publishes words, a file and lines, and sees that they arrive as they were.
func pubInputs(t *testing.T, addr string) {
	t.Helper()
	binary := "\xff\x00\n\xfe"
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte(binary), 0o600); err != nil {
		t.Fatal(err)
	}
	sub := begin(t, nil, "sub", "--json", "--addr", addr)
	nodetest.Eventually(t, func() error { // it reads
		must(t, "pub", "--wait", "1", "--addr", addr, "good", "day")
		if !strings.Contains(sub.out.String(), `"good day"`) {
			return errors.New("the words are not there")
		}
		return nil
	})
	must(t, "pub", "--file", file, "--addr", addr)
	lines := begin(t, strings.NewReader("one\n\ntwo\r\nthree"), "pub", "--lines", "--addr", addr)
	if status := lines.end(t); status != 0 || lines.out.String() != "published 3 bytes\npublished 3 bytes\npublished 5 bytes\n" {
		t.Errorf("pub --lines: status %d, %v, %s", status, lines.err, &lines.out)
	}
	coded := base64.StdEncoding.EncodeToString([]byte(binary))
	must(t, "pub", "--body-format", "base64", "--addr", addr, coded)
	fails(t, exitUsage, "no base64", "pub", "--body-format", "base64", "--addr", addr, "***")
	fails(t, exitUsage, "must be raw or base64", "pub", "--body-format", "json", "--addr", addr, "x")
	want := []string{coded, "one", "two", "three", coded}
	nodetest.Eventually(t, func() error {
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(sub.out.String()), "\n") {
			switch m := decode[web.Message](t, line); {
			case m.Base64 != nil:
				got = append(got, *m.Base64)
			case *m.Body == "good day": // what others published before was on its way
				got = nil
			default:
				got = append(got, *m.Body)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%q, want %q", got, want)
		}
		return nil
	})
	sub.stop()
	sub.end(t)
}

func TestPubAndSub(t *testing.T) {
	t.Parallel()
	_, b, addr := pair(t)
	all := begin(t, nil, "sub", "--count", "2", "--addr", addr)
	news := begin(t, nil, "sub", "--json", "--channel", "news", "--count", "1", "--addr", addr)
	nodetest.Eventually(t, func() error {
		if out := must(t, "pub", "--wait", "1", "--addr", addr, "good\tday\x1b"); out != "published 9 bytes\n" {
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
	pubInputs(t, addr)
	fails(t, exitTimeout, "not 6 alive within", "pub", "--wait", "5", "--timeout", "300ms", "--addr", addr, "x")
	fails(t, exitFailed, "no such file", "pub", "--file", "/nowhere", "--addr", addr)
	fails(t, exitTimeout, "0 messages within", "sub", "--channel", "news", "--timeout", "1s", "--addr", addr)
	fails(t, exitFailed, "does not receive the channel", "sub", "--channel", "other", "--addr", addr)
	fails(t, exitFailed, "at most 1048576 bytes", "pub", "--addr", addr, strings.Repeat("x", 1<<20+1))
	fails(t, exitUsage, "channel", "pub", "--channel", "no spaces", "--addr", addr, "x")
	fails(t, exitUsage, "--ttl 33: must be 0 to 32", "pub", "--ttl", "33", "--addr", addr, "x")
	fails(t, exitUsage, "--expires 0s: must be 1ms to 1h0m0s", "pub", "--expires", "0s", "--addr", addr, "x")
	fails(t, exitUsage, "media type", "pub", "--type", "text", "--addr", addr, "x")
	fails(t, exitUsage, "--replay 10001: must be 10000", "sub", "--replay", "10001", "--addr", addr)
	must(t, "pub", "--ttl", "0", "--expires", "1h", "--type", "text/plain", "--addr", addr, "typed")
	nodetest.Eventually(t, func() error { // it is published, and heard here a moment later
		if out := must(t, "sub", "--replay", "1", "--count", "1", "--format", "{type} {body}", "--addr", addr); out != "text/plain typed\n" {
			return fmt.Errorf("the past: %q", out)
		}
		return nil
	})
	_ = b
}

// What nobody has any more is told on standard error, where the message itself does not say it.
func TestSubTellsWhatWasMissed(t *testing.T) {
	t.Parallel()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, ": hello\n\nid: 1\ndata: {\"from\":\"x\",\"body\":\"a\",\"missed\":7}\n\n"+
			"id: 2\ndata: {\"from\":\"y\\u001b\",\"channel\":\"news\",\"body\":\"b\",\"missed\":1}\n\nid: 3\ndata: {\"from\":\"x\",\"body\":\"c\"}\n\n")
	}))
	t.Cleanup(fake.Close)
	const want = "hearsay: 7 messages of x missed: nobody has them, or they were not read in time\nhearsay: 1 message of y\\x1b on news missed: nobody has them, or they were not read in time\n"
	p := begin(t, nil, "sub", "--count", "3", "--addr", fake.URL)
	if status := p.end(t); status != 0 || p.out.String() != "a\nb\nc\n" || p.log.String() != want {
		t.Errorf("status %d, %q, %q", status, &p.out, &p.log)
	}
	p = begin(t, nil, "sub", "--json", "--count", "3", "--addr", fake.URL)
	if status := p.end(t); status != 0 || p.log.String() != "" || !strings.Contains(p.out.String(), `"missed"`) {
		t.Errorf("as JSON: status %d, %q, %q", status, &p.out, &p.log)
	}
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

// A node alone is one.
func TestWaitOfANodeAlone(t *testing.T) {
	t.Parallel()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(web.Members{Self: web.Self{State: "alive"}})
	}))
	defer fake.Close()
	fails(t, exitTimeout, "1 is alive and linked", "wait", "--members", "2", "--timeout", "1s", "--addr", fake.URL)
}

// Hearing each other is not enough: what is published right after wait has to arrive.
func TestWaitIsForMessagesToFlow(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		members := web.Members{Self: web.Self{State: "alive"}, Members: []web.Member{{State: "alive", Flowing: asked.Add(1) > 3}}}
		_ = json.NewEncoder(w).Encode(members)
	}))
	defer fake.Close()
	must(t, "wait", "--members", "2", "--state", "alive", "--addr", fake.URL)
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for a state", n)
	}
	must(t, "wait", "--members", "2", "--addr", fake.URL)
	if n := asked.Load(); n != 4 {
		t.Errorf("asked %d times until messages flow", n)
	}
}

// A line without an end costs no more memory than a message of the node may.
func TestSubBoundsALine(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/status" {
			_ = json.NewEncoder(w).Encode(web.Status{MaxMessage: 1 << 20})
			return
		}
		_, _ = w.Write([]byte("data: "))
		for piece := make([]byte, 64<<10); ; {
			n, err := w.Write(piece)
			if sent.Add(int64(n)); err != nil || sent.Load() > 100<<20 {
				return
			}
		}
	}))
	fails(t, 1, "a line without an end", "sub", "--addr", fake.URL)
	fake.Close()
	if n := sent.Load(); n > 30<<20 { // what kernels hold included
		t.Errorf("%d bytes taken", n)
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

func TestAddressWithoutAPort(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"node_1": "http://node_1:8080", "10.0.0.1": "http://10.0.0.1:8080", "::1": "http://[::1]:8080", "[::1]": "http://[::1]:8080",
		"node_1:9000": "http://node_1:9000", ":9000": "http://127.0.0.1:9000",
	} {
		if got, err := parseAddr(addr); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", addr, got, err, want)
		}
	}
	_, _, addr := pair(t)
	must(t, "health", "--addr", strings.TrimSuffix(addr, ":8080"))
}
