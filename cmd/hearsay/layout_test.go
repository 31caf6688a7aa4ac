package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hearsay/node/web"
)

func TestLayout(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.Local)
	for _, c := range []struct{ format, bodies, body, want string }{
		{"", "text", "good\tday\x1b\n", `good\tday\x1b\n` + "\n"},
		{"", "base64", "\xff\x00", "/wA=\n"},
		{"", "raw", "a\nb\xff", "4\na\nb\xff\n"},
		{"{body}", "raw", "a\nb", "a\nb\n"},
		{"", "json", "{\"a\":\n1}", `{"a":1}` + "\n"},
		{"", "json", "\"\u202e\"", `"\u202e"` + "\n"},
		{"", "json", `say "x"`, `"say \"x\""` + "\n"},
		{"", "json", "\xff", `"/w=="` + "\n"},
		{`{time}\t{from} {channel}/{uid} {type} {size} {missed}\n{body}\\n`, "text", "x",
			at.Format(layoutTime) + "\tnode_1 news/u1 text/plain 1 3\nx\\n\n"},
		{"just this", "text", "x", "just this\n"},
	} {
		s, err := newLayout(c.format, c.bodies)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
			continue
		}
		m := web.Message{From: "node_1", Channel: "news", UID: "u1", Type: "text/plain", Missed: 3, SentAt: &at}
		if utf8.ValidString(c.body) {
			m.Body = &c.body
		} else {
			text := base64.StdEncoding.EncodeToString([]byte(c.body))
			m.Base64 = &text
		}
		if got := string(s.line(m, []byte(c.body))); got != c.want {
			t.Errorf("%q %s: %q, want %q", c.format, c.bodies, got, c.want)
		}
	}
	if s, _ := newLayout("{time}", "text"); string(s.line(web.Message{}, nil)) != "-\n" {
		t.Error("a naive node has a time")
	}
	for _, wrong := range [][2]string{{"{nobody}", "text"}, {"{}", "text"}, {"", "xml"}} {
		if _, err := newLayout(wrong[0], wrong[1]); err == nil || !strings.Contains(err.Error(), "--") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
