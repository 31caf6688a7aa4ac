package node

import (
	"time"

	"hearsay/topics"
)

// carryTime is how long all channels are carried after anybody has asked for it: what is asked now and then is not turned on and
// off each time.
const carryTime = time.Minute

// carry has a node take messages on all channels while others ask it to relay, and in a partial mesh, where all relay, or beside
// nodes that are in one: what they ask is said on a channel. Its application gets those that it receives, and no others. If each
// took its own channels alone, a message would end where nobody on the way has a use for it.
func (j *judge) carry(sparse bool) {
	n := j.n
	switch needed := sparse || n.link.Relays(); {
	case needed:
		j.needed = j.now
		if !n.carrying.Load() {
			n.carrying.Store(true)
			j.rules.Carry(j.now)
			n.link.Subscribe(topics.ChannelPrefix)
		}
	case n.carrying.Load() && j.now-j.needed > carryTime:
		n.link.Unsubscribe(topics.ChannelPrefix)
		n.carrying.Store(false)
		j.rules.CarryNoMore(j.now)
	}
}

// takes reports whether a node takes messages on a channel's topic, for its application, for itself, or for others.
func (n *Node) takes(topic []byte) bool {
	return n.hears(topic) || string(topic) == farTopic || n.carrying.Load() && topics.KindOf(topic) == topics.KindChannel
}

// isForHere reports whether the application gets a message. One on the nodes' own channel is taken by the node.
func (j *judge) isForHere(topic string, m *Message) bool {
	if topic == farTopic {
		j.n.takeFar(m)
	}
	return j.receives(topic)
}

// receives reports whether the application gets messages on a topic.
func (j *judge) receives(topic string) bool {
	return topic == topics.Message || j.n.hears([]byte(topic))
}
