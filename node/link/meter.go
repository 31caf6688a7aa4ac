package link

import (
	"io"
	"runtime"
	"sync"
)

// meter is the first subscriber of each of our publishers: it subscribes to everything and counts what zmq4
// has written. So publish knows how much zmq4 still holds in its queue, which has no bound of its own. Subscribers
// within this process get it from here.
//
// It also ends zmq4's writer: that goroutine outlives the socket, as nothing in zmq4 v0.17.0 tells it to
// stop, but it calls Write here.
type meter struct {
	unplugged
	gate   *gate // of the publisher
	writer zmq4Writer

	mu      sync.Mutex
	changed *sync.Cond
	script  []byte
	ready   bool // the subscription has been taken in
	closed  bool
	written int  // runs
	ending  bool // the next run is the last
	ended   bool
}

func newMeter(g *gate) *meter {
	m := &meter{gate: g, script: appendFrame(script, 0, []byte{1})}
	m.changed = sync.NewCond(&m.mu)
	return m
}

// Read subscribes to everything, and then waits for the end.
func (m *meter) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.script) > 0 {
		n := copy(p, m.script)
		m.script = m.script[n:]
		return n, nil
	}
	m.ready = true
	m.changed.Broadcast()
	for !m.closed {
		m.changed.Wait()
	}
	return 0, io.EOF
}

// Write counts runs, and passes them on to the subscribers within this process. It is called by zmq4's writer
// goroutine, and ends it when that is due.
func (m *meter) Write(p []byte) (int, error) {
	run := m.writer.write(p)
	if run == nil {
		return len(p), nil
	}
	if string(run) != runNudge {
		m.gate.deliver(run)
	}
	m.mu.Lock()
	m.written++
	ending := m.ending
	m.ended = ending
	m.changed.Broadcast()
	m.mu.Unlock()
	if ending {
		runtime.Goexit()
	}
	return len(p), nil
}

// waitReady returns once zmq4 counts the meter among its subscribers.
func (m *meter) waitReady() {
	m.mu.Lock()
	for !m.ready && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

// wait returns once n runs have been written, or the meter is closed.
func (m *meter) wait(n int) {
	m.mu.Lock()
	for m.written < n && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

// end makes the next run zmq4's writer's last.
func (m *meter) end() {
	m.mu.Lock()
	m.ending = true
	m.mu.Unlock()
}

// waitEnded returns once zmq4's writer has ended.
func (m *meter) waitEnded() {
	m.mu.Lock()
	for !m.ended && !m.closed {
		m.changed.Wait()
	}
	m.mu.Unlock()
}

func (m *meter) Close() error {
	m.mu.Lock()
	m.closed = true
	m.changed.Broadcast()
	m.mu.Unlock()
	return nil
}
