package node

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// inbox is what was received and waits for the application: runs as they came, and behind them messages that were
// judged. It is bounded in bytes, so that an application that does not read costs memory up to the bound, and then holds
// up those that publish, but never the mesh. To put something in never waits: what peers publish was admitted before it
// was read, and what this node published itself is dropped where there is no room.
type inbox struct {
	limit  int
	lost   func(messages int)
	resume func() // lets those that were held up try again

	mu    sync.Mutex
	size  int // bytes of all parcels and batches, those that are judged or handed over at the moment included
	fresh int // bytes of what was admitted and is not judged yet
	came  fifo[parcel]
	ready fifo[*batch]
	ended bool       // nothing more is put in
	reads bool       // the application has asked for messages
	talks int        // requests whose replies it waits for, and handlers that wait for requests
	held  bool       // somebody is held up
	press bool       // somebody waits for what is judged now, not for the application
	wake  bool       // who waits is to try again
	idle  judgeClock // how long it is, and the application takes nothing
	gaps  int        // bytes of size that are held behind gaps
	spare []*batch   // to be used again

	expired atomic.Uint64     // messages that nobody was given, as it was too late
	owed    map[stream]uint64 // Missed of these, which the next of their stream says
	owing   atomic.Bool       // there are some

	arrived chan struct{} // has something after a put
	judged  chan struct{} // has something after a deliver
}

// parcel is a run of messages from one peer, or of the node's own.
type parcel struct {
	link  link.ID // over which it came; 0: the node's own
	from  topics.Name
	run   link.Run
	count int   // of messages
	news  *news // in place of them
}

// batch is what the application gets of a parcel. The bodies share the memory of its run.
type batch struct {
	messages []Message
	next     int  // the first that was not handed over
	size     int  // bytes that it counts until the last one was
	fresh    int  // bytes of the parcel that is judged into it
	expires  bool // some of the messages are not to be given to anybody from some time on
}

// keptBatches is how many batches are kept for use again, and keptMessages the room of one that is.
const (
	keptBatches  = 8
	keptMessages = 1024
)

func newInbox(limit int, lost func(int), resume func()) *inbox {
	return &inbox{limit: limit, lost: lost, resume: resume, arrived: make(chan struct{}, 1), judged: make(chan struct{}, 1)}
}

// resumeAt is the part of the inbox that has to be free again before those that were held up are told.
const resumeAt = 4

// deafAfter is how long an application may take nothing of a full inbox before it counts as one that reads no more:
// from then on what comes is dropped, as it is before the application asks for messages at all, and nobody is held up.
const deafAfter = 10 * time.Second

// admit makes room for messages that are about to be read. An empty inbox takes a run of any size, and so does one in which all
// that waits is held behind gaps: what fills these must get in.
func (in *inbox) admit(bytes, messages int) link.Verdict {
	size := bytes + messages*messageSize + parcelCost
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return link.Dropped
	}
	if in.size == in.gaps || in.size+size <= in.limit {
		in.size += size
		in.fresh += size
		return link.Admitted
	}
	if !in.held {
		in.held, in.idle = true, judgeClock{seen: time.Now()}
	}
	if !in.deaf() {
		return link.Held
	}
	if in.size+size <= in.limit+deafSpare {
		in.size += size
		in.fresh += size
		return link.Admitted // it is judged, kept and relayed for others, or asked for, and else not delivered
	}
	if in.talks > 0 && in.fresh > 0 {
		in.press = true // what waits to be judged makes room, and there may be a reply among what comes
		return link.Held
	}
	in.lost(messages)
	return link.Dropped
}

// deafSpare is the bytes beyond the limit in which messages are judged that nobody reads: what comes in a moment.
const deafSpare = 8 << 20

// deaf reports whether the application reads no more, or never has. in.mu is held.
func (in *inbox) deaf() bool {
	return in.held && (!in.reads || in.idle.now(false) > deafAfter)
}

// isHeld reports whether peers are held up.
func (in *inbox) isHeld() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.held && !in.deaf()
}

// isRead reports whether the application has asked for messages.
func (in *inbox) isRead() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.reads
}

// hold counts so many bytes more that are held behind a gap. What is held no more counts for a batch.
func (in *inbox) hold(bytes int, b *batch) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.gaps += bytes
	if bytes > 0 {
		in.size += bytes
	} else {
		b.size -= bytes
	}
}

