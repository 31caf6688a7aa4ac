package node

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh"
)

// Event is a change of a member's state, and when this node noticed it. IDs count up from 1 without a gap,
// so a reader sees by them what it lost.
type Event struct {
	ID uint64
	At time.Time
	mesh.Change
}

const (
	eventBuffer  = 1024 // events that wait for one watcher, and that are kept for all followers
	eventHistory = 256  // events that a new reader may ask for
)

// Events is where the application reads who came and went, from the start on, or of the last 1,024 where it asks for them
// later. From then on one that does not read loses events, and Stats counts them. It is closed when the node has ended.
func (n *Node) Events() <-chan Event { return n.hub.events().C }

// Watch returns a further reader of events. It begins with those after the event with this ID, as far as
// they are among the last 256: 0 means all of these. Close it when done.
func (n *Node) Watch(after uint64) *Watcher { return n.hub.watch(after) }

// Watcher is one reader of events. C is closed when the node has ended, or by Close.
type Watcher struct {
	C   <-chan Event
	c   chan Event
	hub *hub
}

// Close ends the watcher.
func (w *Watcher) Close() { w.hub.remove(w) }

// ErrBehind is what a Follower answers that fell behind by more than 1,024 events.
var ErrBehind = errors.New("too far behind the events")

// Follow returns a further reader of events, which begins as Watch does. However many follow, events are kept once. Close
// it when done.
func (n *Node) Follow(after uint64) *Follower { return n.hub.follow(after) }

// Follower is one reader of the events that are kept for all. Its methods are for one goroutine.
type Follower struct {
	hub     *hub
	arrived chan struct{}
	next    uint64 // ID of the event that is read next; guarded by hub.mu
}

// Arrived has something when there are events to read. It is closed when the node has ended: what is left can be read.
func (f *Follower) Arrived() <-chan struct{} { return f.arrived }

// Next returns the next event, and reports whether there is one. Its error is ErrBehind.
func (f *Follower) Next() (e Event, ok bool, err error) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	switch {
	case f.next > f.hub.last:
		return e, false, nil
	case f.next+eventBuffer <= f.hub.last:
		return e, false, ErrBehind
	}
	e = *f.hub.at(f.next)
	f.next++
	return e, true, nil
}

// Close ends the follower.
func (f *Follower) Close() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	delete(f.hub.followers, f)
}

// hub gives each event to every watcher, keeps the newest for all followers, and never waits for anybody.
type hub struct {
	mu        sync.Mutex
	last      uint64
	kept      []Event // the newest, each at the place that its ID gives it
	watchers  map[*Watcher]bool
	first     *Watcher // the application's; nil: it has not asked
	followers map[*Follower]bool
	ended     bool
	lost      *atomic.Uint64
}

func newHub(lost *atomic.Uint64) *hub {
	return &hub{watchers: make(map[*Watcher]bool), followers: make(map[*Follower]bool), lost: lost}
}

// at is where an event is kept.
func (h *hub) at(id uint64) *Event { return &h.kept[(id-1)%eventBuffer] }

// from is the ID of the first event that a reader gets which has those up to after.
func (h *hub) from(after uint64) uint64 {
	oldest := uint64(1)
	if h.last > eventHistory {
		oldest = h.last - eventHistory + 1
	}
	return max(oldest, after+1)
}

func (h *hub) follow(after uint64) *Follower {
	f := &Follower{hub: h, arrived: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.next = h.from(after); f.next <= h.last {
		f.arrived <- struct{}{}
	}
	if h.ended {
		close(f.arrived)
	} else {
		h.followers[f] = true
	}
	return f
}

func (h *hub) watch(after uint64) *Watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begin(h.from(after))
}

// events is the application's watcher, which most never ask for: it takes 100 KB.
func (h *hub) events() *Watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == nil {
		over := h.last - uint64(len(h.kept))
		h.lost.Add(over)
		h.first = h.begin(over + 1)
	}
	return h.first
}

// begin has a new watcher begin with one of the kept events.
func (h *hub) begin(id uint64) *Watcher {
	c := make(chan Event, eventBuffer)
	w := &Watcher{C: c, c: c, hub: h}
	for ; id <= h.last; id++ {
		c <- *h.at(id) // there is room: no more are kept
	}
	if h.ended {
		close(c)
	} else {
		h.watchers[w] = true
	}
	return w
}

func (h *hub) remove(w *Watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[w] {
		delete(h.watchers, w)
		close(w.c)
	}
}

func (h *hub) publish(at time.Time, c mesh.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e := Event{ID: h.last, At: at, Change: c}
	if len(h.kept) < eventBuffer {
		h.kept = append(h.kept, e)
	} else {
		*h.at(e.ID) = e
	}
	for w := range h.watchers {
		select {
		case w.c <- e:
		default:
			h.lost.Add(1)
		}
	}
	for f := range h.followers {
		select {
		case f.arrived <- struct{}{}:
		default:
		}
	}
}

func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for w := range h.watchers {
		close(w.c)
	}
	clear(h.watchers)
	for f := range h.followers {
		close(f.arrived)
	}
	clear(h.followers)
}

// tell logs a change and passes it on.
func (n *Node) tell(c mesh.Change) {
	now := time.Now()
	if n.log.Enabled(n.ctx, level(c.Kind)) {
		n.logSoon(c, now)
	}
	n.hub.publish(now, c)
}

// logSoon logs a change. What comes in crowds while a mesh forms waits a moment for its line.
func (n *Node) logSoon(c mesh.Change, now time.Time) {
	if !n.crowd.take(c, now) {
		if n.crowd.about(c.Peer) { // its story is told in its order
			n.tellCrowd()
		}
		n.logChange(c)
	} else if n.crowd.full() {
		n.tellCrowd()
	}
}

func (n *Node) logChange(c mesh.Change, more ...any) {
	args := append([]any{"peer", c.Peer, "from", c.From.String(), "state", c.To.String(), "why", c.Why}, more...)
	n.log.Log(n.ctx, level(c.Kind), "peer "+c.Kind.String(), args...)
}

// tellCrowd logs the changes that waited: one as itself, more of a kind as one line. How long ago they were is said apart: a
// log is read by its times, and these lines come after others.
func (n *Node) tellCrowd() {
	now := time.Now()
	for _, g := range n.crowd.empty() {
		ago, names := now.Sub(g.lastAt).Round(time.Millisecond), g.names()
		if len(names) == 1 {
			n.logChange(g.last, "ago", ago) // what is so now
			continue
		}
		args := []any{"count", len(names), "took", g.lastAt.Sub(g.firstAt).Round(time.Millisecond), "ago", ago, "peers", names}
		if level(g.first.Kind) >= slog.LevelWarn {
			args = append(args, "first", g.first.Peer, "why", g.first.Why)
		}
		n.log.Log(n.ctx, level(g.first.Kind), "peers "+g.first.Kind.String(), args...)
	}
}

func level(k mesh.Kind) slog.Level {
	switch k {
	case mesh.Suspected, mesh.Evicted, mesh.Conflict, mesh.Withheld, mesh.Mute, mesh.Unreached, mesh.Foreign, mesh.Unlinked, mesh.OneWay, mesh.Stale, mesh.Clock, mesh.Restarts:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
