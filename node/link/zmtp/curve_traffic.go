package zmtp

import (
	"encoding/binary"
	"sync"

	"golang.org/x/crypto/nacl/secretbox"
)

// A frame goes over the wire as a MESSAGE: a frame without flags, though it reads like a command, whose box holds the
// flags and the body of the one that was sealed.
const (
	messageName  = "\x07MESSAGE"
	messageHead  = len(messageName) + shortNonce
	messageExtra = messageHead + boxExtra + 1 // over the body that was sealed
)

// Flags inside a box.
const (
	boxedMore    = 1 << 0
	boxedCommand = 1 << 1
)

// Kinds of Violation that CURVE finds.
const BadBox = "bad_box"

// scratch holds boxes that are being made or opened: secretbox cannot do so in place.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

const maxScratch = 64 << 10 // bytes that are kept for the next one

// borrow gets memory for n bytes, and give returns it, without what was in it.
func borrow(n int) (b []byte, give func()) {
	p := scratch.Get().(*[]byte)
	if cap(*p) < n {
		*p = make([]byte, 0, n)
	}
	return *p, func() {
		clear((*p)[:n])
		if cap(*p) <= maxScratch {
			scratch.Put(p)
		}
	}
}

func (s *curveSession) sealAll(frames []byte, prefix string) []byte {
	size := 0
	for rest := frames; len(rest) > 0; {
		_, n, head := Head(rest)
		size += MaxHead + int(n) + messageExtra
		rest = rest[head+int(n):]
	}
	out := make([]byte, 0, size)
	for len(frames) > 0 {
		flags, size, head := Head(frames)
		body := frames[head : head+int(size)]
		frames = frames[head+int(size):]
		out = s.sealFrame(out, flags, body, prefix)
	}
	return out
}

func (s *curveSession) sealFrame(out []byte, flags byte, body []byte, prefix string) []byte {
	plain, give := borrow(1 + len(body))
	defer give()
	var boxed byte
	if flags&FlagMore != 0 {
		boxed |= boxedMore
	}
	if flags&FlagCommand != 0 {
		boxed |= boxedCommand
	}
	plain = append(append(plain, boxed), body...)
	if n := len(body) + messageExtra; n <= ShortFrame {
		out = append(out, 0, byte(n))
	} else {
		out = binary.BigEndian.AppendUint64(append(out, FlagLong), uint64(n))
	}
	out = append(out, messageName...)
	out = s.next(out)
	n := nonce(prefix, out[len(out)-shortNonce:])
	return secretbox.Seal(out, plain, &n, &s.key)
}

func (s *curveSession) unsealAll(b []byte, prefix string) (plain, rest []byte, need int, err error) {
	out := 0
	for at := 0; ; {
		flags, size, head := Head(b[at:])
		switch {
		case head == 0:
			return b[:out], b[at:], MaxHead, nil
		case flags&^(FlagLong|FlagCommand) != 0:
			return b[:out], nil, 0, Violate(BadFrame, "frame flags %#x around a box", flags)
		case size > uint64(s.params.MaxMessage+messageExtra):
			return b[:out], nil, 0, Violate(TooLarge, "a box of %d bytes", size)
		}
		if need = head + int(size); len(b)-at < need {
			return b[:out], b[at:], need, nil
		}
		n, err := s.openFrame(b[out:at+need], b[at+head:at+need], prefix)
		if err != nil {
			return b[:out], nil, 0, err
		}
		out += n
		at += need
	}
}

// openFrame opens a MESSAGE, writes the frame that was sealed to dst, which may share the memory of the message, and
// returns its length.
func (s *curveSession) openFrame(dst, message []byte, prefix string) (int, error) {
	if len(message) < messageExtra || string(message[:len(messageName)]) != messageName {
		return 0, Violate(BadBox, "a frame without a box")
	}
	sent := message[len(messageName):messageHead]
	n := nonce(prefix, sent)
	plain, give := borrow(len(message))
	defer give()
	plain, ok := secretbox.Open(plain, message[messageHead:], &n, &s.key)
	if !ok {
		return 0, Violate(BadBox, "a box that cannot be opened")
	}
	if !s.rises(sent) {
		return 0, Violate(BadBox, "a box that came before")
	}
	if plain[0]&^(boxedMore|boxedCommand) != 0 {
		return 0, Violate(BadBox, "boxed flags %#x", plain[0])
	}
	var flags byte
	if plain[0]&boxedMore != 0 {
		flags |= FlagMore
	}
	if plain[0]&boxedCommand != 0 {
		flags |= FlagCommand
	}
	return len(AppendFrame(dst[:0], flags, plain[1:])), nil
}
