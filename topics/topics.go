package topics

import "strings"

// Ports and topics of the wire. A node that carries a port in its name keeps the same distance between its
// two ports.
const (
	DiscoveryPort = 20000 // discovery PUB: peer lists
	MessagePort   = 30000 // message PUB: everything an application says
	PortStep      = MessagePort - DiscoveryPort

	Discovery     = "0"      // topic of a peer list
	Message       = "1"      // topic of a plain message, the one naive nodes read
	ChannelPrefix = "2/"     // topic of a named channel: "2/CHANNEL"
	RelayPrefix   = "3/"     // topic of a relayed message: see Relayed
	RequestPrefix = "4/"     // topic of a request to all who answer on a channel: "4/CHANNEL"
	AskPrefix     = "5/"     // subscription that asks for messages again: see Question
	DirectPrefix  = "6/"     // topic of what is for one node alone: see Direct
	Told          = "7"      // topic of what a node tells of whom others hear: see Record
	ToldChange    = "7+"     // topic of what is something else in that: a subscription to Told brings it, too
	HelloPrefix   = "hello/" // subscription "hello/NAME" or "hello/MESH/NAME": NAME is listening to you
	Mesh          = "mesh"   // topic on which a node of a mesh with a label says so to newcomers
)

// Kind says what a topic carries.
type Kind uint8

const (
	KindUnknown    Kind = iota // none of ours: drop and count
	KindBeat                   // "0": a peer list or a pulse
	KindMessage                // "1"
	KindChannel                // "2/CHANNEL", with a valid channel name
	KindRelay                  // "3/…": ParseRelayed judges the rest
	KindRequest                // "4/CHANNEL", with a valid channel name
	KindAsk                    // "5/…": ParseQuestion judges the rest
	KindDirect                 // "6/…": ParseDirect judges the rest
	KindTold                   // "7": ParseRecords reads it
	KindToldChange             // "7+": ParseChanges reads it
	KindHello                  // "hello/…": a subscription, never published; ParseHello judges the name
	KindMesh                   // "mesh": the label of a node's mesh
)

// kinds are the words for each Kind.
var kinds = [...]string{"unknown", "beat", "message", "channel", "relay", "request", "ask", "direct", "told", "told change", "hello", "mesh"}

func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return kinds[KindUnknown]
	}
	return kinds[k]
}

// KindOf classifies a whole topic frame. ZeroMQ matches subscriptions by prefix, so a subscriber to "1" is
// also sent "10": comparing whole topics is the receiver's work.
func KindOf(topic []byte) Kind {
	switch {
	case string(topic) == Discovery:
		return KindBeat
	case string(topic) == Message:
		return KindMessage
	case hasPrefix(topic, RelayPrefix):
		return KindRelay
	case hasPrefix(topic, RequestPrefix) && isChannel(topic[len(RequestPrefix):]):
		return KindRequest
	case hasPrefix(topic, DirectPrefix):
		return KindDirect
	case hasPrefix(topic, AskPrefix):
		return KindAsk
	case hasPrefix(topic, ChannelPrefix) && isChannel(topic[len(ChannelPrefix):]):
		return KindChannel
	case hasPrefix(topic, HelloPrefix):
		return KindHello
	case string(topic) == Told:
		return KindTold
	case string(topic) == ToldChange:
		return KindToldChange
	case string(topic) == Mesh:
		return KindMesh
	}
	return KindUnknown
}

// Channel returns the channel that a topic names. ok is false for every other topic and for a channel name
// that ChannelTopic would refuse.
func Channel(topic string) (name string, ok bool) {
	name, ok = strings.CutPrefix(topic, ChannelPrefix)
	if !ok || !isChannel(name) {
		return "", false
	}
	return name, true
}

// ChannelTopic returns the topic of a channel. A channel name is 1 to 128 bytes of printable ASCII without
// space and comma: it stands in logs, on command lines and in comma lists as it is. Case counts.
//
// Subscribing to "2/a" in ZeroMQ brings "2/ab" too; see KindOf.
func ChannelTopic(name string) (string, error) {
	if !isChannel(name) {
		return "", broken("channel", name, RuleChannel)
	}
	return ChannelPrefix + name, nil
}

func isChannel[T text](name T) bool {
	if len(name) == 0 || len(name) > MaxChannel {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == ',' {
			return false
		}
	}
	return true
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
