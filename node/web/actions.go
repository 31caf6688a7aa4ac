package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"hearsay/node"
	"hearsay/topics"
)

// forget drops a peer.
func (s *Server) forget(w http.ResponseWriter, r *http.Request) error {
	name, err := node.ParseName(r.PathValue("name"))
	if err != nil {
		return newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("name %.80q: %v", r.PathValue("name"), err))
	}
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	if !v.find(name) {
		return newFault(http.StatusNotFound, "unknown_peer", fmt.Sprintf("%s is no peer of %s", name, s.node.Name())).
			hint("GET /v1/members has those that are")
	}
	if err := s.node.Forget(string(name)); err != nil {
		return left()
	}
	return writeJSON(w, map[string]any{"forgotten": name})
}

// tags makes the node say other tags of itself.
func (s *Server) tags(w http.ResponseWriter, r *http.Request) error {
	tags, err := readTags(http.MaxBytesReader(w, r.Body, maxTagsBody))
	if err != nil {
		return newFault(http.StatusBadRequest, "bad_request", "the body is no JSON object of texts: "+err.Error())
	}
	if err := s.still(w, r); err != nil {
		return err
	}
	err = s.node.SetTags(tags)
	switch {
	case errors.Is(err, node.ErrClosed):
		return left()
	case err != nil:
		return newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	return writeJSON(w, map[string]any{"tags": s.node.Tags()})
}

// maxTagsBody bounds the body that sets tags, in bytes.
const maxTagsBody = 4 << 10

// readTags reads one JSON object of texts, and nothing after it.
func readTags(r io.Reader) (map[string]string, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var all map[string]*string
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, err
	}
	if all == nil {
		return nil, errors.New("it is null")
	}
	tags := make(map[string]string, len(all))
	for key, value := range all {
		if value == nil {
			return nil, fmt.Errorf("%.80q is null", key)
		}
		tags[key] = *value
	}
	return tags, nil
}

// leave makes the node go, and answers when it has.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	s.node.Leave()
	select {
	case <-s.node.Done():
	case <-r.Context().Done():
	}
	return writeJSON(w, map[string]any{"left": s.node.Name()})
}

// body reads the body of a message.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return s.bodyOf(w, r, s.node.Config().MaxMessage)
}

// bodyOf reads a body of at most so many bytes.
func (s *Server) bodyOf(w http.ResponseWriter, r *http.Request, most int) ([]byte, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return nil, newFault(http.StatusUnsupportedMediaType, "unsupported_type", "a form with parts is no message").
			hint("send the message itself as the body")
	}
	largest := s.node.Config().MaxMessage
	if r.ContentLength > int64(most) {
		return nil, tooLarge(largest) // before any of it is sent, to a client that asks
	}
	body, err := s.bodies.read(http.MaxBytesReader(w, r.Body, int64(most)), most)
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errBodies):
		return nil, newFault(http.StatusServiceUnavailable, "too_many", "too many messages are being sent at once").hint("send it again")
	case errors.As(err, &large):
		return nil, tooLarge(largest)
	case err != nil:
		return nil, newFault(http.StatusBadRequest, "bad_request", "the body did not come whole: "+err.Error())
	}
	return body, s.still(w, r)
}

func tooLarge(most int) *fault {
	return newFault(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("a message has at most %d bytes", most))
}

// channelOf reads the parameter channel, which may be there once.
func channelOf(r *http.Request) (string, error) {
	channels := r.URL.Query()["channel"]
	switch {
	case len(channels) == 0:
		return "", nil
	case len(channels) > 1:
		return "", newFault(http.StatusBadRequest, "bad_request", "a message goes to one channel")
	}
	if _, err := topics.ChannelTopic(channels[0]); err != nil {
		return "", newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	return channels[0], nil
}
