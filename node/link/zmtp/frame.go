package zmtp

import (
	"encoding/binary"
	"slices"
)

// Flags of a frame.
const (
	FlagMore    = 1 << 0 // more frames of the same message follow
	FlagLong    = 1 << 1 // the size takes eight bytes, not one
	FlagCommand = 1 << 2
)

// ShortFrame is the largest body, in bytes, that a one-byte size can announce.
const ShortFrame = 255

// MaxHead is the bytes of the longest head of a frame.
const MaxHead = 9

// Head reads the head of a frame: its flags, the size of its body, and the length of the head itself, which is 0
// when b does not hold all of it yet.
func Head(b []byte) (flags byte, size uint64, n int) {
	if len(b) < 2 {
		return 0, 0, 0
	}
	if b[0]&FlagLong == 0 {
		return b[0], uint64(b[1]), 2
	}
	if len(b) < MaxHead {
		return 0, 0, 0
	}
	return b[0], binary.BigEndian.Uint64(b[1:]), MaxHead
}

// AppendFrame appends one frame. The long form is used only where the size needs it, as the RFC demands.
func AppendFrame(dst []byte, flags byte, body []byte) []byte {
	if len(body) <= ShortFrame {
		dst = append(dst, flags, byte(len(body)))
	} else {
		dst = append(dst, flags|FlagLong)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(body)))
	}
	return append(dst, body...)
}

// AppendMessage appends a message of the given frames.
func AppendMessage(dst []byte, frames ...[]byte) []byte {
	size := 0
	for _, f := range frames {
		size += MaxHead + len(f)
	}
	dst = slices.Grow(dst, size)
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = FlagMore
		}
		dst = AppendFrame(dst, flags, f)
	}
	return dst
}

// AppendCommand appends a command of this name.
func AppendCommand(dst []byte, name string, body []byte) []byte {
	cmd := append([]byte{byte(len(name))}, name...)
	return AppendFrame(dst, FlagCommand, append(cmd, body...))
}

// ParseCommand splits a command's body into its name and what follows.
func ParseCommand(body []byte) (name string, rest []byte, ok bool) {
	if len(body) == 0 || int(body[0]) > len(body)-1 {
		return "", nil, false
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], true
}

// AppendSubscription appends the message that subscribes to a topic and everything that begins with it.
func AppendSubscription(dst []byte, topic string) []byte {
	return AppendFrame(dst, 0, append([]byte{1}, topic...))
}

// AppendCancellation appends the message that takes a subscription back.
func AppendCancellation(dst []byte, topic string) []byte {
	return AppendFrame(dst, 0, append([]byte{0}, topic...))
}

// Run is a row of whole messages in frames, every head of which has been checked by Limits.
type Run []byte

// Next cuts the first message off the run and returns its frames, which alias the run, in dst[:0]'s memory.
// It returns nil at the run's end.
func (r *Run) Next(dst [][]byte) [][]byte {
	b := *r
	if len(b) == 0 {
		return nil
	}
	dst = dst[:0]
	for {
		flags, size, n := Head(b)
		dst = append(dst, b[n:n+int(size):n+int(size)])
		b = b[n+int(size):]
		if flags&FlagMore == 0 {
			*r = b
			return dst
		}
	}
}

// Len counts the messages in the run.
func (r Run) Len() int {
	count := 0
	for len(r) > 0 {
		flags, size, n := Head(r)
		r = r[n+int(size):]
		if flags&FlagMore == 0 {
			count++
		}
	}
	return count
}

// After counts the messages of the run that end after its first so many bytes.
func (r Run) After(bytes int) (count int) {
	for at := 0; len(r) > 0; {
		flags, size, n := Head(r)
		r = r[n+int(size):]
		if at += n + int(size); flags&FlagMore == 0 && at > bytes {
			count++
		}
	}
	return count
}
