package link

import (
	"context"
	"io"
	"log"
	"sync"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// publisher is one of our two PUB sockets. Messages of one topic that come faster than zmq4 writes are
// gathered into runs.
type publisher struct {
	sock  zmq4.Socket
	gate  *gate
	meter *meter

	mu      sync.Mutex
	changed *sync.Cond
	pending []topicRun
	bytes   int // in pending
	closed  bool
	stopped chan struct{} // the sender has ended
}

type topicRun struct {
	topic string
	run   []byte
}

const (
	maxPending = 4 << 20 // bytes waiting for zmq4; a publisher beyond it waits for the CPU, never for a peer
	ahead      = 2       // runs given to zmq4 that it has not written yet: more would make shorter runs
)

func newPublisher(g *gate) (*publisher, error) {
	p := &publisher{gate: g, meter: newMeter(g), stopped: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	p.sock = zmq4.NewPub(context.Background(), zmq4Options()...)
	g.meter = p.meter
	if err := p.sock.Listen(offer(g)); err != nil {
		return nil, err
	}
	p.meter.waitReady()
	go p.send()
	return p, nil
}

func zmq4Options() []zmq4.Option {
	return []zmq4.Option{
		zmq4.WithSecurity(judged{null.Security()}),
		zmq4.WithDialerMaxRetries(0),
		zmq4.WithLogger(log.New(io.Discard, "", 0)), // the gate counts and says what zmq4 would log
	}
}

// publish queues a message. It waits only while zmq4 has more queued than it can write.
func (p *publisher) publish(frames [][]byte) error {
	size, err := p.gate.link.cfg.limits().check(frames)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.bytes > maxPending && !p.closed {
		p.changed.Wait()
	}
	if p.closed {
		return ErrClosed
	}
	last := len(p.pending) - 1
	if last < 0 || p.pending[last].topic != string(frames[0]) || len(p.pending[last].run)+size > maxRun {
		p.pending = append(p.pending, topicRun{topic: string(frames[0])})
		last++
	}
	before := len(p.pending[last].run)
	p.pending[last].run = appendMessage(p.pending[last].run, frames...)
	p.bytes += len(p.pending[last].run) - before
	p.changed.Broadcast()
	return nil
}

// send gives zmq4 what is pending, a little at a time, and ends once the publisher is closed and empty.
func (p *publisher) send() {
	defer close(p.stopped)
	sent := 0
	for {
		p.mu.Lock()
		for len(p.pending) == 0 && !p.closed {
			p.changed.Wait()
		}
		if len(p.pending) == 0 {
			p.mu.Unlock()
			p.nudge() // the meter comes first of zmq4's subscribers: when it has this, all have what was before
			p.meter.wait(sent + 1)
			return
		}
		next := p.pending[0]
		p.pending[0] = topicRun{}
		p.pending = p.pending[1:]
		p.bytes -= len(next.run)
		p.changed.Broadcast()
		p.mu.Unlock()

		_ = p.sock.Send(zmq4.NewMsgFrom([]byte(next.topic), next.run)) // only ever queues
		sent++
		p.meter.wait(sent - ahead)
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
	p.meter.end()
	p.nudge()
	p.meter.waitEnded()
	p.meter.Close()
	_ = p.sock.Close()
}

// nudge sends a run through zmq4 that goes out to nobody.
func (p *publisher) nudge() {
	_ = p.sock.Send(zmq4.NewMsgFrom([]byte(topicNudge), []byte(runNudge)))
}

// A nudge is a message of one empty frame: nothing that can be published.
const (
	topicNudge = "\x00"
	runNudge   = "\x00\x00"
)
