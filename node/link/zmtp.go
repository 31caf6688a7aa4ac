package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ZMTP 3.0 framing (https://rfc.zeromq.org/spec/23/): just what the gate and the guard need of it.

const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1
	flagCommand = 1 << 2

	greetingSize = 64
	maxReady     = 4 << 10 // bytes of a READY: libzmq's has under 100
	shortFrame   = 255     // largest body that a one-byte size can announce
)

// greeting announces ZMTP 3.0 with the NULL mechanism. With 3.0, not 3.1, libzmq says its subscriptions as
// messages ("\x01topic"), the one form that zmq4 understands.
var greeting = func() (g [greetingSize]byte) {
	g[0], g[9], g[10] = 0xFF, 0x7F, 3
	copy(g[12:32], "NULL")
	return g
}()

var (
	errNotZMTP   = errors.New("not ZMTP")
	errVersion   = errors.New("ZMTP before 3.0")
	errMechanism = errors.New("a security mechanism other than NULL")
	errReady     = errors.New("malformed READY")
	errSocket    = errors.New("incompatible socket type")
)

// checkGreeting judges the first bytes of a greeting, as many as are there, so that a client that speaks
// something else is turned away at its first byte.
func checkGreeting(b []byte) error {
	switch {
	case len(b) > 0 && b[0] != 0xFF, len(b) > 9 && b[9] != 0x7F:
		return errNotZMTP
	case len(b) > 10 && b[10] < 3:
		return errVersion
	case len(b) >= 32 && string(bytes.TrimRight(b[12:32], "\x00")) != "NULL":
		return errMechanism
	}
	return nil
}

// frameHead reads the head of a frame: its flags, the size of its body, and the length of the head itself,
// which is 0 when b does not hold all of it yet.
func frameHead(b []byte) (flags byte, size uint64, n int) {
	if len(b) < 2 {
		return 0, 0, 0
	}
	if b[0]&flagLong == 0 {
		return b[0], uint64(b[1]), 2
	}
	if len(b) < 9 {
		return 0, 0, 0
	}
	return b[0], binary.BigEndian.Uint64(b[1:]), 9
}

// appendFrame appends one frame. The long form is used only where the size needs it, as the RFC demands.
func appendFrame(dst []byte, flags byte, body []byte) []byte {
	if len(body) <= shortFrame {
		dst = append(dst, flags, byte(len(body)))
	} else {
		dst = append(dst, flags|flagLong)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(body)))
	}
	return append(dst, body...)
}

// appendMessage appends a message of the given frames.
func appendMessage(dst []byte, frames ...[]byte) []byte {
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = flagMore
		}
		dst = appendFrame(dst, flags, f)
	}
	return dst
}

func appendCommand(dst []byte, name string, body []byte) []byte {
	cmd := append([]byte{byte(len(name))}, name...)
	return appendFrame(dst, flagCommand, append(cmd, body...))
}

// parseCommand splits a command's body into its name and what follows.
func parseCommand(body []byte) (name string, rest []byte, ok bool) {
	if len(body) == 0 || int(body[0]) > len(body)-1 {
		return "", nil, false
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], true
}

// typeProperty is what a READY must have.
const typeProperty = "Socket-Type"

// ready is the READY command of a socket of this type, framed.
func ready(socketType string) []byte {
	prop := append([]byte{byte(len(typeProperty))}, typeProperty...)
	prop = binary.BigEndian.AppendUint32(prop, uint32(len(socketType)))
	return appendCommand(nil, "READY", append(prop, socketType...))
}

// opening is all that a socket of this type says before its peer has to say anything: greeting and READY.
func opening(socketType string) []byte {
	return append(greeting[:greetingSize:greetingSize], ready(socketType)...)
}

// parseReady checks the whole of a READY's properties and returns its socket type. zmq4 panics on a property
// that runs past the end, so nothing gets to it that did not pass here.
func parseReady(body []byte) (socketType string, err error) {
	name, p, ok := parseCommand(body)
	if !ok {
		return "", errReady
	}
	if name != "READY" {
		return "", fmt.Errorf("%w: command %.16q instead", errReady, name)
	}
	for len(p) > 0 {
		k := int(p[0])
		if k == 0 || len(p) < 1+k+4 {
			return "", errReady
		}
		key := string(p[1 : 1+k])
		v := binary.BigEndian.Uint32(p[1+k:])
		p = p[1+k+4:]
		if uint64(v) > uint64(len(p)) {
			return "", errReady
		}
		if strings.EqualFold(key, typeProperty) {
			socketType = string(p[:v])
		}
		p = p[v:]
	}
	return socketType, nil
}
