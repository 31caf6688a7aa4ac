package topics

import "strings"

// EnvelopeReader reads the envelopes of one sender in a row: what an envelope has in common with the one before is
// compared, and not read again. The zero value is ready to use.
type EnvelopeReader struct {
	last Envelope

	// The text of the last envelope around its UID and its number, where it was of the form of AppendEnvelope.
	head, middle, end string
	numbered          bool
}

// Read reads an envelope as ParseEnvelope does. What it returns is good until the next call; its strings share the memory
// of the text, which nobody may write to any more.
func (r *EnvelopeReader) Read(text string) (*Envelope, error) {
	if r.head != "" && r.again(text) {
		return &r.last, nil
	}
	r.head = ""
	e, plain, err := parseEnvelope(text)
	if err != nil {
		return nil, err
	}
	r.last = e
	if plain {
		r.remember(text)
	}
	return &r.last, nil
}

const (
	beforeUID    = `,"uid":"`
	beforeNumber = `,"n":`
)

// remember takes apart a text of the form of AppendEnvelope. Neither a name nor a UID has a quotation mark in it, or the
// text would not be of that form.
func (r *EnvelopeReader) remember(text string) {
	r.head, r.middle, _ = strings.Cut(text, beforeUID)
	r.head = text[:len(r.head)+len(beforeUID)]
	r.middle = r.middle[len(r.last.UID):]
	r.end = ""
	if r.numbered = r.last.Number > 0; r.numbered {
		r.middle, r.end, _ = strings.Cut(r.middle, beforeNumber)
		r.middle = text[len(r.head)+len(r.last.UID):][:len(r.middle)+len(beforeNumber)]
		r.end = strings.TrimLeft(r.end, "0123456789")
	}
}

// again reads an envelope that differs from the last one in UID and number alone, and reports whether it is such a one.
func (r *EnvelopeReader) again(text string) bool {
	rest, ok := strings.CutPrefix(text, r.head)
	if !ok {
		return false
	}
	n := 0
	for n < len(rest) && n <= MaxUID && rest[n] > ' ' && rest[n] <= '~' && rest[n] != '"' && rest[n] != '\\' {
		n++
	}
	uid := rest[:n]
	if rest, ok = strings.CutPrefix(rest[n:], r.middle); !ok || n == 0 || n > MaxUID {
		return false
	}
	number := uint64(0)
	if r.numbered {
		s := scan{rest: rest}
		number, rest = uint64(s.number()), s.rest
		if s.bad || number == 0 || number > MaxInt || rest != r.end {
			return false
		}
	} else if rest != "" {
		return false
	}
	r.last.UID, r.last.Number = uid, number
	return true
}
