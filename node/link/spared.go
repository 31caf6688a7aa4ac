package link

import (
	"slices"
	"strings"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// sparedMost is the bytes of all origins that one subscriber may have left out, topicOverhead for each included.
const sparedMost = 64 << 10

// spared is what a subscriber has left out of the relayed messages that it asks for: origins, by key.
type spared struct {
	origins map[topics.Name]struct{}
	size    int
}

// spare notes a subscription that leaves an origin out. It reports whether it is one.
func (s *subscriber) spare(topic string) bool {
	origin, ok := topics.ParseSpared(topic)
	if !ok || s.port != Message {
		return false
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	_, in := s.gate.all[s]
	key := origin.Key()
	if _, is := s.spared.origins[key]; is || !in {
		return true
	}
	if s.spared.size+len(key)+topicOverhead > sparedMost {
		s.link.counters.add(subscriptionsIgnored, 1)
		return true
	}
	if s.spared.origins == nil {
		s.spared.origins = make(map[topics.Name]struct{})
	}
	s.spared.origins[key] = struct{}{}
	s.spared.size += len(key) + topicOverhead
	return true
}

// unspare takes it back.
func (s *subscriber) unspare(topic string) bool {
	origin, ok := topics.ParseSpared(topic)
	if !ok || s.port != Message {
		return false
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	key := origin.Key()
	if _, is := s.spared.origins[key]; is {
		delete(s.spared.origins, key)
		s.spared.size -= len(key) + topicOverhead
	}
	if len(s.spared.origins) == 0 {
		s.spared = spared{}
	}
	return true
}

// leaves reports whether a subscriber has left out what a run has, which is all on one topic. gate.mu is held.
func (s *subscriber) leaves(r *topicRun) bool {
	if len(s.spared.origins) == 0 || !strings.HasPrefix(r.topic, topics.RelayPrefix) {
		return false
	}
	if !r.looked {
		r.looked = true
		if relayed, err := topics.ParseRelayed([]byte(r.topic)); err == nil && relayed.Far {
			r.origin = relayed.Origin.Key()
		}
	}
	_, is := s.spared.origins[r.origin]
	return is
}

// Watched reports whether anybody has asked for the newest numbers of what is relayed here.
func (l *Link) Watched() bool { return l.relays.watchers.Load() > 0 }

// NewWatchers reports whether anybody has asked for them since TellNewWatchers was called.
func (l *Link) NewWatchers() bool { return l.relays.fresh.Load() }

// TellNewWatchers sends these bodies to those alone that have asked for the newest numbers since the last call.
func (l *Link) TellNewWatchers(bodies [][]byte) {
	g := l.pubs[Message].gate
	g.mu.Lock()
	defer g.mu.Unlock()
	l.relays.fresh.Store(false)
	for _, s := range g.served {
		if !s.watches {
			continue
		}
		s.watches = false
		for _, body := range bodies {
			s.send(zmtp.AppendMessage(nil, []byte(topics.Newest), body), nil, false)
		}
	}
}

// watchLocked notes whether a subscriber that has asked for the newest numbers is to be told those of late. gate.mu is held.
func (s *subscriber) watchLocked(is bool, subscriptions ...string) {
	if s.port == Message && slices.Contains(subscriptions, topics.Newest) {
		if s.watches = is; is {
			s.link.relays.fresh.Store(true)
		}
	}
}
