package zmtp

import (
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/poly1305"      //nolint:staticcheck // deprecated for new designs; this one is NaCl's of 2009
	"golang.org/x/crypto/salsa20/salsa" //nolint:staticcheck // the same
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

// Nonces of boxes after the handshake are a prefix of 16 bytes and 8 that count. XSalsa20 makes a key of its own of the
// first 16: it is made once for each direction. What a MESSAGE begins with, its name, what counts and the box's tag, is 32
// bytes, as many as the stream of a box yields before its text: so a box is made, and opened, in its place, at once.
const (
	messageFromClient = "CurveZMQMESSAGEC"
	messageFromServer = "CurveZMQMESSAGES"
	tagSize           = poly1305.TagSize
	streamHead        = messageHead + tagSize // bytes of the stream before the text: the key of the tag
)

// The assembly of the stream makes four blocks at once in the time in which it makes two one by one, and what is left of less
// than four one by one.
const (
	streamBlock = 64
	streamFour  = 4 * streamBlock
)

// addStream adds to text the stream from the block on that counter says.
func addStream(text []byte, counter *[16]byte, key *[KeySize]byte) {
	whole := len(text) - len(text)%streamFour
	rest := text[whole:]
	if len(rest) <= 2*streamBlock {
		salsa.XORKeyStream(text, text, counter, key)
		return
	}
	salsa.XORKeyStream(text[:whole], text[:whole], counter, key)
	next := *counter
	binary.LittleEndian.PutUint64(next[shortNonce:], binary.LittleEndian.Uint64(counter[shortNonce:])+uint64(whole/streamBlock))
	var room [streamFour]byte
	copy(room[:], rest)
	salsa.XORKeyStream(room[:], room[:], &next, key)
	copy(rest, room[:])
}

// streamKey is the key of the boxes of one direction.
func streamKey(key *[KeySize]byte, prefix string) (stream [KeySize]byte) {
	n := [16]byte([]byte(prefix))
	salsa.HSalsa20(&stream, &n, key, &salsa.Sigma)
	return stream
}

func (s *curveSession) Seal(room, frames []byte) []byte {
	size := 0
	for rest := frames; len(rest) > 0; {
		_, n, head := Head(rest)
		size += MaxHead + int(n) + messageExtra
		rest = rest[head+int(n):]
	}
	out := room[len(room):]
	if cap(out) < size {
		out = make([]byte, 0, size)
	}
	for len(frames) > 0 {
		flags, size, head := Head(frames)
		body := frames[head : head+int(size)]
		frames = frames[head+int(size):]
		out = s.sealFrame(out, flags, body)
	}
	return out
}

func (s *curveSession) sealFrame(out []byte, flags byte, body []byte) []byte {
	var boxed byte
	if flags&FlagMore != 0 {
		boxed |= boxedMore
	}
	if flags&FlagCommand != 0 {
		boxed |= boxedCommand
	}
	if n := len(body) + messageExtra; n <= ShortFrame {
		out = append(out, 0, byte(n))
	} else {
		out = binary.BigEndian.AppendUint64(append(out, FlagLong), uint64(n))
	}
	var zeros [streamHead]byte
	at := len(out)
	out = append(append(append(out, zeros[:]...), boxed), body...)
	message := out[at:]

	var counter [16]byte // the nonce's last 8 bytes, and the number of the stream's block
	s.sent++
	binary.BigEndian.PutUint64(counter[:], s.sent)
	addStream(message, &counter, &s.seals)
	var tag [tagSize]byte
	key := [KeySize]byte(message)
	poly1305.Sum(&tag, message[streamHead:], &key)
	copy(message, messageName)
	copy(message[len(messageName):], counter[:shortNonce])
	copy(message[messageHead:], tag[:])
	return out
}

func (s *curveSession) Unseal(b []byte) (plain, rest []byte, need int, err error) {
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
		n, err := s.openFrame(b[out:at+need], b[at+head:at+need])
		if err != nil {
			return b[:out], nil, 0, err
		}
		out += n
		at += need
	}
}

// openFrame opens a MESSAGE in its place, writes the frame that was sealed to dst, which may begin before the message in
// the same memory, and returns its length.
func (s *curveSession) openFrame(dst, message []byte) (int, error) {
	if len(message) < messageExtra || string(message[:len(messageName)]) != messageName {
		return 0, Violate(BadBox, "a frame without a box")
	}
	sent := [shortNonce]byte(message[len(messageName):])
	tag := [tagSize]byte(message[messageHead:])
	var counter [16]byte
	copy(counter[:], sent[:])
	plain := message[streamHead:]
	var begin [streamFour]byte // of the stream
	first := begin[:]
	if len(plain) <= streamBlock-streamHead {
		first = begin[:streamBlock]
	}
	salsa.XORKeyStream(first, first, &counter, &s.opens)
	key := [KeySize]byte(first)
	if !poly1305.Verify(&tag, plain, &key) {
		return 0, Violate(BadBox, "a box that cannot be opened")
	}
	if !s.rises(sent[:]) {
		return 0, Violate(BadBox, "a box that came before")
	}
	n := subtle.XORBytes(plain, plain, first[streamHead:])
	counter[shortNonce] = streamFour / streamBlock // nothing is left of what takes one block alone
	addStream(plain[n:], &counter, &s.opens)
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
