package link

import (
	"bytes"
	"io"
	"net"
	"slices"
	"sync/atomic"

	"hearsay/node/link/zmtp"
)

const (
	smallBuffer   = 512       // a quiet connection's input: it holds two or three pulses
	controlBuffer = 2 << 10   // a subscriber's, at most: it holds any control frame
	largeBuffer   = 128 << 10 // a busy publisher's
	quietReads    = 16        // reads in a row that filled no small buffer: the connection is quiet again
	maxRun        = 64 << 10  // bytes of a run, where a single message is not larger
)

// inbox is the buffered input of one connection. Bytes [r:w] of buf are plain and unread; bytes [w:end] have come, and
// the mechanism cannot read them yet.
type inbox struct {
	conn    net.Conn
	session zmtp.Session // nil until the handshake is done, and for a connection that has none: what comes is plain
	lull    lull
	most    int // bytes of the buffer, where what is announced needs no more
	buf     []byte
	r, w    int
	end     int
	sealed  int           // bytes that must stand in [w:end] for the mechanism to say more
	broken  error         // of the mechanism: what is unread is the last
	quiet   int           // small reads since the last large one
	bytes   atomic.Uint64 // that have come
	part    *part         // what the buffer counts as; nil: it does not
}

func (in *inbox) unread() []byte { return in.buf[in.r:in.w] }

// skip passes over what has been read.
func (in *inbox) skip(n int) {
	in.r += n
	in.part.done(len(in.buf))
}

// cut takes the next n bytes out of the buffer, to be kept for as long as anybody likes. A part of the buffer would hold
// all of it, however small the part is, and is copied. A large message that fills the buffer takes it along.
func (in *inbox) cut(n int) []byte {
	b := in.buf[in.r : in.r+n : in.r+n]
	in.r += n
	if n <= maxRun || len(in.buf)-n > len(in.buf)/cutWaste {
		return slices.Clip(bytes.Clone(b))
	}
	rest := in.buf[in.r:in.end]
	in.buf = make([]byte, max(smallBuffer, 2*len(rest)))
	in.r, in.w, in.end = 0, in.w-in.r, copy(in.buf, rest)
	in.part.set(len(in.buf))
	return b
}

// cutWaste is the part of a buffer that a message may leave free which takes it along.
const cutWaste = 16

// begin has all that comes from now on, and what is unread, go through a session.
func (in *inbox) begin(s zmtp.Session) error {
	in.session = s
	in.w, in.end = in.r, in.w
	return in.unseal()
}

// unseal makes plain what can be.
func (in *inbox) unseal() error {
	if in.session == nil {
		in.w = in.end
		return nil
	}
	plain, rest, need, err := in.session.Unseal(in.buf[in.w:in.end])
	if err != nil {
		in.w += len(plain)
		in.end = in.w
		if in.broken = err; len(plain) > 0 {
			return nil // what came before is read first
		}
		return err
	}
	in.w += len(plain)
	in.end = in.w + copy(in.buf[in.w:], rest)
	in.sealed = need
	return nil
}

// fill reads once from the connection, after making room for more. need is how many unread bytes the caller
// knows it must have; the buffer grows to it only as the bytes really come, so that announcing is not
// allocating.
func (in *inbox) fill(need int) error {
	if in.broken != nil {
		return in.broken
	}
	if in.r == in.end {
		in.r, in.w, in.end = 0, 0, 0
		if len(in.buf) > in.most || len(in.buf) > smallBuffer && (in.quiet >= quietReads || in.part.crowded()) {
			in.buf = nil // the large message, or the rush, is over
			in.part.set(0)
		}
	}
	if in.buf == nil {
		in.buf = make([]byte, smallBuffer)
	}
	if in.end == len(in.buf) {
		if err := in.makeRoom(max(need, in.w-in.r+in.sealed)); err != nil {
			return err
		}
	}
	in.part.awaits(in.r < in.end)
	n, err := in.lull.read(in.conn, in.buf[in.end:])
	in.end += n
	in.part.came(n)
	in.bytes.Add(uint64(n))
	in.quiet++
	if n >= smallBuffer {
		in.quiet = 0
	}
	if n > 0 {
		return in.unseal()
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// makeRoom is called with a full buffer: it moves what is unread to the front, and doubles the buffer where that frees
// less than half of it. Where memory is short it waits for room for a message, and gives back what it can do without.
func (in *inbox) makeRoom(need int) error {
	kept := in.end - in.r
	before := len(in.buf)
	size := before
	more := min(2*size, max(in.most, need))
	grow := more > size && (kept > size/2 || size < in.most)
	if need > size {
		if err := in.part.keep(need); err != nil {
			return err
		}
	}
	switch {
	case grow && in.part.may(more):
		size = more
	case need > size:
		size = min(2*size, need)
	case 2*kept < size && size > smallBuffer && in.part.crowded():
		size = max(smallBuffer, 2*kept)
	}
	if size == before {
		copy(in.buf, in.buf[in.r:in.end])
	} else {
		moved := make([]byte, size)
		copy(moved, in.buf[in.r:in.end])
		if in.buf = moved; size < before {
			in.part.set(size)
		}
	}
	in.r, in.w, in.end = 0, in.w-in.r, kept
	return nil
}

// drop frees the buffer: nothing is read any more.
func (in *inbox) drop() {
	in.buf, in.r, in.w, in.end = nil, 0, 0, 0
	in.part.leave()
}
