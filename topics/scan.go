package topics

import (
	"math"
	"strings"
)

// scan reads JSON exactly as this package writes it, at a tenth of encoding/json's cost: nearly all headers and
// envelopes are of that form. Whatever deviates sets bad and is left to encoding/json; it is not thereby wrong.
type scan struct {
	rest string
	bad  bool
}

// scanHeader reads the form of AppendHeader.
func scanHeader(b []byte) (h Header, ok bool) {
	s := scan{rest: string(b)}
	s.expect(`{"v":`)
	h.Version = s.small()
	s.expect(`,"inc":`)
	h.Incarnation = s.number()
	s.expect(`,"seq":`)
	h.Seq = uint64(s.number())
	s.expect(`,"beat":`)
	h.Beat = s.small()
	s.expect(`,"list":`)
	h.List = uint64(s.number())
	h.Pulse = s.skip(`,"pulse":true`)
	h.Strict = s.skip(`,"strict":true`)
	h.Complete = s.skip(`,"complete":true`)
	h.Leaving = s.skip(`,"leaving":true`)
	h.Degraded = s.skip(`,"degraded":true`)
	h.Replay = s.skip(`,"replay":true`)
	if s.skip(`,"listeners":`) {
		h.Listeners = s.small()
	}
	if s.skip(`,"last":"`) {
		h.Last = s.text()
	}
	if s.skip(`,"at":`) {
		h.At = s.number()
	}
	if s.skip(`,"program":"`) {
		h.Program = s.text()
	}
	if s.skip(`,"tags":"`) {
		h.Tags = Tags(s.text())
	}
	if s.skip(`,"mesh":"`) {
		h.Mesh = s.text()
	}
	if s.skip(`,"told":`) {
		h.Told = uint64(s.number())
	}
	if s.skip(`,"twin":"`) {
		h.Twin = s.text()
	}
	return h, s.end()
}

// scanEnvelope reads the form of AppendEnvelope. The strings of e share the memory of text.
func scanEnvelope(text string) (e Envelope, ok bool) {
	s := scan{rest: text}
	s.expect(`{"v":`)
	e.Version = s.small()
	s.expect(`,"from":"`)
	e.Origin = Name(s.text())
	s.expect(`,"uid":"`)
	e.UID = s.text()
	if s.skip(`,"ttl":`) {
		e.TTL = s.small()
	}
	s.expect(`,"at":`)
	e.SentAt = s.number()
	if s.skip(`,"inc":`) {
		e.Incarnation = s.number()
	}
	if s.skip(`,"n":`) {
		e.Number = uint64(s.number())
	}
	if s.skip(`,"type":"`) {
		e.Type = s.text()
	}
	if s.skip(`,"exp":`) {
		e.Expires = s.number()
	}
	if s.skip(`,"ask":`) {
		e.Ask = s.small()
	}
	if s.skip(`,"re":"`) {
		e.Re = s.text()
	}
	if s.skip(`,"fail":"`) {
		e.Fail = s.text()
	}
	return e, s.end()
}

func (s *scan) skip(literal string) (found bool) {
	s.rest, found = strings.CutPrefix(s.rest, literal)
	return found
}

func (s *scan) expect(literal string) {
	if !s.skip(literal) {
		s.bad = true
	}
}

func (s *scan) end() bool {
	s.expect("}")
	return !s.bad && s.rest == ""
}

// maxDigits is the length of MaxInt.
const maxDigits = 16

// number reads a decimal of at most maxDigits without sign and without leading zeros.
func (s *scan) number() (v int64) {
	n := 0
	for n < len(s.rest) && n < maxDigits && isDigit(s.rest[n]) {
		v = v*10 + int64(s.rest[n]-'0')
		n++
	}
	if n == 0 || n > 1 && s.rest[0] == '0' {
		s.bad = true
	}
	s.rest = s.rest[n:]
	return v
}

// small reads a number that fits an int on every machine.
func (s *scan) small() int {
	v := s.number()
	if v > math.MaxInt32 {
		s.bad = true
		return 0
	}
	return int(v)
}

// text reads to the closing quote. Escapes and all but printable ASCII are left to encoding/json.
func (s *scan) text() string {
	text, rest, ok := strings.Cut(s.rest, `"`)
	if !ok || !printable(text, ' ') || strings.IndexByte(text, '\\') >= 0 {
		s.bad = true
	}
	s.rest = rest
	return text
}
