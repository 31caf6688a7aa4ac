package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hearsay/node/link"
)

// SlowError is what PublishWait returns where some peers had no room for a message. All others were sent it.
type SlowError struct {
	Peers []string // their names, or the addresses of those that said none
	cause error    // of the context
}

func (e *SlowError) Error() string {
	const most = 5
	names := e.Peers[:min(len(e.Peers), most)]
	text := strings.Join(names, ", ")
	if more := len(e.Peers) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "no room for the message at " + text + ": too slow, or frozen"
}

// Unwrap returns the error of the context, if that had ended.
func (e *SlowError) Unwrap() error { return e.cause }

// waitLook is between two looks at whether a peer that has no room still takes anything.
const waitLook = 100 * time.Millisecond

// PublishWait is Publish for messages that should not be lost to a slow peer: it waits until all peers have room for the
// message, or until ctx ends. Then it is sent all the same, to those that have, and the error is a *SlowError that names
// the others. A peer that has no room and has taken nothing for a second is not waited for. What waits in the memory of
// this node, or of a peer, when that one dies is lost with it.
func (n *Node) PublishWait(ctx context.Context, body []byte) error {
	return n.publishWait(ctx, plainTopic, body)
}

// PublishToWait is PublishWait on a named channel.
func (n *Node) PublishToWait(ctx context.Context, channel string, body []byte) error {
	topic, err := channelTopic(channel)
	if err != nil {
		return err
	}
	return n.publishWait(ctx, []byte(topic), body)
}

func (n *Node) publishWait(ctx context.Context, topic, body []byte) error {
	for {
		if err := n.maySay(body); err != nil {
			return err
		}
		slow, err := n.speaker.sayIfRoom(n.link, topic, body)
		if err != nil || len(slow) == 0 {
			return err
		}
		if ctx.Err() != nil || !slices.ContainsFunc(slow, waitedFor) {
			if err := n.speaker.say(n.link, topic, body); err != nil {
				return err
			}
			return slowError(slow, context.Cause(ctx))
		}
		n.awaitRoom(ctx, len(body))
	}
}

func waitedFor(s link.Slow) bool { return !s.Stuck }

// awaitRoom returns when it is worth another try. It lets some room gather, as each try costs a look at all peers.
func (n *Node) awaitRoom(ctx context.Context, size int) {
	timer := time.NewTimer(waitLook)
	defer timer.Stop()
	for {
		room := n.link.Room()
		if !slices.ContainsFunc(n.link.Full(size+n.cfg.OutboxBytes/32), waitedFor) {
			return
		}
		select {
		case <-room:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-n.leaving:
			return
		}
	}
}

func slowError(slow []link.Slow, cause error) error {
	e := &SlowError{cause: cause}
	for _, s := range slow {
		if s.Name != "" {
			e.Peers = append(e.Peers, string(s.Name))
		} else {
			e.Peers = append(e.Peers, s.Addr)
		}
	}
	slices.Sort(e.Peers)
	return e
}
