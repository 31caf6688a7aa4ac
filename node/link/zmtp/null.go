package zmtp

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Null is the mechanism that neither authenticates nor encrypts (RFC 23, section "The NULL security mechanism").
var Null Mechanism = null{}

type null struct{}

func (null) Name() string          { return "NULL" }
func (null) Open(p Params) Session { return &nullSession{params: p} }

// nullSession: each side says READY and waits for the other's.
type nullSession struct {
	params Params
	peer   string
}

func (s *nullSession) First(dst []byte) []byte { return AppendReady(dst, s.params.SocketType) }

func (s *nullSession) Take(dst, command []byte) (answer []byte, done bool, err error) {
	s.peer, err = ParseReady(command)
	return dst, err == nil, err
}

func (s *nullSession) Awaits() string               { return "READY" }
func (s *nullSession) Peer() string                 { return s.peer }
func (s *nullSession) Seal(_, frames []byte) []byte { return frames }

func (s *nullSession) Unseal(b []byte) (plain, rest []byte, need int, err error) {
	return b, nil, 0, nil
}

// TypeProperty is the one property that a READY must have.
const TypeProperty = "Socket-Type"

// AppendReady appends the READY of a socket of this type.
func AppendReady(dst []byte, socketType string) []byte {
	return AppendCommand(dst, "READY", appendProperty(nil, TypeProperty, socketType))
}

func appendProperty(dst []byte, key, value string) []byte {
	dst = append(append(dst, byte(len(key))), key...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

// ParseReady checks the whole of a READY and returns its socket type. zmq4 panics on a property that runs past the
// end, so nothing gets to it that did not pass here.
func ParseReady(body []byte) (socketType string, err error) {
	name, p, ok := ParseCommand(body)
	if !ok {
		return "", ErrReady
	}
	if name != "READY" {
		return "", fmt.Errorf("%w: command %.16q instead", ErrReady, name)
	}
	return parseProperties(p)
}

// parseProperties checks all that a side says of itself, and returns its socket type.
func parseProperties(p []byte) (socketType string, err error) {
	for len(p) > 0 {
		k := int(p[0])
		if k == 0 || len(p) < 1+k+4 {
			return "", ErrReady
		}
		key := string(p[1 : 1+k])
		v := binary.BigEndian.Uint32(p[1+k:])
		p = p[1+k+4:]
		if uint64(v) > uint64(len(p)) {
			return "", ErrReady
		}
		if strings.EqualFold(key, TypeProperty) {
			socketType = string(p[:v])
		}
		p = p[v:]
	}
	return socketType, nil
}
