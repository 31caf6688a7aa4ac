package link

import (
	"slices"
	"sync"
	"sync/atomic"

	"hearsay/topics"
)

// relays are the subscriptions to relayed messages at the message port: by the key of their origin, "" for all that is
// relayed here, and how many connections have each.
type relays struct {
	all      atomic.Int64 // of them together: nearly always none
	watchers atomic.Int64 // of those that asked for the newest numbers
	fresh    atomic.Bool  // one of them was told nothing yet. It is set with gate.mu held

	mu sync.Mutex
	by map[topics.Name]int
}

// note counts a subscription, or one that is taken back.
func (r *relays) note(topic string, by int) {
	if topic == topics.Newest {
		r.watchers.Add(int64(by))
		return
	}
	origin, _, ok := topics.ParseWanted(topic)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := origin.Key()
	if r.by == nil {
		r.by = make(map[topics.Name]int)
	}
	if r.by[key] += by; r.by[key] == 0 {
		delete(r.by, key)
	}
	r.all.Add(int64(by))
}

// Relays reports whether anybody has asked for relayed messages.
func (l *Link) Relays() bool { return l.relays.all.Load() > 0 }

// RelaysOf reports whether anybody has asked for those of an origin, whose key it is; "": for all that are relayed here.
func (l *Link) RelaysOf(origin topics.Name) bool {
	if !l.Relays() {
		return false
	}
	l.relays.mu.Lock()
	defer l.relays.mu.Unlock()
	return l.relays.by[origin] > 0
}

// Say subscribes to a topic at one publisher of messages alone, or takes that back; at one of lists that is topics.Told. What
// is said stands for as long as the connection; a question (topics.Question) stands until it is answered. Nothing is said over
// a connection that has ended.
func (l *Link) Say(id ID, topic string, cancel bool) {
	question := topics.KindOf([]byte(topic)) == topics.KindAsk
	l.wanted.Lock()
	defer l.wanted.Unlock()
	l.mu.Lock()
	d := l.standingLocked(id)
	var before *dialled
	if d != nil {
		before = d.before
	}
	l.mu.Unlock()
	if d == nil || (d.port == Message) == (topic == topics.Told) || !question && !d.note(topic, cancel) {
		return
	}
	if before != nil && !question {
		before.note(topic, cancel) // which an heir that is not subscribed yet takes over
	}
	switch {
	case question && d.wire != nil && cancel:
		d.wire.from.withdraw(topic)
	case question && d.wire != nil:
		d.wire.from.inquire(topic)
	case cancel:
		d.cancel(topic)
	default:
		d.subscribe(topic)
	}
}

// note keeps what was said over a connection alone, and reports whether that is news. l.wanted is held.
func (d *dialled) note(topic string, cancel bool) bool {
	i := slices.Index(d.own, topic)
	switch {
	case cancel && i >= 0:
		d.own = slices.Delete(d.own, i, i+1)
	case !cancel && i < 0:
		d.own = append(d.own, topic)
	default:
		return false
	}
	return true
}

// inheritOwn takes over what was said over the connection before alone. l.wanted is held.
func (d *dialled) inheritOwn() {
	if d.inherits == nil {
		return
	}
	for _, topic := range d.inherits.old.own {
		d.note(topic, false)
	}
}
