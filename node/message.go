package node

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// Message is what somebody published.
type Message struct {
	From    topics.Name // the node that it came from, as this node knows it; its own name for its own messages
	Channel string      // "" for a plain message
	Body    []byte      // the receiver's own
	UID     string      // unique for each message; "" from a naive node
	SentAt  time.Time   // by the sender's clock; zero from a naive node
	Type    string      // media type of the body, where the sender said it
}

var (
	// ErrClosed is what a node answers after Close.
	ErrClosed = errors.New("node closed")

	// ErrTooLarge is what Publish answers to a body over Config.MaxMessage.
	ErrTooLarge = errors.New("message too large")
)

// Publish sends a plain message to every node that listens, this one and naive ones included. It never waits
// for a peer, and there is no receipt: who is not connected at this moment does not get it.
func (n *Node) Publish(body []byte) error { return n.publish(topics.Message, "", body) }

// PublishTo sends a message on a named channel, to the nodes that have it among their Channels.
func (n *Node) PublishTo(channel string, body []byte) error {
	topic, err := topics.ChannelTopic(channel)
	if err != nil {
		return err
	}
	return n.publish(topic, channel, body)
}

func (n *Node) publish(topic, channel string, body []byte) error {
	if len(body) > n.cfg.MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), n.cfg.MaxMessage)
	}
	select {
	case <-n.leaving:
		return ErrClosed
	default:
	}
	now := time.Now()
	e := topics.Envelope{
		Version: 1,
		Origin:  n.id.name,
		UID:     n.uidPrefix + strconv.FormatUint(n.uids.Add(1), 36),
		SentAt:  now.UnixMilli(),
	}
	if err := n.link.Publish(link.Message, []byte(topic), body, topics.AppendEnvelope(nil, e)); err != nil {
		return ErrClosed
	}
	n.hearOwn(topic, channel, body, e)
	return nil
}

// hearOwn delivers a node's own message to itself, as a naive node hears itself over the wire.
func (n *Node) hearOwn(topic, channel string, body []byte, e topics.Envelope) {
	if channel != "" && !n.hears(topic) {
		return
	}
	n.inbox.put(parcel{from: n.id.name, own: &Message{
		From: n.id.name, Channel: channel, Body: append([]byte(nil), body...),
		UID: e.UID, SentAt: time.UnixMilli(e.SentAt),
	}, size: len(body) + parcelOverhead})
}

// hears tells whether this node listens to a channel's topic.
func (n *Node) hears(topic string) bool {
	for _, t := range n.id.channels {
		if t == topic {
			return true
		}
	}
	return false
}

// decode turns a message's frames into a Message. ok is false where they are not one.
func (n *Node) decode(from topics.Name, frames [][]byte) (m Message, ok bool) {
	if len(frames) < 2 || len(frames[1]) > n.cfg.MaxMessage {
		n.counters.badMessages.Add(1)
		return m, false
	}
	m.From = from
	switch topics.KindOf(frames[0]) {
	case topics.KindMessage:
	case topics.KindChannel:
		if !n.hears(string(frames[0])) {
			n.counters.unsubscribed.Add(1) // a longer name than one we asked for: ZeroMQ matches prefixes
			return m, false
		}
		m.Channel, _ = topics.Channel(string(frames[0]))
	default:
		n.counters.unsubscribed.Add(1)
		return m, false
	}
	if len(frames) > 2 {
		e, err := topics.ParseEnvelope(frames[2])
		if err != nil {
			n.counters.badMessages.Add(1)
			return m, false
		}
		if e.Origin.Key() != from.Key() {
			n.counters.forgedOrigins.Add(1) // only relayed messages speak for others
			return m, false
		}
		m.UID, m.SentAt, m.Type = e.UID, time.UnixMilli(e.SentAt), e.Type
	}
	m.Body = append([]byte(nil), frames[1]...) // the frame shares its memory with a whole run
	return m, true
}
