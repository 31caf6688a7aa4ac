package link

import (
	"time"

	"hearsay/mesh/rate"
	"hearsay/node/link/zmtp"
)

// controls lets a connection's control frames (subscriptions, commands, strays) through: a burst, then a
// steady rate. What is within it costs little; what goes on beyond it is an attack or a loop.
type controls struct{ bucket rate.Bucket }

const (
	controlBurst = 10_000 // a program with thousands of subscriptions says them all when it connects
	controlRate  = 100    // a second
)

var controlLimit = rate.Limit{Burst: controlBurst, Tokens: controlRate, Period: time.Second}

func (c *controls) spend() error {
	if c.bucket.Take(clock(), controlLimit) {
		return nil
	}
	return zmtp.Violate("flood", "more than %d control frames, then %d/s", controlBurst, controlRate)
}

var started = time.Now()

// clock is the time of the buckets.
func clock() time.Duration { return time.Since(started) }
