package link

import (
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// wire is a connection between two links of one process. It takes no socket, no handshake and no goroutine, and zmq4 does not
// know of it. At the other end, the exchange reads it.
//
// Only whole messages go over it. It holds as much as a socket would, so that who does not read is noticed.
type wire struct {
	exchange *exchange
	from     *subscriber // the publisher's end
	to       *dialled    // the other one

	mu      sync.Mutex
	changed sync.Cond // there is more room, or an end
	waiting [][]byte  // runs that were written and not read; never written to
	size    int       // bytes of them
	looked  int       // runs that are taken next
	opened  bool      // the other end is known to its link
	up      bool      // and has been told of
	queued  bool      // in the exchange's queue
	ended   bool      // nothing more is written
	left    bool      // and the publisher is told
	over    bool      // and the reader
	writeBy time.Time
}

const (
	wireBuffer = 64 << 10
	quietRuns  = 8 // room for so many runs is kept by a wire at rest
)

func newWire(x *exchange) *wire {
	w := &wire{exchange: x}
	w.changed.L = &w.mu
	return w
}

// join connects to a publisher of this process. It fails as a handshake over TCP would.
func (l *Link) join(g *gate, port Port, addr netip.AddrPort, name topics.Name, target string, aside bool) error {
	own, other, err := l.ring().Meets(g.link.ring(), name)
	if err != nil {
		g.link.refuse(port, netip.AddrPortFrom(addr.Addr(), 0), err)
		return err
	}
	w := newWire(l.exchange)
	w.from = g.newSubscriber(wireOut{wireEnd{wire: w, remote: &net.TCPAddr{IP: l.seen(addr.Addr())}}})
	w.from.welcomed = make(chan struct{})
	w.to = l.newDialled(wireIn{wireEnd{wire: w, remote: g.ln.Addr()}}, port, addr, target)
	w.to.name, w.to.own = name, ownTopics(port, aside)
	w.to.keyed.set(own, other)
	w.from.keyed.set(other, own)
	if err := l.enter(w, g); err != nil {
		return err
	}
	w.open()
	return nil
}

// enter subscribes at the gate.
func (l *Link) enter(w *wire, g *gate) error {
	l.wanted.Lock()
	defer l.wanted.Unlock()
	if err := g.join(w.from, l.hello(), slices.Concat(w.to.own, l.topicsLocked(g.port))); err != nil {
		return err
	}
	w.to.wire = w
	l.enlist(w.to)
	return nil
}

// seen is the address that a connection over TCP would come from.
func (l *Link) seen(to netip.Addr) net.IP {
	switch from := l.source(to); {
	case from != nil:
		return from
	case !to.IsLoopback():
		return to.AsSlice() // one of this machine's
	case to.Is4():
		return net.IPv4(127, 0, 0, 1)
	}
	return net.IPv6loopback
}

// open lets the exchange read the wire.
func (w *wire) open() {
	w.mu.Lock()
	w.opened = true
	w.queue()
	w.mu.Unlock()
}

// pass writes a run, if there is room for it. An empty wire takes any.
func (w *wire) pass(run []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.size > 0 && w.size+len(run) > wireBuffer {
		return false
	}
	w.waiting = append(w.waiting, run)
	w.size += len(run)
	w.queue()
	return true
}

// write waits for room, until the deadline.
func (w *wire) write(run []byte) (int, error) {
	for !w.pass(run) {
		if err := w.wait(len(run)); err != nil {
			return 0, err
		}
	}
	return len(run), nil
}

func (w *wire) wait(size int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	by := w.writeBy
	if !by.IsZero() {
		defer time.AfterFunc(time.Until(by), func() {
			w.mu.Lock()
			w.changed.Broadcast()
			w.mu.Unlock()
		}).Stop()
	}
	for w.size > 0 && w.size+size > wireBuffer && !w.ended {
		if !by.IsZero() && !time.Now().Before(by) {
			return os.ErrDeadlineExceeded
		}
		w.changed.Wait()
	}
	if w.ended {
		return net.ErrClosed
	}
	return nil
}

// queue has the exchange look at the wire. w.mu is held.
func (w *wire) queue() {
	if w.opened && !w.queued && w.more() {
		w.queued = true
		w.exchange.push(w)
	}
}

// more reports whether there is something to be read: the beginning, a run, or the end.
func (w *wire) more() bool { return !w.up || w.size > 0 || w.ended && !w.over }

// end is the publisher's: what was written before is still read.
func (w *wire) end() {
	w.mu.Lock()
	first := !w.left
	w.ended, w.left = true, true
	w.changed.Broadcast()
	w.queue()
	w.mu.Unlock()
	if first {
		go w.from.leave()
	}
}

// drop is the reader's end of it: nothing more is read.
func (w *wire) drop() {
	w.mu.Lock()
	w.waiting = w.waiting[:w.looked] // which may be admitted already
	w.size, w.ended = 0, true
	for _, run := range w.waiting {
		w.size += len(run)
	}
	w.mu.Unlock()
	w.from.hangUp(io.EOF)
}

// look returns what is taken next: the messages, and their bytes, up to the first that breaks the limits.
func (w *wire) look(limits zmtp.Limits) (bytes, messages int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.up {
		w.looked, _ = w.next()
	}
	for _, run := range w.waiting[:w.looked] {
		n, good, err := limits.Count(run)
		messages, bytes = messages+n, bytes+good
		if err != nil {
			break
		}
	}
	return bytes, messages
}

// next is how many runs are read at once, and their bytes. w.mu is held.
func (w *wire) next() (n, size int) {
	for n < len(w.waiting) && (n == 0 || size+len(w.waiting[n]) <= maxRun) {
		size += len(w.waiting[n])
		n++
	}
	return n, size
}

// retry has the exchange look again at a wire that was held up.
func (w *wire) retry() {
	w.mu.Lock()
	w.exchange.push(w)
	w.mu.Unlock()
}

// take returns the next runs, as many as are read at once: none for the beginning of the wire, and none when it is
// over.
func (w *wire) take(dst [][]byte) (runs [][]byte, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	runs = dst
	switch {
	case !w.up:
		w.up = true
	case w.size > 0:
		n, size := w.next()
		if w.looked > 0 && w.looked < n {
			n, size = w.looked, 0
			for _, run := range w.waiting[:n] {
				size += len(run)
			}
		}
		w.looked = 0
		runs = append(runs, w.waiting[:n]...)
		rest := copy(w.waiting, w.waiting[n:])
		clear(w.waiting[rest:])
		w.waiting = w.waiting[:rest]
		if rest == 0 && cap(w.waiting) > quietRuns {
			w.waiting = nil // a burst is over: so is its memory
		}
		w.size -= size
		w.changed.Broadcast()
	default:
		w.over = true
	}
	w.queued = false
	w.queue()
	return runs, w.over
}

// wireOut is the end that a subscriber's outbox writes to, wireIn the one that a dialled connection hangs up.
type (
	wireOut struct{ wireEnd }
	wireIn  struct{ wireEnd }
	wireEnd struct {
		*wire
		unplugged
		remote net.Addr
	}
)

// wired reports whether a connection is an end of a wire.
func wired(c net.Conn) bool {
	switch c.(type) {
	case wireIn, wireOut:
		return true
	}
	return false
}

func (e wireOut) Write(run []byte) (int, error) { return e.write(run) }
func (e wireOut) Close() error                  { e.end(); return nil }
func (e wireIn) Close() error                   { e.drop(); return nil }

func (e wireOut) SetWriteDeadline(t time.Time) error {
	e.mu.Lock()
	e.writeBy = t
	e.mu.Unlock()
	return nil
}

func (e wireEnd) Read([]byte) (int, error)    { return 0, io.EOF }
func (e wireEnd) Write(p []byte) (int, error) { return len(p), nil }
func (e wireEnd) RemoteAddr() net.Addr        { return e.remote }
