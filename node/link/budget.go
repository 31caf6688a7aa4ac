package link

import "sync/atomic"

// budget is the memory of all that waits in the outboxes of a link. A run that several subscribers wait for is held, and
// counted, once.
//
// An outbox may hold as much as is left of the budget. So one subscriber that has stopped takes half of it at most, and
// another one half of what is left: there is always some for those that keep up. (Switches share their memory among
// their ports like that: dynamic thresholds, Choudhury and Hahne, 1998.)
type budget struct {
	limit int64
	held  atomic.Int64
	freed atomic.Pointer[chan struct{}] // closed when something is taken out; nil: nobody waits for it
}

// shared is a run while it waits in outboxes.
type shared struct {
	size int
	held atomic.Int32 // by so many
}

// left is how much one outbox may hold now.
func (b *budget) left() int { return int(b.limit - b.held.Load()) }

// take counts what an outbox holds from now on. sh is nil for what nobody else holds.
func (b *budget) take(size int, sh *shared) {
	switch {
	case sh == nil:
		b.held.Add(int64(size + outboxOverhead))
	case sh.held.Add(1) == 1:
		b.held.Add(int64(sh.size + outboxOverhead))
	default:
		b.held.Add(outboxOverhead)
	}
}

// give is the opposite.
func (b *budget) give(size int, sh *shared) {
	switch {
	case sh == nil:
		b.held.Add(-int64(size + outboxOverhead))
	case sh.held.Add(-1) == 0:
		b.held.Add(-int64(sh.size + outboxOverhead))
	default:
		b.held.Add(-outboxOverhead)
	}
	if c := b.freed.Load(); c != nil && b.freed.CompareAndSwap(c, nil) {
		close(*c)
	}
}

// more is closed when something is taken out of an outbox.
func (b *budget) more() <-chan struct{} {
	fresh := make(chan struct{})
	for {
		if c := b.freed.Load(); c != nil {
			return *c
		}
		if b.freed.CompareAndSwap(nil, &fresh) {
			return fresh
		}
	}
}
