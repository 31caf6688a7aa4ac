package topics

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// input is how the golden vectors write bytes: "in" as UTF-8, "hex", or "parts", each a text and how often it
// is repeated.
type input struct {
	In    string   `json:"in"`
	Hex   string   `json:"hex"`
	Parts [][2]any `json:"parts"`
}

func (in input) bytes(t testing.TB) []byte {
	t.Helper()
	if in.Hex != "" {
		b, err := hex.DecodeString(in.Hex)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var b strings.Builder
	b.WriteString(in.In)
	for _, part := range in.Parts {
		b.WriteString(strings.Repeat(part[0].(string), int(part[1].(float64))))
	}
	return []byte(b.String())
}

// refused is an input that breaks one rule.
type refused struct {
	input
	Rule string `json:"rule"`
}

// vectors reads a file of golden vectors. A misspelt field is an error, not a vector that checks nothing.
func vectors[T any](t testing.TB, file string) T {
	t.Helper()
	var v T
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

// wantRule fails unless err wraps the rule with that identifier, and is fit for a log.
func wantRule(t testing.TB, in []byte, err error, id string) {
	t.Helper()
	var rule Rule
	if !errors.As(err, &rule) {
		t.Errorf("%s: error %v, want rule %q", quote(in), err, id)
		return
	}
	if rule.ID() != id {
		t.Errorf("%s: rule %q, want %q", quote(in), rule.ID(), id)
	}
	if len(err.Error()) > 1024 || !printable(err.Error(), ' ') {
		t.Errorf("error is long or not printable: %q", err)
	}
}

func TestRulesSayWhatTheyDemand(t *testing.T) {
	ids := map[string]bool{}
	for r := RuleNone; r < numRules; r++ {
		if r.ID() == "" || r.Error() == "" || ids[r.ID()] {
			t.Errorf("rule %d: identifier %q or text %q empty or taken", r, r.ID(), r.Error())
		}
		ids[r.ID()] = true
	}
	if Rule(numRules).ID() == "" || Rule(255).Error() == "" {
		t.Error("an unknown rule says nothing")
	}
}

// Every rule but RuleNone is broken by some vector, so another implementation is tested on each.
func TestVectorsBreakEveryRule(t *testing.T) {
	seen := map[string]bool{"channel": true} // an API's rule; on the wire such a topic is just unknown
	for _, file := range []string{"names.json", "headers.json", "envelopes.json", "hellos.json", "relayed.json",
		"questions.json", "directs.json"} {
		v := vectors[struct {
			Valid   []json.RawMessage `json:"valid"`
			Invalid []refused         `json:"invalid"`
		}](t, file)
		for _, r := range v.Invalid {
			seen[r.Rule] = true
		}
	}
	for _, l := range listVectors(t) {
		seen[l.Rule] = true
	}
	for r := RuleNone + 1; r < numRules; r++ {
		if !seen[r.ID()] {
			t.Errorf("no vector breaks rule %q", r.ID())
		}
	}
}
