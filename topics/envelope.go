package topics

import (
	"math"
	"strconv"
	"strings"
)

// Envelope is the third frame of a message.
type Envelope struct {
	Version     int    `json:"v"`              // 1
	Origin      Name   `json:"from"`           // the node that said it first
	UID         string `json:"uid"`            // unique for each message: ORIGIN's incarnation and a count
	TTL         int    `json:"ttl,omitempty"`  // hops left; 0 is not relayed
	SentAt      int64  `json:"at"`             // Unix ms
	Incarnation int64  `json:"inc,omitempty"`  // of the origin, as in its beats; 0: not said
	Number      uint64 `json:"n,omitempty"`    // counts the messages of one origin, incarnation and topic from 1; 0: none
	Type        string `json:"type,omitempty"` // media type of the body; empty: not said
	Expires     int64  `json:"exp,omitempty"`  // Unix ms, by the origin's clock, from which on nobody is given it; 0: never
	Ask         int    `json:"ask,omitempty"`  // of a request: ms that its sender waits for replies
	Re          string `json:"re,omitempty"`   // of a reply: UID of the request
	Fail        string `json:"fail,omitempty"` // of a reply: why there is no better one; empty: it is good
}

// Validate returns the first Rule that an envelope breaks, or nil. Version is 1 to 2^31-1, Origin a valid name, UID 1
// to MaxUID bytes of printable ASCII without space, TTL 0 to MaxTTL, SentAt and Incarnation 0 to MaxTime, Number 0 to
// MaxInt, Type empty or a media type of at most MaxType bytes, Expires 0 to MaxTime. One with a Number has an Incarnation.
// Ask is 0 to MaxAsk, Re as a UID or empty, Fail 0 to MaxFail bytes of printable ASCII without quotes and backslash. One with Ask has no Re, and
// only one with Re has Fail. One with Ask or Re has no Expires.
func (e Envelope) Validate() error {
	if e.Version < 1 || e.Version > math.MaxInt32 {
		return RuleVersion
	}
	if rule := checkName(e.Origin); rule != RuleNone {
		return rule
	}
	switch {
	case len(e.UID) == 0 || len(e.UID) > MaxUID || !printable(e.UID, '!'):
		return RuleUID
	case e.TTL < 0 || e.TTL > MaxTTL:
		return RuleTTL
	case e.SentAt < 0 || e.SentAt > MaxTime:
		return RuleAt
	case e.Incarnation < 0 || e.Incarnation > MaxTime:
		return RuleIncarnation
	case e.Number > MaxInt || e.Number > 0 && e.Incarnation == 0:
		return RuleNumbered
	case e.Type != "" && !isMediaType(e.Type):
		return RuleType
	case e.Expires < 0 || e.Expires > MaxTime || e.Expires > 0 && (e.Ask > 0 || e.Re != ""):
		return RuleExpires
	case e.Ask < 0 || e.Ask > MaxAsk || e.Ask > 0 && e.Re != "":
		return RuleAsk
	case len(e.Re) > MaxUID || !printable(e.Re, '!'):
		return RuleRe
	case !isFail(e.Fail) || e.Fail != "" && e.Re == "":
		return RuleFail
	}
	return nil
}

