package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hearsay/node"
	"hearsay/node/backlog"
	"hearsay/topics"
)

// Message is one event of /v1/messages: a message that the node received, its own included.
type Message struct {
	From    topics.Name `json:"from"`
	Channel string      `json:"channel,omitempty"`    // none: a plain message
	UID     string      `json:"uid,omitempty"`        // none from a naive node
	SentAt  *time.Time  `json:"sent_at,omitempty"`    // by the sender's clock; none from a naive node
	Expires *time.Time  `json:"expires_at,omitempty"` // by the sender's clock: it is shown to nobody from then on
	Type    string      `json:"type,omitempty"`       // media type, where the sender said it
	Body    *string     `json:"body,omitempty"`       // if it is UTF-8
	Base64  *string     `json:"body_base64,omitempty"`
	Missed  uint64      `json:"missed,omitempty"` // before it, of its sender and channel: nobody has them, or they were not read in time
	Lost    uint64      `json:"lost,omitempty"`   // messages dropped before this one, because this reader was slow, and what these had as missed
}

// MessageOf is what a node received, as it is shown.
func MessageOf(m node.Message) Message {
	out := Message{From: m.From, Channel: m.Channel, UID: m.UID, Type: m.Type, Missed: m.Missed}
	if !m.SentAt.IsZero() {
		sent := stamp(m.SentAt)
		out.SentAt = &sent
	}
	if end := m.Expires(); !end.IsZero() {
		end = stamp(end)
		out.Expires = &end
	}
	out.Body, out.Base64 = bodyOf(m.Body)
	return out
}

// Deliver gives a message to everybody who reads /v1/messages. It never waits. Whoever takes the node's
// messages calls it with each of them.
func (s *Server) Deliver(m node.Message) {
	if tag := tagOf(m); s.feed.Wanted(tag) {
		s.show(tag, m)
	}
}

// show gives a message to everybody who wants its tag.
func (s *Server) show(tag string, m node.Message) {
	text, err := encode(MessageOf(m))
	if err != nil {
		s.log.Error("message not shown", "from", m.From, "why", err)
		return
	}
	// What was lost before it, which comes last, is another number for each reader.
	s.feed.PutUntil(m.Expires(), tag, slices.Clip(bytes.TrimSuffix(text, []byte("}\n"))), m.Missed)
}

// tagOf is the channel of a message, and what no other message of it has. No part has a zero byte in it.
func tagOf(m node.Message) string { return m.Channel + "\x00" + string(m.From) + "\x00" + m.UID }

func (s *Server) messages(w http.ResponseWriter, r *http.Request) error {
	channels, err := s.channels(r.URL.Query())
	if err != nil {
		return err
	}
	past, err := pastOf(r.URL.Query())
	if err != nil {
		return err
	}
	st, r, done, err := s.open(w, r)
	if err != nil {
		return err
	}
	defer done()
	wants := func(channel string) bool { return channels == nil || slices.Contains(channels, channel) }
	in := s.feed.Reader(func(tag string) bool {
		channel, _, forAll := strings.Cut(tag, "\x00")
		return forAll && wants(channel)
	})
	defer in.Close()
	then := s.replay(r.Context(), wants, past)
	defer then.close()
	if s.sendMessages(r, st, then, in) != nil {
		s.metrics.cutOff.Add(1)
	}
	return nil
}

// replayBytes bounds the bodies that are replayed to one reader: a part of what all may have waiting.
const replayBytes = readerBytes / 8

// past is how much of what was received before a stream is given first.
type past struct {
	count  int
	within time.Duration
}

// replayed is the past that a stream begins with.
type replayed struct {
	in    *backlog.Reader // nil: there is none, or no more
	shown *shown          // what it has: some of that may be on its way to all
}

func (p *replayed) close() {
	if p.in != nil {
		p.in.Close()
		p.in = nil
	}
}

// replay gives the past to one reader alone, to one after the other: to gather it takes memory. Who reads on after it began
// to read before.
func (s *Server) replay(ctx context.Context, wants func(channel string) bool, p past) *replayed {
	if p == (past{}) {
		return &replayed{}
	}
	select {
	case s.past <- struct{}{}:
		defer func() { <-s.past }()
	case <-ctx.Done():
		return &replayed{}
	}
	messages := s.node.Past(wants, p.count, p.within)
	first, size := len(messages), 0
	for first > 0 && size+len(messages[first-1].Body) <= replayBytes {
		first--
		size += len(messages[first].Body)
	}
	own := fmt.Sprintf("%p", &messages) // no other tag is like it
	then := &replayed{s.feed.Reader(func(tag string) bool { return tag == own }), newShown(len(messages) - first)}
	for _, m := range messages[first:] {
		then.shown.add(tagOf(m))
		s.show(own, m)
	}
	then.shown.sort()
	return then
}

// pastOf reads how much of the past is wanted: so many messages, or those of so long.
func pastOf(query url.Values) (p past, err error) {
	text := query.Get("replay")
	if text == "" {
		return p, nil
	}
	if _, err := strconv.Atoi(text); err == nil {
		p.count, err = intOf(query, "replay", 0, 0, node.MaxPast)
		return p, err
	}
	p.within, err = durationOf(query, "replay", 0, node.MaxRingTime)
	return p, err
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

// sendMessages sends the past, and then all that comes. It returns nil when the client, the node or the server ended the
// stream.
func (s *Server) sendMessages(r *http.Request, st *stream, then *replayed, in *backlog.Reader) error {
	id, missed := uint64(0), uint64(0)
	send := func(in *backlog.Reader, shown *shown) error {
		for lost, ok := in.Next(); ok; lost, ok = in.Next() {
			if missed += lost; shown.has(in.Tag()) {
				continue // it was replayed
			}
			id++
			if err := st.copy(strconv.FormatUint(id, 10), in, ending(missed)); err != nil {
				return err
			}
			missed = 0
		}
		return st.flush()
	}
	in.Wake() // for the past
	return pump(s, r, st, "messages of", s.node.Done(), in.Arrived(), func(struct{}) error {
		if then.in != nil {
			if err := send(then.in, nil); err != nil {
				return err
			}
			then.close()
		}
		return send(in, then.shown)
	})
}

// ending is the end of a message's JSON for a reader that lost some before it.
func ending(lost uint64) string {
	if lost == 0 {
		return "}"
	}
	return fmt.Sprintf(`,"lost":%d}`, lost)
}
