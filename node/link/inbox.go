package link

import (
	"fmt"
	"io"
	"net"
)

const (
	smallBuffer   = 512      // a quiet connection's input: it holds two or three pulses
	controlBuffer = 2 << 10  // a subscriber's, at most: it holds any control frame
	largeBuffer   = 64 << 10 // a busy publisher's
	quietReads    = 16       // reads in a row that filled no small buffer: the connection is quiet again
	maxRun        = 64 << 10 // bytes handed to zmq4 at once, where a single message is not larger
)

// inbox is the buffered input of one connection. Bytes [r:w] of buf are unread.
type inbox struct {
	conn  net.Conn
	lull  lull
	most  int // bytes of the buffer, where what is announced needs no more
	buf   []byte
	r, w  int
	quiet int // small reads since the last large one
}

func (in *inbox) unread() []byte { return in.buf[in.r:in.w] }
func (in *inbox) skip(n int)     { in.r += n }

// fill reads once from the connection, after making room for more. need is how many unread bytes the caller
// knows it must have; the buffer grows to it only as the bytes really come, so that announcing is not
// allocating.
func (in *inbox) fill(need int) error {
	if in.r == in.w {
		in.r, in.w = 0, 0
		if len(in.buf) > in.most || len(in.buf) > smallBuffer && in.quiet >= quietReads {
			in.buf = nil // the large message, or the rush, is over
		}
	}
	if in.buf == nil {
		in.buf = make([]byte, smallBuffer)
	}
	if in.w == len(in.buf) {
		in.makeRoom(need)
	}
	n, err := in.lull.read(in.conn, in.buf[in.w:])
	in.w += n
	in.quiet++
	if n >= smallBuffer {
		in.quiet = 0
	}
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// makeRoom is called with a full buffer: it moves what is unread to the front, and doubles the buffer where
// that frees less than half of it.
func (in *inbox) makeRoom(need int) {
	unread := in.w - in.r
	size := len(in.buf)
	if unread > size/2 || size < in.most {
		size = min(2*size, max(in.most, need))
	}
	if size <= len(in.buf) {
		copy(in.buf, in.buf[in.r:in.w])
	} else {
		grown := make([]byte, size)
		copy(grown, in.buf[in.r:in.w])
		in.buf = grown
	}
	in.r, in.w = 0, unread
}

// limits bound what one message may be.
type limits struct {
	message int // bytes of a message, all its frames together
	frames  int
}

// check refuses what no peer would take, or could not be told from a nudge. It returns how many bytes the
// message has at most on the wire.
func (l limits) check(frames [][]byte) (size int, err error) {
	for _, f := range frames {
		size += len(f)
	}
	if size == 0 || size > l.message || len(frames) > l.frames {
		return 0, fmt.Errorf("publish: %d bytes in %d frames, not 1 to %d in at most %d",
			size, len(frames), l.message, l.frames)
	}
	return size + 9*len(frames), nil
}

// count returns how many messages a run has, and their bytes, up to the first that this link would not take.
func (l limits) count(run []byte) (count, size int, err error) {
	for ; size < len(run); count++ {
		n, _, _, err := l.item(run[size:])
		if err == nil && n == 0 {
			err = violate("bad_frame", "part of a message")
		}
		if err != nil {
			return count, size, err
		}
		size += n
	}
	return count, size, nil
}

// violation is a breach of the limits or of ZMTP: it ends the connection that did it.
type violation struct {
	kind string // key of the counter
	text string
}

func (v *violation) Error() string { return v.text }

func violate(kind, format string, args ...any) error {
	return &violation{kind, fmt.Sprintf(format, args...)}
}

// item measures what stands at the start of b: one whole message, or one command. It returns its length, or
// 0 and how many bytes b must have to say more.
func (l limits) item(b []byte) (n, need int, command bool, err error) {
	total := 0
	for frames := 1; ; frames++ {
		flags, size, head := frameHead(b[n:])
		if head == 0 {
			return 0, n + 9, false, nil
		}
		switch {
		case flags&^(flagMore|flagLong|flagCommand) != 0:
			return 0, 0, false, violate("bad_frame", "frame flags %#x", flags)
		case flags&flagCommand != 0 && (frames > 1 || flags&flagMore != 0):
			return 0, 0, false, violate("bad_frame", "a command among a message's frames")
		case frames > l.frames:
			return 0, 0, false, violate("too_many_frames", "more than %d frames in a message", l.frames)
		case size > uint64(l.message-total):
			return 0, 0, false, violate("too_large", "a message of more than %d bytes (frame %d announces %d)", l.message, frames, size)
		}
		total += int(size)
		n += head + int(size)
		if flags&flagMore == 0 {
			if n > len(b) {
				return 0, n, false, nil
			}
			return n, n, flags&flagCommand != 0, nil
		}
		if n > len(b) {
			return 0, n + 2, false, nil
		}
	}
}
