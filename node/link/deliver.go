package link

import (
	"slices"
	"strings"
)

// atOnce is how many subscribers a lone message is written to by who publishes it, at most: that takes a few microseconds
// for each.
const atOnce = 8

// deliver hands a run to everybody who has subscribed to its topic.
func (g *gate) deliver(r *topicRun) {
	sh := &shared{size: r.size()}
	g.mu.Lock()
	defer g.mu.Unlock()
	lone := r.lone && len(g.served) <= atOnce
	for _, s := range g.served {
		if wants(s.topics, r.topic) && !s.leaves(r) {
			s.send(r.text(s.introduced.Load()), sh, lone)
		}
	}
}

// wants reports whether subscriptions cover a topic.
func wants(subscriptions []string, topic string) bool {
	return slices.ContainsFunc(subscriptions, func(s string) bool { return strings.HasPrefix(topic, s) })
}

// serveLocked has what is published go to a subscriber from now on, as far as it wants it.
func (g *gate) serveLocked(s *subscriber) {
	if _, in := g.all[s]; !in || s.serving > 0 {
		return
	}
	g.served = append(g.served, s)
	s.serving = len(g.served)
}

// unserveLocked is the opposite.
func (g *gate) unserveLocked(s *subscriber) {
	if s.serving == 0 {
		return
	}
	last := g.served[len(g.served)-1]
	g.served[s.serving-1], last.serving = last, s.serving
	g.served[len(g.served)-1] = nil
	g.served = g.served[:len(g.served)-1]
	s.serving = 0
}

// addTopic notes a subscription: what is published next reaches it. Of one whose place is gone nothing is noted.
func (s *subscriber) addTopic(topic string) {
	if s.spare(topic) {
		return
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if _, in := s.gate.all[s]; in {
		s.topics = append(s.topics, topic)
		s.watchLocked(true, topic)
		s.noteRelays(1, topic)
		s.gate.serveLocked(s)
	}
}

// dropTopic is the opposite.
func (s *subscriber) dropTopic(topic string) {
	if s.unspare(topic) {
		return
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if i := slices.Index(s.topics, topic); i >= 0 {
		s.topics = slices.Delete(s.topics, i, i+1)
		s.watchLocked(false, topic)
		s.noteRelays(-1, topic)
	}
}
