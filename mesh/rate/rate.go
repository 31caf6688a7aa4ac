// Package rate bounds how often something may happen: token buckets on a clock that the caller keeps. It is pure, as a
// package that decides has no clock of its own: golang.org/x/time/rate asks for the time by itself.
package rate

import "time"

// Limit is what a bucket lets through: Burst tokens at once, and then Tokens in each Period.
type Limit struct {
	Burst  float64
	Tokens float64
	Period time.Duration
}

// Every is a limit of one token each period after a burst.
func Every(period time.Duration, burst int) Limit {
	return Limit{Burst: float64(burst), Tokens: 1, Period: period}
}

// Bucket counts the tokens that were spent and not regained. The zero value is full. Now is time since any moment, the
// same for all calls; time that runs backwards regains nothing.
type Bucket struct {
	spent float64
	at    time.Duration
}

// Take spends a token, if there is one.
func (b *Bucket) Take(now time.Duration, l Limit) bool {
	if b.Empty(now, l) {
		return false
	}
	b.spent++
	return true
}

// Empty reports whether there is no token.
func (b *Bucket) Empty(now time.Duration, l Limit) bool {
	b.regain(now, l)
	return b.spent+1 > l.Burst
}

// Full reports whether all that was spent is regained.
func (b *Bucket) Full(now time.Duration, l Limit) bool {
	b.regain(now, l)
	return b.spent == 0
}

// Spend spends tokens whether they are there or not.
func (b *Bucket) Spend(now time.Duration, tokens float64, l Limit) {
	b.regain(now, l)
	b.spent += tokens
}

// Return gives a token back.
func (b *Bucket) Return() { b.spent = max(0, b.spent-1) }

// Wait is how long it takes until no more than the burst is spent.
func (b *Bucket) Wait(now time.Duration, l Limit) time.Duration {
	b.regain(now, l)
	return time.Duration(max(0, b.spent-l.Burst) / l.Tokens * float64(l.Period))
}

func (b *Bucket) regain(now time.Duration, l Limit) {
	if b.spent > 0 {
		if now <= b.at {
			return
		}
		b.spent = max(0, b.spent-l.Tokens*(float64(now-b.at)/float64(l.Period)))
	}
	b.at = now
}
