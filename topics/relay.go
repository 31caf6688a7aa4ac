package topics

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// Relayed is what the topic of a relayed message says: "3/ORIGIN/TOPIC", or with Far "3/*/ORIGIN/TOPIC".
type Relayed struct {
	Far    bool   // the relay was relayed it too; else it heard the origin itself
	Origin Name   // the node that said it first
	Topic  string // that it was said on: "1" or "2/CHANNEL"
}

// relayFar stands for origins that a relay does not hear itself. It is no name.
const relayFar = RelayPrefix + "*/"

// String is the topic.
func (r Relayed) String() string { return r.prefix() + string(r.Origin) + "/" + r.Topic }

func (r Relayed) prefix() string {
	if r.Far {
		return relayFar
	}
	return RelayPrefix
}

// RelayedTopics returns what a node subscribes to at a relay: all that origin says, as far as the relay hears it
// itself; with no origin, all that the relay is relayed.
func RelayedTopics(origin Name) string {
	if origin == "" {
		return relayFar
	}
	return RelayPrefix + string(origin) + "/"
}

// ParseRelayed reads the topic of a relayed message. The error is RuleRelay itself, or a rule of names.
func ParseRelayed(topic []byte) (r Relayed, err error) {
	rest, ok := bytes.CutPrefix(topic, []byte(relayFar))
	if !ok {
		if rest, ok = bytes.CutPrefix(topic, []byte(RelayPrefix)); !ok {
			return Relayed{}, RuleRelay
		}
	} else {
		r.Far = true
	}
	origin, said, ok := bytes.Cut(rest, []byte("/"))
	if !ok || !IsSaid(said) {
		return Relayed{}, RuleRelay
	}
	if r.Origin, err = ParseNameBytes(origin); err != nil {
		return Relayed{}, err
	}
	r.Topic = string(said)
	return r, nil
}

// ParseWanted reads a subscription to relayed messages: RelayedTopics of an origin, or of none.
func ParseWanted(subscription string) (origin Name, far, ok bool) {
	if subscription == relayFar {
		return "", true, true
	}
	rest, ok := strings.CutPrefix(subscription, RelayPrefix)
	if !ok {
		return "", false, false
	}
	rest, ok = strings.CutSuffix(rest, "/")
	if !ok {
		return "", false, false
	}
	origin, err := ParseName(rest)
	return origin, false, err == nil
}

// IsSaid reports whether a topic is one that messages are published on by their origin: "1" or "2/CHANNEL".
func IsSaid[T text](topic T) bool {
	if string(topic) == Message {
		return true
	}
	return len(topic) > len(ChannelPrefix) && string(topic[:len(ChannelPrefix)]) == ChannelPrefix &&
		isChannel(topic[len(ChannelPrefix):])
}

// Question asks a publisher for messages again: those with the numbers From to To of one origin, incarnation and
// topic, or the last ones, by count or by time. It is said as a subscription, and the answer comes on that topic, to
// that connection alone.
type Question struct {
	Origin      Name
	Incarnation int64  // of the origin; 0 with Count or Within: whichever the publisher knows
	From, To    uint64 // numbers; To 0: all from From on
	Count       uint64 // or the last so many
	Within      int64  // or those of the last so many ms
	Topic       string // "1" or "2/CHANNEL"
}

// maxWithin bounds Within: an hour, far more than anybody keeps.
const maxWithin = 60 * 60 * 1000

// String is the topic: "5/ORIGIN/INC/RANGE/TOPIC". RANGE is FROM-TO, FROM-, -COUNT or ~MS.
func (q Question) String() string {
	b := append(make([]byte, 0, 64), AskPrefix...)
	b = append(append(b, q.Origin...), '/')
	b = append(strconv.AppendInt(b, q.Incarnation, 10), '/')
	switch {
	case q.Count > 0:
		b = strconv.AppendUint(append(b, '-'), q.Count, 10)
	case q.Within > 0:
		b = strconv.AppendInt(append(b, '~'), q.Within, 10)
	default:
		b = append(strconv.AppendUint(b, q.From, 10), '-')
		if q.To > 0 {
			b = strconv.AppendUint(b, q.To, 10)
		}
	}
	return string(append(append(b, '/'), q.Topic...))
}

