package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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
		for _, code := range []string{"\x1b[K", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[7m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
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
	for _, want := range []string{"node_0  up 60m  5 members, 4 heard", "ready: it hears peers", "beats 3.0/s", "bytes in 25k/s",
		"node_3  quarantined", "suspect -> quarantined   evicted", "q quits"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	s.Ready, s.ReadyReason, s.Incarnation = false, "it is degraded", 7
	v.update(s, m, now)
	v.rates = ""
	if text := v.draw(80, 24, now); !strings.Contains(text, "NOT READY: it is degraded") {
		t.Error(text)
	}
	v.trouble = "no node answers"
	if text := v.draw(80, 24, now); !strings.Contains(text, "no node answers") {
		t.Error(text)
	}
	s, m = crowd(128, now)
	v.update(s, m, now)
	if text := v.draw(80, 24, now); !strings.Contains(text, "... and ") {
		t.Errorf("nothing says that there are more:\n%s", text)
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
	if err := top.look(ctx); err != nil {
		t.Fatal(err)
	}
	var out screen
	ended := make(chan error)
	go func() { ended <- top.run(ctx, &out) }()
	out.shows(t, "joined")
	b.Close()
	out.shows(t, "alive -> left")
	a.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestKeysEndTop(t *testing.T) {
	for keys, ends := range map[string]bool{"q": true, "xQ": true, "x\x03": true, "xyz": false} {
		ended := false
		quitKey(strings.NewReader(keys), func() { ended = true })
		if ended != ends {
			t.Errorf("%q ends it: %v", keys, ended)
		}
	}
}

func TestAmountAndShort(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0", 9.96: "10.0", 12.3: "12", 12_345: "12k", 23e6: "23M"} {
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
