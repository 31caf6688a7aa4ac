package link

import (
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// Slow is a subscriber to messages that has no room for another one.
type Slow struct {
	ID    ID
	Name  topics.Name // that it said hello with; "" if it said none
	Addr  string      // its host
	Stuck bool        // it has taken nothing for a while, and may be frozen or gone
}

const (
	// slowPatience is how long a subscriber may take nothing of what waits for it and still be waited for.
	slowPatience = time.Second

	// spareOutbox is the part of the budget that is not promised to messages: lists need some of it too.
	spareOutbox = 16

	messageFrames = 3
)

// Full returns the subscribers to messages that would lose one of so many bytes, all frames together, if it were
// published now. While nothing else is published, a message goes to all when Full returns none.
func (l *Link) Full(size int) (slow []Slow) {
	p := l.pubs[Message]
	size += messageFrames*zmtp.MaxHead + outboxOverhead
	underWay, held := int(p.underWay.Load()), int(l.waiting.held.Load())
	room := int(l.waiting.limit - l.waiting.limit/spareOutbox)
	if 2*(held+underWay)+size <= room {
		return nil // as no outbox holds more than all of them together
	}
	now := time.Now()
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	for s := range g.all {
		if s.at != nil { // a stranger is sent nothing
			continue
		}
		waits := s.out.left() + underWay
		if waits > 0 && waits+size > room-held-underWay {
			one := Slow{ID: s.id, Addr: s.remote.Addr().String()}
			if s.named {
				one.Name = s.name
			}
			one.Stuck = s.out.left() > 0 && now.Sub(time.Unix(0, s.out.moved.Load())) > slowPatience
			slow = append(slow, one)
		}
	}
	return slow
}

// Room returns a channel that is closed when a subscriber takes something of what waits for it.
func (l *Link) Room() <-chan struct{} {
	return l.waiting.more()
}