func isFail(s string) bool {
	return len(s) <= MaxFail && printable(s, ' ') && !strings.ContainsAny(s, `"\`)
}

// FailText makes of any text one that Envelope.Fail may be: it is cut, and what may not stand there is a question mark.
// An empty one becomes "failed".
func FailText(text string) string {
	b := []byte(text)[:min(len(text), MaxFail)]
	for i, c := range b {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			b[i] = '?'
		}
	}
	if len(b) == 0 {
		return "failed"
	}
	return string(b)
}

// AppendEnvelope appends the JSON of an envelope that Validate accepts to dst: one line, fields in the order
// of the struct, a zero TTL, Incarnation, Number, Expires and Ask and empty texts left out.
func AppendEnvelope(dst []byte, e Envelope) []byte {
	dst = strconv.AppendInt(append(dst, `{"v":`...), int64(e.Version), 10)
	dst = appendString(append(dst, `,"from":`...), string(e.Origin))
	dst = appendString(append(dst, `,"uid":`...), e.UID)
	if e.TTL != 0 {
		dst = strconv.AppendInt(append(dst, `,"ttl":`...), int64(e.TTL), 10)
	}
	dst = strconv.AppendInt(append(dst, `,"at":`...), e.SentAt, 10)
	if e.Incarnation != 0 {
		dst = strconv.AppendInt(append(dst, `,"inc":`...), e.Incarnation, 10)
	}
	if e.Number != 0 {
		dst = strconv.AppendUint(append(dst, `,"n":`...), e.Number, 10)
	}
	if e.Type != "" {
		dst = appendString(append(dst, `,"type":`...), e.Type)
	}
	if e.Expires != 0 {
		dst = strconv.AppendInt(append(dst, `,"exp":`...), e.Expires, 10)
	}
	if e.Ask != 0 {
		dst = strconv.AppendInt(append(dst, `,"ask":`...), int64(e.Ask), 10)
	}
	if e.Re != "" {
		dst = appendString(append(dst, `,"re":`...), e.Re)
	}
	if e.Fail != "" {
		dst = appendString(append(dst, `,"fail":`...), e.Fail)
	}
	return append(dst, '}')
}

// appendString appends printable ASCII as a JSON string. It does not escape '<', '>' and '&' as encoding/json
// does for the sake of HTML: six bytes for one could take a valid envelope over MaxEnvelope.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// ParseEnvelope reads a message envelope. Fields it does not know are ignored, in every version. The error wraps
// the Rule that was broken (RuleSize, RuleJSON or one of Validate) and shows the input, quoted and cut.
func ParseEnvelope(b []byte) (Envelope, error) {
	if len(b) > MaxEnvelope {
		return Envelope{}, broken("envelope", b, RuleSize)
	}
	return EnvelopeOf(string(b))
}

// EnvelopeOf is ParseEnvelope of a text that nobody may write to any more: the strings of what it returns may share its memory.
func EnvelopeOf(text string) (Envelope, error) {
	e, _, err := parseEnvelope(text)
	return e, err
}

// parseEnvelope also reports whether the text is of the form of AppendEnvelope. The strings of e share its memory then.
func parseEnvelope(text string) (e Envelope, plain bool, err error) {
	if len(text) > MaxEnvelope {
		return Envelope{}, false, broken("envelope", text, RuleSize)
	}
	e, plain = scanEnvelope(text)
	if !plain {
		if e, err = decode[Envelope]([]byte(text)); err != nil {
			return Envelope{}, false, broken("envelope", text, err)
		}
	}
	if err := e.Validate(); err != nil {
		return Envelope{}, false, broken("envelope", text, err)
	}
	return e, plain, nil
}

// isMediaType accepts type/subtype of RFC 6838 with anything printable after a semicolon. It does not judge
// parameters: the reader of the body does.
func isMediaType(s string) bool {
	if len(s) > MaxType || !printable(s, ' ') {
		return false
	}
	s, _, _ = strings.Cut(s, ";")
	major, minor, ok := strings.Cut(s, "/")
	return ok && isToken(major) && isToken(minor)
}

// isToken is restricted-name of RFC 6838 section 4.2.
func isToken(s string) bool {
	if s == "" || !isAlnum(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && !strings.ContainsRune("!#$&-^_.+", rune(s[i])) {
			return false
		}
	}
	return true
}

// printable reports whether s is ASCII from lowest to '~'.
func printable(s string, lowest byte) bool {
	for i := range len(s) {
		if s[i] < lowest || s[i] > '~' {
			return false
		}
	}
	return true
}
