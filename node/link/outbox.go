package link

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/node/link/zmtp"
)

// outbox is the bounded output of one connection. put never blocks; a goroutine that lives only while there
// is something to write empties it in batches. What does not fit is refused whole, and a peer that takes
// nothing at all for the stall time is hung up.
type outbox struct {
	conn   net.Conn
	kernel *kernel
	wire   *wire         // the same, where it leads to this process: what it has room for needs no goroutine
	budget *budget       // of all outboxes of the link
	stall  time.Duration // without one byte taken
	fail   func(error)   // called once, when a write has failed for good
	lost   func(int)     // told of messages that were taken and will not be written; nil: they are not counted
	moved  atomic.Int64  // when something was last put into an empty outbox, or taken of one, Unix ns

	mu      sync.Mutex
	session zmtp.Session // what is written goes through it; nil where it goes as it is
	plain   int          // of waiting, those that were put before there was a session
	waiting fifo[piece]
	bytes   int // of them and of those under way
	writing bool
	closed  bool
}

// piece is what waits in an outbox: whole messages, or a part of the handshake.
type piece struct {
	bytes  []byte
	shared *shared // nil: no other outbox has it
	rest   []byte  // what is not written of it, as it goes over the wire, where its beginning is; nil: it has not begun
}

const (
	// writeBatch bounds one write: as much as a kernel takes at once.
	writeBatch = 256 << 10

	outboxOverhead = 64 // bytes counted for anything that waits, however small
)

var errStalled = errors.New("stalled: took nothing of what was sent")

func newOutbox(conn net.Conn, l *Link, fail func(error)) *outbox {
	o := &outbox{conn: conn, budget: &l.waiting, stall: l.cfg.StallTimeout, fail: fail}
	if end, ok := conn.(wireOut); ok {
		o.wire = end.wire
	}
	return o
}

// begin has all that is put from now on go through a session.
func (o *outbox) begin(s zmtp.Session) {
	o.mu.Lock()
	o.session, o.plain = s, o.waiting.len()
	o.mu.Unlock()
}

// put queues b, which must not change any more, and reports whether it was taken. An empty outbox takes
// anything, so that a message larger than the limit is not refused for ever.
func (o *outbox) put(b []byte) bool { return o.putShared(b, nil, false) }

