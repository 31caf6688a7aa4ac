package topics

import (
	"bytes"
	"strings"
)

// NobodyAnswers is Envelope.Fail of a node that is asked alone and has nobody who answers that.
const NobodyAnswers = "nobody answers here"

// StartedAgain is Envelope.Fail of a node that was started after what it was asked by relays was said.
const StartedAgain = "was started again since it was asked"

// FarTalk is the channel on which nodes say requests and replies that are for members without a link to them: see Requests.
const FarTalk = "hearsay/talk"

// RequestTopic returns the topic of a request to all who answer on a channel. Who answers subscribes to it.
func RequestTopic(channel string) (string, error) {
	if !isChannel(channel) {
		return "", broken("channel", channel, RuleChannel)
	}
	return RequestPrefix + channel, nil
}

// RequestChannel returns the channel of the topic of a request.
func RequestChannel(topic string) (channel string, ok bool) {
	channel, ok = strings.CutPrefix(topic, RequestPrefix)
	if !ok || !isChannel(channel) {
		return "", false
	}
	return channel, true
}

// Direct is what the topic of a message to one node says: "6/NAME/" for a reply, or for a request to the node itself, and
// "6/NAME/CHANNEL" for a request to what answers there on a channel.
type Direct struct {
	Name    Name
	Channel string // "": none
}

// String is the topic. That of a Direct without a channel is what the node subscribes to.
func (d Direct) String() string { return DirectPrefix + string(d.Name) + "/" + d.Channel }

// ParseDirect reads the topic of a message to one node. The error is RuleDirect itself, or a rule of names.
func ParseDirect(topic []byte) (d Direct, err error) {
	rest, ok := bytes.CutPrefix(topic, []byte(DirectPrefix))
	if !ok {
		return Direct{}, RuleDirect
	}
	name, channel, ok := bytes.Cut(rest, []byte("/"))
	if !ok || len(channel) > 0 && !isChannel(channel) {
		return Direct{}, RuleDirect
	}
	if d.Name, err = ParseNameBytes(name); err != nil {
		return Direct{}, err
	}
	d.Channel = string(channel)
	return d, nil
}
