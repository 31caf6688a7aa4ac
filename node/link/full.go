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

	// unmovedStep is more than passes between two looks of a process that runs, and waits.
	unmovedStep = slowPatience / 4

	// spareOutbox is the part of the budget that is not promised to messages: lists need some of it too.
	spareOutbox = 16

	messageFrames = 3
)

// unmoved is for how long a subscriber has taken nothing while somebody looked who waits for it. Between two looks that are
// far apart this process may have been stopped, or starved, and have written nothing itself. A write of much ends when all of
// it is taken, seconds later where the subscriber is slow, so what its kernel has acknowledged counts as well.
type unmoved struct {
	moved int64         // what outbox.moved was
	acked uint64        // what the kernel said
	at    time.Duration // for how long
	seen  time.Time     // the last look
	asked time.Time     // when the kernel was
}

// look asks the kernel a few times a second, as that takes system calls, and before it says that this was for too long.
func (u *unmoved) look(now time.Time, moved int64, ask func() (view, bool)) time.Duration {
	if moved != u.moved || u.seen.IsZero() {
		u.moved, u.at, u.seen = moved, 0, now
	}
	before := u.at
	u.at += min(now.Sub(u.seen), unmovedStep)
	u.seen = now
	if now.Sub(u.asked) < unmovedStep && (before > slowPatience || u.at <= slowPatience) {
		return u.at
	}
	u.asked = now
	if v, known := ask(); known && v.acked != u.acked {
		u.acked, u.at = v.acked, 0
	}
	return u.at
}

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
			one.Stuck = s.out.left() > 0 && s.unmoved.look(now, s.out.moved.Load(), s.out.kernel.look) > slowPatience
			slow = append(slow, one)
		}
	}
	return slow
}

// Room returns a channel that is closed when a subscriber takes something of what waits for it.
func (l *Link) Room() <-chan struct{} {
	return l.waiting.more()
}
