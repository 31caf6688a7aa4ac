package link

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// unfinished is the memory of what publishers have begun to say and not ended: the input buffers of the dialled
// connections of one port, beyond the little that each has. It is bounded for all of them together.
//
// Room for a message is kept from when its length is known to its end, so whoever has some comes to an end without waiting
// again. Each may have what is left then, as an outbox may (budget.go), so that there is always some for short messages. Who
// needs more waits, and what its publisher says stays in the kernel, and then with the publisher. While somebody waits,
// publishers that do not go on with their messages are hung up: the one that holds most first.
type unfinished struct {
	limit    int // bytes
	counters *counters

	held    atomic.Int64 // written under mu
	mu      sync.Mutex
	holders map[*part]struct{} // those that hold something
	waiting []*part            // in the order in which they came
}

// part is what one connection holds.
type part struct {
	of   *unfinished
	conn *conn
	due  atomic.Int64 // by clock: it has to go on until then; 0: there is nothing to go on with
	kept bool         // room for a message is; the reader's own

	size    int           // bytes that count; guarded by of.mu, as the next
	wants   int           // those that it waits for
	granted chan struct{} // closed when it has them
	gone    bool
}

const (
	// unfinishedTime is how long a message may stand still while others want its room. A lost packet comes again within
	// half of it.
	unfinishedTime = 2 * time.Second

	// unfinishedPace is what has to come of a message meanwhile, in bytes a second: the largest in 20 s, as an outbox asks
	// of its reader.
	unfinishedPace = 50 << 10

	// unfinishedWait is the same of who waits for more than it holds: longer than those take to be hung up whom it waits for,
	// and as long as it takes until nobody but such are left.
	unfinishedWait = 5 * unfinishedTime

	// unfinishedEvery is between two looks at who does not go on. A process that was stopped reads all connections
	// before the first.
	unfinishedEvery = 250 * time.Millisecond

	// unfinishedSpare is room for what follows the longest frame, of which nobody knows yet: an envelope, mostly.
	unfinishedSpare = 4 << 10

	// listsPart is the part of the bound that those who say lists have beside it. No list waits behind messages.
	listsPart = 4
)

var errUnfinished = errors.New("a message that was begun was not gone on with, and others needed its room")

// newUnfinished is for messages of so many bytes at most: there is room for two, as nobody may have more than is left.
func newUnfinished(limit, message int, c *counters) *unfinished {
	return &unfinished{limit: max(limit, 2*(message+largeBuffer)), counters: c, holders: make(map[*part]struct{})}
}

// join counts the buffer of a connection from now on.
func (u *unfinished) join(c *conn) { c.in.part = &part{of: u, conn: c} }

// beyond is how much of a buffer counts.
func beyond(buffer int) int { return max(0, buffer-smallBuffer) }

// may reports whether a buffer may grow to a size now.
func (p *part) may(buffer int) bool {
	if p == nil {
		return true
	}
	u := p.of
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.takeLocked(p, beyond(buffer))
}

// keep waits for room for a message. The error is that of the connection, which has ended.
func (p *part) keep(message int) error {
	if p == nil {
		return nil
	}
	u := p.of
	p.kept = true
	u.mu.Lock()
	at := u.takeLocked(p, beyond(message+unfinishedSpare))
	if !at {
		p.wants, p.granted = beyond(message+unfinishedSpare), make(chan struct{})
		u.waiting = append(u.waiting, p)
	}
	u.mu.Unlock()
	if at {
		return nil
	}
	u.counters.add(unfinishedWaits, 1)
	p.due.Store(int64(clock() + unfinishedWait))
	defer p.due.Store(0)
	look := time.NewTicker(unfinishedEvery)
	defer look.Stop()
	for {
		select {
		case <-p.granted:
			return nil
		case <-p.conn.done():
			return p.conn.ended()
		case <-look.C:
			if late := u.late(clock()); late != nil {
				u.counters.add(unfinishedCut, 1)
				late.conn.hangUp(errUnfinished)
			}
		}
	}
}

// crowded reports whether memory that can be done without is better given back: half of all is in use.
func (p *part) crowded() bool {
	return p != nil && p.of.held.Load() > int64(p.of.limit/2)
}

// set notes how long the buffer is, for which nobody has to be asked.
func (p *part) set(buffer int) {
	if p == nil {
		return
	}
	p.kept = false
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if !p.gone {
		p.of.sizeLocked(p, beyond(buffer))
	}
}

// leave gives up what an ended connection holds.
func (p *part) leave() {
	if p == nil {
		return
	}
	u := p.of
	u.mu.Lock()
	defer u.mu.Unlock()
	p.gone = true
	u.waiting = slices.DeleteFunc(u.waiting, func(other *part) bool { return other == p })
	u.sizeLocked(p, 0)
}

// sizeLocked notes what a part holds now. Where that is less, others may go on.
func (u *unfinished) sizeLocked(p *part, size int) {
	less := size < p.size
	u.held.Add(int64(size - p.size))
	if p.size = size; size > 0 {
		u.holders[p] = struct{}{}
	} else {
		delete(u.holders, p)
	}
	if less && len(u.waiting) > 0 {
		u.waiting = slices.DeleteFunc(u.waiting, func(p *part) bool {
			got := u.takeLocked(p, p.wants)
			if got {
				close(p.granted)
			}
			return got
		})
	}
}

// takeLocked gives a part so many bytes in all, if it may have them.
func (u *unfinished) takeLocked(p *part, size int) bool {
	if p.gone || size <= p.size {
		return true // the reader of a connection that has ended is about to find that
	}
	if left := u.limit - int(u.held.Load()) + p.size - size; size > left {
		return false
	}
	u.sizeLocked(p, size)
	return true
}

// late returns who holds most of those that should have gone on.
func (u *unfinished) late(now time.Duration) (most *part) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for p := range u.holders {
		if due := p.due.Load(); due != 0 && time.Duration(due) < now && (most == nil || p.size > most.size) {
			most = p
		}
	}
	return most
}

// awaits notes that more has to come, as a message has been begun.
func (p *part) awaits(begun bool) {
	if p != nil && begun && p.due.Load() == 0 {
		p.due.Store(int64(clock() + unfinishedTime))
	}
}

// came notes so many bytes of a message.
func (p *part) came(n int) {
	if p == nil || p.due.Load() == 0 {
		return
	}
	latest := clock() + unfinishedTime
	p.due.Store(int64(min(latest, time.Duration(p.due.Load())+time.Duration(n)*time.Second/unfinishedPace)))
}

// done notes the end of a message in a buffer.
func (p *part) done(buffer int) {
	if p == nil {
		return
	}
	if p.due.Load() != 0 {
		p.due.Store(0)
	}
	if p.kept {
		p.set(buffer)
	}
}
