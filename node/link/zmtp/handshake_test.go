package zmtp

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// play drives a handshake with these bytes, given in pieces of so many, and returns what was replied and left over.
func play(h *Handshake, b []byte, piece int) (reply, rest []byte, err error) {
	come := 0
	for {
		p, err := h.Advance(b[:come])
		if err != nil {
			return reply, b, err
		}
		b, come = b[p.Used:], come-p.Used
		reply = append(reply, p.Reply...)
		switch {
		case p.Done:
			return reply, b, nil
		case p.Used > 0:
		case come == len(b):
			return reply, b, errTooShort
		default:
			come = min(len(b), come+piece)
		}
	}
}

var errTooShort = errors.New("nothing more comes")

func TestHandshake(t *testing.T) {
	sub := Params{Side: Client, SocketType: "SUB"}
	after := AppendMessage(nil, []byte("0"), []byte("a list"))
	for name, c := range map[string]struct {
		say  []byte
		want error
	}{
		"a publisher":       {append(AppendReady(greetingWith(0), "PUB"), after...), nil},
		"version 3.1":       {append(AppendReady(greetingWith(10, 3, 1), "XPUB"), after...), nil},
		"a subscriber":      {AppendReady(greetingWith(0), "SUB"), ErrSocket},
		"no type":           {AppendCommand(greetingWith(0), "READY", nil), ErrSocket},
		"another mechanism": {greetingWith(12, []byte("CURVE")...), ErrMechanism},
		"an old version":    {greetingWith(10, 2), ErrVersion},
		"HTTP":              {[]byte("HTTP/1.1 400 Bad Request"), ErrNotZMTP},
		"a message":         {AppendMessage(greetingWith(0), []byte("0")), ErrReady},
		"an error":          {AppendCommand(greetingWith(0), "ERROR", []byte("\x03bad")), ErrReady},
		"half a READY":      {AppendReady(greetingWith(0), "PUB")[:GreetingSize+10], errTooShort},
		"half a greeting":   {greeting[:20], errTooShort},
	} {
		for _, piece := range []int{1, 7, 1000} {
			h := NewHandshake(Null, sub, "PUB", "XPUB")
			if !bytes.Equal(h.Opening(), AppendReady(greetingWith(0), "SUB")) {
				t.Fatalf("opens with %q", h.Opening())
			}
			reply, rest, err := play(h, slices.Clone(c.say), piece)
			if !errors.Is(err, c.want) || len(reply) > 0 {
				t.Errorf("%s in pieces of %d: %v, replied %q; want %v", name, piece, err, reply, c.want)
			}
			if err == nil && !bytes.Equal(rest, after) {
				t.Errorf("%s: %q is left; want %q", name, rest, after)
			}
		}
	}
}

// What a handshake takes in is bounded before it is there.
func TestHandshakeIsBounded(t *testing.T) {
	h := NewHandshake(Null, Params{SocketType: "PUB"}, "SUB")
	_, _, err := play(h, append(greetingWith(0), head(FlagCommand, maxCommand+1)...), 1000)
	var v *Violation
	if !errors.As(err, &v) || v.Kind != TooLarge {
		t.Errorf("got %v", err)
	}
}
