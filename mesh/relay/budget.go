package relay

import (
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// askLimit bounds how often one member is asked, for whatever reason: who has it asked and taken back again and again, by origins or
// numbers that nobody said, is not to make it hang up. That takes a hundred subscriptions, cancellations and questions a second,
// after ten thousand; a question has two of these.
var askLimit = rate.Limit{Burst: 3072, Tokens: 20, Period: time.Second}

// Parts of askLimit. What is regained is for the others first.
var (
	// strangerLimit is there for origins which nobody tells of as members, as anybody can make them up.
	strangerLimit = rate.Limit{Burst: askLimit.Burst / 3, Tokens: askLimit.Tokens, Period: askLimit.Period}
	// muchLimit is there for the sake of what those brought that have brought much: lives and topics of members can be made up, too.
	muchLimit = rate.Limit{Burst: 2 * askLimit.Burst / 3, Tokens: askLimit.Tokens, Period: askLimit.Period}
	// viaLimit is what somebody has asked for that has not brought much.
	viaLimit = rate.Limit{Burst: askLimit.Burst / 3, Tokens: askLimit.Tokens / 2, Period: askLimit.Period}
)

// putOff is after how long a question is tried again for which there was no room.
const putOff = time.Second

// budget is how often one member was asked, and for the sake of what somebody brought.
type budget struct {
	all rate.Bucket
	by  map[topics.Name]*rate.Bucket
}

// affords reports whether a member can be asked now for something of an origin that somebody has brought, or told of.
func (j *Judge[T]) affords(now time.Duration, member, by, origin topics.Name) bool {
	b := j.budgets[member]
	if b == nil {
		b = &budget{by: make(map[topics.Name]*rate.Bucket)}
		j.budgets[member] = b
	}
	own := b.by[by]
	if own == nil {
		own = new(rate.Bucket)
	}
	limit := askLimit
	switch {
	case !j.isMember(origin):
		limit = strangerLimit
	case own.Empty(now, viaLimit):
		limit = muchLimit
	}
	if !b.all.Take(now, limit) {
		return false
	}
	if own.Take(now, viaLimit) {
		b.by[by] = own
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
	for via, heard := range j.digests {
		if heard.Full(now, digestLimit) {
			delete(j.digests, via)
		}
	}
	for member, b := range j.budgets {
		for by, own := range b.by {
			if own.Full(now, viaLimit) {
				delete(b.by, by)
			}
		}
		if b.all.Full(now, askLimit) && len(b.by) == 0 {
			delete(j.budgets, member)
		}
	}
}
