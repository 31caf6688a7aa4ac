package zmtp

import "fmt"

// Limits bound what one message may be.
type Limits struct {
	Message int // bytes of a message, all its frames together
	Frames  int // of one message
}

// Violation is a breach of the limits or of ZMTP: it ends the connection that did it.
type Violation struct {
	Kind string // what a counter is called
	Text string
}

func (v *Violation) Error() string { return v.Text }

// Violate makes a Violation.
func Violate(kind, format string, args ...any) error {
	return &Violation{kind, fmt.Sprintf(format, args...)}
}

// Kinds of Violation that Limits finds.
const (
	BadFrame      = "bad_frame"
	TooLarge      = "too_large"
	TooManyFrames = "too_many_frames"
)

// Check refuses frames that no peer would take as a message. It returns how many bytes the message has at most on the
// wire.
func (l Limits) Check(frames [][]byte) (size int, err error) {
	for _, f := range frames {
		size += len(f)
	}
	if size == 0 || size > l.Message || len(frames) > l.Frames {
		return 0, fmt.Errorf("publish: %d bytes in %d frames, not 1 to %d in at most %d",
			size, len(frames), l.Message, l.Frames)
	}
	return size + MaxHead*len(frames), nil
}

// Count returns how many messages a run has, and their bytes, up to the first that breaks the limits.
func (l Limits) Count(run []byte) (count, size int, err error) {
	for ; size < len(run); count++ {
		n, _, _, err := l.Item(run[size:])
		if err == nil && n == 0 {
			err = Violate(BadFrame, "part of a message")
		}
		if err != nil {
			return count, size, err
		}
		size += n
	}
	return count, size, nil
}

// Item measures what stands at the start of b: one whole message, or one command. It returns its length, or 0 and how
// many bytes b must have to say more. The error is a *Violation.
func (l Limits) Item(b []byte) (n, need int, command bool, err error) {
	total := 0
	for frames := 1; ; frames++ {
		flags, size, head := Head(b[n:])
		if head == 0 {
			return 0, n + MaxHead, false, nil
		}
		switch {
		case flags&^(FlagMore|FlagLong|FlagCommand) != 0:
			return 0, 0, false, Violate(BadFrame, "frame flags %#x", flags)
		case flags&FlagCommand != 0 && (frames > 1 || flags&FlagMore != 0):
			return 0, 0, false, Violate(BadFrame, "a command among a message's frames")
		case frames > l.Frames:
			return 0, 0, false, Violate(TooManyFrames, "more than %d frames in a message", l.Frames)
		case size > uint64(l.Message-total):
			return 0, 0, false, Violate(TooLarge, "a message of more than %d bytes (frame %d announces %d)", l.Message, frames, size)
		}
		total += int(size)
		n += head + int(size)
		if flags&FlagMore == 0 {
			if n > len(b) {
				return 0, n, false, nil
			}
			return n, n, flags&FlagCommand != 0, nil
		}
		if n > len(b) {
			return 0, n + 2, false, nil
		}
	}
}
