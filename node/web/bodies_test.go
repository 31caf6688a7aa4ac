package web

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestBodiesAreBoundedInBytes(t *testing.T) {
	var b bodies
	for _, size := range []int{0, 1, bodyStep, bodyStep + 1, 1 << 20} {
		want := bytes.Repeat([]byte("x"), size)
		got, err := b.read(iotest.HalfReader(bytes.NewReader(want)), 1<<20)
		if err != nil || !bytes.Equal(got, want) || b.held.Load() != 0 {
			t.Errorf("%d bytes: %d, %v, and %d are held", size, len(got), err, b.held.Load())
		}
	}
	b.held.Store(bodyBytes - bodyStep) // others are sending
	if _, err := b.read(bytes.NewReader(make([]byte, bodyStep-1)), 1<<20); err != nil {
		t.Errorf("what fits: %v", err)
	}
	if _, err := b.read(bytes.NewReader(make([]byte, bodyStep+1)), 1<<20); !errors.Is(err, errBodies) {
		t.Errorf("what does not fit: %v", err)
	}
	if _, err := b.read(iotest.ErrReader(io.ErrUnexpectedEOF), 1<<20); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	if got := b.held.Load(); got != bodyBytes-bodyStep {
		t.Errorf("%d bytes are held at the end", got)
	}
}
