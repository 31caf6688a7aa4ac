package link

import (
	"bytes"
	"time"

	"hearsay/mesh/rate"
)

// pace is how fast the lists of one publisher are read: a burst, then a steady rate. A publisher that sends more is
// left unread for a while, so that what it sends waits with it, costs nothing here, and is lost there if anywhere.
//
// What counts is the weight of the lists, as that is what they cost their reader: their bytes, and more for each name
// and each message. An honest node stays far below: 1,024 names with 15 bytes each weigh 48 kB, and are sent every
// 1.5 s at most.
type pace struct{ bucket rate.Bucket }

const (
	paceBurst  = 4 << 20               // weight: twice what 1,000 subscribers at once make a simple node say to each
	paceRate   = 1 << 20               // weight a second: some 30 ms of the reader's time, whatever the lists are like
	paceName   = 32                    // weight of a name beside its bytes: a new one takes 1 µs
	paceBeat   = 64                    // weight of a message beside its bytes: a pulse takes 0.3 µs
	pauseLeast = 20 * time.Millisecond // shorter ones would wake a thread for each run
)

var paceLimit = rate.Limit{Burst: paceBurst, Tokens: paceRate, Period: time.Second}

// weigh says what it weighs to read so many lists.
func weigh(run []byte, lists int) int {
	return len(run) + paceBeat*lists + paceName*bytes.Count(run, comma)
}

var comma = []byte{','}

// spend counts what has been read.
func (p *pace) spend(weight int, now time.Duration) { p.bucket.Spend(now, float64(weight), paceLimit) }

// wait is how long nothing more may be read.
func (p *pace) wait(now time.Duration) time.Duration {
	wait := p.bucket.Wait(now, paceLimit)
	if wait == 0 {
		return 0
	}
	return max(pauseLeast, wait)
}
