package link

import "time"

// bucket lets a connection's control frames (subscriptions, commands, strays) through: a burst, then a
// steady rate. What is within it costs little; what goes on beyond it is an attack or a loop.
type bucket struct {
	left float64
	at   time.Time
}

const (
	controlBurst = 1000
	controlRate  = 100 // a second
)

func (b *bucket) spend() error {
	now := time.Now()
	if b.at.IsZero() {
		b.left = controlBurst
	} else {
		b.left = min(controlBurst, b.left+controlRate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.left < 1 {
		return violate("flood", "more than %d control frames, then %d/s", controlBurst, controlRate)
	}
	b.left--
	return nil
}
