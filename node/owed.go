package node

import (
	"slices"
	"strings"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// A request may be heard before its asker has subscribed to replies here: the links of two nodes come up one after the
// other, and one may break alone. What is published then reaches nobody, and the asker would wait in vain. So a reply is
// owed until the asker listens, or does not wait any more. In a partial mesh an asker may have other neighbours by then: it is
// said to all after a moment. There links end all the time, and what is said over one that its other end has given up is lost: so
// a reply is kept for a moment after it was said, and said to all where the asker does not listen any more. It takes one alone.

const (
	owedLook = 50 * time.Millisecond // between two looks at who listens: as long as nobody feels it
	farAfter = 10 * owedLook         // until a reply is said to all in a partial mesh
	saidFor  = 20 * owedLook         // for which it is kept there: a machine that is short of time sees the end of a link late
	maxOwed  = waitingCalls          // replies; what is beyond is published at once, as all are whose asker listens
)

// owed is a reply whose asker does not listen yet.
type owed struct {
	to       topics.Name
	topic    string
	at       time.Time // since when it is owed
	said     bool      // over a link, which may have ended
	by       time.Time
	envelope topics.Envelope
	body     []byte
}

// replyLater publishes a reply when its asker listens, which is nearly always now. It does not wait.
func (n *Node) replyLater(o *owed) {
	t := n.talk
	size := len(o.body) + callSize
	if o.said = n.listens(o, nil); o.said {
		_ = n.sayTalk(o.topic, o.envelope, o.body)
		if !n.sparse.Load() || o.to.Key() == n.key {
			return
		}
	}
	t.mu.Lock()
	first, room := len(t.owed) == 0, len(t.owed) < maxOwed && (len(t.owed) == 0 || t.owes+size <= callBytes)
	if room {
		o.body, o.at = slices.Clone(o.body), time.Now()
		t.owed, t.owes = append(t.owed, o), t.owes+size
	}
	t.mu.Unlock()
	switch {
	case room && first:
		go n.payOwed()
	case !room && !o.said:
		_ = n.sayTalk(o.topic, o.envelope, o.body)
	}
}

// payOwed publishes replies as their askers come to listen, until none is left.
func (n *Node) payOwed() {
	t, look := n.talk, time.NewTicker(owedLook)
	defer look.Stop()
	for left := true; left; {
		select {
		case <-look.C:
		case <-n.ctx.Done():
			return
		}
		listening := n.replyReaders()
		var due, far []*owed
		now := time.Now()
		t.mu.Lock()
		t.owed = slices.DeleteFunc(t.owed, func(o *owed) bool {
			late, listens := !now.Before(o.by), n.listens(o, listening)
			switch {
			case o.said && (late || listens && now.Sub(o.at) >= saidFor):
			case late:
				n.counters.requestsExpired.Add(1)
			case listens && !o.said:
				due = append(due, o)
			case !listens && (o.said || n.sparse.Load() && now.Sub(o.at) >= farAfter):
				far = append(far, o)
			default:
				return false
			}
			t.owes -= len(o.body) + callSize
			return true
		})
		left = len(t.owed) > 0
		t.mu.Unlock()
		for _, o := range due {
			_ = n.sayTalk(o.topic, o.envelope, o.body)
		}
		for _, o := range far {
			n.replyFar(o)
		}
	}
}

// replyReaders returns who has subscribed to what may be replies.
func (n *Node) replyReaders() []link.Audience {
	const all = "6/"
	return n.link.Audience(func(s string) bool { return strings.HasPrefix(s, all) || strings.HasPrefix(all, s) })
}

// listens reports whether the asker has subscribed to its reply, by now or among those that are given: ZeroMQ matches
// prefixes. This node always does.
func (n *Node) listens(o *owed, among []link.Audience) bool {
	if o.to.Key() == n.id.name.Key() {
		return true
	}
	if among == nil {
		among = n.link.Audience(func(s string) bool { return strings.HasPrefix(o.topic, s) })
	}
	return slices.ContainsFunc(among, func(a link.Audience) bool {
		return strings.HasPrefix(o.topic, a.Topic) && (a.Name == "" || a.Name.Key() == o.to.Key())
	})
}
