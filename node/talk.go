package node

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh/rate"
	"hearsay/node/link"
	"hearsay/topics"
)

// talk is what a node knows of requests: of its own, those whose replies are waited for; of those of others, who answers
// them here. What is said on the wire is in package topics, under Requests.
//
//	run -> decode -> judge -> takeTalk -> pending: Asked.Next
//	                                  \-> desk -> Handler -> reply (owed: until its asker listens)
//
// What is for far members of a partial mesh comes and goes by relays: see fartalk.go.
type talk struct {
	prefix string // of the UIDs of all that is said here
	count  atomic.Uint64

	mu      sync.Mutex
	pending map[string]*Asked // by the UID of the request
	desks   map[string]*desk  // by channel; "": the node itself
	former  map[string]bool   // channels on which somebody did answer
	limit   int               // bytes of replies that wait for who asked
	replies int               // so many do
	calls   int               // bytes of requests that wait to be answered, or are being
	owed    []*owed           // replies whose askers do not listen yet
	owes    int               // bytes of them
	nobody  rate.Bucket       // of words to all that nobody answers here, or has the time to
}

// callBytes is how many bytes of requests may wait. One may always be answered.
const callBytes = 8 << 20

func newTalk(start time.Time, limit int) *talk {
	return &talk{
		prefix:  strconv.FormatInt(start.UnixMilli(), 36) + ".", // the speaker's have a hyphen
		pending: make(map[string]*Asked), desks: make(map[string]*desk), former: make(map[string]bool), limit: limit,
	}
}

func (t *talk) uid() string { return t.prefix + strconv.FormatUint(t.count.Add(1), 36) }

// isTalk reports whether a topic is one of requests and replies.
func (n *Node) isTalk(topic []byte) bool {
	kind := topics.KindOf(topic)
	return kind == topics.KindRequest || kind == topics.KindDirect
}

// talksAbout reports whether a request or a reply that this node says is for somebody here.
func (n *Node) talksAbout(topic []byte) bool {
	if d, err := topics.ParseDirect(topic); err == nil {
		return d.Name.Key() == n.id.name.Key()
	}
	channel, _ := topics.RequestChannel(string(topic))
	return n.talk.desk(channel) != nil
}

// takeTalk takes a request or a reply that has come. What is neither is counted.
func (n *Node) takeTalk(a *arrival) {
	d, err := topics.ParseDirect(a.topic)
	channel, direct, is := d.Channel, err == nil, err == nil
	if !direct {
		channel, is = topics.RequestChannel(string(a.topic))
	}
	switch {
	case a.naive, !is:
		n.counters.badMessages.Add(1)
	case a.envelope.Origin.Key() != a.via.Key():
		n.counters.forgedOrigins.Add(1)
	case a.far && direct && d.Name.Key() != n.id.name.Key():
	case direct && d.Name.Key() != n.id.name.Key():
		n.counters.unsubscribed.Add(1) // which its publisher should not have sent
	case direct && d.Channel == "" && a.envelope.Re != "":
		n.takeReply(a)
	case a.envelope.Ask == 0:
		n.counters.badMessages.Add(1)
	default:
		n.takeRequest(a, channel, direct)
	}
}

// takeReply gives a reply to who asked, if that is so.
func (n *Node) takeReply(a *arrival) {
	t := n.talk
	t.mu.Lock()
	asked := t.pending[a.envelope.Re]
	t.mu.Unlock()
	switch {
	case asked != nil && asked.take(a):
		n.counters.repliesTaken.Add(1)
	case asked == nil && strings.HasPrefix(a.envelope.Re, t.prefix), asked != nil && asked.knows(a.via):
		n.counters.repliesLate.Add(1)
	default:
		n.counters.repliesUnasked.Add(1)
	}
}

// sayTalk publishes a request or a reply.
func (n *Node) sayTalk(topic string, e topics.Envelope, body []byte) error {
	e.Version, e.Origin, e.SentAt = 1, n.id.name, time.Now().UnixMilli()
	if err := e.Validate(); err != nil {
		return err
	}
	if err := n.maySay(body); err != nil {
		return err
	}
	if err := n.link.Publish(link.Message, []byte(topic), body, topics.AppendEnvelope(nil, e)); err != nil {
		return ErrClosed
	}
	return nil
}

// kept is a message that outlives its run, and holds nothing of it.
func kept(m Message) Message {
	m.From, m.UID, m.Type = topics.Name(strings.Clone(string(m.From))), strings.Clone(m.UID), strings.Clone(m.Type)
	m.Body = bytes.Clone(m.Body)
	return m
}

// talk counts what waits for requests or replies.
func (in *inbox) talk(more int) {
	in.mu.Lock()
	in.talks += more
	in.mu.Unlock()
}
