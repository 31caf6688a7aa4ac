package link

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeEnd is one end of a connection inside the process. net.Pipe would do, at five times the memory.
type pipeEnd struct {
	in, out       *half
	local, remote net.Addr
}

func newPipe(from, to net.Addr) (here, there *pipeEnd) {
	p := &struct {
		a, b        half
		here, there pipeEnd
	}{}
	p.a.init()
	p.b.init()
	p.here = pipeEnd{&p.a, &p.b, from, to}
	p.there = pipeEnd{&p.b, &p.a, to, from}
	return &p.here, &p.there
}

func (e *pipeEnd) Read(p []byte) (int, error)         { return e.in.read(p) }
func (e *pipeEnd) Write(p []byte) (int, error)        { return e.out.write(p) }
func (e *pipeEnd) LocalAddr() net.Addr                { return e.local }
func (e *pipeEnd) RemoteAddr() net.Addr               { return e.remote }
func (e *pipeEnd) SetReadDeadline(t time.Time) error  { return e.in.set(&e.in.readBy, t) }
func (e *pipeEnd) SetWriteDeadline(t time.Time) error { return e.out.set(&e.out.writeBy, t) }

func (e *pipeEnd) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// pass writes what never changes again without copying it, if there is room for all of it.
func (e *pipeEnd) pass(b []byte) bool { return e.out.pass(b) }

// Close lets the other end read what was written before.
func (e *pipeEnd) Close() error {
	e.out.end(&e.out.ended)
	e.in.end(&e.in.gone)
	return nil
}

// half is one direction of a pipe. It holds as much as a socket would, so that who does not read is noticed.
type half struct {
	mu              sync.Mutex
	changed         sync.Cond
	waiting         [][]byte // written and not read; never written to
	size            int      // bytes of it
	ended, gone     bool     // the writer has closed it; the reader has
	readBy, writeBy time.Time
}

const pipeBuffer = 64 << 10

func (h *half) init() { h.changed.L = &h.mu }

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.gone:
			return 0, net.ErrClosed
		case h.size > 0:
			return h.take(p), nil
		case h.ended:
			return 0, io.EOF
		case expired(h.readBy):
			return 0, os.ErrDeadlineExceeded
		}
		h.wait(h.readBy)
	}
}

// take copies what there is, as much as p holds.
func (h *half) take(p []byte) (n int) {
	done := 0
	for i := range h.waiting {
		m := copy(p[n:], h.waiting[i])
		n += m
		if h.waiting[i] = h.waiting[i][m:]; len(h.waiting[i]) > 0 {
			break
		}
		done++
	}
	left := copy(h.waiting, h.waiting[done:])
	clear(h.waiting[left:])
	h.waiting = h.waiting[:left]
	if h.size >= pipeBuffer { // a writer may wait for room
		h.changed.Broadcast()
	}
	h.size -= n
	return n
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n < len(p) {
		room := min(len(p)-n, pipeBuffer-h.size)
		switch {
		case h.ended || h.gone:
			return n, net.ErrClosed
		case room > 0:
			h.put(append([]byte(nil), p[n:n+room]...))
			n += room
			continue
		case expired(h.writeBy):
			return n, os.ErrDeadlineExceeded
		}
		h.wait(h.writeBy)
	}
	return n, nil
}

func (h *half) pass(b []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.gone || h.size+len(b) > pipeBuffer {
		return false
	}
	h.put(b)
	return true
}

func (h *half) put(b []byte) {
	h.waiting = append(h.waiting, b)
	if h.size == 0 { // the reader may wait for something
		h.changed.Broadcast()
	}
	h.size += len(b)
}

func expired(by time.Time) bool { return !by.IsZero() && !time.Now().Before(by) }

// wait returns when something has changed, or at the deadline.
func (h *half) wait(by time.Time) {
	if !by.IsZero() {
		defer time.AfterFunc(time.Until(by), func() {
			h.mu.Lock()
			h.changed.Broadcast()
			h.mu.Unlock()
		}).Stop()
	}
	h.changed.Wait()
}

func (h *half) set(deadline *time.Time, t time.Time) error {
	h.mu.Lock()
	*deadline = t
	h.changed.Broadcast()
	h.mu.Unlock()
	return nil
}

func (h *half) end(flag *bool) {
	h.mu.Lock()
	*flag = true
	h.changed.Broadcast()
	h.mu.Unlock()
}
