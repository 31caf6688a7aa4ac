package topics

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParseName(b *testing.B) {
	for _, s := range []string{"node_1", "Node_1.example.com:20010", "10.0.0.1", "[2001:DB8::1]:20000", "127.1", "tcp://node_1"} {
		in := []byte(s)
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParseNameBytes(in)
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	for _, n := range []Name{"node_1", "Node_1:20000", "[2001:DB8::1]"} {
		b.Run(string(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = n.Key()
			}
		})
	}
}

// The list that came a second ago, again: what a node reads nearly always.
func BenchmarkParseListAgain(b *testing.B) {
	for _, n := range []int{1, 32, 1024} {
		list := AppendList(nil, numbered("node_", n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var in Interner
			var names []Name
			b.ReportAllocs()
			b.SetBytes(int64(len(list)))
			for b.Loop() {
				names, _, _ = in.ParseList(list, names[:0])
			}
		})
	}
}

func BenchmarkParseListFresh(b *testing.B) {
	for _, n := range []int{1, 32, 1024} {
		list := AppendList(nil, numbered("node_", n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var names []Name
			b.ReportAllocs()
			b.SetBytes(int64(len(list)))
			for b.Loop() {
				names, _, _ = ParseList(list, names[:0])
			}
		})
	}
}

// The dearest lists of 64 KiB that were found: the time must stay in proportion to the bytes.
func BenchmarkParseListHostile(b *testing.B) {
	for what, entry := range map[string]string{"empty": "", "repeats": "a", "garbage": "a..b", "ipv6": "[::1:2:3:4:x]",
		"numbers": "4294967295", "labels": strings.Repeat("a.", 126) + "-"} {
		list := []byte("a" + strings.Repeat(","+entry, MaxList/(len(entry)+1)-1))
		b.Run(what, func(b *testing.B) {
			var in Interner
			var names []Name
			b.ReportAllocs()
			b.SetBytes(int64(len(list)))
			for b.Loop() {
				names, _, _ = in.ParseList(list, names[:0])
			}
		})
	}
}

func BenchmarkAppendList(b *testing.B) {
	for _, n := range []int{1, 32, 1024} {
		names := numbered("node_", n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendList(buf[:0], names)
			}
		})
	}
}

func BenchmarkHeader(b *testing.B) {
	h := Header{Version: 1, Incarnation: 1767225600000, Seq: 77, Beat: 1000, List: 3, Pulse: true, Strict: true, Complete: true, Listeners: 31}
	buf := AppendHeader(nil, h)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = AppendHeader(buf[:0], h)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = ParseHeader(buf)
		}
	})
}

func BenchmarkEnvelope(b *testing.B) {
	e := Envelope{Version: 1, Origin: "node_1", UID: "1767225600000-1", SentAt: 1767225600123, Type: "text/plain"}
	buf := AppendEnvelope(nil, e)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = AppendEnvelope(buf[:0], e)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = ParseEnvelope(buf)
		}
	})
	b.Run("again", func(b *testing.B) {
		var r EnvelopeReader
		b.ReportAllocs()
		for text := string(buf); b.Loop(); {
			_, _ = r.Read(text)
		}
	})
}
