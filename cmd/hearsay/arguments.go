package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Package flag reads flags up to the first argument, and takes what stands behind it for arguments. People write
// 'hearsay reply time --exec date', and mean a flag.

// sortArguments puts the flags of a command before its arguments. What stands behind "--" is no flag, and neither is a
// word behind an argument that begins with one dash and names none, such as -5.
func sortArguments(app *cli.App, args []string) []string {
	if len(args) < 3 || slices.Contains(args, completionFlag) {
		return args
	}
	command := app.Command(args[1])
	if command == nil {
		return args
	}
	out, rest := slices.Clone(args[:2]), []string(nil)
	for i := 2; i < len(args); i++ {
		word := args[i]
		if word == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		name, _, valued := strings.Cut(strings.TrimLeft(word, "-"), "=")
		f := flagNamed(command, name)
		switch {
		case len(word) < 2 || word[0] != '-' || f == nil && len(rest) > 0 && !strings.HasPrefix(word, "--"):
			rest = append(rest, word)
			continue
		case f == cli.HelpFlag:
			return append(slices.Clone(args[:2]), "--help")
		}
		out = append(out, word)
		noteGiven(app, name)
		if f == nil || valued || !takesValue(f) {
			continue
		}
		if i++; i == len(args) {
			return out // and the lack of its value is told
		}
		out = append(out, args[i])
	}
	if len(rest) > 0 {
		out = append(append(out, "--"), rest...)
	}
	return out
}

func flagNamed(command *cli.Command, name string) cli.Flag {
	for _, f := range append([]cli.Flag{cli.HelpFlag}, command.Flags...) {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, is := f.(cli.DocGenerationFlag)
	return is && d.TakesValue()
}

var (
	undefined = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	valueless = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
	unparsed  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-([a-z-]+): .*$`)
	fromOther = regexp.MustCompile(`(?s)^could not parse (".*") as \S+ value from environment variable "(\S+)" for flag (\S+): .*$`)
)

// flagError says what package flag says in the words of a person who wrote two dashes.
func flagError(flags []cli.Flag, text string) string {
	if m := undefined.FindStringSubmatch(text); m != nil {
		var names []string
		for _, f := range flags {
			names = append(names, f.Names()...)
		}
		dashes := "--"
		if len(m[1]) == 1 {
			dashes = "-"
		}
		return "flag provided but not defined: " + dashes + m[1] + meant(m[1], names, "--")
	}
	if m := valueless.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s needs a value", m[1])
	}
	if m := unparsed.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s %s: must be %s", m[2], m[1], kindOf(flags, m[2]))
	}
	if m := fromOther.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s=%s: must be %s", m[2], m[1], kindOf(flags, m[3]))
	}
	return text
}

// kindOf is what a flag takes.
func kindOf(flags []cli.Flag, name string) string {
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		kind := fmt.Sprintf("%T", f) // of package cli, or of altsrc, which wraps these
		switch {
		case strings.HasSuffix(kind, "DurationFlag"):
			return "a time with its unit, such as 1s or 250ms"
		case strings.HasSuffix(kind, "BoolFlag"):
			return "true or false"
		case strings.HasSuffix(kind, "Uint64Flag"):
			return "a whole number of 0 or more"
		}
		return "a whole number, such as 5"
	}
	return "something else"
}

// meant asks whether somebody meant one of some words; "" where none is near.
func meant(word string, words []string, before string) string {
	best, far := "", 1+(len(word)-1)/4
	for _, w := range words {
		if d := distance(word, w); len(w) > 1 && d <= far && (best == "" || d < distance(word, best)) {
			best = w
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + before + best + "?"
}

// distance is how many letters have to be put in, left out, replaced or swapped with the next to make b of a.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