// putShared is put for what other outboxes have too. A lone message is written at once, as far as the kernel takes it: no
// goroutine has to wake up for it.
func (o *outbox) putShared(b []byte, sh *shared, lone bool) bool {
	if len(b) == 0 {
		return true // nothing to write, and a write of nothing never ends
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	size := len(b) + outboxOverhead
	if o.closed || o.bytes > 0 && o.bytes+size > o.budget.left() {
		return false
	}
	if o.wire != nil && !o.writing && o.wire.pass(b) {
		return true
	}
	if o.bytes == 0 {
		o.moved.Store(time.Now().UnixNano())
	}
	p := piece{bytes: b, shared: sh}
	if lone && !o.writing && o.kernel != nil {
		if p.rest = o.writeNow(b); len(p.rest) == 0 {
			return true
		}
	}
	o.waiting.push(p)
	o.bytes += size
	o.budget.take(len(b), sh)
	if !o.writing {
		o.writing = true
		go o.write()
	}
	return true
}

// writeNow writes what the kernel takes of b at once, and returns the rest. Nothing is under way, and o.mu is held.
func (o *outbox) writeNow(b []byte) (rest []byte) {
	if o.session != nil {
		b = o.session.Seal(nil, b)
	}
	return b[o.kernel.write(b):]
}

// give lets go of what is written, or lost. o.mu is held.
func (o *outbox) give(pieces []piece) {
	for _, p := range pieces {
		o.bytes -= len(p.bytes) + outboxOverhead
		o.budget.give(len(p.bytes), p.shared)
	}
}

// next moves what is to be written next into batch, and reports whether there is anything. plain is how much of it goes
// as it is. Without anything the writer has ended.
func (o *outbox) next(batch []piece) (_ []piece, session zmtp.Session, plain int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting.len() == 0 || o.closed {
		o.writing = false
		o.waiting.forget()
		return nil, nil, 0, false
	}
	for size := 0; o.waiting.len() > 0; {
		p := o.waiting.first()
		if len(batch) > 0 && size+len(p.bytes) > writeBatch {
			break
		}
		size += len(p.bytes)
		batch = append(batch, p)
		o.waiting.pop()
	}
	plain = min(o.plain, len(batch))
	o.plain -= plain
	return batch, o.session, plain, true
}

// writer is the memory of a goroutine that empties an outbox.
type writer struct {
	batch  []piece
	sealed [][]byte
	rest   net.Buffers // of sealed, which is not written yet
	places [][]byte    // of rest
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// write empties the outbox and ends.
func (o *outbox) write() {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	for {
		batch, session, plain, ok := o.next(w.batch[:0])
		if !ok {
			return
		}
		w.batch, w.sealed = batch, w.sealed[:0]
		for _, p := range batch {
			w.sealed = append(w.sealed, p.bytes)
		}
		if batch[0].rest != nil {
			w.sealed[0], plain = batch[0].rest, 1
		}
		give := seal(session, w.sealed[plain:])
		written, err := o.writeAll(w)
		if err != nil {
			o.lose(batch, w.sealed, written)
		}
		o.mu.Lock()
		o.give(batch)
		o.mu.Unlock()
		clear(batch)
		clear(w.sealed)
		clear(w.places)
		give()
		if err != nil {
			o.close()
			o.fail(err)
		}
	}
}

const (
	sealRoom = writeBatch + writeBatch/4 // bytes for a batch with what boxes add, unless its messages are tiny
	sealMuch = writeBatch / 4            // bytes of a batch that is sealed into such a room: most have a few hundred
)

var sealRooms = sync.Pool{New: func() any { return new([sealRoom]byte) }}

// seal makes of runs what goes over the wire. It stands in memory that give takes back.
func seal(session zmtp.Session, runs [][]byte) (give func()) {
	give = func() {}
	if session == nil {
		return give
	}
	size := 0
	for _, run := range runs {
		size += len(run)
	}
	var room []byte
	if size >= sealMuch {
		whole := sealRooms.Get().(*[sealRoom]byte)
		room, give = whole[:0], func() { sealRooms.Put(whole) }
	}
	for i := range runs {
		runs[i] = session.Seal(room, runs[i])
		if s := runs[i]; cap(room) > len(room) && len(s) > 0 && &s[0] == &room[:len(room)+1][len(room)] {
			room = room[:len(room)+len(s)]
		}
	}
	return give
}

// writeAll writes what is sealed for as long as the peer takes some of it within each stall time. It returns how many bytes
// it has written.
func (o *outbox) writeAll(w *writer) (written int, err error) {
	w.places = append(w.places[:0], w.sealed...)
	w.rest = w.places
	s := stall{limit: o.stall, since: time.Now()}
	for len(w.rest) > 0 {
		err = o.conn.SetWriteDeadline(s.look(time.Now()))
		if err == nil {
			var n int64
			n, err = w.rest.WriteTo(o.conn)
			written += int(n)
			if n > 0 {
				now := time.Now()
				s.progress(now)
				o.moved.Store(now.UnixNano())
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
			if v, ok := o.kernel.look(); s.stalled(time.Now(), v, ok) {
				err = errStalled
			}
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// lose tells of the messages that end after the first so many bytes, as they were to be written: sealed.
func (o *outbox) lose(runs []piece, sealed [][]byte, written int) {
	if o.lost == nil {
		return
	}
	count := 0
	for i, p := range runs {
		run, size := p.bytes, len(sealed[i])
		if size > written && run[0]&zmtp.FlagCommand == 0 { // neither a greeting nor a PONG
			from := written
			if size != len(run) {
				from = 0 // what was written of it is of no use to anybody
			}
			count += Run(run).After(from)
		}
		written = max(0, written-size)
	}
	if count > 0 {
		o.lost(count)
	}
}

// empty waits until nothing waits any more, but no longer than so long.
func (o *outbox) empty(longest time.Duration) {
	tick := time.NewTicker(flushLook)
	defer tick.Stop()
	for late := time.After(longest); o.left() > 0; {
		select {
		case <-tick.C:
		case <-late:
			return
		}
	}
}

// left is how much waits.
func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// over reports whether the connection has ended for it.
func (o *outbox) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// close drops what waits; a write under way ends when the connection is closed.
func (o *outbox) close() {
	o.mu.Lock()
	waiting := o.waiting.all()
	o.closed = true
	o.waiting = fifo[piece]{}
	o.give(waiting)
	o.mu.Unlock()
	if o.lost != nil {
		count := 0
		for _, p := range waiting {
			if p.bytes[0]&zmtp.FlagCommand == 0 {
				count += Run(p.bytes).Len()
			}
		}
		if count > 0 {
			o.lost(count)
		}
	}
}
