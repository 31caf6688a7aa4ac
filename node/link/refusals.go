package link

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hearsay/node/link/zmtp"
)

// Who comes with keys that do not fit sees an open port and nothing behind it, and who was to be a member is missed. So each
// is told of once by the node that refuses, with the plain reason. Who stays away for a while is forgotten, and is news again.

// refusal is an address from which somebody without the right key came, and what was wrong.
type refusal struct {
	from netip.Addr
	why  counter
}

// refusals are those that have been told of, and how often each came.
type refusals struct {
	mu    sync.Mutex
	told  map[refusal]*Refusal
	swept time.Time
}

// Refusal is somebody whose keys do not fit.
type Refusal struct {
	From  netip.Addr
	Why   string // for people
	Count uint64 // connections that were refused
	Last  time.Time
}

const (
	maxRefusals = 1024             // bounds the refusals that are told of. Beyond it they are counted alone.
	refusalKept = 10 * time.Minute // without another knock: who has no key by mistake dials again within a minute
	sweepEvery  = time.Minute      // between two looks for those that are over, while others come
)

// first notes a refusal, and reports whether it is to be told of, as it has not been yet.
func (r *refusals) first(one refusal, why string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.swept) >= sweepEvery {
		r.swept = now
		maps.DeleteFunc(r.told, func(_ refusal, known *Refusal) bool { return known.over(now) })
	}
	known := r.told[one]
	switch {
	case known != nil && known.over(now):
	case known != nil:
		known.Count++
		known.Last = now
		return false
	case len(r.told) >= maxRefusals:
		return false
	case r.told == nil:
		r.told = make(map[refusal]*Refusal)
	}
	r.told[one] = &Refusal{one.from, why, 1, now}
	return true
}

// over reports whether it was so long ago that it counts no more.
func (r *Refusal) over(now time.Time) bool { return now.Sub(r.Last) >= refusalKept }

// Refusals returns those whose keys do not fit and who came lately, the latest first.
func (l *Link) Refusals() []Refusal { return l.refusals.since(time.Now()) }

func (r *refusals) since(now time.Time) []Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Refusal, 0, len(r.told))
	for _, one := range r.told {
		if !one.over(now) {
			out = append(out, *one)
		}
	}
	slices.SortFunc(out, func(a, b Refusal) int {
		return cmp.Or(b.Last.Compare(a.Last), a.From.Compare(b.From), cmp.Compare(a.Why, b.Why))
	})
	return out
}

// plainly says for people what an error of the handshake means.
type plainly struct {
	text string
	error
}

func (p plainly) Error() string { return p.text }
func (p plainly) Unwrap() error { return p.error }

// refuse counts somebody who came without the right key, and tells of each address once for each reason, while it comes.
func (l *Link) refuse(port Port, from netip.AddrPort, err error) {
	var why counter
	switch locked := l.ring() != nil; {
	case errors.Is(err, zmtp.ErrMechanism) && locked:
		why, err = refusedNoKey, plainly{"no key: it is open, and this node is locked; a node without --mesh-key or --key comes so, or another program", err}
	case errors.Is(err, zmtp.ErrMechanism):
		why, err = refusedKeyed, plainly{"no key here: it is locked, and this node is open", err}
	case !locked:
		return
	case errors.Is(err, zmtp.ErrUnauthorized):
		why = refusedUnauthorized
	case errors.Is(err, zmtp.ErrKey):
		why = refusedWrongKey
	default:
		return
	}
	l.counters.add(why, 1)
	if l.refusals.first(refusal{from.Addr(), why}, err.Error(), time.Now()) {
		l.emit(Event{Kind: TurnedAway, Port: port, Addr: from, Err: err})
	}
}
