package plain

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for body, want := range map[string]string{
		"":                        "",
		"plain ☺ text":            "plain ☺ text",
		"two\twords":              "two\twords",
		"two\twords\x1b":          `two\twords\x1b`,
		`a\nb`:                    `a\\nb`,
		"a\nb":                    `a\nb`,
		"a\\\nb":                  `a\\\nb`,
		"\xff\x00":                `\xff\x00`,
		"\u00ff":                  "\u00ff",
		"�":                       "�",
		"\u009b31m \u202eevil":    `\u009b31m \u202eevil`,
		"\u2066x\u2069\u200b\x7f": `\u2066x\u2069\u200b\x7f`,
		"\U000e0041":              `\U000e0041`,
		`{"a":"b"}` + "\r\n":      `{"a":"b"}\r\n`,
	} {
		if got := Line([]byte(body)); got != want {
			t.Errorf("%q: %s, want %s", body, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		`what "a\nb" says ☺`: `what "a\nb" says ☺`,
		"\x1b[31m\u202e\n":   `\x1b[31m\u202e\n`,
		"\xff\x9b☺":          `\xff\x9b☺`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// harmless reports whether a terminal shows a line and obeys nothing of it.
func harmless(line string) bool {
	return utf8.ValidString(line) && !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) })
}

func FuzzLineTellsTheBody(f *testing.F) {
	for _, s := range []string{`a\nb`, "a\nb", "\xff\\x", "\t\\t\x1b", "\u202e\U000e0041"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		line := Line(body)
		if !harmless(line) {
			t.Errorf("%q is printed as %q", body, line)
		}
		back, err := strconv.Unquote(`"` + strings.NewReplacer(`"`, `\"`, "\t", `\t`).Replace(line) + `"`)
		if err != nil || back != string(body) {
			t.Errorf("%q is printed as %s, which tells %q, %v", body, line, back, err)
		}
	})
}

func FuzzJSONMeansTheSame(f *testing.F) {
	for _, s := range []string{"", "\u009b\u202e", "\U000e0041\x7f☺", "\xff\n\r\x00", "�"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		text := JSON(raw)
		if !harmless(string(text)) {
			t.Errorf("%q is printed as %q", s, text)
		}
		var before, after map[string]string
		if json.Unmarshal(raw, &before) != nil || json.Unmarshal(text, &after) != nil {
			t.Fatalf("%s: no JSON", text)
		}
		for key, value := range before {
			if after[key] != value {
				t.Errorf("%q: %s means something else", s, text)
			}
		}
	})
}

func TestJSONKeepsLinesAndEscapesWhatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"{\n \"a\": 1\n}\n":  "{\n \"a\": 1\n}\n",
		"\x1b[31m":           `\u001b[31m`,
		"\"\xff\"":           `"\ufffd"`,
		"\"\u202e\u00a0☺\"":  `"\u202e\u00a0☺"`,
		"\"\U000e0041\x7f\"": `"\udb40\udc41\u007f"`,
	} {
		if got := string(JSON([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
