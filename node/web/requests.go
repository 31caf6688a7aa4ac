package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"hearsay/node"
	"hearsay/topics"
)

const (
	// DefaultWait is how long a request waits for replies unless it says otherwise, and MaxWait the longest that it may say.
	DefaultWait = 5 * time.Second
	MaxWait     = 10 * time.Minute
)

// Reply is one of Answers.
type Reply struct {
	From   topics.Name `json:"from"`
	Type   string      `json:"type,omitempty"` // media type, where it is said
	Fail   string      `json:"fail,omitempty"` // why there is no better one; none: it is good
	Body   *string     `json:"body,omitempty"` // if it is UTF-8
	Base64 *string     `json:"body_base64,omitempty"`
}

// Answers is the answer of POST /v1/requests.
type Answers struct {
	Complete bool          `json:"complete"`           // as many good replies as were wanted; without want, one of each asked
	Why      string        `json:"why,omitempty"`      // it is not
	TimedOut bool          `json:"timed_out"`          // that is why
	Replies  []Reply       `json:"replies"`            // as they came
	Silent   []topics.Name `json:"silent"`             // who was asked, and did not reply
	Nameless int           `json:"nameless,omitempty"` // how many more did not, of those who say no name
}

// bodyOf is a body as it is shown: text, or else base64.
func bodyOf(b []byte) (text, coded *string) {
	if utf8.Valid(b) {
		body := string(b)
		return &body, nil
	}
	body := base64.StdEncoding.EncodeToString(b)
	return nil, &body
}

// request asks other members, and answers with their replies.
func (s *Server) request(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	channel, err := channelOf(r)
	if err != nil {
		return err
	}
	ask := node.Request{To: query.Get("to"), Channel: channel}
	if ask.To == "" && channel == "" {
		return newFault(http.StatusBadRequest, "bad_request", "a request is for a channel, or to a member").hint("give channel, or to")
	}
	if ask.Want, err = intOf(query, "want", 0, 0, topics.MaxNames); err != nil {
		return err
	}
	wait, err := durationOf(query, "timeout", DefaultWait, MaxWait)
	if err != nil {
		return err
	}
	if ask.Body, err = s.body(w, r); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // that the client goes away is noticed by reading
	_ = control.SetWriteDeadline(time.Now().Add(wait + s.patience))
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	got, err := s.node.Request(ctx, ask)
	var less *node.IncompleteError
	switch {
	case err == nil, errors.As(err, &less):
	case errors.Is(err, node.ErrNobody):
		return newFault(http.StatusNotFound, "nobody_answers", err.Error())
	case errors.Is(err, node.ErrTooFew):
		return newFault(http.StatusNotFound, "too_few_answer", err.Error())
	case errors.Is(err, node.ErrClosed):
		return left()
	default:
		return newFault(http.StatusBadRequest, "bad_request", err.Error())
	}
	out := Answers{Complete: err == nil, Silent: notNil(got.Silent), Nameless: got.Nameless, Replies: []Reply{}}
	if err != nil {
		out.Why, out.TimedOut = err.Error(), errors.Is(err, context.DeadlineExceeded)
	}
	for _, reply := range got.Replies {
		one := Reply{From: reply.From, Type: reply.Type, Fail: reply.Fail}
		one.Body, one.Base64 = bodyOf(reply.Body)
		out.Replies = append(out.Replies, one)
	}
	return writeJSON(w, out)
}

// intOf reads a parameter that is a whole number.
func intOf(query url.Values, name string, otherwise, least, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("%s %.40q: must be %d to %d", name, text, least, most))
	}
	return n, nil
}

// durationOf reads a parameter that is a time, in whole milliseconds.
func durationOf(query url.Values, name string, otherwise, most time.Duration) (time.Duration, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > most {
		return 0, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("%s %.40q: must be 1ms to %v, such as 5s", name, text, most))
	}
	return d.Truncate(time.Millisecond), nil
}
