package main

import (
	"io"
	"unicode/utf8"
)

// key is one that was pressed: a character, or one of these.
type key rune

const (
	keyUp key = 0xE000 + iota // in Unicode's private area
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyEnter     key = '\r'
	keyEscape    key = 0x1b
	keyBackspace key = 0x7f
	keyCtrlC     key = 3
)

// escapes are what terminals send for keys without a character.
var escapes = map[string]key{
	"[A": keyUp, "[B": keyDown, "OA": keyUp, "OB": keyDown, "[5~": keyPageUp, "[6~": keyPageDown,
	"[H": keyHome, "[F": keyEnd, "[1~": keyHome, "[4~": keyEnd, "OH": keyHome, "OF": keyEnd,
}

// readKeys gives each key to press, until r ends or press says that it is enough. What one read returns was sent
// together: so an escape that stands alone is the key of that name.
func readKeys(r io.Reader, press func(key) bool) {
	for buf := make([]byte, 256); ; {
		n, err := r.Read(buf)
		for _, k := range parseKeys(string(buf[:n])) {
			if !press(k) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func parseKeys(s string) (out []key) {
	for s != "" {
		if s[0] == '\x1b' {
			k, size := parseEscape(s)
			if s = s[size:]; k != 0 {
				out = append(out, k)
			}
			continue
		}
		c, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch c {
		case '\n':
			c = rune(keyEnter)
		case '\b':
			c = rune(keyBackspace)
		}
		out = append(out, key(c))
	}
	return out
}

// parseEscape reads a key that begins with an escape, and how many bytes it has. Unknown ones are 0.
func parseEscape(s string) (key, int) {
	for text, k := range escapes {
		if len(s) > len(text) && s[1:1+len(text)] == text {
			return k, 1 + len(text)
		}
	}
	if len(s) < 2 || s[1] != '[' && s[1] != 'O' {
		return keyEscape, 1
	}
	for i := 2; i < len(s); i++ {
		if s[i] >= '@' && s[i] <= '~' {
			return 0, i + 1
		}
	}
	return 0, len(s)
}
