package link

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"

	"hearsay/topics"
)

// publisher is one of our two PUB sockets. Messages of one topic that come faster than they are handed to the subscribers'
// outboxes are gathered into runs, which a goroutine hands out. One that comes alone is handed out by who publishes it, and no
// goroutine has to wake up for it.
type publisher struct {
	sock  zmq4.Socket
	gate  *gate
	ender *ender
	echo  func(run Run, messages int) // hears what is published; nil: nobody does

	mu      sync.Mutex
	changed *sync.Cond
	pending fifo[topicRun]
	bytes   int           // in pending
	handing bool          // somebody hands out a run
	last    time.Time     // when publish was done last
	spent   time.Duration // on messages that were handed out by who published them, less what pauses have paid for
	closed  bool
	waiting atomic.Bool   // something is pending
	stopped chan struct{} // the sender has ended

	underWay atomic.Int64 // bytes that were published and are not in the outboxes of all subscribers yet
}

type topicRun struct {
	topic    string
	count    int // of messages
	run      []byte
	room     *[maxRun]byte // in which it grows; nil: it does not any more
	nameless []byte        // its other text; nil: it has one
	lone     bool          // a small message that came alone: it is written by who publishes it

	looked bool        // whether it is known what the next says
	origin topics.Name // that was relayed here, by key; "": it is something else
}

// maxPending is the bytes that may wait for the sender. Who publishes beyond it waits for the CPU, never for a peer.
const maxPending = 4 << 20

func newPublisher(g *gate) (*publisher, error) {
	p := &publisher{gate: g, ender: newEnder(), stopped: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	p.sock = zmq4.NewPub(context.Background(), zmq4Options()...)
	g.first = p.ender
	if err := p.sock.Listen(offer(g)); err != nil {
		return nil, err
	}
	p.ender.waitReady()
	if g.port == Message {
		p.echo = g.link.cfg.Echo
	}
	go p.send()
	return p, nil
}

const (
	// aloneAfter is between the end of one publish and the beginning of the next at least, where that is a pause. To hand a
	// message out takes a few microseconds, so who publishes faster is better served by runs.
	aloneAfter = 20 * time.Microsecond

	// alonePart is how many times as long as what is spent on handing messages out its pauses are, in the long run: who
	// publishes is slowed down by no more than that, however many messages come at once and however many subscribers there are.
	alonePart = 2

	// aloneAhead is what may be spent before it is paid for, some ten messages to one subscriber: who is late by some
	// makes up for it. One message counts as no more than that, since the CPU may have been another process's meanwhile.
	aloneAhead = 150 * time.Microsecond
)

// loneMost is the bytes of a message up to which who publishes it writes it, too.
const loneMost = 16 << 10

// alone reports whether a message that is published now is handed out at once. Beats never are: the loop has other work.
func (p *publisher) alone(now time.Time) bool {
	if pause := now.Sub(p.last); pause > aloneAfter {
		p.spent = max(0, p.spent-pause/alonePart)
	}
	p.last = now
	return p.gate.port == Message && p.spent <= aloneAhead && !p.handing && p.pending.len() == 0
}

// publish queues a message, with another text for subscribers that said no name unless that is nil. It waits only while
// more is pending than the sender can hand out.
func (p *publisher) publish(frames, nameless [][]byte) error {
	size, err := p.gate.link.cfg.limits().Check(frames)
	if err != nil {
		return err
	}
	if nameless != nil {
		if _, err := p.gate.link.cfg.limits().Check(nameless); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.bytes > maxPending && !p.closed {
		p.changed.Wait()
	}
	if p.closed {
		return ErrClosed
	}
	if now := time.Now(); p.alone(now) {
		run := topicRun{topic: string(frames[0]), run: make([]byte, 0, size), lone: size <= loneMost}
		run.add(frames, nameless)
		p.underWay.Add(int64(run.size()))
		p.hand(run)
		p.last = time.Now()
		p.spent += min(p.last.Sub(now), aloneAhead)
		return nil
	}
	last := p.pending.last()
	if last == nil || last.topic != string(frames[0]) || len(last.run)+size > maxRun {
		if last != nil {
			last.settle()
		}
		p.pending.push(newRun(string(frames[0]), size))
		p.waiting.Store(true)
		last = p.pending.last()
	}
	before := last.size()
	last.add(frames, nameless)
	added := last.size() - before
	p.bytes += added
	p.underWay.Add(int64(added))
	p.changed.Broadcast()
	return nil
}

// send hands out what is pending, a run at a time, and ends once the publisher is closed and empty.
func (p *publisher) send() {
	defer close(p.stopped)
	for {
		p.mu.Lock()
		for p.handing || p.pending.len() == 0 && !p.closed {
			p.changed.Wait()
		}
		if p.pending.len() == 0 {
			p.mu.Unlock()
			return
		}
		next := p.pending.pop()
		if p.pending.len() == 0 {
			p.pending.forget()
			p.waiting.Store(false)
		}
		p.bytes -= next.size()
		p.changed.Broadcast()
		p.hand(next)
		p.mu.Unlock()
	}
}

// hand hands a run to those that have subscribed. p.mu is held, and released while it does. Only one is handed out at a time.
func (p *publisher) hand(r topicRun) {
	p.handing = true
	p.mu.Unlock()
	r.settle()
	if p.echo != nil {
		p.echo(r.run[:len(r.run):len(r.run)], r.count)
	}
	p.gate.deliver(&r)
	p.underWay.Add(-int64(r.size()))
	p.mu.Lock()
	p.handing = false
	if p.closed || p.pending.len() > 0 {
		p.changed.Broadcast()
	}
}

// flush gives everything pending to the subscribers' outboxes and takes no more.
func (p *publisher) flush() {
	p.mu.Lock()
	p.closed = true
	p.changed.Broadcast()
	p.mu.Unlock()
	<-p.stopped
}

// close ends zmq4's socket, after the gate has hung up all subscribers.
func (p *publisher) close() {
	p.ender.end(p.sock)
	_ = p.sock.Close()
}
