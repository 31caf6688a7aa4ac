// Package plain writes what others said in a form that a terminal can be shown: no byte of it moves the cursor, turns
// the direction of writing, or breaks a line.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns a message's body as one line, from which the body can be told: a backslash is "\\", a control character
// or a byte that is no UTF-8 is "\n", "\x1b" or the like, and an invisible character is "\u202e" or the like. Of a body
// that is text throughout, tabs stay as they are.
func Line(body []byte) string {
	clean := utf8.Valid(body)
	for _, r := range string(body) {
		clean = clean && (r == '\t' || unicode.IsPrint(r))
	}
	if clean {
		return strings.ReplaceAll(string(body), `\`, `\\`)
	}
	return escaped(strings.ReplaceAll(string(body), `\`, `\\`))
}

// Text returns a text for people, such as an error or a cell of a table, as one line. Backslashes stay as they are.
func Text(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return escaped(s)
}

func escaped(s string) string {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			escape(&b, r)
		}
		s = s[size:]
	}
	return b.String()
}

func escape(b *strings.Builder, r rune) {
	switch {
	case unicode.IsPrint(r):
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// JSON returns a JSON text that means the same, with what a terminal would obey or hide as "\u202e" or the like. Valid
// JSON has it only within strings. Lines stay as they are. The text itself is returned where there is nothing to do.
func JSON(text []byte) []byte {
	first := 0
	for first < len(text) && (text[first] >= ' ' && text[first] < 0x7f || text[first] == '\n') {
		first++
	}
	if first == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+len(text)/8), text[:first]...)
	for rest := text[first:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == '\n' || unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
			out = append(out, rest[:size]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r) // bytes that are no UTF-8 are U+FFFD to whoever reads JSON
		}
		rest = rest[size:]
	}
	return out
}
