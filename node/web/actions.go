package web

import (
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
	name, err := topics.ParseName(r.PathValue("name"))
	if err != nil {
		return newFault(http.StatusBadRequest, "bad_request", err.Error())
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

// leave makes the node go, and answers when it has.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	s.node.Leave()
	select {
	case <-s.node.Done():
	case <-r.Context().Done():
	}
	return writeJSON(w, map[string]any{"left": s.node.Name()})
}

// publish sends the body as a message.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return newFault(http.StatusUnsupportedMediaType, "unsupported_type", "a form with parts is no message").
			hint("send the message itself as the body")
	}
	channel, named, err := channelOf(r)
	if err != nil {
		return err
	}
	most := s.node.Config().MaxMessage
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(most)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(most)
	case err != nil:
		return newFault(http.StatusBadRequest, "bad_request", "the body did not come whole: "+err.Error())
	}
	if named {
		err = s.node.PublishTo(channel, body)
	} else {
		err = s.node.Publish(body)
	}
	switch {
	case errors.Is(err, node.ErrClosed):
		return left()
	case errors.Is(err, node.ErrTooLarge):
		return tooLarge(most)
	case err != nil:
		return newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	return writeJSON(w, map[string]any{"published_bytes": len(body)})
}

func tooLarge(most int) *fault {
	return newFault(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("a message has at most %d bytes", most))
}

// channelOf reads the parameter channel, which may be there once.
func channelOf(r *http.Request) (channel string, named bool, err error) {
	channels := r.URL.Query()["channel"]
	switch {
	case len(channels) == 0:
		return "", false, nil
	case len(channels) > 1:
		return "", false, newFault(http.StatusBadRequest, "bad_request", "a message goes to one channel")
	}
	if _, err := topics.ChannelTopic(channels[0]); err != nil {
		return "", false, newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	return channels[0], true, nil
}
