package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"
)

// What is wrong with a file is told before any of it is taken: with its line, the key, the value, and what is wanted.

// entry is a key with its value.
type entry struct{ key, value *yaml.Node }

// parseConfig reads the file for a command.
func parseConfig(path string, command *cli.Command, read func(string, int64) ([]byte, error)) (map[any]any, error) {
	values, entries, err := parseYAML(path, read)
	if err != nil {
		return nil, fmt.Errorf("--config %.200s: %w", path, err)
	}
	for _, e := range entries {
		if err := e.decimal(command, values); err != nil {
			return nil, fmt.Errorf("--config %.200s: line %d: %w", path, e.key.Line, err)
		}
		if err := e.check(command, values); err != nil {
			return nil, fmt.Errorf("--config %.200s: line %d: %w", path, e.key.Line, err)
		}
	}
	return values, nil
}

// decimal takes a whole number by its digits: YAML reads 070 as 56.
func (e entry) decimal(command *cli.Command, values map[any]any) error {
	kind := fmt.Sprintf("%T", flagNamed(command, e.key.Value))
	if !strings.HasSuffix(kind, "IntFlag") && e.key.Value != "replay" {
		return nil
	}
	switch values[e.key.Value].(type) {
	case int, float64: // which 099 is
	default:
		return nil
	}
	v := e.value
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	n, err := strconv.Atoi(v.Value)
	if err != nil {
		return fmt.Errorf("%s %.80q: must be a whole number, such as 5", e.key.Value, v.Value)
	}
	values[e.key.Value] = n
	return nil
}

// check says what is wrong with a key or its value.
func (e entry) check(command *cli.Command, values map[any]any) error {
	name := e.key.Value
	flag := flagNamed(command, name)
	if _, text := values[name]; !text || name == "config" || slices.Contains(cli.HelpFlag.Names(), name) || flag == nil {
		return fmt.Errorf("%.80q is no flag of hearsay %s%s", name, command.Name, meant(strings.ToLower(name), settable(command), ""))
	}
	want := wantedOf(flag, values[name])
	if without, is := locks[name]; is && values[name] == "" {
		return fmt.Errorf("%s: %s", name, emptyLock(name, without))
	}
	if want == "" {
		return nil
	}
	if isList(flag) || e.value.Kind != yaml.ScalarNode {
		return fmt.Errorf("%s: must be %s", name, want)
	}
	if want == aText { // a number, a date, or true
		want = fmt.Sprintf("a text, which is %.80q in quotes", e.value.Value)
	}
	return fmt.Errorf("%s %.80q: must be %s", name, e.value.Value, want)
}

// settable are the flags that a file may set.
func settable(command *cli.Command) (names []string) {
	for _, flag := range command.Flags {
		if name := flag.Names()[0]; name != "config" {
			names = append(names, name)
		}
	}
	return names
}

// aText is what most flags take.
const aText = `a text, such as "a"`

// wantedOf is what a value of YAML has to be for a flag, "" if it is so.
func wantedOf(flag cli.Flag, v any) string {
	if isList(flag) {
		if isTexts(v) {
			return ""
		}
		return "a list of texts, such as [\"a\", \"b\"]"
	}
	text, isText := v.(string)
	_, isNumber := v.(int)
	switch kind := fmt.Sprintf("%T", flag); { // of package cli, or of altsrc, which wraps these
	case strings.HasSuffix(kind, "DurationFlag"):
		if _, err := time.ParseDuration(text); !isText || err != nil {
			return kindOf([]cli.Flag{flag}, flag.Names()[0])
		}
	case strings.HasSuffix(kind, "BoolFlag"):
		if _, is := v.(bool); !is {
			return kindOf([]cli.Flag{flag}, flag.Names()[0])
		}
	case strings.HasSuffix(kind, "IntFlag"):
		if !isNumber {
			return kindOf([]cli.Flag{flag}, flag.Names()[0])
		}
	case flag.Names()[0] == "replay" && isNumber: // a count, or a time
	case !isText:
		return aText
	}
	return ""
}

// isList reports whether a flag may be repeated.
func isList(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationSliceFlag)
	_, on := flag.(*cli.GenericFlag)
	return on || ok && f.IsSliceFlag()
}

// textsOf are those of a list.
func textsOf(v any) (out []string) {
	list, _ := v.([]any)
	for _, one := range list {
		text, _ := one.(string)
		out = append(out, text)
	}
	return out
}

// isTexts reports whether a value of YAML is a list of texts.
func isTexts(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(one any) bool { _, text := one.(string); return !text })
}

// parseYAML reads a document, and its entries in their order.
func parseYAML(path string, read func(string, int64) ([]byte, error)) (values map[any]any, entries []entry, err error) {
	text, err := read(path, maxConfig)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err // its path is told
	}
	if err != nil {
		return nil, nil, err
	}
	var document yaml.Node
	values = make(map[any]any)
	in := yaml.NewDecoder(bytes.NewReader(text))
	err = in.Decode(&document)
	if err == nil {
		if err = in.Decode(new(yaml.Node)); err == nil {
			return nil, nil, errors.New("must be one document: nothing may follow a second ---")
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, nil, inOneLine(err, text)
	}
	if len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
		return values, nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, nil, fmt.Errorf("line %d: must be lines of KEY: VALUE, such as beat: 1s", root.Line)
	}
	if err := root.Decode(&values); err != nil {
		return nil, nil, inOneLine(err, text)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		entries = append(entries, entry{root.Content[i], root.Content[i+1]})
	}
	return values, entries, nil
}

// assigned is how other files than YAML have values.
var assigned = regexp.MustCompile(`(?m)^\s*[a-z-]+\s*=`)

// inOneLine is an error of YAML, which has lines of its own.
func inOneLine(err error, text []byte) error {
	said := strings.Join(strings.Fields(err.Error()), " ")
	said = strings.TrimPrefix(strings.TrimPrefix(said, "yaml: "), "unmarshal errors: ")
	if bytes.ContainsRune(text, '\t') && (strings.Contains(said, "cannot start any token") || strings.Contains(said, "tab character")) {
		said += " (YAML is indented with blanks, not with tabs)"
	} else if assigned.Match(text) {
		said += " (the file is YAML: lines of KEY: VALUE)"
	}
	return errors.New(said)
}
