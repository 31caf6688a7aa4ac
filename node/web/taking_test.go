package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// slow is a connection whose client takes nothing until it is told to, as a ResponseWriter.
type slow struct {
	http.ResponseWriter
	deadlines chan time.Time
	writing   chan struct{} // something is to be taken
	take      chan error
}

func newSlow() *slow {
	return &slow{deadlines: make(chan time.Time, 16), writing: make(chan struct{}), take: make(chan error)}
}

func (s *slow) SetWriteDeadline(t time.Time) error { s.deadlines <- t; return nil }
func (s *slow) FlushError() error                  { return nil }

func (s *slow) Write(b []byte) (int, error) {
	s.writing <- struct{}{}
	return len(b), <-s.take
}

// last is the deadline that holds now.
func (s *slow) last() (t time.Time) {
	for len(s.deadlines) > 0 {
		t = <-s.deadlines
	}
	return t
}

// A client is cut off by ticks of the process alone: by no time that passes without them, as it does for one that was stopped.
func TestStoppedProcessCutsNobodyOff(t *testing.T) {
	t.Parallel()
	w := newSlow()
	st := newStream(w, time.Hour) // no tick comes by itself
	sent := make(chan error)
	for part := range 3 {
		go func() { sent <- st.copy("1", strings.NewReader("{"), "}") }()
		for write := range 3 { // the id, the piece and the rest
			<-w.writing
			for range patienceTicks {
				st.taking.passed()
			}
			if d := w.last(); !d.IsZero() {
				t.Fatalf("message %d, write %d: the deadline is %v", part, write, d)
			}
			w.take <- nil
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		for range 2 * patienceTicks {
			st.taking.passed() // nothing is to be taken
		}
	}
	go func() { _, err := io.WriteString(st, "x"); sent <- err }()
	<-w.writing
	for range patienceTicks + 1 {
		st.taking.passed()
	}
	if d := w.last(); d.IsZero() || d.After(time.Now()) {
		t.Errorf("a client that took nothing for its time has until %v", d)
	}
	w.take <- os.ErrDeadlineExceeded
	if err := <-sent; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if st.taking.close(); !w.last().IsZero() {
		t.Error("one that is cut off is given more time at the end")
	}
}

// The server has a deadline for the end of a stream, which nobody waits for.
func TestEndOfStreamHasItsTime(t *testing.T) {
	t.Parallel()
	w := newSlow()
	st := newStream(w, time.Hour)
	if st.taking.close(); !w.last().After(time.Now()) {
		t.Error("no deadline, or one that is over")
	}
}
