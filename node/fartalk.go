package node

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"hearsay/mesh"
	"hearsay/mesh/rate"
	"hearsay/topics"
)

// Requests and replies go over the links that two nodes have. In a partial mesh most have none, and a neighbour need not listen
// to who listens to it. So what is for a member that has not subscribed here is said to all, as a message on a channel of the
// nodes' own (topics.FarTalk): it is relayed, repaired and delivered once as any other, ends when nobody waits for it any more,
// and is taken by those whom it is for. That costs as many copies as there are members. A request to all that answer on a
// channel is answered by each member, by most of them with "nobody answers here", so that who asked knows when nobody is left.
// So no more members are asked that way than farMost, and nobody says that more often than nobodyLimit.

const (
	farMost  = 128
	tellMost = 2 * farMost // members: who asks may know of fewer, and hears some itself
	farTopic = topics.ChannelPrefix + topics.FarTalk
)

// nobodyLimit bounds how often a node says to all that nobody answers, or has the time to: one message can have all members do
// so. Who asks more often waits for some until its context ends.
var nobodyLimit = rate.Limit{Burst: 128, Tokens: 32, Period: time.Second}

// channelTopic is the topic of a channel that an application may use.
func channelTopic(channel string) (string, error) {
	if channel == topics.FarTalk {
		return "", fmt.Errorf("channel %q is the nodes' own, for requests: take another name", channel)
	}
	return topics.ChannelTopic(channel)
}

// sayFar says a request or a reply to all, for those whom its topic names.
func (n *Node) sayFar(topic string, e topics.Envelope, body []byte, within time.Duration) error {
	e.Version, e.Origin, e.SentAt = 1, n.id.name, time.Now().UnixMilli()
	if err := e.Validate(); err != nil {
		return err
	}
	said := append(append([]byte(topic), '\n'), topics.AppendEnvelope(nil, e)...)
	said = append(append(said, '\n'), body...)
	if err := n.maySay(body); err != nil {
		return err
	}
	if len(said) > n.cfg.MaxMessage {
		return fmt.Errorf("%w: %d bytes with what leads to a far member, at most %d", ErrTooLarge, len(said), n.cfg.MaxMessage)
	}
	expires := max(time.Millisecond, within.Truncate(time.Millisecond))
	if err := n.speaker.sayPost(n.link, []byte(farTopic), Post{Body: said, Expires: expires}); err != nil {
		return ErrClosed
	}
	return nil
}

// replyFar says a reply to all, or else why not.
func (n *Node) replyFar(o *owed) {
	err := n.sayFar(o.topic, o.envelope, o.body, time.Until(o.by))
	if errors.Is(err, ErrTooLarge) {
		o.envelope.Fail = topics.FailText(err.Error())
		_ = n.sayFar(o.topic, o.envelope, nil, time.Until(o.by))
	}
}

// takeFar takes a request or a reply that was said to all. Nearly all are for others.
func (n *Node) takeFar(m *Message) {
	topic, rest, is := bytes.Cut(m.Body, []byte("\n"))
	envelope, body, also := bytes.Cut(rest, []byte("\n"))
	r := reader{limit: n.cfg.MaxMessage}
	a := arrival{via: m.From, far: true, Message: new(Message)}
	if !is || !also || !n.isTalk(topic) || !r.decode(&a, [][]byte{topic, body, envelope}) {
		n.counters.badMessages.Add(1)
		return
	}
	a.From, a.expires = m.From, m.expires
	n.takeTalk(&a)
}

// isOlder reports whether a message was sent before this node started, as clocks agree. Others keep what is said to all, and a
// newcomer may ask them for it: what an earlier life of its name was asked, that one may have answered.
func (n *Node) isOlder(sent time.Time) bool {
	return !sent.IsZero() && sent.UnixMilli() < n.start.UnixMilli()
}

// farMembers are those whom requests reach so, by key, where this node or some that it hears listen to a few of many, and the others
// that answer requests. Who does not list this node has no link to its messages. None are reached where nobody relays what this
// node says (Config.TTL).
func (n *Node) farMembers() (far, near map[topics.Name]topics.Name) {
	if !n.sparse.Load() || n.speaker.ttl == 0 {
		return nil, nil
	}
	far, near = make(map[topics.Name]topics.Name), make(map[topics.Name]topics.Name)
	for _, m := range n.Members() {
		switch {
		case m.State == mesh.Far, m.State == mesh.Alive && !m.Naive && !m.HearsMe:
			far[m.Name.Key()] = m.Name
		case m.State == mesh.Alive && !m.Naive:
			near[m.Name.Key()] = m.Name
		}
	}
	return far, near
}
