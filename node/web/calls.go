package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"hearsay/node"
	"hearsay/topics"
)

// Call is one event of POST /v1/answers: a request that its reader answers with POST /v1/answers/ID.
type Call struct {
	ID      string      `json:"id"`
	From    topics.Name `json:"from"`
	Channel string      `json:"channel,omitempty"` // none: to the node itself
	UID     string      `json:"uid"`
	Type    string      `json:"type,omitempty"`
	Body    *string     `json:"body,omitempty"` // if it is UTF-8
	Base64  *string     `json:"body_base64,omitempty"`
	Wait    int64       `json:"wait_ms"` // how long somebody waits for the reply
}

// defaultAtOnce is how many requests a reader of /v1/answers has at a time unless it says otherwise.
const defaultAtOnce = 4

// calls are the requests that clients are answering.
type calls struct {
	mu   sync.Mutex
	last uint64
	held map[string]chan answered
}

// answered is what a client says.
type answered struct {
	body []byte
	fail string
}

func (c *calls) add() (id string, answer chan answered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	id, answer = strconv.FormatUint(c.last, 10), make(chan answered, 1)
	if c.held == nil {
		c.held = make(map[string]chan answered)
	}
	c.held[id] = answer
	return id, answer
}

// take ends a call, and returns where its answer goes; nil: nobody waits for it.
func (c *calls) take(id string) chan answered {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := c.held[id]
	delete(c.held, id)
	return answer
}

// answers hands requests to a client, which answers them, for as long as it reads.
func (s *Server) answers(w http.ResponseWriter, r *http.Request) error {
	channel, err := channelOf(r)
	if err != nil {
		return err
	}
	atOnce, err := intOf(r.URL.Query(), "at_once", defaultAtOnce, 1, node.MaxAtOnce)
	if err != nil {
		return err
	}
	st, r, done, err := s.open(w, r)
	if err != nil {
		return err
	}
	defer done()
	waiting := make(chan Call)
	stop, err := s.node.Answer(channel, atOnce, s.handOver(waiting))
	if err != nil {
		w.Header().Del("Content-Type")
		return newFault(http.StatusServiceUnavailable, "too_many", err.Error())
	}
	defer stop()
	if s.sendCalls(r, st, waiting) != nil {
		s.metrics.cutOff.Add(1)
	}
	return nil
}

var errReaderGone = errors.New("who was to answer has gone")

// handOver answers requests by what a client says.
func (s *Server) handOver(to chan<- Call) node.Handler {
	return func(ctx context.Context, m node.Message) ([]byte, error) {
		by, _ := ctx.Deadline()
		id, answer := s.calls.add()
		defer s.calls.take(id)
		call := Call{ID: id, From: m.From, Channel: m.Channel, UID: m.UID, Type: m.Type, Wait: time.Until(by).Milliseconds()}
		call.Body, call.Base64 = bodyOf(m.Body)
		select {
		case to <- call:
		case <-ctx.Done():
			return nil, errReaderGone
		}
		select {
		case a := <-answer:
			if a.fail != "" {
				return a.body, errors.New(a.fail)
			}
			return a.body, nil
		case <-ctx.Done():
			return nil, errReaderGone
		}
	}
}

// sendCalls returns nil when the client, the node or the server ended the stream.
func (s *Server) sendCalls(r *http.Request, st *stream, waiting <-chan Call) error {
	return pump(s, r, st, "requests to", s.node.Done(), waiting, func(call Call) error {
		return errors.Join(st.write(call.ID, call), st.flush())
	})
}

// answerOne takes the reply to a request.
func (s *Server) answerOne(w http.ResponseWriter, r *http.Request) error {
	body, err := s.body(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	answer := s.calls.take(id)
	if answer == nil {
		return newFault(http.StatusNotFound, "unknown_request", fmt.Sprintf("nobody waits for an answer to %.40q", id)).
			hint("it came too late, or was answered")
	}
	answer <- answered{body, r.URL.Query().Get("fail")}
	return writeJSON(w, map[string]any{"answered_bytes": len(body)})
}
