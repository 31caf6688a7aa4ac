package link

import (
	"bytes"
	"container/list"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

const (
	// maxTopics is the bytes of all topics that one connection subscribes to, topicOverhead for each included: 900
	// short ones. A node has two or three.
	maxTopics     = 64 << 10
	topicOverhead = 64 // its place

	maxControlFrame = 1 << 10 // bytes of a subscription or command; the longest hello has 267
)

// subscriber is a connection that somebody opened to one of our publishers: whom what is published goes to.
type subscriber struct {
	*conn
	gate *gate
	at   *list.Element // among the gate's strangers, while it is one; guarded by gate.mu

	serving    int      // its place in gate.served, from 1; 0: none. Guarded by gate.mu, as the next
	topics     []string // of one over the network its reader alone changes them
	size       int      // bytes of them, with their overhead
	spared     spared   // guarded by gate.mu
	watches    bool     // it has asked for the newest numbers, and was told none. Guarded by gate.mu
	unheeded   bool     // Unheeded was said
	subscribed bool     // to something that the port carries
	welcoming  bool     // it would be a listener, if it said that it is of this mesh
	curious    bool     // it asks for the mesh's label
	labelled   bool     // and was told
	foreign    bool     // it is of another mesh
	listens    bool     // ListenerUp was said
	reader     bool     // it may read, and is no member
	hasHello   bool
	name       topics.Name   // that it said hello with; written under gate.mu
	named      bool          // the same, for the gate; guarded by gate.mu
	asked      question      // whether it is there; guarded by gate.mu
	unmoved    unmoved       // while it has no room; guarded by gate.mu
	asks       asker         // questions of its own
	belongs    atomic.Bool   // what is published goes to it: see label.go
	silent     atomic.Bool   // it was asked, and has said nothing since
	introduced atomic.Bool   // the same, for who writes to it
	welcomed   chan struct{} // of one within this process: closed when its arrival has been told
}

// Read gives zmq4 the greeting. Then it hears what the subscriber says for as long as the connection lasts, and zmq4 hears
// its end.
func (s *subscriber) Read(p []byte) (int, error) {
	if len(s.script) == 0 {
		s.fail(s.listen())
		s.gate.gone(s)
		return 0, io.EOF
	}
	return s.readScript(p), nil
}

// listen takes subscriptions and commands, and returns why there will be no more.
func (s *subscriber) listen() error {
	for {
		b := s.in.unread()
		n, need, command, err := zmtp.Limits{Message: maxControlFrame, Frames: s.link.cfg.MaxFrames}.Item(b)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := s.in.fill(need); err != nil {
				return err
			}
			s.spoke()
			continue
		}
		if err := s.control.spend(); err != nil {
			return err
		}
		s.controlFrame(b[:n], command)
		s.in.skip(n)
	}
}

// controlFrame takes a subscription in any of its forms.
func (s *subscriber) controlFrame(frame []byte, command bool) {
	flags, size, head := zmtp.Head(frame)
	body := frame[head : head+int(size)]
	switch {
	case command:
		name, topic, ok := zmtp.ParseCommand(body)
		switch {
		case ok && name == "SUBSCRIBE":
			s.subscribe(string(topic))
		case ok && name == "CANCEL":
			s.unsubscribe(string(topic))
		default:
			s.command(frame)
		}
	case flags&zmtp.FlagMore == 0 && len(body) > 0 && body[0] == 1:
		s.subscribe(string(body[1:]))
	case flags&zmtp.FlagMore == 0 && len(body) > 0 && body[0] == 0:
		s.unsubscribe(string(body[1:]))
	default:
		s.link.counters.add(strays, 1)
	}
}

func (s *subscriber) subscribe(topic string) {
	if hello, ok := bytes.CutPrefix([]byte(topic), []byte(topics.HelloPrefix)); ok && len(hello) > 0 {
		s.hello(topic)
		return // nothing is ever published there
	}
	if s.port == Message && topics.KindOf([]byte(topic)) == topics.KindAsk {
		s.inquire(topic)
		return
	}
	if topic == topics.Mesh && s.port == Discovery {
		s.label()
		return
	}
	if slices.Contains(s.topics, topic) || s.spare(topic) {
		return
	}
	if s.size+len(topic)+topicOverhead > maxTopics {
		s.ignore()
		return
	}
	if s.port.carries(topic) {
		s.subscribed = true
		if s.belongs.Load() {
			s.gate.settled(s)
		}
	}
	s.addTopic(topic)
	if s.listens {
		s.catchUp(topic)
	}
	s.size += len(topic) + topicOverhead
	if !s.listens && !s.foreign && s.covers(topic) {
		s.welcome() // it misses no beat from here on
	}
}

// ignore drops a subscription beyond the limit. The connection stays: its program would only connect again.
func (s *subscriber) ignore() {
	s.link.counters.add(subscriptionsIgnored, 1)
	if !s.unheeded {
		s.unheeded = true
		err := fmt.Errorf("%d subscriptions heeded, of %d bytes in all", len(s.topics), maxTopics)
		s.link.emit(Event{Kind: Unheeded, ID: s.id, Port: s.port, Addr: s.remote, Err: err})
	}
}

