package relay

import (
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// askLimit bounds how often one member is asked, for whatever reason: who has it asked and taken back again and again, by origins or
// numbers that nobody said, is not to make it hang up. That takes a hundred subscriptions, cancellations and questions a second,
// after ten thousand; a question has two of these.
var askLimit = rate.Limit{Burst: 2048, Tokens: 20, Period: time.Second}

// strangerLimit is the part of askLimit that there is for origins which nobody tells of as members, as anybody can make them up.
// What is regained is for members first.
var strangerLimit = rate.Limit{Burst: askLimit.Burst / 2, Tokens: askLimit.Tokens, Period: askLimit.Period}

// putOff is after how long a question is tried again for which there was no room.
const putOff = time.Second

// affords reports whether a member can be asked for something of an origin now.
func (j *Judge[T]) affords(now time.Duration, member, origin topics.Name) bool {
	limit := askLimit
	if !j.isMember(origin) {
		limit = strangerLimit
	}
	b := j.budgets[member]
	if b == nil {
		b = new(rate.Bucket)
		j.budgets[member] = b
	}
	if !b.Take(now, limit) {
		j.stats.Overasked++
		return false
	}
	return true
}

// isMember reports whether an origin was a member at the last look: one that is heard, that somebody lists, or that is known by the
// word of others.
func (j *Judge[T]) isMember(origin topics.Name) bool {
	_, present := j.present[origin]
	return present || j.view != nil && j.view.Known(origin)
}

// lookBudgets forgets those that have regained everything.
func (j *Judge[T]) lookBudgets(now time.Duration) {
	for member, b := range j.budgets {
		if b.Full(now, askLimit) {
			delete(j.budgets, member)
		}
	}
}
