package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// pulseEvery is how often a stream says that it is there: proxies give up on silence after 30 to 60 s.
const pulseEvery = 15 * time.Second

// lookEvery is between two looks whether a client may still have its stream: twice as often as the file of tokens is looked
// at, which counts a second after it has changed.
const lookEvery = 250 * time.Millisecond

// Ended is what a comment begins with that says why a stream ends, where the client can do something about it.
const Ended = "ended: "

// pieceBytes is how much of a message a stream has in hand: so much a client must take within Server.patience, and so
// much memory it costs beside what all share.
const pieceBytes = 16 << 10

// stream is an answer of server-sent events. A client that takes nothing for Server.patience, while this process runs, is cut
// off.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	taking  *taking
	piece   []byte // what is being sent
}

func newStream(w http.ResponseWriter, patience time.Duration) *stream {
	control := http.NewResponseController(w)
	return &stream{w: w, control: control, taking: newTaking(control, patience)}
}

// open begins a stream, which lasts as long as the request that it returns. The caller calls done after it.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (st *stream, lasting *http.Request, done func(), err error) {
	ctx, cancel := context.WithCancel(r.Context())
	leave, ok := s.streams.enter(addrOf(r.RemoteAddr), cancel)
	if !ok {
		cancel()
		return nil, nil, nil, newFault(http.StatusServiceUnavailable, "too_many", fmt.Sprintf("%d streams are open already", s.streams.open()))
	}
	st = newStream(w, s.patience)
	_ = st.control.SetReadDeadline(time.Time{}) // the stream is longer than a request may be
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	return st, r.WithContext(ctx), func() { st.taking.close(); leave(); cancel() }, nil
}

// Write adds to what the next flush sends, or sends it.
func (st *stream) Write(b []byte) (int, error) {
	st.taking.begin()
	defer st.taking.end()
	return st.w.Write(b)
}

// comment sends what clients ignore.
func (st *stream) comment(text string) error {
	if _, err := fmt.Fprintf(st, ": %s\n\n", text); err != nil {
		return err
	}
	return st.flush()
}

// write adds an event to what the next flush sends.
func (st *stream) write(id string, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(st, "id: %s\ndata: %s\n", id, data)
	return err
}

// copy adds an event whose data is read piece by piece, and then the rest of it.
func (st *stream) copy(id string, data io.Reader, rest string) error {
	if st.piece == nil {
		st.piece = make([]byte, pieceBytes)
	}
	if _, err := fmt.Fprintf(st, "id: %s\ndata: ", id); err != nil {
		return err
	}
	for {
		n, err := data.Read(st.piece)
		if errors.Is(err, io.EOF) {
			_, err = fmt.Fprintf(st, "%s\n\n", rest)
			return err
		}
		if err != nil {
			return err
		}
		if _, err := st.Write(st.piece[:n]); err != nil {
			return err
		}
	}
}

func (st *stream) flush() error {
	st.taking.begin()
	defer st.taking.end()
	return st.control.Flush()
}

// pump says hello, and then sends what arrives, or that the stream is there, until nothing more arrives or somebody ends it.
// It returns nil when that was the client, the server, who closes ended, or who withdrew the client's token.
func pump[T any](s *Server, r *http.Request, st *stream, hello string, ended <-chan struct{}, arrived <-chan T, send func(T) error) error {
	pulse := time.NewTicker(s.pulse)
	defer pulse.Stop()
	tokens := time.NewTicker(lookEvery)
	defer tokens.Stop()
	err := st.comment(hello + " " + string(s.node.Name()))
	for open := true; open && err == nil; {
		var v T
		select {
		case v, open = <-arrived:
			err = send(v)
		case <-pulse.C:
			err = st.comment("still here")
		case <-tokens.C:
			if open = s.mayGoOn(r); !open {
				_ = st.comment(Ended + errWithdrawn.Error())
			}
		case <-r.Context().Done():
			if errors.Is(context.Cause(r.Context()), errWithdrawn) {
				_ = st.comment(Ended + errWithdrawn.Error())
			}
			return nil
		case <-ended:
			return nil
		case <-s.ctx.Done():
			return nil
		}
	}
	return gone(r, err)
}

// gone forgives the error of a client that went away. One that is there and takes nothing ends the request's
// context too.
func gone(r *http.Request, err error) error {
	if r.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
