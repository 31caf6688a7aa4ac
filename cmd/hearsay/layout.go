package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hearsay/node/plain"
	"hearsay/node/web"
)

// layout is how sub prints messages: text and fields in turn.
type layout struct {
	trim  bool // texts are shown without the newline at their end
	parts []func(dst []byte, m web.Message, body []byte) []byte
}

// layoutTime is RFC 3339 with milliseconds, which is what an envelope says.
const layoutTime = "2006-01-02T15:04:05.000Z07:00"

var (
	layoutField   = regexp.MustCompile(`\{[^{}]*\}`)
	layoutEscapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")

	layoutFields = map[string]func(dst []byte, m web.Message, body []byte) []byte{
		"{from}":    func(dst []byte, m web.Message, _ []byte) []byte { return append(dst, plain.Text(string(m.From))...) },
		"{channel}": func(dst []byte, m web.Message, _ []byte) []byte { return append(dst, plain.Text(m.Channel)...) },
		"{uid}":     func(dst []byte, m web.Message, _ []byte) []byte { return append(dst, plain.Text(m.UID)...) },
		"{type}":    func(dst []byte, m web.Message, _ []byte) []byte { return append(dst, plain.Text(m.Type)...) },
		"{size}": func(dst []byte, _ web.Message, body []byte) []byte {
			return strconv.AppendInt(dst, int64(len(body)), 10)
		},
		"{missed}": func(dst []byte, m web.Message, _ []byte) []byte { return strconv.AppendUint(dst, m.Missed, 10) },
		"{time}": func(dst []byte, m web.Message, _ []byte) []byte {
			if m.SentAt == nil {
				return append(dst, '-') // a naive node does not say
			}
			return time.Time(*m.SentAt).Local().AppendFormat(dst, layoutTime)
		},
	}

	layoutBodies = map[string]func(dst []byte, _ web.Message, body []byte) []byte{
		"text":   func(dst []byte, _ web.Message, body []byte) []byte { return append(dst, plain.Line(body)...) },
		"base64": func(dst []byte, _ web.Message, body []byte) []byte { return base64.StdEncoding.AppendEncode(dst, body) },
		"raw":    func(dst []byte, _ web.Message, body []byte) []byte { return append(dst, body...) },
		"json": func(dst []byte, m web.Message, body []byte) []byte {
			var one bytes.Buffer
			if json.Compact(&one, body) == nil { // on one line
				return append(dst, plain.JSON(one.Bytes())...)
			}
			text, _ := json.Marshal(plainOrBase64(m)) // a string always can be
			return append(dst, plain.JSON(text)...)
		},
	}
)

// plainOrBase64 is a body as a string of JSON.
func plainOrBase64(m web.Message) string {
	if m.Body != nil {
		return *m.Body
	}
	return *m.Base64
}

// newLayout reads --format and --body-format.
func newLayout(format, bodies string) (*layout, error) {
	body, ok := layoutBodies[bodies]
	if !ok {
		return nil, usagef("--body-format %.40q: must be text, base64, json or raw", bodies)
	}
	if format == "" {
		format = "{body}"
		if bodies == "raw" {
			format = `{size}\n{body}` // or nobody could tell where it ends
		}
	}
	s := &layout{}
	text := func(t string) {
		if t = layoutEscapes.Replace(t); t != "" {
			s.parts = append(s.parts, func(dst []byte, _ web.Message, _ []byte) []byte { return append(dst, t...) })
		}
	}
	at := 0
	for _, field := range layoutField.FindAllStringIndex(format, -1) {
		text(format[at:field[0]])
		name := format[field[0]:field[1]]
		part := layoutFields[name]
		if name == "{body}" {
			part = func(dst []byte, m web.Message, of []byte) []byte {
				if s.trim && bodies == "text" {
					of = bytes.TrimSuffix(of, []byte("\n"))
				}
				return body(dst, m, of)
			}
		}
		if part == nil {
			return nil, usagef("--format: there is no %.40q: fields are {time} {from} {channel} {uid} {type} {size} {missed} {body}", name)
		}
		s.parts = append(s.parts, part)
		at = field[1]
	}
	text(format[at:])
	return s, nil
}

// unended is a layout that shows texts without the newline that ends them: what a command printed, as a shell takes it.
func (s *layout) unended() *layout {
	s.trim = true
	return s
}

// line is a message as it is printed.
func (s *layout) line(m web.Message, body []byte) (b []byte) {
	for _, part := range s.parts {
		b = part(b, m, body)
	}
	return append(b, '\n')
}
