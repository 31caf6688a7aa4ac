package link

import (
	"bytes"
	"container/list"
	"io"
	"slices"

	"hearsay/topics"
)

const (
	maxSubscriptions = 64      // of one connection; a node has two or three
	maxControlFrame  = 1 << 10 // bytes of a subscription or command; the longest hello has 267
)

// subscriber is a connection that somebody opened to one of our publishers: what our PUB writes to.
type subscriber struct {
	*conn
	gate *gate
	at   *list.Element // among the gate's strangers, until it subscribes; guarded by gate.mu

	topics   []string
	greet    bool // it has just subscribed to the lists, for the first time: the newest is due
	listens  bool // ListenerUp was said
	hasHello bool
	name     topics.Name   // that it said hello with
	named    bool          // the same, for the gate; guarded by gate.mu
	welcomed chan struct{} // of one within this process: closed when its arrival has been told

	writer zmq4Writer
}

// Read gives zmq4 one subscription at a time and nothing else.
func (s *subscriber) Read(p []byte) (int, error) {
	if len(s.script) == 0 {
		if err := s.nextSubscription(); err != nil {
			s.fail(err)
			s.gate.gone(s)
			return 0, io.EOF
		}
	}
	return s.readScript(p), nil
}

// nextSubscription reads until there is a subscription that changes what zmq4 has to send.
func (s *subscriber) nextSubscription() error {
	for {
		if s.greet { // zmq4 has taken in the subscription: from here on it misses no beat
			s.greet = false
			s.welcome()
		}
		b := s.in.unread()
		n, need, command, err := limits{message: maxControlFrame, frames: s.link.cfg.MaxFrames}.item(b)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := s.in.fill(need); err != nil {
				return err
			}
			continue
		}
		if err := s.control.spend(); err != nil {
			return err
		}
		pass, err := s.controlFrame(b[:n], command)
		s.in.skip(n)
		if pass || err != nil {
			return err
		}
	}
}

// controlFrame takes a subscription in any of its forms, and says whether one has been scripted for zmq4.
func (s *subscriber) controlFrame(frame []byte, command bool) (pass bool, err error) {
	flags, size, head := frameHead(frame)
	body := frame[head : head+int(size)]
	switch {
	case command:
		name, topic, ok := parseCommand(body)
		switch {
		case ok && name == "SUBSCRIBE":
			return s.subscribe(string(topic))
		case ok && name == "CANCEL":
			return s.unsubscribe(string(topic)), nil
		}
		s.command(frame)
	case flags&flagMore == 0 && len(body) > 0 && body[0] == 1:
		return s.subscribe(string(body[1:]))
	case flags&flagMore == 0 && len(body) > 0 && body[0] == 0:
		return s.unsubscribe(string(body[1:])), nil
	default:
		s.link.counters.add(strays, 1)
	}
	return false, nil
}

func (s *subscriber) subscribe(topic string) (pass bool, err error) {
	if len(s.topics) == 0 && !s.hasHello {
		s.gate.settled(s)
	}
	if hello, ok := bytes.CutPrefix([]byte(topic), []byte(topics.HelloPrefix)); ok && len(hello) > 0 {
		s.hello(topic)
		return false, nil // nothing is ever published there
	}
	if slices.Contains(s.topics, topic) {
		return false, nil
	}
	if len(s.topics) == maxSubscriptions {
		return false, violate("too_many_subscriptions", "more than %d subscriptions", maxSubscriptions)
	}
	s.topics = append(s.topics, topic)
	s.greet = s.port == Discovery && !s.listens && (topic == "" || topic == topics.Discovery)
	s.script = appendFrame(s.script[:0], 0, append([]byte{1}, topic...))
	return true, nil
}

func (s *subscriber) unsubscribe(topic string) (pass bool) {
	i := slices.Index(s.topics, topic)
	if i < 0 {
		return false
	}
	s.topics = slices.Delete(s.topics, i, i+1)
	s.script = appendFrame(s.script[:0], 0, append([]byte{0}, topic...))
	return true
}

// hello reports the name that the listener gives itself. It may give one.
func (s *subscriber) hello(topic string) {
	name, err := topics.ParseHello([]byte(topic))
	if err != nil || s.hasHello || s.port != Discovery {
		s.link.counters.add(hellosIgnored, 1)
		return
	}
	s.hasHello, s.name = true, name
	s.gate.introduced(s)
	if s.listens {
		s.introduce()
	}
}

// introduce reports the name of a listener, after the listener itself: nobody listens by saying hello alone.
func (s *subscriber) introduce() {
	s.link.emit(Event{Kind: HelloReceived, ID: s.id, Port: s.port, Addr: s.remote, Name: s.name})
}

// welcome sends the newest whole list to this connection alone, and reports a listener.
func (s *subscriber) welcome() {
	s.listens = true
	if beat := s.link.newestBeat(); beat != nil {
		s.send(beat)
	}
	s.link.emit(Event{Kind: ListenerUp, ID: s.id, Port: s.port, Addr: s.remote})
	if s.hasHello {
		s.introduce()
	}
}

// send queues whole messages; what the outbox refuses is counted and lost to this subscriber only.
func (s *subscriber) send(run []byte) {
	if s.out.put(run) {
		s.link.counters.add(bytesOut, len(run))
	} else if s.ended() == nil {
		s.link.counters.add(messagesDropped, Run(run).Len())
	}
}

// Write takes what zmq4 writes to its subscriber: a topic, for zmq4 to choose the subscribers by, and a run
// of messages that stand already as they go over the wire. It never fails: zmq4 forgets to close a connection
// that fails during its handshake. The end of a connection is told by Read.
func (s *subscriber) Write(p []byte) (int, error) {
	if run := s.writer.write(p); run != nil && string(run) != runNudge {
		s.send(run)
	}
	return len(p), nil
}

// zmq4Writer reads what zmq4 writes. zmq4 writes the head of a frame and its body apart, and the greeting in
// one piece.
type zmq4Writer struct {
	greeted bool
	body    bool // a body of this many bytes comes next:
	size    uint64
	flags   byte
}

// write returns the second frame of a message when p completes it, else nil.
func (w *zmq4Writer) write(p []byte) []byte {
	switch {
	case !w.greeted:
		w.greeted = true
	case !w.body:
		if flags, size, n := frameHead(p); n > 0 {
			w.flags, w.size, w.body = flags, size, size > 0
		}
	case uint64(len(p)) == w.size:
		w.body = false
		if w.flags&(flagMore|flagCommand) == 0 {
			return p
		}
	}
	return nil
}
