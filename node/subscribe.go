package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hearsay/topics"
)

// ErrChannels is what Subscribe answers where there are too many channels already.
var ErrChannels = errors.New("too many channels")

// Subscribe has this node receive a named channel too, from every peer and from itself. What is published there reaches
// it once each peer has heard of that, which takes a round trip and has no receipt. Of what the node has carried for others
// already, Config.ReplayCount and ReplayTime bring nothing. A node has at most MaxChannels.
func (n *Node) Subscribe(channel string) error {
	topic, err := channelTopic(channel)
	if err != nil {
		return err
	}
	n.changing.Lock()
	defer n.changing.Unlock()
	switch before := *n.channels.Load(); {
	case slices.Contains(before, topic):
	case len(before) >= MaxChannels:
		return fmt.Errorf("%w: at most %d", ErrChannels, MaxChannels)
	default:
		after := append(slices.Clip(before), topic)
		n.channels.Store(&after) // before anything comes
		n.inbox.put(parcel{news: &news{kind: newsSubscribed, topic: topic}})
		n.link.Subscribe(topic)
	}
	return nil
}

// Unsubscribe has it receive a channel no more. What was published before, and not read yet, is still read.
func (n *Node) Unsubscribe(channel string) error {
	topic, err := channelTopic(channel)
	if err != nil {
		return err
	}
	n.changing.Lock()
	defer n.changing.Unlock()
	before := *n.channels.Load()
	if i := slices.Index(before, topic); i >= 0 {
		after := slices.Delete(slices.Clone(before), i, i+1)
		n.link.Unsubscribe(topic)
		n.channels.Store(&after)
		n.inbox.put(parcel{news: &news{kind: newsUnsubscribed, topic: topic}})
	}
	return nil
}

// Channels returns the named channels that this node receives.
func (n *Node) Channels() []string {
	var channels []string
	for _, topic := range *n.channels.Load() {
		channel, _ := topics.Channel(topic)
		channels = append(channels, channel)
	}
	return channels
}

// peersLook is between two looks at whether messages flow, beside those that an event is reason for.
const peersLook = 100 * time.Millisecond

// WaitPeers waits until what this node publishes reaches so many members (Member.Flowing), so that the first message is
// not lost. The error is that of ctx, or ErrClosed.
func (n *Node) WaitPeers(ctx context.Context, peers int) error {
	w := n.Watch(n.hub.newest())
	defer w.Close()
	look := time.NewTicker(peersLook)
	defer look.Stop()
	for {
		flowing := 0
		for _, m := range n.Members() {
			if m.Flowing {
				flowing++
			}
		}
		if flowing >= peers {
			return nil
		}
		select {
		case <-w.C:
		case <-look.C:
		case <-ctx.Done():
			some := fmt.Sprintf("%d peers", flowing)
			if flowing == 1 {
				some = "1 peer"
			}
			return fmt.Errorf("messages reach %s, not %d: %w", some, peers, ctx.Err())
		case <-n.leaving:
			return ErrClosed
		}
	}
}
