package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"hearsay/node/nodetest"
	"hearsay/node/web"
	"hearsay/topics"
)

// crowd is what a node says that knows n peers.
func crowd(n int, now time.Time) (web.Status, web.Members) {
	s := web.Status{Name: "node_0", Version: "v1", Started: now.Add(-time.Hour), Members: n + 1, Alive: n, Ready: true,
		ReadyReason: "it hears peers", Counters: map[string]uint64{"mesh_beats": 100, "link_bytes_in": 1000}}
	m := web.Members{Self: web.Self{Name: "node_0", State: "alive", Since: s.Started, ReadyReason: s.ReadyReason}}
	for i := range n {
		state := []string{"alive", "suspect", "quarantined", "left"}[i%4]
		m.Members = append(m.Members, web.Member{Name: topics.Name(fmt.Sprintf("node_%d", i+1)), State: state, Since: now, Why: strings.Repeat("because ", 20)})
	}
	return s, m
}

func TestTopFitsTheTerminal(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, colours := range []bool{false, true} {
		for _, n := range []int{0, 1, 3, 128} {
			for _, size := range [][2]int{{80, 24}, {40, 10}, {200, 60}, {1, 1}, {20, 3}} {
				v := topView{colours: colours}
				s, m := crowd(n, now)
				v.update(s, m, now)
				for i := range 100 {
					v.add(web.Event{ID: uint64(i), At: now, Kind: "suspect", Peer: "node_1", From: "alive", To: "suspect", Why: strings.Repeat("why ", 40)})
				}
				checkFits(t, v.draw(size[0], size[1], now), size[0], size[1], fmt.Sprintf("%d peers in %v", n, size))
			}
		}
	}
}

