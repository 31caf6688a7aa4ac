package link

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// outbox is the bounded output of one connection. put never blocks; a goroutine that lives only while there
// is something to write empties it in batches. What does not fit is refused whole, and a peer that takes
// nothing at all for the stall time is hung up.
type outbox struct {
	conn  net.Conn
	limit int           // bytes waiting
	stall time.Duration // without one byte taken
	fail  func(error)   // called once, when a write has failed for good

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
	writing bool
	closed  bool
	idle    *sync.Cond // told when writing ends
}

// writeBatch bounds one write, so that a slow but living peer is seen to make progress.
const writeBatch = 256 << 10

var errStalled = errors.New("stalled: took nothing of what was sent")

func newOutbox(conn net.Conn, limit int, stall time.Duration, fail func(error)) *outbox {
	o := &outbox{conn: conn, limit: limit, stall: stall, fail: fail}
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
	if o.closed || o.bytes > 0 && o.bytes+len(b) > o.limit {
		return false
	}
	o.waiting = append(o.waiting, b)
	o.bytes += len(b)
	if !o.writing {
		o.writing = true
		go o.write()
	}
	return true
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
			size += len(batch[n])
			n++
		}
		o.waiting = append(spare[:0], batch[n:]...)
		o.mu.Unlock()

		err := o.writeAll(batch[:n])
		clear(batch)
		spare = batch

		o.mu.Lock()
		o.bytes -= size
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
	o.waiting, o.bytes = nil, 0
	o.mu.Unlock()
}
