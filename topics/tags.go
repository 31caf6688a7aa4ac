package topics

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Tags are what a node says of itself for people and tools, such as "az=eu-1,role=web": KEY=VALUE joined by commas, the
// keys in ascending order and each once. A key is 1 to 32 bytes of a-z, 0-9, '.', '_' and '-'; a value is 0 to 64 bytes of
// letters, digits and ". _ - : / + @". All together have at most MaxTags bytes.
type Tags string

// MakeTags writes tags in their one form. The error wraps RuleTags and shows what breaks it.
func MakeTags(tags map[string]string) (Tags, error) {
	parts := make([]string, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		part := key + "=" + tags[key]
		if !isTags(part) || strings.Contains(part, ",") {
			return "", &tagError{part, key}
		}
		parts = append(parts, part)
	}
	all := strings.Join(parts, ",")
	if len(all) > MaxTags {
		return "", fmt.Errorf("tags of %d bytes: %w", len(all), RuleTags)
	}
	return Tags(all), nil
}

// tagError is RuleTags for one tag, as a person reads it who wrote that.
type tagError struct{ tag, key string }

func (e *tagError) Error() string {
	if e.key == "" || len(e.key) > maxTagKey || !only(e.key, isTagKey) {
		return fmt.Sprintf("tag %.80q: a key is 1 to %d bytes of a-z, 0-9, '.', '_' and '-'", strings.TrimSuffix(e.tag, "="), maxTagKey)
	}
	return fmt.Sprintf("tag %.80q: a value is at most %d bytes of letters, digits and \". _ - : / + @\"", e.tag, maxTagValue)
}

func (e *tagError) Unwrap() error { return RuleTags }

const maxTagKey, maxTagValue = 32, 64 // bytes: as names of labels and values of DNS are, and several fit into MaxTags

// All returns each key with its value, in order.
func (t Tags) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for rest := string(t); rest != ""; {
			var tag string
			tag, rest, _ = strings.Cut(rest, ",")
			key, value, _ := strings.Cut(tag, "=")
			if !yield(key, value) {
				return
			}
		}
	}
}

// Get returns the value of a key.
func (t Tags) Get(key string) (value string, ok bool) {
	for k, v := range t.All() {
		if k == key {
			return v, true
		}
	}
	return "", false
}

// isTags reports whether s is what MakeTags makes.
func isTags(s string) bool {
	if len(s) > MaxTags {
		return false
	}
	last := ""
	for s != "" {
		tag, rest, more := strings.Cut(s, ",")
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key <= last || len(key) > maxTagKey || len(value) > maxTagValue || !only(key, isTagKey) || !only(value, isTagValue) || more && rest == "" {
			return false
		}
		last, s = key, rest
	}
	return true
}

func only(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return true
}

func isTagKey(c byte) bool {
	return 'a' <= c && c <= 'z' || isDigit(c) || c == '.' || c == '_' || c == '-'
}

func isTagValue(c byte) bool {
	return isTagKey(c) || 'A' <= c && c <= 'Z' || c == ':' || c == '/' || c == '+' || c == '@'
}

// isProgram reports whether s may be the program of a header.
func isProgram(s string) bool {
	return len(s) <= MaxProgram && printable(s, ' ') && !strings.ContainsAny(s, `"\<>&`)
}
