package web

import (
	"errors"
	"io"
	"sync/atomic"
)

const (
	bodyBytes = 32 << 20 // of messages that are being sent here, all of them together, or one of the largest size
	bodyStep  = 32 << 10 // read at once
)

var errBodies = errors.New("the bodies of requests take too much memory")

// bodies bounds the memory of bodies under way: clients may send slowly, and be many.
type bodies struct{ held atomic.Int64 }

// read returns the whole of a body. Memory is taken as bytes come, not as they are announced, and counts until the body is
// whole. The error may be errBodies.
func (b *bodies) read(r io.Reader, most int) ([]byte, error) {
	limit := int64(max(bodyBytes, 3*most)) // growing copies a body into one twice as large
	mine := int64(0)
	defer func() { b.held.Add(-mine) }()
	var body []byte
	for {
		if len(body) == cap(body) {
			size := max(2*cap(body), bodyStep)
			mine += int64(size)
			if b.held.Add(int64(size)) > limit {
				return nil, errBodies
			}
			grown := make([]byte, len(body), size)
			copy(grown, body)
			b.held.Add(-int64(cap(body)))
			mine -= int64(cap(body))
			body = grown
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}
