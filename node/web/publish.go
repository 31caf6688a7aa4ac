package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

// publishing is what a client wants of what it sends.
type publishing struct {
	post    node.Post
	lines   bool          // each line of the body is a message, and empty ones are none
	base64  bool          // the body, or each line of it, is that
	peers   int           // that messages are to reach before
	timeout time.Duration // for them
}

// publish sends the body as a message, or its lines as one each.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) error {
	p, err := publishingOf(r)
	if err != nil {
		return err
	}
	most := s.node.Config().MaxMessage
	if p.base64 {
		most += most/2 + 2 // four bytes for three, and what ends lines of 76, or one
	}
	body, err := s.bodyOf(w, r, most)
	if err != nil {
		return err
	}
	bodies, err := p.bodies(body)
	if err != nil {
		return err
	}
	if err := s.await(w, r, p); err != nil {
		return err
	}
	answer := Published{Messages: len(bodies)}
	for _, body := range bodies {
		p.post.Body = body
		if err := s.post(p.post); err != nil {
			return err
		}
		answer.Bytes += len(body)
	}
	if v, err := s.views.get(r.Context()); err == nil { // it is published, whether or not that can be told
		answer.unread(v)
	}
	return writeJSON(w, answer)
}

func (s *Server) post(p node.Post) error {
	err := s.node.PublishPost(p)
	switch {
	case errors.Is(err, node.ErrClosed):
		return left()
	case errors.Is(err, node.ErrTooLarge):
		return tooLarge(s.node.Config().MaxMessage)
	case err != nil:
		return newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	return nil
}

// await waits for the peers that messages are to reach.
func (s *Server) await(w http.ResponseWriter, r *http.Request, p publishing) error {
	if p.peers == 0 {
		return nil
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // that the client goes away is noticed by reading
	_ = control.SetWriteDeadline(time.Now().Add(p.timeout + s.patience))
	ctx, cancel := context.WithTimeout(r.Context(), p.timeout)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	err := s.node.WaitPeers(ctx, p.peers)
	switch {
	case errors.Is(err, node.ErrClosed):
		return left()
	case err != nil:
		return newFault(http.StatusServiceUnavailable, "too_few_peers", fmt.Sprintf("messages did not reach %s within %v: nothing is published", plural(p.peers, "member"), p.timeout))
	}
	return s.still(w, r)
}

// bodies are those of the messages.
func (p *publishing) bodies(body []byte) (all [][]byte, err error) {
	all = [][]byte{body}
	if p.lines {
		all = slices.Collect(bytes.Lines(body))
		for i, line := range all {
			all[i] = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		}
		all = slices.DeleteFunc(all, func(line []byte) bool { return len(line) == 0 })
	}
	if !p.base64 {
		return all, nil
	}
	for i, coded := range all {
		n, err := base64.StdEncoding.Decode(coded, bytes.TrimSpace(coded))
		if err != nil {
			return nil, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("message %d is no base64: %v", i+1, err))
		}
		all[i] = coded[:n]
	}
	return all, nil
}

// publishingOf reads all but the body.
func publishingOf(r *http.Request) (p publishing, err error) {
	query := r.URL.Query()
	if p.post, err = postOf(r); err != nil {
		return p, err
	}
	switch format := query.Get("body_format"); format {
	case "", "raw":
	case "base64":
		p.base64 = true
	default:
		return p, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("body_format %.40q: must be raw or base64", format))
	}
	if query.Has("lines") {
		if p.lines, err = strconv.ParseBool(query.Get("lines")); err != nil {
			return p, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("lines %.40q: must be true or false", query.Get("lines")))
		}
	}
	if p.peers, err = intOf(query, "wait", 0, 0, topics.MaxNames); err != nil {
		return p, err
	}
	p.timeout, err = durationOf(query, "timeout", time.Minute, MaxWait)
	return p, err
}

// postOf reads all of a message but its body.
func postOf(r *http.Request) (p node.Post, err error) {
	query := r.URL.Query()
	if p.Channel, err = channelOf(r); err != nil {
		return p, err
	}
	if p.Expires, err = durationOf(query, "expires", 0, node.MaxExpires); err != nil {
		return p, err
	}
	if query.Has("ttl") {
		if p.TTL, err = intOf(query, "ttl", 0, 0, topics.MaxTTL); err != nil {
			return p, err
		}
		if p.TTL == 0 {
			p.TTL = -1 // never
		}
	}
	p.Type = query.Get("type")
	return p, nil
}

// Published is the answer to a message that was published.
type Published struct {
	Messages int           `json:"published"`
	Bytes    int           `json:"published_bytes"`     // of all of them
	Members  int           `json:"members"`             // peers that are, when it was published
	To       int           `json:"handed_to"`           // members, by relays too, as far as is known
	NotTo    int           `json:"not_handed_to"`       // members that read no messages of the node directly, or are not heard now
	NotToAs  []topics.Name `json:"not_handed_to_names"` // the first of them

	Conflict string `json:"conflict,omitempty"` // another process is the member of the node's name: nobody takes it for its
}

const namedAtMost = 10 // of them: an answer is for people

// unread says to which members the message was not handed, as far as is known.
func (p *Published) unread(v *view) {
	p.NotToAs, p.Conflict = []topics.Name{}, v.Machine.Second
	for _, m := range v.Members {
		switch m.State {
		case mesh.Alive, mesh.Suspect, mesh.Detached, mesh.Far:
			p.Members++
		}
		if m.Reads && !m.Unread {
			p.To++
		}
		if m.Unread || (m.State == mesh.Suspect || m.State == mesh.Detached) && !m.Reads {
			if p.NotTo++; p.NotTo <= namedAtMost {
				p.NotToAs = append(p.NotToAs, m.Name)
			}
		}
	}
}
