package topics

import (
	"bytes"
	"encoding/json"
	"strconv"
)

const beforeTTL = `,"ttl":`

// Forward returns a valid envelope as a relay passes it on: with ttl one less, and all else as it was. It reports false
// for one that may not be passed on.
func Forward(envelope []byte) ([]byte, bool) {
	e, plain := scanEnvelope(string(envelope))
	if !plain {
		return forwardAny(envelope)
	}
	if e.TTL == 0 {
		return nil, false
	}
	before, after, _ := bytes.Cut(envelope, []byte(beforeTTL)) // no text of that form has a quotation mark in it
	out := append(append(make([]byte, 0, len(envelope)), before...), beforeTTL...)
	out = strconv.AppendInt(out, int64(e.TTL-1), 10)
	return append(out, bytes.TrimLeft(after, "0123456789")...), true
}

// forwardAny does it for whatever JSON has.
func forwardAny(envelope []byte) ([]byte, bool) {
	e, err := ParseEnvelope(envelope)
	if err != nil || e.TTL == 0 {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(envelope, &fields); err != nil {
		return nil, false
	}
	for key := range fields {
		if bytes.EqualFold([]byte(key), []byte("ttl")) {
			delete(fields, key) // encoding/json takes keys in any case
		}
	}
	fields["ttl"] = json.RawMessage(strconv.Itoa(e.TTL - 1))
	out, err := json.Marshal(fields)
	return out, err == nil && len(out) <= MaxEnvelope
}
