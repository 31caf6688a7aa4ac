package node

import (
	"bytes"
	"slices"
	"strconv"
	"sync"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// speaker writes the envelopes of what a node publishes, in the order in which it goes out, and numbers the messages of
// each topic from 1.
type speaker struct {
	origin topics.Name
	start  int64  // Unix ms: the incarnation
	prefix string // of all UIDs
	ttl    int

	mu     sync.Mutex
	count  uint64 // messages so far
	counts map[string]*count
	used   []*count // those that were used last, the last one first
	look   int      // messages since the clock was read
	at     int64    // Unix ms, then
	text   envelopeText
	frame  []byte // memory for the next envelope
}

// count is how many messages were published on a topic.
type count struct {
	topic string
	n     uint64
}

// envelopeText is an envelope of a moment, around what differs from one message to the next: what counts in its UID, and
// its number. One without a number ends in bare.
type envelopeText struct{ head, middle, end, bare []byte }

const (
	// clockEvery is how many messages at most go out with one look at the clock. They are of one run, which is published
	// together, within a fraction of a millisecond.
	clockEvery = 64

	// countedMost is how many topics are numbered. A count must never start anew, so it is never forgotten.
	countedMost = 4096

	// usedMost is how many topics beats may tell of: more do not fit a header.
	usedMost = 32

	defaultTTL = topics.MaxTTL / 2
)

func newSpeaker(origin topics.Name, start time.Time, ttl int) *speaker {
	ms := start.UnixMilli()
	return &speaker{origin: origin, start: ms, prefix: strconv.FormatInt(ms, 36) + "-", ttl: max(0, ttl), counts: make(map[string]*count)}
}

// say publishes a message.
func (s *speaker) say(l *link.Link, topic, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sayLocked(l, topic, body)
}

// sayPost publishes a message whose envelope is not that of most others.
func (s *speaker) sayPost(l *link.Link, topic []byte, p Post) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Now().UnixMilli()
	e := topics.Envelope{Version: 1, Origin: s.origin, TTL: s.ttl, SentAt: at, Incarnation: s.start, Type: p.Type}
	e.UID = s.prefix + strconv.FormatUint(s.count+1, 36)
	if p.TTL != 0 {
		e.TTL = max(0, p.TTL)
	}
	if p.Expires > 0 {
		e.Expires = at + p.Expires.Milliseconds()
	}
	c := s.counted(topic)
	if c != nil {
		e.Number = c.n + 1
	}
	return s.publish(l, c, topic, p.Body, topics.AppendEnvelope(s.frame[:0], e))
}

// sayIfRoom does that if all subscribers have room for it, and returns those that have none.
func (s *speaker) sayIfRoom(l *link.Link, topic, body []byte) ([]link.Slow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slow := l.Full(len(topic) + len(body) + topics.MaxEnvelope); len(slow) > 0 {
		return slow, nil
	}
	return nil, s.sayLocked(l, topic, body)
}

func (s *speaker) sayLocked(l *link.Link, topic, body []byte) error {
	if s.look == 0 || s.look >= clockEvery || !l.Behind(link.Message) {
		s.look = 0
		s.date(time.Now().UnixMilli())
	}
	s.look++
	c := s.counted(topic)
	return s.publish(l, c, topic, body, s.envelope(c))
}

// publish counts what it publishes.
func (s *speaker) publish(l *link.Link, c *count, topic, body, envelope []byte) error {
	if err := l.Publish(link.Message, topic, body, envelope); err != nil {
		return ErrClosed
	}
	s.count++
	if c != nil {
		c.n++
	}
	return nil
}

// envelope is that of the next message of a topic. It is good until the next call.
func (s *speaker) envelope(c *count) []byte {
	s.frame = append(s.frame[:0], s.text.head...)
	s.frame = strconv.AppendUint(s.frame, s.count+1, 36)
	if c == nil {
		return append(s.frame, s.text.bare...)
	}
	s.frame = append(s.frame, s.text.middle...)
	s.frame = strconv.AppendUint(s.frame, c.n+1, 10)
	return append(s.frame, s.text.end...)
}

// date writes what all envelopes of a moment have in common.
func (s *speaker) date(at int64) {
	if at == s.at && s.text.head != nil {
		return
	}
	s.at = at
	e := topics.Envelope{Version: 1, Origin: s.origin, UID: s.prefix, TTL: s.ttl, SentAt: at, Incarnation: s.start, Number: topics.MaxInt}
	text := topics.AppendEnvelope(nil, e)
	uid := bytes.Index(text, []byte(s.prefix+`"`)) + len(s.prefix) // no name ends like that
	digits := strconv.AppendUint(nil, topics.MaxInt, 10)
	n := bytes.LastIndex(text, digits)
	e.Number = 0
	s.text = envelopeText{text[:uid:uid], text[uid:n:n], text[n+len(digits):], topics.AppendEnvelope(nil, e)[uid:]}
}

// counted finds the count of a topic, and moves it to the front of those that were used last. It returns nil for topics
// beyond countedMost: their messages have no numbers.
func (s *speaker) counted(topic []byte) *count {
	if len(s.used) > 0 && s.used[0].topic == string(topic) {
		return s.used[0]
	}
	c := s.counts[string(topic)]
	if c == nil {
		if len(s.counts) >= countedMost {
			return nil
		}
		c = &count{topic: string(topic)}
		s.counts[c.topic] = c
	}
	i := slices.Index(s.used, c)
	if i < 0 {
		i = len(s.used)
		if i < usedMost {
			s.used = append(s.used, nil)
		} else {
			i--
		}
	}
	copy(s.used[1:i+1], s.used[:i])
	s.used[0] = c
	return c
}

// last is what beats say of the numbers: those of all topics, as far as they fit, the last ones first.
func (s *speaker) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.used) == 0 {
		return ""
	}
	var b []byte
	for _, c := range s.used {
		if c.n > 0 {
			b, _ = topics.AppendLast(b, c.topic, c.n)
		}
	}
	return string(b)
}
