package link

import (
	"io"
	"slices"
	"sync"
)

// exchange is where a link hears all publishers of this process: one goroutine takes what their wires hold, each wire in
// turn. zmq4 has no part in it: what it would read is in memory already.
type exchange struct {
	link *Link
	done chan struct{} // the goroutine has ended

	mu      sync.Mutex
	changed sync.Cond
	ready   []*wire // with something to read, each once
	closed  bool

	memory [][]byte // of runs; the goroutine's own
}

func newExchange(l *Link) *exchange {
	x := &exchange{link: l, done: make(chan struct{})}
	x.changed.L = &x.mu
	return x
}

// run reads wires until the exchange is closed.
func (x *exchange) run() {
	defer close(x.done)
	for w := x.pop(); w != nil; w = x.pop() {
		x.carry(w)
	}
}

// push queues a wire, which is not queued yet. The wire is locked.
func (x *exchange) push(w *wire) {
	x.mu.Lock()
	x.ready = append(x.ready, w)
	if len(x.ready) == 1 {
		x.changed.Signal()
	}
	x.mu.Unlock()
}

// pop waits for a wire. It returns nil once the exchange is closed.
func (x *exchange) pop() *wire {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.ready) == 0 && !x.closed {
		x.changed.Wait()
	}
	if x.closed {
		return nil
	}
	w := x.ready[0]
	x.ready[0] = nil
	x.ready = x.ready[1:]
	return w
}

// carry reports what a wire has to say next, up to the first message that this link does not take.
func (x *exchange) carry(w *wire) {
	wanted := true
	if w.to.port == Message {
		bytes, messages := w.look(x.link.cfg.limits())
		if bytes > 0 {
			verdict, _ := x.link.valve.judge(bytes, messages, w)
			if verdict == Held {
				x.link.counters.add(messagesHeld, 1)
				return // until the valve opens
			}
			wanted = verdict == Admitted
		}
	}
	clear(x.memory)
	runs, over := w.take(x.memory[:0])
	if !wanted {
		return
	}
	x.memory = runs
	if over {
		w.to.fail(io.EOF)
	}
	count, size := 0, 0
	for i, run := range runs {
		n, good, err := x.link.cfg.limits().Count(run)
		count, size = count+n, size+good
		if err != nil {
			w.to.fail(err) // the end is told in its turn
			if size == 0 {
				return
			}
			runs[i] = run[:good]
			runs = runs[:i+1]
			break
		}
	}
	if err := w.to.spend(size); err != nil {
		w.to.fail(err)
	}
	x.link.counters.add(messagesIn, count)
	x.link.counters.add(bytesIn, size)
	x.link.receiveRun(w.to, joined(runs))
}

// joined is several runs as one. A single one is not copied, though others read it too: nobody writes to it.
func joined(runs [][]byte) Run {
	if len(runs) == 1 {
		return runs[0]
	}
	return slices.Concat(runs...)
}

// shut ends the goroutine, once nobody holds it up.
func (x *exchange) shut() {
	x.mu.Lock()
	x.closed = true
	x.changed.Broadcast()
	x.mu.Unlock()
}