// ParseQuestion reads a subscription that asks for messages. It does not allocate on failure: the error is the rule
// itself, RuleQuestion or one of names.
func ParseQuestion(topic []byte) (q Question, err error) {
	rest, ok := bytes.CutPrefix(topic, []byte(AskPrefix))
	if !ok {
		return Question{}, RuleQuestion
	}
	var parts [3][]byte
	for i := range parts {
		if parts[i], rest, ok = bytes.Cut(rest, []byte("/")); !ok {
			return Question{}, RuleQuestion
		}
	}
	if !IsSaid(rest) || !q.incarnation(parts[1]) || !q.span(parts[2]) {
		return Question{}, RuleQuestion
	}
	if q.Origin, err = ParseNameBytes(parts[0]); err != nil {
		return Question{}, err
	}
	q.Topic = string(rest)
	return q, nil
}

func (q *Question) incarnation(b []byte) bool {
	n, ok := decimal(b, MaxTime)
	q.Incarnation = int64(n)
	return ok
}

// span reads the RANGE.
func (q *Question) span(b []byte) (ok bool) {
	if len(b) > 1 && b[0] == '-' {
		q.Count, ok = decimal(b[1:], MaxInt)
		return ok && q.Count > 0
	}
	if len(b) > 1 && b[0] == '~' {
		within, ok := decimal(b[1:], maxWithin)
		q.Within = int64(within)
		return ok && within > 0
	}
	from, to, ok := bytes.Cut(b, []byte("-"))
	if !ok || q.Incarnation == 0 {
		return false
	}
	if q.From, ok = decimal(from, MaxInt); !ok || q.From == 0 {
		return false
	}
	if len(to) > 0 {
		q.To, ok = decimal(to, MaxInt)
		return ok && q.To >= q.From
	}
	return true
}

// decimal reads a number without sign and without leading zeros.
func decimal[T text](b T, most uint64) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > maxDigits || len(b) > 1 && b[0] == '0' {
		return 0, false
	}
	for i := range len(b) {
		if !isDigit(b[i]) {
			return 0, false
		}
		n = n*10 + uint64(b[i]-'0')
	}
	return n, n <= most
}

// AppendLast adds a topic and the number of its last message to what Header.Last says, if there is room, and reports
// whether there was. What JSON escapes counts twice, so that a header with the longest of everything fits.
func AppendLast(dst []byte, topic string, number uint64) ([]byte, bool) {
	escaped := func(text string) int { return len(text) + strings.Count(text, `\`) + strings.Count(text, `"`) }
	if escaped(string(dst))+escaped(topic)+maxDigits+2 > MaxLast || number == 0 || number > MaxInt || !IsSaid(topic) {
		return dst, false
	}
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	return append(append(strconv.AppendUint(dst, number, 10), ':'), topic...), true
}

// CutLast takes the first topic and number from what a valid header's Last says.
func CutLast(last string) (topic string, number uint64, rest string) {
	entry, rest, _ := strings.Cut(last, ",") // no channel has a comma
	digits, topic, _ := strings.Cut(entry, ":")
	number, _ = decimal(digits, math.MaxUint64)
	return topic, number, rest
}

func isLast(last string) bool {
	if len(last) > MaxLast {
		return false
	}
	for last != "" {
		entry, rest, more := strings.Cut(last, ",")
		digits, topic, ok := strings.Cut(entry, ":")
		number, valid := decimal(digits, MaxInt)
		if !ok || !valid || number == 0 || !IsSaid(topic) || more && rest == "" {
			return false
		}
		last = rest
	}
	return true
}
