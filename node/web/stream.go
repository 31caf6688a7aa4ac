package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// pulseEvery is how often a stream says that it is there: proxies give up on silence after 30 to 60 s.
const pulseEvery = 15 * time.Second

// stream is an answer of server-sent events. A client that takes nothing for Server.patience is cut off.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

// open begins a stream. The caller calls done after it.
func (s *Server) open(w http.ResponseWriter) (st *stream, done func(), err error) {
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, nil, newFault(http.StatusServiceUnavailable, "too_many", fmt.Sprintf("%d streams are open already", maxStreams))
	}
	st = &stream{w: w, control: http.NewResponseController(w), patience: s.patience}
	_ = st.control.SetReadDeadline(time.Time{}) // the stream is longer than a request may be
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	return st, func() { <-s.streams }, nil
}

// comment sends what clients ignore.
func (st *stream) comment(text string) error {
	st.deadline()
	if _, err := fmt.Fprintf(st.w, ": %s\n\n", text); err != nil {
		return err
	}
	return st.control.Flush()
}

// write adds an event to what the next flush sends.
func (st *stream) write(id string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	st.deadline()
	_, err = fmt.Fprintf(st.w, "id: %s\ndata: %s\n\n", id, data)
	return err
}

func (st *stream) flush() error {
	st.deadline()
	return st.control.Flush()
}

func (st *stream) deadline() { _ = st.control.SetWriteDeadline(time.Now().Add(st.patience)) }
