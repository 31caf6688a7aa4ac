package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hearsay/node"
	"hearsay/topics"
)

// Event is one event of /v1/events: a change of a peer, and when the node noticed it.
type Event struct {
	ID          uint64      `json:"id"` // counts up from 1 in each life of the node
	At          time.Time   `json:"at"`
	Kind        string      `json:"kind"` // joined, suspect, recovered, detached, evicted, probation, relapsed, returned, left, restarted, conflict, forgotten, withheld, mute, audible, linked, unreached, foreign, missed, unlinked, attested, unattested, one-way, stale, clock, settled, restarts, steady or both-ways
	Peer        topics.Name `json:"peer"`
	From        string      `json:"from"` // state
	To          string      `json:"to"`   // equal to From where the state did not change
	Via         string      `json:"via"`  // of one that is alive by the word of others: who they are, joined by commas
	Why         string      `json:"why"`
	Incarnation int64       `json:"incarnation"` // of the peer, Unix ms; 0 from a naive one
}

func eventOf(e node.Event) Event {
	return Event{
		ID: e.ID, At: stamp(e.At), Kind: e.Kind.String(), Peer: e.Peer, From: e.From.Shown(), To: e.To.Shown(),
		Via: e.Via, Why: e.Why, Incarnation: e.Incarnation,
	}
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	after, err := s.after(r)
	if err != nil {
		return err
	}
	st, r, done, err := s.open(w, r)
	if err != nil {
		return err
	}
	defer done()
	follower := s.node.Follow(after)
	defer follower.Close()
	s.metrics.eventStreams.Add(1)
	defer s.metrics.eventStreams.Add(-1)
	if s.sendEvents(r, st, follower) != nil {
		s.metrics.cutOff.Add(1)
	}
	return nil
}

// eventSource is a node.Follower; tests have others.
type eventSource interface {
	Arrived() <-chan struct{}
	Next() (e node.Event, ok bool, err error)
}

// sendEvents returns nil when the client, the node or the server ended the stream. The last events of a node come before its
// end.
func (s *Server) sendEvents(r *http.Request, st *stream, events eventSource) error {
	return pump(s, r, st, "events of", nil, events.Arrived(), func(struct{}) error { return s.sendBatch(st, events) })
}

// sendBatch sends the events that wait. It fails when some are gone: the client was too slow, and can ask for what is left
// of them when it comes back.
func (s *Server) sendBatch(st *stream, events eventSource) error {
	for {
		e, ok, err := events.Next()
		if err != nil {
			return err
		}
		if !ok {
			return st.flush()
		}
		if err := st.write(s.eventID(e.ID), eventOf(e)); err != nil {
			return err
		}
	}
}

// eventID names an event in a way that outlives the node.
func (s *Server) eventID(id uint64) string {
	return fmt.Sprintf("%d-%d", s.node.Started().UnixMilli(), id)
}

// after reads after which event a stream begins.
func (s *Server) after(r *http.Request) (uint64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return s.node.LastEvent(), nil
	}
	life, id, two := strings.Cut(text, "-")
	if !two {
		life, id = "", text
	}
	n, err := strconv.ParseUint(id, 10, 64)
	if _, errLife := strconv.ParseUint(life, 10, 64); err != nil || two && errLife != nil {
		return 0, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("%.80q names no event", text)).
			hint("give the id of one, or 0 for all that are kept")
	}
	if two && life != strconv.FormatInt(s.node.Started().UnixMilli(), 10) || n > s.node.LastEvent() {
		return 0, nil // of an earlier life
	}
	return n, nil
}
