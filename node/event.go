package node

import (
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

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
	eventBuffer  = 1024 // events that wait for one watcher
	eventHistory = 256  // events that a new watcher may ask for
)

// Events is where the application reads who came and went. Who does not read loses events, and Stats counts
// them. It is closed when the node has ended.
func (n *Node) Events() <-chan Event { return n.events.C }

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

// hub gives each event to every watcher, and never waits for one.
type hub struct {
	mu       sync.Mutex
	last     uint64
	history  []Event // the newest, oldest first
	watchers map[*Watcher]bool
	ended    bool
	lost     *atomic.Uint64
}

func newHub(lost *atomic.Uint64) *hub {
	return &hub{watchers: make(map[*Watcher]bool), lost: lost}
}

func (h *hub) watch(after uint64) *Watcher {
	c := make(chan Event, eventBuffer)
	w := &Watcher{C: c, c: c, hub: h}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.history {
		if e.ID > after {
			c <- e // there is room: the buffer is larger than the history
		}
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
	if len(h.history) == eventHistory {
		h.history = append(h.history[:0], h.history[1:]...)
	}
	h.history = append(h.history, e)
	for w := range h.watchers {
		select {
		case w.c <- e:
		default:
			h.lost.Add(1)
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
}

// tell logs a change and passes it on.
func (n *Node) tell(c mesh.Change) {
	n.log.Log(n.ctx, level(c.Kind), "peer "+c.Kind.String(), "peer", c.Peer, "from", c.From.String(), "state", c.To.String(), "why", c.Why)
	n.hub.publish(time.Now(), c)
}

func level(k mesh.Kind) slog.Level {
	switch k {
	case mesh.Suspected, mesh.Evicted, mesh.Conflict, mesh.Withheld:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// counters are what the node counts by itself.
type counters struct {
	delivered, lost, eventsLost              atomic.Uint64
	badLists, badNames                       atomic.Uint64
	badMessages, unsubscribed, forgedOrigins atomic.Uint64
}

// Stats returns every counter by its name, since the start: the node's own, the machine's ("mesh_…") and the
// link's ("link_…").
func (n *Node) Stats() map[string]uint64 {
	stats := n.counts()
	n.ask(func(m *mesh.Machine) { meshStats(stats, m.Stats()) })
	return stats
}

// counts returns the counters that need no look at the machine.
func (n *Node) counts() map[string]uint64 {
	c := &n.counters
	stats := map[string]uint64{
		"messages_delivered":    c.delivered.Load(),    // given to the application
		"messages_lost":         c.lost.Load(),         // not given, as it did not keep up
		"events_lost":           c.eventsLost.Load(),   // the same of events
		"bad_lists":             c.badLists.Load(),     // lists and headers refused whole
		"bad_names":             c.badNames.Load(),     // entries of other lists that are no names
		"bad_messages":          c.badMessages.Load(),  // messages refused: frames, size, envelope
		"messages_unsubscribed": c.unsubscribed.Load(), // of topics not asked for
		"forged_origins":        c.forgedOrigins.Load(),
	}
	for name, value := range n.link.Stats() {
		stats["link_"+name] = value
	}
	return stats
}

// meshStats adds the machine's counters.
func meshStats(stats map[string]uint64, s mesh.Stats) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if f := v.Field(i); f.CanUint() {
			stats["mesh_"+snake(v.Type().Field(i).Name)] = f.Uint()
		}
	}
}

// snake turns a Go name into a metric's.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
