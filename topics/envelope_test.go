package topics

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

type envelopeVectors struct {
	Valid []struct {
		input
		Note string   `json:"note"`
		Want Envelope `json:"want"`
		Out  string   `json:"out"` // what AppendEnvelope writes, where that is asked
	} `json:"valid"`
	Invalid []refused `json:"invalid"`
}

func TestEnvelopeVectors(t *testing.T) {
	v := vectors[envelopeVectors](t, "envelopes.json")
	for _, c := range v.Valid {
		e, err := ParseEnvelope(c.bytes(t))
		if err != nil || e != c.Want {
			t.Errorf("%s: got %+v, %v, want %+v", c.Note, e, err, c.Want)
		}
		if out := AppendEnvelope(nil, e); c.Out != "" && string(out) != c.Out {
			t.Errorf("%s: wrote %s, want %s", c.Note, out, c.Out)
		}
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		e, err := ParseEnvelope(in)
		wantRule(t, in, err, r.Rule)
		if e != (Envelope{}) {
			t.Errorf("%s: refused, and yet %+v", quote(in), e)
		}
	}
}

func TestLargestEnvelopeFits(t *testing.T) {
	label := strings.Repeat("a", MaxLabel)
	e := Envelope{Version: math.MaxInt32, Origin: Name(label + "." + label + "." + label + "." + label[:61] + ":55535"),
		UID: strings.Repeat(`\`, MaxUID), TTL: MaxTTL, SentAt: MaxTime, Incarnation: MaxTime, Number: MaxInt, Type: "a/b;" + strings.Repeat(`"`, MaxType-4)}
	request, reply := e, e
	e.Expires = MaxTime
	request.Ask = MaxAsk
	reply.Re, reply.Fail = strings.Repeat(`"`, MaxUID), strings.Repeat("x", MaxFail)
	for _, e := range []Envelope{e, request, reply} {
		if b := AppendEnvelope(nil, e); len(b) > MaxEnvelope {
			t.Errorf("%d bytes", len(b))
		}
		checkEnvelope(t, e)
	}
}

// checkEnvelope holds for every valid envelope: it comes back as it was, and any JSON decoder reads the same.
func checkEnvelope(t testing.TB, e Envelope) {
	t.Helper()
	b := AppendEnvelope([]byte("x"), e)[1:]
	plain := !strings.Contains(string(b), `\`)
	if got, ok := scanEnvelope(string(b)); plain && (!ok || got != e) {
		t.Fatalf("%s: the scanner reads %+v, %v", b, got, ok)
	}
	got, err := ParseEnvelope(b)
	if err != nil || got != e {
		t.Fatalf("%s: got %+v, %v, want %+v", b, got, err, e)
	}
	var again Envelope
	if err := json.Unmarshal(b, &again); err != nil || again != e {
		t.Fatalf("%s: encoding/json reads %+v, %v, want %+v", b, again, err, e)
	}
}
