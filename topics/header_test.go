package topics

import (
	"encoding/json"
	"math"
	"strings"
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
		Strict: true, Complete: true, Leaving: true, Degraded: true, Listeners: math.MaxInt32, Last: longestLast(),
		At: MaxTime, Program: strings.Repeat("p", MaxProgram), Tags: longestTags(t), Mesh: strings.Repeat("m", MaxMesh), Told: MaxInt, Twin: strings.Repeat("a", 63) + "@[fd00:1::1:aa]"}
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
	plain := !strings.Contains(string(b), `\`)
	if got, ok := scanHeader(b); plain && (!ok || got != h) {
		t.Fatalf("%s: the scanner reads %+v, %v", b, got, ok)
	}
	got, err := ParseHeader(b)
	if err != nil || got != h {
		t.Fatalf("%s: got %+v, %v, want %+v", b, got, err, h)
	}
	var want strings.Builder
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false) // JSON lets a < stand as it is
	if err := encoder.Encode(h); err != nil || string(b)+"\n" != want.String() {
		t.Fatalf("wrote %s, encoding/json writes %s, %v", b, want.String(), err)
	}
}

// longestTags has as many bytes as there may be.
func longestTags(t testing.TB) Tags {
	tags := make(map[string]string)
	for _, key := range []string{"a"} {
		tags[key] = strings.Repeat("v", 64)
	}
	tags["b"], tags["c"] = strings.Repeat("v", 64), strings.Repeat("v", MaxTags-2*67-2)
	all, err := MakeTags(tags)
	if err != nil || len(all) != MaxTags {
		t.Fatalf("%d bytes, %v", len(all), err)
	}
	return all
}

func TestTags(t *testing.T) {
	all, err := MakeTags(map[string]string{"role": "web", "az": "eu-1", "empty": ""})
	if err != nil || all != "az=eu-1,empty=,role=web" {
		t.Errorf("%q, %v", all, err)
	}
	if v, ok := all.Get("az"); !ok || v != "eu-1" {
		t.Errorf("az: %q, %v", v, ok)
	}
	if v, ok := all.Get("empty"); !ok || v != "" {
		t.Errorf("empty: %q, %v", v, ok)
	}
	if _, ok := all.Get("nobody"); ok {
		t.Error("a key that is not there")
	}
	for key, value := range map[string]string{"": "x", "A": "x", "a b": "x", "a=": "x", "k": "a,b=c", "k2": "<", "k3": "\n", strings.Repeat("k", 33): "x", "k4": strings.Repeat("v", 65)} {
		if all, err := MakeTags(map[string]string{key: value}); err == nil {
			t.Errorf("%q=%q: %q", key, value, all)
		}
	}
	for i, in := range []Tags{"", "a=1", "a=1,b=2"} {
		if n := 0; !isTags(string(in)) {
			t.Errorf("%q", in)
		} else if func() {
			for range in.All() {
				n++
			}
		}(); n != i {
			t.Errorf("%q: %d", in, n)
		}
	}
}
