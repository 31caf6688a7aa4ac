package main

import (
	"slices"
	"strings"
	"testing"
)

// Flags may stand behind arguments, as people write them; what is said of a message is no flag behind "--".
func TestFlagsMayStandAnywhere(t *testing.T) {
	t.Parallel()
	app := newApp()
	for line, want := range map[string]string{
		"reply time --exec date":             "reply --exec date -- time",
		"pub hello --addr x --json world":    "pub --addr x --json -- hello world",
		"pub hello --addr=x":                 "pub --addr=x -- hello",
		"pub hello -addr x":                  "pub -addr x -- hello",
		"pub temp -5 -":                      "pub -- temp -5 -",
		"pub --json -- a --addr b":           "pub --json -- a --addr b",
		"node a --ping b --bind 127.0.0.1 c": "node --ping --bind 127.0.0.1 -- a b c", // those of package altsrc, too
		"reply time --exec":                  "reply --exec",
		"pub a -h":                           "pub --help",
		"pub a --help b":                     "pub --help",
		"pub a --unknown b":                  "pub --unknown -- a b",
		"pub -x a":                           "pub -x -- a",
		"members":                            "members",
		"unknown a --b":                      "unknown a --b",
		"pub a --generate-bash-completion":   "pub a --generate-bash-completion",
	} {
		got := sortArguments(app, append([]string{"hearsay"}, strings.Fields(line)...))
		if want := append([]string{"hearsay"}, strings.Fields(want)...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestWhatWasMeant(t *testing.T) {
	t.Parallel()
	words := []string{"members", "monitor", "node", "pub", "h"}
	for word, want := range map[string]string{
		"membres": "members", "member": "members", "nodes": "node", "mointor": "monitor", "pubb": "pub", "xyzzy": "", "": "",
		strings.Repeat("x", 1<<20): "",
	} {
		if got := meant(word, words, ""); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

// 'hearsay help' and 'hearsay help COMMAND' are --help.
func TestHelpIsACommandToo(t *testing.T) {
	t.Parallel()
	if out := must(t, "help"); !strings.Contains(out, "hearsay COMMAND [flags] [arguments]") {
		t.Errorf("%s", out)
	}
	if out := must(t, "help", "reply"); !strings.Contains(out, "hearsay reply") {
		t.Errorf("%s", out)
	}
}
