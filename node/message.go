package node

import (
	"errors"
	"fmt"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// Message is what somebody published.
type Message struct {
	From    topics.Name // the node that it came from, as this node knows it; its own name for its own messages
	Channel string      // "" for a plain message
	Body    []byte      // shared with others that came with it: not to be written to; a copy, where it is kept for long
	UID     string      // unique for each message; "" from a naive node
	SentAt  time.Time   // by the sender's clock; zero where it did not say, as a naive node does not
	Type    string      // media type of the body, where the sender said it
	expires int64       // Unix ms; 0: never
	Missed  uint64      // so many before it, of its sender and channel, are lost: nobody has them, or it was not read in time
}

// Expires is when the message ends, by the sender's clock: from then on nobody is to be given it, or shown it. Zero: never.
// A node gives an application none that has expired. Who keeps one waiting looks again (Expired).
func (m Message) Expires() time.Time {
	if m.expires == 0 {
		return time.Time{}
	}
	return time.UnixMilli(m.expires)
}

// Expired reports whether a message that ends then, as Message.Expires says it, has ended.
func Expired(end time.Time) bool { return !end.IsZero() && !time.Now().Before(end) }

var (
	// ErrClosed is what a node answers after Close.
	ErrClosed = errors.New("node closed")

	// ErrTooLarge is what Publish answers to a body over Config.MaxMessage.
	ErrTooLarge = errors.New("message too large")
)

// Post is a message to be published, with what Publish leaves as it is for all.
type Post struct {
	Channel string // "": a plain message
	Body    []byte
	Type    string        // media type of the body, for Message.Type
	TTL     int           // so many times it is relayed at most, 1 to topics.MaxTTL; 0: as Config.TTL says; less: never
	Expires time.Duration // it is given to nobody later than this, as clocks agree; whole ms, at most an hour. 0: no matter when
}

// MaxExpires bounds Post.Expires.
const MaxExpires = time.Hour

// Publish sends a plain message to every node that listens, this one and naive ones included. It never waits
// for a peer, and there is no receipt: who is not connected at this moment does not get it. The event "linked" says
// that a member is. A peer that has no room for it any more, see Config.OutboxBytes, does not get it then, which is counted
// ("link_messages_dropped"), and asks for it later. PublishWait waits for such a peer.
func (n *Node) Publish(body []byte) error { return n.publish(plainTopic, body) }

// PublishTo sends a message on a named channel, to the nodes that receive it: see Subscribe.
func (n *Node) PublishTo(channel string, body []byte) error {
	topic, err := channelTopic(channel)
	if err != nil {
		return err
	}
	return n.publish([]byte(topic), body)
}

// PublishPost is Publish, or PublishTo, with more to say.
func (n *Node) PublishPost(p Post) error {
	topic, err := p.topic()
	if err != nil {
		return err
	}
	if err := n.maySay(p.Body); err != nil {
		return err
	}
	return n.speaker.sayPost(n.link, topic, p)
}

// topic is on what a post is published. The error is what is wrong with the post.
func (p Post) topic() (topic []byte, err error) {
	switch {
	case p.TTL > topics.MaxTTL:
		return nil, fmt.Errorf("TTL %d: must be at most %d", p.TTL, topics.MaxTTL)
	case p.Expires < 0 || p.Expires > MaxExpires || p.Expires%time.Millisecond != 0:
		return nil, fmt.Errorf("to expire in %v: must be whole milliseconds, at most %v", p.Expires, MaxExpires)
	}
	if err := (topics.Envelope{Version: 1, Origin: "n", UID: "u", Type: p.Type}).Validate(); err != nil {
		return nil, err
	}
	if p.Channel == "" {
		return plainTopic, nil
	}
	named, err := channelTopic(p.Channel)
	return []byte(named), err
}

var plainTopic = []byte(topics.Message)

func (n *Node) publish(topic, body []byte) error {
	if err := n.maySay(body); err != nil {
		return err
	}
	return n.speaker.say(n.link, topic, body)
}

// maySay returns what is wrong with a body, or that this node says nothing more.
func (n *Node) maySay(body []byte) error {
	if len(body) > n.cfg.MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), n.cfg.MaxMessage)
	}
	select {
	case <-n.leaving:
		return ErrClosed
	default:
		return nil
	}
}

// hearOwn delivers what this node publishes to itself, as a naive node hears itself over the wire. A run is of one
// topic.
func (n *Node) hearOwn(run link.Run, messages int) {
	var frames [topics.MaxFrames][]byte
	first := run
	topic := first.Next(frames[:0])[0]
	forAll := false
	switch kind := topics.KindOf(topic); {
	case n.isTalk(topic):
		if !n.talksAbout(topic) {
			return
		}
	case !topics.IsSaid(topic):
		return // relayed for others
	default:
		forAll = true
		n.keepOwn(topic, run, messages)
		if kind == topics.KindChannel && !n.hears(topic) {
			return
		}
	}
	n.inbox.putOwn(parcel{from: n.id.name, run: run, count: messages}, forAll)
}

// hears reports whether this node listens to a channel's topic.
func (n *Node) hears(topic []byte) bool {
	for _, t := range *n.channels.Load() {
		if t == string(topic) {
			return true
		}
	}
	return false
}
