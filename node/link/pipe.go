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

func newPipe(from, to net.Addr) (here, there net.Conn) {
	a, b := newHalf(), newHalf()
	return &pipeEnd{a, b, from, to}, &pipeEnd{b, a, to, from}
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
	buf             []byte // written and not read
	ended, gone     bool   // the writer has closed it; the reader has
	readBy, writeBy time.Time
}

const pipeBuffer = 64 << 10

func newHalf() *half {
	h := &half{}
	h.changed.L = &h.mu
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.gone:
			return 0, net.ErrClosed
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			if h.buf = h.buf[n:]; len(h.buf) == 0 {
				h.buf = nil
			}
			h.changed.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		case expired(h.readBy):
			return 0, os.ErrDeadlineExceeded
		}
		h.wait(h.readBy)
	}
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n < len(p) {
		room := min(len(p)-n, pipeBuffer-len(h.buf))
		switch {
		case h.ended || h.gone:
			return n, net.ErrClosed
		case room > 0:
			h.buf = append(h.buf, p[n:n+room]...)
			n += room
			h.changed.Broadcast()
			continue
		case expired(h.writeBy):
			return n, os.ErrDeadlineExceeded
		}
		h.wait(h.writeBy)
	}
	return n, nil
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
