package zmtp

import (
	"bytes"
	"errors"
	"fmt"
)

// GreetingSize is the bytes of a greeting.
const GreetingSize = 64

// SignatureSize is the bytes of a greeting by which ZMTP is known.
const SignatureSize = signatureEnd + 1

// Where things stand in a greeting.
const (
	signatureEnd  = 9 // FF, eight bytes of padding, 7F
	majorAt       = 10
	minorAt       = 11
	mechanismAt   = 12
	mechanismSize = 20
)

// Errors of an opening. Each means that the other side is no peer of ours.
var (
	ErrNotZMTP   = errors.New("not ZMTP")
	ErrVersion   = errors.New("ZMTP before 3.0")
	ErrMechanism = errors.New("another security mechanism")
	ErrReady     = errors.New("malformed READY")
	ErrSocket    = errors.New("incompatible socket type")
)

// AppendGreeting appends the greeting of ZMTP 3.0 with a mechanism of this name. With 3.0, not 3.1, libzmq says its
// subscriptions as messages ("\x01topic"), the one form that zmq4 understands.
func AppendGreeting(dst []byte, mechanism string) []byte {
	var g [GreetingSize]byte
	g[0], g[signatureEnd], g[majorAt] = 0xFF, 0x7F, 3
	copy(g[mechanismAt:mechanismAt+mechanismSize], mechanism)
	return append(dst, g[:]...)
}

// CheckGreeting judges the first bytes of a greeting, as many as are there, so that a client that speaks something
// else is turned away at its first byte.
func CheckGreeting(b []byte, mechanism string) error {
	const mechanismEnd = mechanismAt + mechanismSize
	switch {
	case len(b) > 0 && b[0] != 0xFF, len(b) > signatureEnd && b[signatureEnd] != 0x7F:
		return ErrNotZMTP
	case len(b) > majorAt && b[majorAt] < 3:
		return ErrVersion
	case len(b) >= mechanismEnd:
		if got := bytes.TrimRight(b[mechanismAt:mechanismEnd], "\x00"); string(got) != mechanism {
			return fmt.Errorf("%w: %q, not %q", ErrMechanism, got, mechanism)
		}
	}
	return nil
}
