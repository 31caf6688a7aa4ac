package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"hearsay/node"
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

func messageOf(m node.Message, lost uint64) Message {
	out := Message{From: m.From, Channel: m.Channel, UID: m.UID, Type: m.Type, Lost: lost}
	if !m.SentAt.IsZero() {
		sent := stamp(m.SentAt)
		out.SentAt = &sent
	}
	if utf8.Valid(m.Body) {
		body := string(m.Body)
		out.Body = &body
	} else {
		body := base64.StdEncoding.EncodeToString(m.Body)
		out.Base64 = &body
	}
	return out
}

// Deliver gives a message to everybody who reads /v1/messages. It never waits. Whoever takes the node's
// messages calls it with each of them.
func (s *Server) Deliver(m node.Message) { s.fanOut.put(m) }

const (
	readerBytes   = 1 << 20 // of messages waiting for one reader
	readerMessage = 256     // of them, what a message costs beside its body
)

// fanOut gives each message to every reader.
type fanOut struct {
	count   atomic.Int32 // of readers, so that none cost nothing
	mu      sync.Mutex
	readers map[*reader]bool
	lost    atomic.Uint64
}

// reader is a queue, bounded in bytes, for one reader of messages.
type reader struct {
	channels []string // nil: whatever comes
	arrived  chan struct{}

	mu      sync.Mutex
	waiting []node.Message
	size    int
	lost    uint64 // since the last take
}

func (f *fanOut) add(channels []string) *reader {
	r := &reader{channels: channels, arrived: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers == nil {
		f.readers = make(map[*reader]bool)
	}
	f.readers[r] = true
	f.count.Store(int32(len(f.readers)))
	return r
}

func (f *fanOut) remove(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.readers, r)
	f.count.Store(int32(len(f.readers)))
}

func (f *fanOut) put(m node.Message) {
	if f.count.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		if r.channels != nil && !slices.Contains(r.channels, m.Channel) {
			continue
		}
		if !r.put(m) {
			f.lost.Add(1)
		}
	}
}

// put tells whether there was room. An empty queue takes a message of any size.
func (r *reader) put(m node.Message) bool {
	size := len(m.Body) + readerMessage
	r.mu.Lock()
	fits := r.size == 0 || r.size+size <= readerBytes
	if fits {
		r.waiting = append(r.waiting, m)
		r.size += size
	} else {
		r.lost++
	}
	r.mu.Unlock()
	select {
	case r.arrived <- struct{}{}:
	default:
	}
	return fits
}

// take returns what waits, and how many messages were lost after those taken before.
func (r *reader) take() (waiting []node.Message, lost uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting, lost = r.waiting, r.lost
	r.waiting, r.size, r.lost = nil, 0, 0
	return waiting, lost
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request) error {
	channels, err := s.channels(r.URL.Query())
	if err != nil {
		return err
	}
	st, done, err := s.open(w)
	if err != nil {
		return err
	}
	defer done()
	in := s.fanOut.add(channels)
	defer s.fanOut.remove(in)
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
func (s *Server) sendMessages(r *http.Request, st *stream, in *reader) error {
	pulse := time.NewTicker(s.pulse)
	defer pulse.Stop()
	if err := st.comment("messages of " + string(s.node.Name())); err != nil {
		return gone(r, err)
	}
	var skipped uint64 // lost, and not yet told
	for id := uint64(1); ; {
		select {
		case <-in.arrived:
			waiting, lost := in.take()
			for _, m := range waiting {
				if err := st.write(strconv.FormatUint(id, 10), messageOf(m, skipped)); err != nil {
					return gone(r, err)
				}
				skipped = 0
				id++
			}
			skipped += lost
			if err := st.flush(); err != nil {
				return gone(r, err)
			}
		case <-pulse.C:
			if err := st.comment("still here"); err != nil {
				return gone(r, err)
			}
		case <-r.Context().Done():
			return nil
		case <-s.node.Done():
			return nil
		case <-s.ctx.Done():
			return nil
		}
	}
}
