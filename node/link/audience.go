package link

import "hearsay/topics"

// Audience is a connection to the publisher of messages that has subscribed to a topic.
type Audience struct {
	Name  topics.Name // that it said hello with, or that its key is known for; "" if it said none
	Topic string
}

// Audience returns who has subscribed to a topic that is wanted, by now: what is published next reaches them. wanted is
// called often, and may not wait.
func (l *Link) Audience(wanted func(topic string) bool) (all []Audience) {
	g := l.pubs[Message].gate
	g.mu.Lock()
	defer g.mu.Unlock()
	for s := range g.all {
		if !s.belongs.Load() || s.reads() {
			continue // it is of another mesh, or has not said which; or it may read, and is nobody's peer
		}
		for _, topic := range s.topics {
			if !wanted(topic) {
				continue
			}
			one := Audience{Topic: topic}
			if s.named {
				one.Name = s.name
			} else {
				one.Name = s.knownAs()
			}
			all = append(all, one)
		}
	}
	return all
}
