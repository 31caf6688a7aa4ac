package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"hearsay/node"
	"hearsay/node/backlog"
	"hearsay/topics"
)

// Message is one event of /v1/messages: a message that the node received, its own included.
type Message struct {
	From    topics.Name `json:"from"`
	Channel string      `json:"channel,omitempty"` // none: a plain message
	UID     string      `json:"uid,omitempty"`     // none from a naive node
	SentAt  *time.Time  `json:"sent_at,omitempty"` // by the sender's clock; none from a naive node
	Type    string      `json:"type,omitempty"`    // media type, where the sender said it
	Body    *string     `json:"body,omitempty"`    // if it is UTF-8
	Base64  *string     `json:"body_base64,omitempty"`
	Lost    uint64      `json:"lost,omitempty"` // messages dropped before this one, because this reader was slow
}

// MessageOf is what a node received, as it is shown.
func MessageOf(m node.Message) Message {
	out := Message{From: m.From, Channel: m.Channel, UID: m.UID, Type: m.Type}
	if !m.SentAt.IsZero() {
		sent := stamp(m.SentAt)
		out.SentAt = &sent
	}
	out.Body, out.Base64 = bodyOf(m.Body)
	return out
}

// Deliver gives a message to everybody who reads /v1/messages. It never waits. Whoever takes the node's
// messages calls it with each of them.
func (s *Server) Deliver(m node.Message) {
	if !s.feed.Wanted(m.Channel) {
		return
	}
	text, err := encode(MessageOf(m))
	if err != nil {
		s.log.Error("message not shown", "from", m.From, "why", err)
		return
	}
	// What was lost before it, which comes last, is another number for each reader.
	s.feed.Put(m.Channel, slices.Clip(bytes.TrimSuffix(text, []byte("}\n"))))
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request) error {
	channels, err := s.channels(r.URL.Query())
	if err != nil {
		return err
	}
	st, r, done, err := s.open(w, r)
	if err != nil {
		return err
	}
	defer done()
	in := s.feed.Reader(func(channel string) bool { return channels == nil || slices.Contains(channels, channel) })
	defer in.Close()
	if s.sendMessages(r, st, in) != nil {
		s.metrics.cutOff.Add(1)
	}
	return nil
}

// channels checks which channels a reader wants: all of them must be received here. nil means whatever comes.
func (s *Server) channels(query url.Values) ([]string, error) {
	for _, c := range query["channel"] {
		if !slices.Contains(s.node.Config().Channels, c) {
			return nil, newFault(http.StatusNotFound, "unknown_channel", fmt.Sprintf("%s does not receive the channel %.80q", s.node.Name(), c)).
				hint("start the node with --channel for it")
		}
	}
	return query["channel"], nil
}

// sendMessages returns nil when the client, the node or the server ended the stream.
func (s *Server) sendMessages(r *http.Request, st *stream, in *backlog.Reader) error {
	id := uint64(0)
	return pump(s, r, st, "messages of", s.node.Done(), in.Arrived(), func(struct{}) error {
		for lost, ok := in.Next(); ok; lost, ok = in.Next() {
			id++
			if err := st.copy(strconv.FormatUint(id, 10), in, ending(lost)); err != nil {
				return err
			}
		}
		return st.flush()
	})
}

// ending is the end of a message's JSON for a reader that lost some before it.
func ending(lost uint64) string {
	if lost == 0 {
		return "}"
	}
	return fmt.Sprintf(`,"lost":%d}`, lost)
}
