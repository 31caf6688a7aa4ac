package link

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// outbox is the bounded output of one connection. put never blocks; a goroutine that lives only while there
// is something to write empties it in batches. What does not fit is refused whole, and a peer that takes
// nothing at all for the stall time is hung up.
type outbox struct {
	conn  net.Conn
	wire  *wire         // the same, where it leads to this process: what it has room for needs no goroutine
	limit int           // bytes waiting
	total *atomic.Int64 // bytes waiting in all outboxes of the link
	stall time.Duration // without one byte taken
	fail  func(error)   // called once, when a write has failed for good

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
	writing bool
	closed  bool
	idle    *sync.Cond // told when writing ends
}

const (
	// writeBatch bounds one write, so that a slow but living peer is seen to make progress.
	writeBatch = 256 << 10

	// As much as so many full outboxes hold may wait in all of them. Beyond it each has a fraction of its limit:
	// a thousand who read slowly on purpose cost no more memory than that, and who keeps up does not notice.
	fullOutboxes   = 64
	crowdedOutbox  = 16 // its part of the limit
	outboxOverhead = 64 // bytes counted for anything that waits, however small
)

var errStalled = errors.New("stalled: took nothing of what was sent")

func newOutbox(conn net.Conn, l *Link, fail func(error)) *outbox {
	o := &outbox{conn: conn, limit: l.cfg.OutboxBytes, total: &l.waiting, stall: l.cfg.StallTimeout, fail: fail}
	if end, ok := conn.(wireOut); ok {
		o.wire = end.wire
	}
	o.idle = sync.NewCond(&o.mu)
	return o
}

// put queues b, which must not change any more, and says whether it was taken. An empty outbox takes
// anything, so that a message larger than the limit is not refused for ever.
func (o *outbox) put(b []byte) bool {
	if len(b) == 0 {
		return true // nothing to write, and a write of nothing never ends
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	limit := o.limit
	if o.total.Load() > fullOutboxes*int64(limit) {
		limit /= crowdedOutbox
	}
	size := len(b) + outboxOverhead
	if o.closed || o.bytes > 0 && o.bytes+size > limit {
		return false
	}
	if o.wire != nil && !o.writing && o.wire.pass(b) {
		return true
	}
	o.waiting = append(o.waiting, b)
	o.add(size)
	if !o.writing {
		o.writing = true
		go o.write()
	}
	return true
}

func (o *outbox) add(size int) {
	o.bytes += size
	o.total.Add(int64(size))
}

// write empties the outbox and ends.
func (o *outbox) write() {
	var spare [][]byte
	for {
		o.mu.Lock()
		batch := o.waiting
		if len(batch) == 0 || o.closed {
			o.writing = false
			o.waiting = nil // a burst is over: so is its memory
			o.idle.Broadcast()
			o.mu.Unlock()
			return
		}
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size+len(batch[n]) <= writeBatch) {
			size += len(batch[n]) + outboxOverhead
			n++
		}
		o.waiting = append(spare[:0], batch[n:]...)
		o.mu.Unlock()

		err := o.writeAll(batch[:n])
		clear(batch)
		spare = batch

		o.mu.Lock()
		if !o.closed {
			o.add(-size)
		}
		o.mu.Unlock()
		if err != nil {
			o.close()
			o.fail(err)
		}
	}
}

// writeAll writes the batch for as long as the peer takes some of it within each stall time.
func (o *outbox) writeAll(batch [][]byte) error {
	rest := net.Buffers(batch)
	for len(rest) > 0 {
		if err := o.conn.SetWriteDeadline(time.Now().Add(o.stall)); err != nil {
			return err
		}
		n, err := rest.WriteTo(o.conn)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && n == 0:
			return errStalled
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
	return nil
}

// drain waits until nothing is being written, at most until the deadline.
func (o *outbox) drain(deadline time.Time) {
	wake := time.AfterFunc(time.Until(deadline), func() {
		o.mu.Lock()
		o.idle.Broadcast()
		o.mu.Unlock()
	})
	defer wake.Stop()
	o.mu.Lock()
	for o.writing && time.Now().Before(deadline) {
		o.idle.Wait()
	}
	o.mu.Unlock()
}

// close drops what waits; a write under way ends when the connection is closed.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.waiting = nil
	o.add(-o.bytes)
	o.mu.Unlock()
}
