package topics

import (
	"encoding/json"
	"math"
	"testing"
)

type headerVectors struct {
	Valid []struct {
		input
		Note string `json:"note"`
		Want Header `json:"want"`
		Out  string `json:"out"` // what AppendHeader writes, where that is asked
	} `json:"valid"`
	Invalid []refused `json:"invalid"`
}

func TestHeaderVectors(t *testing.T) {
	v := vectors[headerVectors](t, "headers.json")
	for _, c := range v.Valid {
		h, err := ParseHeader(c.bytes(t))
		if err != nil || h != c.Want {
			t.Errorf("%s: got %+v, %v, want %+v", c.Note, h, err, c.Want)
		}
		if out := AppendHeader(nil, h); c.Out != "" && string(out) != c.Out {
			t.Errorf("%s: wrote %s, want %s", c.Note, out, c.Out)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		h, err := ParseHeader(in)
		wantRule(t, in, err, r.Rule)
		if h != (Header{}) {
			t.Errorf("%s: refused, and yet %+v", quote(in), h)
		}
	}
}

func TestLargestHeaderFits(t *testing.T) {
	h := Header{Version: math.MaxInt32, Incarnation: MaxTime, Seq: MaxInt, Beat: MaxBeat, List: MaxInt, Pulse: true,
		Strict: true, Complete: true, Leaving: true, Degraded: true, Listeners: math.MaxInt32}
	b := AppendHeader(nil, h)
	if len(b) > MaxHeader {
		t.Errorf("%d bytes", len(b))
	}
	checkHeader(t, h)
}

// checkHeader holds for every valid header: it comes back as it was, and any JSON decoder reads the same.
func checkHeader(t testing.TB, h Header) {
	t.Helper()
	b := AppendHeader([]byte("x"), h)[1:]
	if got, ok := scanHeader(b); !ok || got != h {
		t.Fatalf("%s: the scanner reads %+v, %v", b, got, ok)
	}
	got, err := ParseHeader(b)
	if err != nil || got != h {
		t.Fatalf("%s: got %+v, %v, want %+v", b, got, err, h)
	}
	want, err := json.Marshal(h)
	if err != nil || string(b) != string(want) {
		t.Fatalf("wrote %s, encoding/json writes %s, %v", b, want, err)
	}
}