// carries reports whether a subscription to a topic brings anything that a node publishes on the port.
func (p Port) carries(topic string) bool {
	if p == Discovery {
		return strings.HasPrefix(topics.Discovery, topic)
	}
	for _, prefix := range []string{topics.ChannelPrefix, topics.RelayPrefix, topics.RequestPrefix, topics.DirectPrefix} {
		if strings.HasPrefix(topic, prefix) || strings.HasPrefix(prefix, topic) {
			return true
		}
	}
	return strings.HasPrefix(topics.Message, topic)
}

// covers reports whether a topic brings lists, or messages that everybody gets.
func (s *subscriber) covers(topic string) bool {
	if s.port == Message {
		return strings.HasPrefix(topics.Message, topic)
	}
	return strings.HasPrefix(topics.Discovery, topic)
}

func (s *subscriber) unsubscribe(topic string) {
	if s.port == Message && topics.KindOf([]byte(topic)) == topics.KindAsk {
		s.withdraw(topic)
		return
	}
	if s.unspare(topic) || !slices.Contains(s.topics, topic) {
		return
	}
	s.dropTopic(topic)
	s.size -= len(topic) + topicOverhead
}

// noteRelays counts subscriptions to relayed messages, or takes them back.
func (s *subscriber) noteRelays(by int, subscriptions ...string) {
	if s.port == Message {
		for _, topic := range subscriptions {
			s.link.relays.note(topic, by)
		}
	}
}

// hello reports the name that the listener gives itself. It may give one.
func (s *subscriber) hello(topic string) {
	h, err := topics.ParseHello([]byte(topic))
	if err != nil || s.hasHello || s.foreign {
		s.link.counters.add(hellosIgnored, 1)
		return
	}
	if h.Name != "" && !s.mayBe(h.Name) {
		s.link.refuse(s.port, s.remote, errMisnamed)
		s.hangUp(errMisnamed)
		return
	}
	if h.Mesh != s.link.cfg.Mesh {
		s.parts(h)
		return
	}
	s.introduced.Store(true)
	listens := s.listens
	if s.hasHello = h.Name != ""; s.hasHello {
		s.gate.introduced(s, h.Name)
	}
	s.joins()
	if listens && s.hasHello {
		s.introduce()
	}
}

// introduce reports the name of a listener, after the listener itself: nobody listens by saying hello alone.
func (s *subscriber) introduce() {
	s.link.emit(Event{Kind: HelloReceived, ID: s.id, Port: s.port, Addr: s.remote, Name: s.name})
}

// welcome reports a listener. One to lists gets the newest whole list, alone, and what is told if it asks for that.
func (s *subscriber) welcome() {
	if s.welcoming = !s.belongs.Load(); s.welcoming {
		return
	}
	s.listens = true
	if beat := s.link.newestBeat().text(s.introduced.Load()); beat != nil && s.port == Discovery {
		s.send(beat, nil, false)
	}
	if s.wants(topics.Told) {
		s.catchUp(topics.Told)
	}
	if s.reader = s.reads(); s.reader {
		return // it is told what there is, and nobody is told of it
	}
	s.link.emit(Event{Kind: ListenerUp, ID: s.id, Port: s.port, Addr: s.remote})
	if s.hasHello {
		s.introduce()
	} else if name := s.knownAs(); name != "" {
		s.link.emit(Event{Kind: HelloReceived, ID: s.id, Port: s.port, Addr: s.remote, Name: name})
	}
}

// catchUp sends what is told of others to who asks for it.
func (s *subscriber) catchUp(topic string) {
	if topic != topics.Told || s.port != Discovery {
		return
	}
	for _, told := range s.link.newestTellings() {
		s.send(told, nil, false)
	}
}

// wants reports whether it has subscribed to a topic.
func (s *subscriber) wants(topic string) bool {
	if s.wired() {
		s.gate.mu.Lock()
		defer s.gate.mu.Unlock()
	}
	return wants(s.topics, topic)
}

// send queues whole messages; what the outbox refuses is counted and lost to this subscriber only. sh is for a run that
// others get too, lone for one that comes alone.
func (s *subscriber) send(run []byte, sh *shared, lone bool) {
	if !s.belongs.Load() {
		return
	}
	if s.out.putShared(run, sh, lone) {
		s.link.counters.add(bytesOut, len(run))
	} else if s.ended() == nil {
		as := messagesDropped
		if s.out.over() {
			as = messagesUnsent
		}
		s.lose(Run(run).Len(), as)
	}
}

// unsent counts what waited for this subscriber when its connection ended.
func (s *subscriber) unsent(count int) { s.lose(count, messagesUnsent) }

// lose counts what does not go over this connection: messages, or lists, after which others come.
func (s *subscriber) lose(count int, as counter) {
	if s.port == Message {
		s.link.counters.add(as, count)
	} else {
		s.link.counters.add(listsDropped, count)
	}
}

// Write takes zmq4's greeting, and forgets it. It never fails: zmq4 forgets to close a connection that fails during its
// handshake. The end of a connection is told by Read.
func (s *subscriber) Write(p []byte) (int, error) { return len(p), nil }
