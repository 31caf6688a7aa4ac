package link

import (
	"slices"
	"sync"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// wanted is what a link subscribes to at the publishers of messages that it dials. Whoever says subscriptions over a
// connection holds it, so that each connection is told of each change once.
type wanted struct {
	sync.Mutex
	messages []string
}

// discoveryTopics are said to every publisher of lists. What it tells of others is asked for over some connections alone,
// and before: who has subscribed to lists is sent what there is, and by then that is known.
var discoveryTopics = []string{topics.Discovery}

// topicsLocked are what we want to hear of a publisher. l.wanted is held.
func (l *Link) topicsLocked(port Port) []string {
	if port == Message {
		return l.wanted.messages
	}
	return discoveryTopics
}

// ownTopics are what we want to hear of one publisher, and not of each.
func ownTopics(port Port, aside bool) []string {
	if port == Message || aside {
		return nil
	}
	return []string{topics.Told}
}

// enlist notes a connection that has subscribed.
func (l *Link) enlist(d *dialled) {
	l.mu.Lock()
	l.dialled[d.id] = d
	l.mu.Unlock()
}

// Subscribe subscribes to a topic, and all that begin with it, at every publisher of messages: those that are dialled
// later too.
func (l *Link) Subscribe(topic string) {
	l.wanted.Lock()
	defer l.wanted.Unlock()
	if slices.Contains(l.wanted.messages, topic) {
		return
	}
	l.wanted.messages = append(l.wanted.messages, topic)
	l.eachMessage(func(d *dialled) { d.subscribe(topic) })
}

// Unsubscribe takes it back. What was published before may still come.
func (l *Link) Unsubscribe(topic string) {
	l.wanted.Lock()
	defer l.wanted.Unlock()
	i := slices.Index(l.wanted.messages, topic)
	if i < 0 {
		return
	}
	l.wanted.messages = slices.Delete(l.wanted.messages, i, i+1)
	l.eachMessage(func(d *dialled) { d.cancel(topic) })
}

// publishers are the connections to publishers of messages.
func (l *Link) publishers() []*dialled {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*dialled, 0, len(l.dialled))
	for _, d := range l.dialled {
		if d.port == Message {
			all = append(all, d)
		}
	}
	return all
}

// eachMessage calls f with each of them that stays.
func (l *Link) eachMessage(f func(*dialled)) {
	for _, d := range l.publishers() {
		if !d.parting {
			f(d)
		}
	}
}

// subscribe says one subscription. l.wanted is held.
func (d *dialled) subscribe(topic string) {
	if d.wire == nil {
		d.out.put(zmtp.AppendSubscription(nil, topic))
		return
	}
	d.wire.from.addTopic(topic)
	d.wire.from.catchUp(topic)
}

// cancel takes one back.
func (d *dialled) cancel(topic string) {
	if d.wire == nil {
		d.out.put(zmtp.AppendCancellation(nil, topic))
		return
	}
	d.wire.from.dropTopic(topic)
}