// batch returns an empty one.
func (in *inbox) batch() *batch {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.batchLocked()
}

func (in *inbox) batchLocked() *batch {
	last := len(in.spare) - 1
	if last < 0 {
		return &batch{}
	}
	b := in.spare[last]
	in.spare = in.spare[:last]
	b.size, b.fresh = 0, 0
	return b
}

// putFirst takes a parcel that was admitted where none waits to be judged, for who puts it in to see to that. Behind others it
// would wait for these too.
func (in *inbox) putFirst(p parcel) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended || in.came.len() > 0 {
		return false
	}
	in.came.push(p)
	return true
}

// waits reports whether something waits to be judged.
func (in *inbox) waits() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.came.len() > 0
}

// put takes a parcel that was admitted, to be judged.
func (in *inbox) put(p parcel) {
	in.mu.Lock()
	ended := in.ended
	if !ended {
		in.came.push(p)
	}
	in.mu.Unlock()
	if ended {
		in.lost(p.count)
		return
	}
	signal(in.arrived)
}

// ownUnread is the bytes beyond which no message of the node's own waits for an application that has not asked for messages
// yet: many only publish.
const ownUnread = 1 << 20

// putOwn takes a parcel of the node's own, which was published for all or is part of a request, if there is room for it.
func (in *inbox) putOwn(p parcel, forAll bool) {
	size, most := p.size(), in.limit
	in.mu.Lock()
	if forAll && !in.reads {
		most = min(most, ownUnread)
	}
	fits := in.size == 0 || in.size+size <= most
	if fits {
		in.size += size
		in.fresh += size
	}
	wanted := in.reads || !forAll
	in.mu.Unlock()
	if !fits {
		if wanted {
			in.lost(p.count)
		}
		return
	}
	in.put(p)
}

// forget is for messages that were admitted, and are not put in.
func (in *inbox) forget(p parcel) {
	in.mu.Lock()
	in.size -= p.size()
	in.fresh -= p.size()
	in.mu.Unlock()
}

// take returns the oldest parcel, and a batch to judge it into.
func (in *inbox) take() (p parcel, b *batch, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if p, ok = in.came.pop(); !ok {
		return p, nil, false
	}
	b = in.batchLocked()
	b.size = p.size()
	if p.news == nil {
		b.fresh = b.size
	}
	return p, b, true
}

// deliver gives the application a batch.
func (in *inbox) deliver(b *batch) {
	in.mu.Lock()
	in.fresh -= b.fresh
	b.fresh = 0
	in.wake = in.wake || in.press
	in.press = false
	switch {
	case len(b.messages) == 0:
		in.drop(b)
	case in.size > in.limit && in.deaf():
		in.lost(len(b.messages))
		for i := range b.messages {
			b.messages[i].Missed++
			in.owe(&b.messages[i])
		}
		in.drop(b)
	default:
		if in.ready.len() >= keptBatches && cap(b.messages) > 2*len(b.messages) {
			b.messages = slices.Clip(slices.Clone(b.messages)) // it may wait for long, and was used before
		}
		in.ready.push(b)
	}
	in.unlock()
	signal(in.judged)
}

// free forgets a batch that was handed over. in.mu is held.
func (in *inbox) free(b *batch) {
	if in.held {
		in.idle = judgeClock{seen: time.Now()} // the application takes something
	}
	in.drop(b)
}

// drop forgets a batch that nobody gets. in.mu is held.
func (in *inbox) drop(b *batch) {
	in.size -= b.size
	if in.held && in.size <= in.limit-in.limit/resumeAt {
		in.held = false
		in.wake = true
	}
	in.reuse(b)
}

// reuse keeps a batch's memory. in.mu is held.
func (in *inbox) reuse(b *batch) {
	clear(b.messages)
	if len(in.spare) < keptBatches && cap(b.messages) <= keptMessages {
		b.messages, b.next, b.expires = b.messages[:0], 0, false
		in.spare = append(in.spare, b)
	}
}

// unlock also lets those that were held up try again, where there is room now.
func (in *inbox) unlock() {
	wake := in.wake
	in.wake = false
	in.mu.Unlock()
	if wake {
		in.resume()
	}
}

