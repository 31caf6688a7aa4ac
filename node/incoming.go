package node

import (
	"strings"
	"sync"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// incoming is the links for messages that are up. What comes over them passes the loop by: who reads a link puts it into the
// inbox. The loop is told of their beginnings and ends, and now and then that something came.
type incoming struct {
	mu    sync.Mutex
	links map[link.ID]*messageLink
}

// messageLink is a link for messages. Events of a link come one after the other.
type messageLink struct {
	peer     topics.Name
	received uint64    // bytes; guarded by incoming.mu
	heard    time.Time // when the loop was last told of a message
}

// heardEvery is how often the machine is told that a peer's messages come: a flood is no more alive than a trickle.
const heardEvery = 100 * time.Millisecond

// inPlace is the bytes of a run up to which it is judged by who reads it, and of what others bring meanwhile. Larger ones are
// judged beside the reading.
const inPlace = 4 << 10

// takeMessages takes in what happens to a link for messages, and reports whether the loop is to be told. What has come is
// judged at once where it is little: to wake another goroutine for it would take longer than to judge it.
func (n *Node) takeMessages(e link.Event) (tell bool) {
	l := n.incoming.link(e)
	if l == nil {
		if e.Kind == link.Received {
			n.inbox.forget(parcel{run: e.Run, count: e.Run.Len()})
		}
		return e.Kind != link.Received
	}
	switch e.Kind {
	case link.Up:
		n.inbox.put(parcel{link: e.ID, from: l.peer, news: &news{kind: newsUp}})
	case link.Down:
		n.inbox.put(parcel{link: e.ID, from: l.peer, news: &news{kind: newsDown}})
	case link.Received:
		p := parcel{link: e.ID, from: l.peer, run: e.Run, count: e.Run.Len()}
		if e.Within || len(e.Run) > inPlace || !n.inbox.putFirst(p) {
			n.inbox.put(p)
		} else {
			n.judgeUpTo(inPlace)
		}
		now := time.Now()
		if now.Sub(l.heard) < heardEvery {
			return false
		}
		l.heard = now
	}
	return true
}

// link returns the link that an event is about, and nil where it is none that is up.
func (in *incoming) link(e link.Event) *messageLink {
	in.mu.Lock()
	defer in.mu.Unlock()
	if e.Kind == link.Up {
		_, peer, _ := strings.Cut(e.Target, "/")
		in.links[e.ID] = &messageLink{peer: topics.Name(peer)}
	}
	l := in.links[e.ID]
	if l != nil {
		l.received += uint64(len(e.Run))
	}
	if e.Kind == link.Down {
		delete(in.links, e.ID)
	}
	return l
}

// count adds what has come over each link that is up to what came from its peer.
func (in *incoming) count(received map[topics.Name]uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, l := range in.links {
		received[l.peer.Key()] += l.received
	}
}
