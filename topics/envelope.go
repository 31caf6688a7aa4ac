package topics

import (
	"math"
	"strconv"
	"strings"
)

// Envelope is the third frame of a message.
type Envelope struct {
	Version int    `json:"v"`              // 1
	Origin  Name   `json:"from"`           // who said it first
	UID     string `json:"uid"`            // unique for each message: ORIGIN's incarnation and a count
	TTL     int    `json:"ttl,omitempty"`  // hops left; 0 is not relayed
	SentAt  int64  `json:"at"`             // Unix ms
	Type    string `json:"type,omitempty"` // media type of the body; empty: not said
}

// Validate returns the first Rule that an envelope breaks, or nil. Version is 1 to 2^31-1, Origin a valid name, UID 1 to
// MaxUID bytes of printable ASCII without space, TTL 0 to MaxTTL, SentAt 0 to MaxTime, Type empty or a media type
// of at most MaxType bytes.
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
	case e.Type != "" && !isMediaType(e.Type):
		return RuleType
	}
	return nil
}

// AppendEnvelope appends the JSON of an envelope that Validate accepts to dst: one line, fields in the order
// of the struct, a zero TTL and an empty Type left out.
func AppendEnvelope(dst []byte, e Envelope) []byte {
	dst = strconv.AppendInt(append(dst, `{"v":`...), int64(e.Version), 10)
	dst = appendString(append(dst, `,"from":`...), string(e.Origin))
	dst = appendString(append(dst, `,"uid":`...), e.UID)
	if e.TTL != 0 {
		dst = strconv.AppendInt(append(dst, `,"ttl":`...), int64(e.TTL), 10)
	}
	dst = strconv.AppendInt(append(dst, `,"at":`...), e.SentAt, 10)
	if e.Type != "" {
		dst = appendString(append(dst, `,"type":`...), e.Type)
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
	e, ok := scanEnvelope(b)
	if !ok {
		var err error
		if e, err = decode[Envelope](b); err != nil {
			return Envelope{}, broken("envelope", b, err)
		}
	}
	if err := e.Validate(); err != nil {
		return Envelope{}, broken("envelope", b, err)
	}
	return e, nil
}

// isMediaType accepts type/subtype of RFC 6838 with anything printable after a semicolon. It does not judge
// parameters: who reads the body does.
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

// printable tells whether s is ASCII from lowest to '~'.
func printable(s string, lowest byte) bool {
	for i := range len(s) {
		if s[i] < lowest || s[i] > '~' {
			return false
		}
	}
	return true
}