// next moves messages to the application, as many as there are and fit.
func (in *inbox) next(dst []Message) (n int) {
	in.mu.Lock()
	defer in.unlock()
	in.reads = true
	for n < len(dst) {
		b, ok := in.ready.first()
		if !ok {
			return n
		}
		moved := copy(dst[n:], b.messages[b.next:])
		if b.expires || len(in.owed) > 0 {
			n += in.unexpired(dst[n : n+moved])
		} else {
			n += moved
		}
		if b.next += moved; b.next == len(b.messages) {
			in.ready.pop()
			in.free(b)
		}
	}
	if in.ready.len() > 0 {
		signal(in.judged) // for another reader
	}
	return n
}

// nextBatch moves a whole batch, which counts until it is freed by done.
func (in *inbox) nextBatch() (*batch, bool) {
	in.mu.Lock()
	defer in.unlock()
	in.reads = true
	b, ok := in.ready.pop()
	if ok && in.ready.len() > 0 {
		signal(in.judged)
	}
	return b, ok
}

func (in *inbox) done(b *batch) {
	in.mu.Lock()
	in.free(b)
	in.unlock()
}

// end refuses all that comes, and counts what nobody will judge any more as lost.
func (in *inbox) end() {
	in.mu.Lock()
	in.ended = true
	in.mu.Unlock()
	for p, b, ok := in.take(); ok; p, b, ok = in.take() {
		in.lost(p.count)
		in.done(b)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Receive waits for messages and moves as many as there are, and fit, into dst, the oldest first. It returns how many.
// The error is that of ctx, or ErrClosed when the node has ended and nothing is left. It is the cheaper way to read what
// Messages brings, a call for many messages: a program uses one of the two.
func (n *Node) Receive(ctx context.Context, dst []Message) (int, error) {
	for {
		if got := n.inbox.next(dst); got > 0 || len(dst) == 0 {
			n.counters.delivered.Add(uint64(got))
			return got, nil
		}
		select {
		case <-n.inbox.judged:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-n.heard:
			if got := n.inbox.next(dst); got > 0 {
				n.counters.delivered.Add(uint64(got))
				return got, nil
			}
			return 0, ErrClosed
		}
	}
}

// Messages is where the application reads what was published, this node's own messages included. What waits is
// bounded by Config.InboxBytes. An application that does not keep up holds up those that publish, see Publish, and loses
// messages of its own node. One that never calls Messages or Receive, or takes nothing for 10 s, holds nobody up: it
// loses the newest messages. Stats counts what is lost here ("messages_lost"), and Message.Missed of the next one says it.
// Of its own node's messages a MiB waits for one that has not asked for any yet, and what is more does not count as lost.
// The channel is closed when the node has ended; what had not been read by then, beyond what it holds, is lost and
// counted too. What it holds already is not looked at again: an application that reads slowly, and must not see what has
// expired, reads with Receive.
func (n *Node) Messages() <-chan Message {
	n.pumping.Do(func() {
		n.inbox.next(nil) // before the pump asks: what is published from now on is wanted
		n.pumps.Add(1)
		go n.pump()
	})
	return n.messages
}

// endMessages closes the channel of Messages, also where nobody has asked for it.
func (n *Node) endMessages() {
	n.pumping.Do(func() { close(n.messages) })
	n.pumps.Wait()
}

// pump fills the channel of Messages at the application's pace, until the node ends.
func (n *Node) pump() {
	defer n.pumps.Done()
	defer close(n.messages)
	for {
		b, ok := n.inbox.nextBatch()
		if ok {
			n.handOver(b)
			n.inbox.done(b)
			continue
		}
		select {
		case <-n.inbox.judged:
		case <-n.heard:
			if b, ok := n.inbox.nextBatch(); ok {
				n.handOver(b)
				n.inbox.done(b)
				continue
			}
			return
		}
	}
}

// handOver counts what the application has no time for any more, as the node has ended, as lost.
func (n *Node) handOver(b *batch) {
	given := 0
	defer func() { n.counters.delivered.Add(uint64(given)) }()
	for i, m := range b.messages {
		for waits := true; waits && n.inbox.inTime(b, &m); {
			waits = false
			select {
			case n.messages <- m:
				given++
				continue
			default:
			}
			late, stop := m.late()
			select {
			case n.messages <- m:
				given++
			case <-late:
				waits = true // or not any more
			case <-n.ended:
				n.counters.lost.Add(uint64(len(b.messages) - i))
				stop()
				return
			}
			stop()
		}
	}
}
