package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
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
	Kind        string      `json:"kind"` // joined, suspect, recovered, detached, evicted, probation, relapsed, returned, left, restarted, conflict, forgotten or withheld
	Peer        topics.Name `json:"peer"`
	From        string      `json:"from"` // state
	To          string      `json:"to"`   // equal to From where the state did not change
	Why         string      `json:"why"`
	Incarnation int64       `json:"incarnation"` // of the peer, Unix ms; 0 from a naive one
}

func eventOf(e node.Event) Event {
	return Event{
		ID: e.ID, At: stamp(e.At), Kind: e.Kind.String(), Peer: e.Peer, From: e.From.String(), To: e.To.String(),
		Why: e.Why, Incarnation: e.Incarnation,
	}
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	after, err := s.after(r)
	if err != nil {
		return err
	}
	st, done, err := s.open(w)
	if err != nil {
		return err
	}
	defer done()
	watcher := s.node.Watch(after)
	defer watcher.Close()
	s.metrics.eventStreams.Add(1)
	defer s.metrics.eventStreams.Add(-1)
	if s.sendEvents(r, st, watcher.C) != nil {
		s.metrics.cutOff.Add(1)
	}
	return nil
}

// sendEvents returns nil when the client, the node or the server ended the stream.
func (s *Server) sendEvents(r *http.Request, st *stream, events <-chan node.Event) error {
	pulse := time.NewTicker(s.pulse)
	defer pulse.Stop()
	if err := st.comment("events of " + string(s.node.Name())); err != nil {
		return gone(r, err)
	}
	for last := uint64(0); ; {
		select {
		case e, open := <-events:
			if !open {
				return nil
			}
			var err error
			if last, err = s.sendBatch(st, events, e, last); err != nil {
				return gone(r, err)
			}
		case <-pulse.C:
			if err := st.comment("still here"); err != nil {
				return gone(r, err)
			}
		case <-r.Context().Done():
			return nil
		case <-s.ctx.Done():
			return nil
		}
	}
}

// sendBatch sends an event and those that wait behind it. It fails when one is missing: the client was too slow,
// and can have it when it comes back.
func (s *Server) sendBatch(st *stream, events <-chan node.Event, e node.Event, last uint64) (uint64, error) {
	for {
		if last != 0 && e.ID != last+1 {
			return last, fmt.Errorf("event %d follows %d", e.ID, last)
		}
		last = e.ID
		if err := st.write(s.eventID(e.ID), eventOf(e)); err != nil {
			return last, err
		}
		select {
		case next, open := <-events:
			if !open {
				return last, st.flush()
			}
			e = next
		default:
			return last, st.flush()
		}
	}
}

// gone forgives the error of a client that went away. One that is there and takes nothing ends the request's
// context too.
func gone(r *http.Request, err error) error {
	if r.Context().Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
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
	if err != nil {
		return 0, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("%.80q names no event", text)).
			hint("give the id of one, or 0 for all that are kept")
	}
	if two && life != strconv.FormatInt(s.node.Started().UnixMilli(), 10) || n > s.node.LastEvent() {
		return 0, nil // of an earlier life
	}
	return n, nil
}
