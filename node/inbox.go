package node

import (
	"sync"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// inbox is what waits between the loop and the application: bounded in bytes, so that an application that
// does not read costs memory up to the bound, and then messages, but never the mesh.
type inbox struct {
	mu      sync.Mutex
	arrived chan struct{} // has something when the inbox may
	waiting []parcel
	size    int
	limit   int
	lost    func(messages int)
}

// parcel is a run of messages from one peer, or one message of the node's own.
type parcel struct {
	from topics.Name
	run  link.Run
	own  *Message
	size int
}

const (
	inboxBytes     = 8 << 20 // waiting for the application, beside the Queue of parsed messages
	parcelOverhead = 256
)

func newInbox(limit int, lost func(int)) *inbox {
	return &inbox{arrived: make(chan struct{}, 1), limit: limit, lost: lost}
}

// put never waits. An empty inbox takes a parcel of any size.
func (in *inbox) put(p parcel) {
	in.mu.Lock()
	full := in.size > 0 && in.size+p.size > in.limit
	if !full {
		in.waiting = append(in.waiting, p)
		in.size += p.size
	}
	in.mu.Unlock()
	if full {
		in.lost(p.count())
		return
	}
	select {
	case in.arrived <- struct{}{}:
	default:
	}
}

func (in *inbox) take() []parcel {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := in.waiting
	in.waiting = nil
	return all
}

// done frees the place of a parcel that has been delivered.
func (in *inbox) done(p parcel) {
	in.mu.Lock()
	in.size -= p.size
	in.mu.Unlock()
}

func (p parcel) count() int {
	if p.own != nil {
		return 1
	}
	return p.run.Len()
}

// deliver hands messages to the application at the application's pace, until the node ends.
func (n *Node) deliver() {
	defer close(n.messages)
	seen := make(map[topics.Name]*tally)
	for {
		select {
		case <-n.inbox.arrived:
		case <-n.ended:
			return
		}
		for _, p := range n.inbox.take() {
			if !n.deliverParcel(p) {
				return
			}
			n.inbox.done(p)
			n.logMessages(seen, p)
		}
	}
}

func (n *Node) deliverParcel(p parcel) bool {
	if p.own != nil {
		return n.handOver(*p.own)
	}
	var frames [8][]byte
	for f := p.run.Next(frames[:0]); f != nil; f = p.run.Next(frames[:0]) {
		if m, ok := n.decode(p.from, f); ok && !n.handOver(m) {
			return false
		}
	}
	return true
}

func (n *Node) handOver(m Message) bool {
	select {
	case n.messages <- m:
		n.counters.delivered.Add(1)
		return true
	case <-n.ended:
		return false
	}
}

// tally sums a peer's messages between two lines of the log.
type tally struct {
	at    time.Time
	gap   time.Duration // to the next line
	count int
}

const (
	tallyLeast = time.Second // between lines about a peer that speaks now and then
	tallyMost  = time.Minute // and about one that does not stop
)

// add counts messages and tells whether a line is due: at once after a silence, and then ever more rarely while
// they keep coming, so that no peer can fill a disk.
func (t *tally) add(now time.Time, count int) (due bool) {
	t.count += count
	passed := now.Sub(t.at)
	switch {
	case t.at.IsZero() || passed >= tallyMost+tallyLeast:
		t.gap = tallyLeast
	case passed >= t.gap:
		t.gap = min(2*t.gap, tallyMost)
	default:
		return false
	}
	t.at = now
	return true
}

// logMessages says how many messages came.
func (n *Node) logMessages(seen map[topics.Name]*tally, p parcel) {
	t := seen[p.from]
	if t == nil {
		if len(seen) > topics.MaxNames {
			clear(seen)
		}
		t = &tally{}
		seen[p.from] = t
	}
	if t.add(time.Now(), p.count()) {
		n.log.Info("message received", "from", p.from, "count", t.count)
		t.count = 0
	}
}