func checkFits(t *testing.T, text string, width, height int, what string) {
	t.Helper()
	lines := strings.Split(text, "\r\n")
	if len(lines) > height {
		t.Errorf("%s: %d lines", what, len(lines))
	}
	for _, line := range lines {
		plain := line
		for _, code := range []string{"\x1b[K", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[7m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[31;1m", "\x1b[32;1m", "\x1b[33;1m", "\x1b[2;1m"} {
			plain = strings.ReplaceAll(plain, code, "")
		}
		if strings.Contains(plain, "\x1b") || utf8.RuneCountInString(plain) > width {
			t.Errorf("%s: %q", what, line)
		}
	}
}

func TestTopShowsStatesRatesEventsAndTrouble(t *testing.T) {
	now := time.Unix(1e9, 0)
	v := topView{}
	s, m := crowd(4, now)
	v.update(s, m, now)
	s.Counters = map[string]uint64{"mesh_beats": 106, "link_bytes_in": 51_000}
	now = now.Add(2 * time.Second)
	v.update(s, m, now)
	v.add(web.Event{At: now, Kind: "evicted", Peer: "node_3", From: "suspect", To: "quarantined", Why: "6 beats missed"})
	text := v.draw(80, 24, now)
	for _, want := range []string{"node_0  up 60m  5 members, 4 heard", "ready: it hears peers", "beats 3.0 /s", "in 25 kB/s",
		"node_3 quarantined", "suspect -> quarantined   evicted", "q quits"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if text := v.draw(60, 24, now); !strings.Contains(text, " node_3 evicted: 6 beats missed") {
		t.Errorf("a narrow terminal cuts what happened:\n%s", text)
	}
	s.Ready, s.ReadyReason, s.Incarnation = false, "it is degraded", 7
	v.update(s, m, now)
	v.rates = nil
	if text := v.draw(80, 24, now); !strings.Contains(text, "NOT READY: it is degraded") {
		t.Error(text)
	}
	v.trouble = "no node answers"
	if text := v.draw(80, 24, now); !strings.Contains(text, "no node answers") {
		t.Error(text)
	}
}

func TestTopFollowsANode(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	base, err := parseAddr(addr)
	if err != nil {
		t.Fatal(err)
	}
	top := &top{cl: newClientAt(base)}
	first := top.look(ctx)
	if first.err != nil {
		t.Fatal(first.err)
	}
	top.show(first)
	var out screen
	ended := make(chan error)
	go func() { ended <- top.run(ctx, &out, nil) }()
	out.shows(t, "joined")
	b.Close()
	out.shows(t, "alive -> left")
	a.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A node that hangs keeps nobody from a key: nothing that draws waits for it.
func TestTopWaitsForNoNode(t *testing.T) {
	t.Parallel()
	asked, ended := make(chan struct{}, 8), make(chan struct{})
	node := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/status" {
			asked <- struct{}{}
		}
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	t.Cleanup(node.Close)
	t.Cleanup(func() { close(ended) })
	base, err := parseAddr(node.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, m := crowd(40, time.Now())
	for i := range m.Members {
		m.Members[i] = web.Member{Name: m.Members[i].Name, State: "alive"}
	}
	cl := newClientAt(base)
	cl.look = newClientAt(base).long // which waits for as long as it takes
	top := &top{cl: cl}
	top.show(sight{status: s, members: m, at: time.Now()})
	var out screen
	keys, done := make(chan key), make(chan error)
	go func() { done <- top.run(t.Context(), &out, keys) }()
	<-asked
	keys <- '?' // the node is being asked, and answers never
	out.shows(t, "any key goes back")
	keys <- 'x'
	keys <- 'q'
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Events of a node that has started again are shown from the first on, though it refused in between.
func TestTopFollowsTheNextLife(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch after := r.URL.Query().Get("after"); calls.Add(1) {
		case 1:
			fmt.Fprint(w, "id: 1000-1\ndata: {\"id\":1,\"why\":\"one\"}\n\nid: 1000-2\ndata: {\"id\":2,\"why\":\"two\"}\n\n")
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"error":"leaving","text":"the node has left the mesh"}`)
		default:
			if after == "1000-2" { // it knows nothing of that life
				fmt.Fprint(w, "id: 2000-1\ndata: {\"id\":1,\"why\":\"new\"}\n\n")
			}
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}))
	t.Cleanup(node.Close)
	base, err := parseAddr(node.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel) // before the node is closed
	events := make(chan web.Event)
	go (&top{cl: newClientAt(base)}).follow(ctx, events)
	for _, want := range []string{"one", "two", "new"} {
		select {
		case e := <-events:
			if e.Why != want {
				t.Fatalf("%q, want %q", e.Why, want)
			}
		case <-time.After(nodetest.Patience):
			t.Fatalf("no %q", want)
		}
	}
}

func TestKeysAreRead(t *testing.T) {
	for text, want := range map[string][]key{
		"jk": {'j', 'k'}, "\x1b[A\x1b[B": {keyUp, keyDown}, "\x1b[5~x\x1b[6~": {keyPageUp, 'x', keyPageDown}, "\x1b": {keyEscape},
		"é\n": {'é', keyEnter}, "\x1b[99;1~j": {'j'}, "\x1bOA": {keyUp}, "\x7f": {keyBackspace}, "\x1b[": nil,
	} {
		var got []key
		readKeys(strings.NewReader(text), func(k key) bool { got = append(got, k); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Those with something wrong are first; keys select, scroll, filter, sort and end.
func TestTopIsSteeredByKeys(t *testing.T) {
	now := time.Unix(1e9, 0)
	v := topView{}
	s, m := crowd(1000, now)
	for i := range m.Members {
		m.Members[i].State, m.Members[i].HearsMe, m.Members[i].MessagesLink, m.Members[i].Flowing = "alive", true, true, true
	}
	m.Members[700].State = "quarantined"
	v.update(s, m, now)
	press := func(keys string) (lines []string) {
		t.Helper()
		for _, k := range parseKeys(keys) {
			if !v.press(k) {
				t.Fatalf("%q ends it", keys)
			}
		}
		text := v.draw(60, 20, now)
		checkFits(t, text, 60, 20, keys)
		return strings.Split(strings.ReplaceAll(text, "\x1b[K", ""), "\r\n")
	}
	marked := func(keys, name string) {
		t.Helper()
		for _, line := range press(keys) {
			if strings.HasPrefix(line, ">"+name+" ") {
				return
			}
		}
		t.Errorf("%q does not select %s:\n%s", keys, name, strings.Join(press(""), "\n"))
	}
	marked("", "node_701")
	marked("j", "node_1")
	marked("\x1b[B\x1b[B\x1b[A", "node_2")
	marked("G", "node_1000")
	marked("g", "node_701")
	marked("\x1b[6~", "node_13")
	marked("s", "node_1")
	marked("jjjj", "node_5")
	m.Members[0].Why = "changed"
	v.update(s, m, now) // what is selected stays so
	marked("", "node_5")
	if lines := press("/node_99\r"); !strings.Contains(lines[3], "11 peers") {
		t.Errorf("filtered: %q", lines[3])
	}
	marked("G", "node_999")
	if lines := press("\r"); lines[0] != "node_999" || !strings.Contains(strings.Join(lines, "\n"), "listed by") {
		t.Errorf("details: %q", lines)
	}
	marked("\r", "node_999")
	if lines := press("\x1b"); !strings.Contains(lines[3], "1000 peers") {
		t.Errorf("unfiltered: %q", lines[3])
	}
	if lines := press("?"); lines[0] != "hearsay top" {
		t.Errorf("help: %q", lines)
	}
	marked("x", "node_999")
	if lines := press("/q\x7fnobody"); !strings.Contains(strings.Join(lines, "\n"), "filter: nobody_") || !strings.Contains(lines[3], "0 peers") {
		t.Errorf("typing: %q", lines)
	}
	press("\x1bjkG\r\r")
	for _, key := range []string{"/node_9", "s"} { // from the details, they are the list's
		if lines := press("\r" + key); len(lines) < 4 || !strings.Contains(lines[3], " peers") {
			t.Errorf("%q in the details: %q", key, lines)
		}
		press("\x1b\x1b")
	}
	for _, k := range []key{'q', 'Q', keyCtrlC} {
		if v.press(k) {
			t.Errorf("%q does not end it", k)
		}
	}
}

// inTerminal runs top in a real terminal. do gives tmux a command, and shows waits until there is a text.
func inTerminal(t *testing.T, width, height, addr string) (do func(args ...string) string, shows func(want string)) {
	t.Helper()
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("no tmux")
	}
	socket := filepath.Join(t.TempDir(), "tmux")
	do = func(args ...string) string {
		t.Helper()
		cmd := exec.Command(tmux, append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), installed(t), "TERM=screen")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v %s", args, err, out)
		}
		return string(out)
	}
	do("new-session", "-d", "-x", width, "-y", height, "hearsay top --addr "+addr+"; echo ended with $?; cat")
	t.Cleanup(func() { do("kill-server") })
	return do, func(want string) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if out := do("capture-pane", "-p"); !strings.Contains(out, want) {
				return fmt.Errorf("no %q in\n%s", want, out)
			}
			return nil
		})
	}
}

// The program in a real terminal of 60 columns, with keys as a person presses them, and 1,000 members.
func TestTopOfAThousandInATerminal(t *testing.T) {
	t.Parallel()
	s, m := crowd(1000, time.Now())
	for i := range m.Members {
		m.Members[i] = web.Member{Name: m.Members[i].Name, State: "alive", HearsMe: true, MessagesLink: true, Flowing: true, Why: "first beat"}
	}
	m.Members[899].State, m.Members[949].Unlinked, m.Members[949].MessagesLink = "quarantined", "as port 30000 is shut", false
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/status":
			_ = json.NewEncoder(w).Encode(s)
		case "/v1/members":
			_ = json.NewEncoder(w).Encode(m)
		}
	}))
	t.Cleanup(node.Close)
	do, shows := inTerminal(t, "60", "20", node.URL)
	shows(">node_900  quarantined")
	shows(" node_950  alive")
	do("send-keys", "G")
	shows(">node_1000 alive")
	do("send-keys", "g", "PageDown")
	shows(">node_")
	do("send-keys", "/", "node_55", "Enter")
	shows("11 peers, unhealthy first, of 1000 with \"node_55\"")
	do("send-keys", "Escape", "s")
	shows("1000 peers, name")
	shows(">node_1 ")
	do("resize-window", "-x", "160", "-y", "50")
	shows("VERSION")
	do("send-keys", "/", "node_950", "Enter")
	shows("unlinked: as port 30000 is shut")
	do("send-keys", "q")
	shows("ended with 0")
}

// The same with a real node.
func TestTopInATerminal(t *testing.T) {
	t.Parallel()
	_, b, addr := pair(t)
	do, shows := inTerminal(t, "60", "16", addr)
	name := string(b.Name())
	shows(">" + name)
	do("send-keys", "Enter")
	shows("listed by")
	do("send-keys", "Escape")
	shows(">" + name)
	do("send-keys", "/", "nobody", "Enter")
	shows("0 peers")
	do("send-keys", "Escape")
	shows("1 peer,")
	do("send-keys", "?")
	shows("any key goes back")
	do("send-keys", "x")
	shows(">" + name)
	do("resize-window", "-x", "120", "-y", "16")
	shows("ADDRESS")
	do("send-keys", "q")
	shows("ended with 0")
}

// What is wrong with a member can be read to its end in a narrow terminal.
func TestTopSaysAllAboutAMember(t *testing.T) {
	now := time.Unix(1e9, 0)
	s, m := crowd(1, now)
	m.Members[0].Failure = "node_1:20000 accepts connections, but says nothing: it hangs, or is no node of a mesh at all"
	m.Members[0].OneWay, m.Members[0].Stale = "it does not hear this node", "its name leads elsewhere"
	for _, width := range []int{40, 60, 200} {
		v := topView{selected: "node_1", details: true}
		v.update(s, m, now)
		text := v.draw(width, 60, now)
		checkFits(t, text, width, 60, fmt.Sprint(width))
		if all := strings.Join(strings.Fields(strings.ReplaceAll(text, "\x1b[K", "")), " "); !strings.Contains(all, "because "+m.Members[0].Failure+" next try") ||
			!strings.Contains(all, "one-way it does not hear this node its name its name leads elsewhere received") {
			t.Errorf("%d columns:\n%s", width, text)
		}
		if v = (topView{help: true}); !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(v.draw(width, 60, now), "\x1b[K", "")), " "), "newest change, state ?") {
			t.Errorf("%d columns: help is cut", width)
		}
	}
}

// The reason of a node's state can be read to its end, a rate is shown whole or not at all, what is wrong with a member
// comes first in its line, and details that are longer than the window say how one leaves them.
func TestTopCutsNothingThatMatters(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s, m := crowd(3, now)
	s.ReadyReason = "it hears 995 peers, but messages do not pass directly between it and node_5: 10.0.0.5:30000 does not answer: timed out"
	m.Members[0] = web.Member{Name: "node_1", State: "alive", HearsMe: true, Why: "heard", Unlinked: "as port 30000 is shut"}
	m.Members[1].Via = []topics.Name{"node_1"}
	for range 1000 {
		m.Members[1].ListedBy = append(m.Members[1].ListedBy, "node_1")
	}
	v := topView{}
	v.update(s, m, now)
	v.update(s, m, now.Add(time.Second))
	text := v.draw(60, 24, now)
	checkFits(t, text, 60, 24, "reason")
	words := strings.Join(strings.Fields(strings.ReplaceAll(text, "\x1b[K", "")), " ")
	for _, want := range []string{s.ReadyReason, "0.0 B/s 3 peers", " unlinked: as port"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	v.selected, v.details = "node_2", true
	text = v.draw(60, 24, now)
	checkFits(t, text, 60, 24, "details")
	for _, want := range []string{"Enter goes back", "by relays: it is not heard here", "listed by"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	v.selected = "node_1"
	if text := v.draw(60, 24, now); !strings.Contains(text, "messages      do NOT arrive here, do NOT flow both ways") {
		t.Errorf("%s", text)
	}
}

func TestWrap(t *testing.T) {
	for _, width := range []int{-1, 0, 1, 2, 3, 7, 20} {
		for _, text := range []string{"", "a", "one two three", strings.Repeat("x", 50), "a " + strings.Repeat("x", 50), "     "} {
			var all strings.Builder
			for _, l := range wrap(text, width, 4) {
				if len(l.text) > max(width, 1) {
					t.Errorf("%q in %d: %q", text, width, l.text)
				}
				all.WriteString(l.text)
			}
			if got := strings.ReplaceAll(all.String(), " ", ""); got != strings.ReplaceAll(text, " ", "") {
				t.Errorf("%q in %d: %q", text, width, got)
			}
		}
	}
}

func TestAmountAndShort(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0 ", 9.96: "10.0 ", 12.3: "12 ", 12_345: "12 k", 23e6: "23 M"} {
		if got := amount(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-1: "0.0s", 300 * time.Millisecond: "0.3s", 12 * time.Second: "12s", 5 * time.Minute: "5m", 3 * time.Hour: "3h", 72 * time.Hour: "3d"} {
		if got := short(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// A member that is alive and not well has not the colour of the well.
func TestTopColoursTheUnwell(t *testing.T) {
	t.Parallel()
	well := web.Member{State: "alive", HearsMe: true, MessagesLink: true, Flowing: true}
	unlinked := well
	unlinked.MessagesLink, unlinked.Flowing, unlinked.Unlinked = false, false, "as port 30000 is shut"
	naive := web.Member{State: "alive", Naive: true, MessagesLink: true}
	for want, ms := range map[string][]web.Member{"32": {well, naive}, "33": {unlinked, {State: "suspect"}}, "31": {{State: "quarantined"}}} {
		for _, m := range ms {
			if got := tableRow(m, 100, 10, time.Now()).code; got != want {
				t.Errorf("%+v: %s, want %s", m, got, want)
			}
		}
	}
}
