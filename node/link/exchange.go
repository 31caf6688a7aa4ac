package link

import (
	"io"
	"sync"
)

// exchange is the one connection over which a link's SUB hears all publishers of this process: it brings what their
// wires hold, postmarked as ever, each wire in turn.
type exchange struct {
	unplugged
	link *Link

	mu      sync.Mutex
	changed sync.Cond
	ready   []*wire // with something to read, each once
	closed  bool
	freed   sync.Once // zmq4 has closed it

	// The reader's own.
	script []byte   // what zmq4 reads next
	runs   [][]byte // and after it
	memory [][]byte // of runs
}

func newExchange(l *Link) *exchange {
	x := &exchange{link: l, script: script}
	x.changed.L = &x.mu
	return x
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

// Read gives zmq4 a run at a time.
func (x *exchange) Read(p []byte) (n int, err error) {
	for len(x.script) == 0 && len(x.runs) == 0 {
		w := x.pop()
		if w == nil {
			return 0, io.EOF
		}
		x.load(w)
	}
	if len(x.script) > 0 {
		n = copy(p, x.script)
		x.script = x.script[n:]
		return n, nil
	}
	for len(x.runs) > 0 {
		m := copy(p[n:], x.runs[0])
		n += m
		if x.runs[0] = x.runs[0][m:]; len(x.runs[0]) > 0 {
			break
		}
		x.runs = x.runs[1:]
	}
	return n, nil
}

// load scripts what a wire has to say next, up to the first message that this link does not take.
func (x *exchange) load(w *wire) {
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
	x.script = appendPostmarked(x.script[:0], w.to.id, size)
	x.runs = runs
}

// shut ends the connection.
func (x *exchange) shut() {
	x.mu.Lock()
	x.closed = true
	x.changed.Broadcast()
	x.mu.Unlock()
}

// Close is zmq4's.
func (x *exchange) Close() error {
	x.shut()
	x.freed.Do(x.link.zmq4Conns.Done)
	return nil
}

// Write takes zmq4's greeting, and forgets it.
func (x *exchange) Write(p []byte) (int, error) { return len(p), nil }
