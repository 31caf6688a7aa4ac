package sidecar

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"hearsay/node/backlog"
	"hearsay/node/link/zmtp"
)

const (
	maxControl = 1 << 10 // bytes of a subscription or a command
	maxTopics  = 256     // subscriptions of one program; more are ignored
)

// Tap is the socket at which programs read what the node receives.
type Tap struct {
	server
	feed *backlog.Feed
}

// OpenTap serves a tap on a listener. What waits for its readers takes so many bytes at most, for all of them together.
func OpenTap(ln net.Listener, most int) *Tap {
	t := &Tap{feed: backlog.NewFeed(most)}
	t.serve(ln, t.handle)
	return t
}

// Deliver gives a message to all who read, and to nobody from its end on, unless that is zero. It never waits.
func (t *Tap) Deliver(channel, from string, body []byte, end time.Time) {
	if t.feed.Readers() > 0 {
		t.feed.PutUntil(end, "", zmtp.AppendMessage(nil, []byte(channel), []byte(from), body), 0)
	}
}

// Lost is how many messages readers were too slow for.
func (t *Tap) Lost() uint64 { return t.feed.Lost() }

// Addr is where it listens.
func (t *Tap) Addr() string { return address(t.ln) }

// address is where a listener is, as programs write it.
func address(ln net.Listener) string {
	if a, ok := ln.Addr().(*net.UnixAddr); ok {
		return "ipc://" + a.Name
	}
	return "tcp://" + ln.Addr().String()
}

// Programs is how many are connected.
func (t *Tap) Programs() int { return t.programs() }

// reader is a program that reads.
type reader struct {
	*conn
	mu     sync.Mutex
	topics []string
	first  chan struct{} // closed with the first subscription
	once   sync.Once
	gone   chan struct{} // closed when it says nothing more
}

func (t *Tap) handle(c *conn) {
	if c.shake("PUB", "SUB", "XSUB") != nil {
		return
	}
	r := &reader{conn: c, first: make(chan struct{}), gone: make(chan struct{})}
	t.wg.Go(func() {
		defer close(r.gone)
		defer c.Close()
		r.listen()
	})
	select {
	case <-r.first:
	case <-r.gone:
		return
	}
	in := t.feed.Reader(func(string) bool { return true })
	defer in.Close()
	r.send(in)
}

// listen takes subscriptions until the connection ends.
func (r *reader) listen() {
	limits := zmtp.Limits{Message: maxControl, Frames: 1}
	for {
		item, command, err := r.next(limits)
		if err != nil {
			return
		}
		_, size, head := zmtp.Head(item)
		body := item[head : head+int(size)]
		name, topic, _ := zmtp.ParseCommand(body)
		switch {
		case command && name == "SUBSCRIBE", !command && len(body) > 0 && body[0] == 1:
			if !command {
				topic = body[1:]
			}
			r.subscribe(string(topic))
		case command && name == "CANCEL", !command && len(body) > 0 && body[0] == 0:
			if !command {
				topic = body[1:]
			}
			r.cancel(string(topic))
		}
	}
}

func (r *reader) subscribe(topic string) {
	r.mu.Lock()
	if len(r.topics) < maxTopics {
		r.topics = append(r.topics, topic)
	}
	r.mu.Unlock()
	r.once.Do(func() { close(r.first) })
}

func (r *reader) cancel(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.topics, topic); i >= 0 {
		r.topics = slices.Delete(r.topics, i, i+1)
	}
}

// wants reports whether the program has subscribed to a message, of which these are the first bytes.
func (r *reader) wants(start []byte) bool {
	_, size, head := zmtp.Head(start)
	channel := string(start[head : head+int(size)])
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.topics, func(topic string) bool { return strings.HasPrefix(channel, topic) })
}

// send writes what comes, until the program is gone, or was in the middle of something for too long.
func (r *reader) send(in *backlog.Reader) {
	out := bufio.NewWriterSize(r.conn, readStep)
	piece := make([]byte, readStep)
	for {
		select {
		case <-in.Arrived():
		case <-r.gone:
			return
		}
		for _, ok := in.Next(); ok; _, ok = in.Next() {
			if r.copy(out, in, piece) != nil {
				return
			}
		}
		if out.Flush() != nil {
			return
		}
	}
}

// copy writes one message, if it is wanted.
func (r *reader) copy(out io.Writer, in io.Reader, piece []byte) error {
	for begun, wanted := false, false; ; begun = true {
		n, err := in.Read(piece)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !begun {
			wanted = r.wants(piece[:n])
		}
		if wanted {
			if _, err := out.Write(piece[:n]); err != nil {
				return err
			}
		}
	}
}
