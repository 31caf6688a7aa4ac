package link

import (
	"errors"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// A publisher whose mesh has a label sends nothing to whoever has not said that label with a hello, on either port; and
// no publisher sends anything to whoever said another one. So neither names nor messages get from one mesh into another,
// whatever a subscriber makes of headers. Whoever subscribes to the topic "mesh" is told the label.

// errOtherMesh is why a listener is one no more.
var errOtherMesh = errors.New("it is of another mesh")

// open reports whether what is published goes to whoever comes, until that says it is of another mesh.
func (l *Link) open() bool { return l.cfg.Mesh == "" }

// label answers a subscription to the topic "mesh", once, if there is something to tell: the connection has said another
// label, or none, where there is one.
func (s *subscriber) label() {
	s.curious = s.port == Discovery
	if !s.curious || s.labelled || !s.foreign && s.belongs.Load() {
		return
	}
	s.labelled = true
	s.out.put(zmtp.AppendMessage(nil, []byte(topics.Mesh), []byte(s.link.cfg.Mesh)))
}

// joins takes a connection into the mesh that its hello names, which is this one.
func (s *subscriber) joins() {
	if s.belongs.Swap(true) {
		return
	}
	if s.subscribed {
		s.gate.settled(s)
	}
	if s.welcoming {
		s.welcome() // it subscribed before
	}
}

// parts tells of a connection whose hello names another mesh. It was a listener, maybe, until now.
func (s *subscriber) parts(h topics.Hello) {
	s.belongs.Store(false)
	s.foreign = true
	s.link.counters.add(foreignHellos, 1)
	if s.curious {
		s.label()
	}
	if s.listens && !s.reader {
		s.link.emit(Event{Kind: ListenerDown, ID: s.id, Port: s.port, Addr: s.remote, Err: errOtherMesh})
	}
	s.listens = false
	if h.Name != "" {
		s.link.emit(Event{Kind: Foreign, ID: s.id, Port: s.port, Addr: s.remote, Name: h.Name, Mesh: h.Mesh})
	}
}
