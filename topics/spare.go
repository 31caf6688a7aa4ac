package topics

import (
	"strconv"
	"strings"
)

// Newest is what a node subscribes to at a relay that it spares: it brings the newest numbers of what the relay has. See
// Newer. It is no prefix of a topic of a relayed message.
const Newest = RelayPrefix + "-/"

// SparedTopic is what a node subscribes to at a relay so that this leaves an origin out of what it is relayed.
func SparedTopic(origin Name) string { return Newest + string(origin) + "/" }

// ParseSpared reads a subscription that SparedTopic makes.
func ParseSpared(subscription string) (origin Name, ok bool) {
	rest, ok := strings.CutPrefix(subscription, Newest)
	if !ok {
		return "", false
	}
	if rest, ok = strings.CutSuffix(rest, "/"); !ok {
		return "", false
	}
	origin, err := ParseName(rest)
	return origin, err == nil
}

// Newer is the newest number of a stream that a relay has, as it stands in the body of a message on Newest:
// "ORIGIN/INC/NUMBER/TOPIC", and a comma between two of them.
type Newer struct {
	Origin      Name
	Incarnation int64
	Number      uint64
	Topic       string // "1" or "2/CHANNEL"
}

// MaxNewest bounds the body of a message on Newest.
const MaxNewest = 8 << 10

// Append adds it to a body, if there is room, and reports whether there was.
func (n Newer) Append(dst []byte) ([]byte, bool) {
	if len(dst)+len(n.Origin)+len(n.Topic)+2*maxDigits+len(",///") > MaxNewest {
		return dst, false
	}
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	dst = append(append(dst, n.Origin...), '/')
	dst = append(strconv.AppendInt(dst, n.Incarnation, 10), '/')
	dst = append(strconv.AppendUint(dst, n.Number, 10), '/')
	return append(dst, n.Topic...), true
}

// CutNewer takes the first of a body. What is none, or beyond the bound, ends it.
func CutNewer(body string) (n Newer, rest string, ok bool) {
	if body == "" || len(body) > MaxNewest {
		return Newer{}, "", false
	}
	entry, rest, _ := strings.Cut(body, ",") // no channel has a comma
	origin, entry, _ := strings.Cut(entry, "/")
	inc, entry, _ := strings.Cut(entry, "/")
	digits, topic, _ := strings.Cut(entry, "/")
	incarnation, good := decimal(inc, MaxTime)
	number, right := decimal(digits, MaxInt)
	name, err := ParseName(origin)
	if err != nil || !good || !right || incarnation == 0 || number == 0 || !IsSaid(topic) {
		return Newer{}, "", false
	}
	return Newer{name, int64(incarnation), number, topic}, rest, true
}
