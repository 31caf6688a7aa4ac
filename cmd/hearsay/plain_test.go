package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"hearsay/node"
	"hearsay/node/nodetest"
	"hearsay/node/web"
	"hearsay/topics"
)

// evil is what a terminal obeys: a colour in one byte of C1 and by ESC, the other direction of writing.
const evil = "\u009b31m\u202e\x1b[2J"

func harmless(t *testing.T, what, out string) {
	t.Helper()
	if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("%s prints %q", what, out)
	}
}

func TestWhatATerminalObeysIsNotPrinted(t *testing.T) {
	t.Parallel()
	quoted := `"\u009b31m` + "\u009b\u202e" + `\u202e\u001b[2J"`
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/messages":
			fmt.Fprintf(w, "data: {\"from\":%s,\"channel\":%s,\"uid\":%s,\"type\":%s,\"body\":%s}\n\n", quoted, quoted, quoted, quoted, quoted)
		case "/v1/events":
			fmt.Fprintf(w, "data: {\"peer\":%s,\"kind\":%s,\"to\":%s,\"why\":%s}\n\n", quoted, quoted, quoted, quoted)
		case "/v1/members":
			fmt.Fprintf(w, `{"self":{"name":%s,"state":%s},"members":[{"name":%s,"state":%s,"why":%s}]}`, quoted, quoted, quoted, quoted, quoted)
		case "/v1/links":
			fmt.Fprintf(w, `{"nodes":[{"name":%s,"hears":["b"]}]}`, quoted)
		}
	}))
	t.Cleanup(fake.Close)
	for _, line := range []string{"sub --count 1", "sub --count 1 --format {from}{channel}{uid}{type}{body}", "monitor", "members", "links"} {
		for _, words := range []string{line, line + " --json"} {
			args := append(strings.Fields(words), "--addr", fake.URL)
			p := begin(t, nil, args...)
			p.end(t)
			harmless(t, words, p.out.String())
			if p.out.String() == "" {
				t.Errorf("%s prints nothing", words)
			}
			if strings.HasSuffix(words, "sub --count 1 --json") {
				if m := decode[web.Message](t, p.out.String()); *m.Body != "\u009b31m\u009b\u202e\u202e\x1b[2J" {
					t.Errorf("%q", *m.Body)
				}
			}
		}
	}
	view := topView{members: web.Members{Self: web.Self{Name: evil}}, status: web.Status{Version: evil}, trouble: evil}
	view.add(web.Event{Why: evil})
	view.members.Members = []web.Member{{Name: evil, State: evil, Why: evil, Address: evil, Program: evil, Tags: evil, Conflict: evil, Failure: evil, ListedBy: []topics.Name{evil}}}
	view.selected, view.filter = evil, ""
	for _, row := range append(view.overview(200, 40, view.at), view.detail(80, 40, view.at)...) {
		harmless(t, "top", row.fit(200, false))
	}
}

func TestBackslashAndNewlineArePrintedDifferently(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	addr := show(t, n)
	p := begin(t, nil, "sub", "--addr", addr)
	nodetest.Eventually(t, func() error {
		must(t, "pub", "--addr", addr, "begun")
		if !strings.Contains(p.out.String(), "begun") {
			return errors.New("nothing printed yet")
		}
		return nil
	})
	must(t, "pub", "--addr", addr, `a\nb`)
	must(t, "pub", "--addr", addr, "a\nb")
	p.out.shows(t, "a\\\\nb\na\\nb\n")
}

func TestMessageThatIsTooLargeIsToldSo(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	addr := show(t, n)
	for size, words := range map[int]string{1<<20 + 1: "this one has 1048577", 80 << 20: "this one has more"} {
		p := begin(t, strings.NewReader(strings.Repeat("x", size)), "pub", "--addr", addr)
		if status := p.end(t); status != exitFailed || !strings.Contains(p.err.Error(), "at most 1048576 bytes") || !strings.Contains(p.err.Error(), words) {
			t.Errorf("%d bytes: status %d, %v", size, status, p.err)
		}
	}
	answer, err := http.Post("http://"+addr+"/v1/messages", "text/plain", strings.NewReader(strings.Repeat("x", 1<<20+1)))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(answer.Status)
	}
}
