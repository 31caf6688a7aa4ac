package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hearsay/node/plain"
)

// Error is the body of an answer that is not what was asked for.
type Error struct {
	Text   string `json:"error"`          // one sentence for people
	Reason string `json:"reason"`         // one word for programs, see the package documentation
	Hint   string `json:"hint,omitempty"` // what to do about it
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + ": " + e.Hint
}

// fault is an error with its status.
type fault struct {
	status int
	body   Error
}

func (f *fault) Error() string { return f.body.Error() }

func newFault(status int, reason, text string) *fault {
	return &fault{status, Error{Text: text, Reason: reason}}
}

func (f *fault) hint(hint string) *fault {
	f.body.Hint = hint
	return f
}

// handle is a handler that may fail.
type handle func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handle

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h := m[method]
	if h == nil {
		w.Header().Set("Allow", m.allow())
		fail(w, newFault(http.StatusMethodNotAllowed, "method_not_allowed", r.Method+" is not for "+r.URL.Path).hint("use "+m.allow()))
		return
	}
	if err := h(w, r); err != nil {
		fail(w, err)
	}
}

func (m methods) allow() string {
	var names []string
	for name := range m {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	var f *fault
	if !errors.As(err, &f) {
		f = newFault(http.StatusInternalServerError, "internal", err.Error())
	}
	writeError(w, f.status, f.body)
}

func writeError(w http.ResponseWriter, status int, e Error) {
	body, _ := encode(e) // strings always encode
	writeBody(w, status, body)
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, body)
	return nil
}

// encode returns a value as a line of JSON. A terminal that is shown it obeys nothing of it.
func encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	return append(plain.JSON(body), '\n'), err
}

// writeBody answers with JSON. It does not touch the body, which others may be sending too.
func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone away needs no answer
}
