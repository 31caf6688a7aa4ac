package mesh

import (
	"slices"
	"time"

	"hearsay/mesh/rate"
)

// reach is how to get to a peer: the ways that are tried, the dials that wait or are under way, and the discovery links.
// It is the one place that decides whether to dial: see decide. It knows nothing of the machine; what it has to know of
// the rest it is told, and what it wants done it returns.
type reach struct {
	againDue   Time    // when to follow up a sign of life that came while a dial was under way
	helloDue   Time    // when to say hello again
	lookup     *lookup // nil: it is not looked up but when it is dialled
	againClass class
	owed       bool // it left, and there was a sign of life that came too early to be followed

	link *link // the discovery link
	next *link // one that may replace it

	dials    *dials // that wait or are under way; nil: none
	tour     tour
	tries    int      // failed dials in a row
	failed   *failure // the last dial that led nowhere, since the peer was heard last; nil: none did. It is not written to
	missing  *missing // a seed that leads to nobody; nil: it is none
	probedAt Time     // the last dial of its lists began

	urgent, called rate.Bucket // signs of life that it was dialled for: any, and hellos beyond that

	askDue   Time  // before, its list is not asked for again
	asks     int32 // times in a row that it was
	helloTry int32
}

func newReach() reach {
	r := reach{helloDue: never, againDue: never}
	r.tour.restart()
	return r
}

// dials are those of one peer.
type dials struct {
	waiting [ports]*dial
	flying  [ports][]*dial
}

// waiting is the dial that waits; nil: none.
func (r *reach) waiting(port Port) *dial {
	if r.dials == nil {
		return nil
	}
	return r.dials.waiting[port]
}

// flying are the dials under way.
func (r *reach) flying(port Port) []*dial {
	if r.dials == nil {
		return nil
	}
	return r.dials.flying[port]
}

// wait has a dial wait, or none.
func (r *reach) wait(port Port, d *dial) {
	r.open()
	r.dials.waiting[port] = d
	r.close()
}

// fly has dials be under way.
func (r *reach) fly(port Port, ds []*dial) {
	r.open()
	r.dials.flying[port] = ds
	r.close()
}

func (r *reach) open() {
	if r.dials == nil {
		r.dials = new(dials)
	}
}

// close forgets that there were any, once there are none.
func (r *reach) close() {
	if d := r.dials; d.waiting == [ports]*dial{} && len(d.flying[DiscoveryPort])+len(d.flying[MessagePort]) == 0 {
		r.dials = nil
	}
}

// failure is that of the last dial which led nowhere.
func (r *reach) failure() failure {
	if r.failed == nil {
		return failure{}
	}
	return *r.failed
}

// fails takes in one. The zero value takes it back.
func (r *reach) fails(f failure) {
	if r.failed = nil; f != (failure{}) {
		r.failed = &f
	}
}

// live reports whether a discovery link is up and has spoken.
func (r *reach) live() bool { return r.link != nil && r.link.proven }

// linked reports whether a discovery link is up, be it silent.
func (r *reach) linked() bool { return r.link != nil || r.next != nil }

// busy reports whether discovery links or dials are still open.
func (r *reach) busy() bool {
	return r.linked() || len(r.flying(DiscoveryPort))+len(r.flying(MessagePort)) > 0
}

// outlasts reports whether all dials for lists that are under way began before one that was answered, and where it did: they wait
// for an answer that was lost, or for a process that is gone.
func (r *reach) outlasts(d *dial) bool {
	return !slices.ContainsFunc(r.flying(DiscoveryPort), func(o *dial) bool { return o.addr != d.addr || o.id > d.id })
}

// dialling reports whether a dial for lists waits or is under way.
func (r *reach) dialling() bool {
	return r.waiting(DiscoveryPort) != nil || len(r.flying(DiscoveryPort)) > 0
}

// cause is what makes a node dial a peer.
type cause uint8

const (
	due    cause = iota // its time has come, or its name has just been learned
	broken              // a link over which it was heard broke
	signed              // there is a sign of life: its hello, or a list that has it
	onward              // the way that was tried before led nowhere
)

// situation is what the decision to dial depends on, beside what reach itself knows.
type situation struct {
	now      Time
	state    State
	heard    bool          // in the round that runs
	heldTill Time          // no sign of life counts before
	beat     time.Duration // of this node
	usual    Time          // what a dial takes lately
	unwanted bool          // the view has no place for it
	longest  time.Duration // between two looks at such a one
}

// plan is what is to be done.
type plan struct {
	dial   bool          // put a dial into the queue
	afresh bool          // and begin with the first way that no dial is trying
	retry  time.Duration // look again after so long; 0: no
	sooner time.Duration // the same, unless that is planned earlier
	by     Time          // look again then, unless that is planned earlier; 0: no
}

// decide says what comes of a cause to dial, in some class.
func (r *reach) decide(why cause, c class, s situation) plan {
	if s.unwanted {
		return plan{retry: s.longest}
	}
	switch why {
	case onward:
		return plan{dial: true}
	case broken:
		if !r.urgent.Take(s.now, urgentLimit(s.beat)) {
			return plan{retry: s.beat}
		}
		if r.enough(c, s) { // it began before the link broke
			r.callAgain(c, s)
			return plan{}
		}
	case signed:
		return r.answer(c, s)
	}
	return plan{dial: !r.enough(c, s)}
}

// answer follows a sign of life up, whatever the back-off, within bounds.
func (r *reach) answer(c class, s situation) plan {
	switch s.state {
	case Alias:
		if c != classHello {
			return plan{}
		}
	case Candidate, Far:
		if r.link != nil {
			return plan{}
		}
	case Quarantined, Left:
		if s.heldTill > s.now {
			r.owed = s.state == Left
			return plan{by: s.heldTill}
		}
		if r.link != nil {
			return plan{}
		}
	default:
		if r.live() && s.heard || r.next != nil {
			return plan{}
		}
	}
	if r.enough(c, s) {
		r.callAgain(c, s)
		return plan{}
	}
	if r.waiting(DiscoveryPort) != nil { // it costs no further dial, so no token
		return plan{dial: true}
	}
	// Hellos have tokens of their own: lists that name a returning node must not use up those that its hello needs.
	limit := urgentLimit(s.beat)
	if c == classHello && r.called.Take(s.now, limit) || r.urgent.Take(s.now, limit) {
		r.owed = false
		return plan{dial: true, afresh: true}
	}
	r.owed = s.state == Left
	return plan{sooner: urgentBeats * s.beat}
}

// enough reports whether the dials under way will do. One is enough, except for a sign of life, which may not wait for a
// dial that hangs.
func (r *reach) enough(c class, s situation) bool {
	ds := r.flying(DiscoveryPort)
	return len(ds) >= maxPerPeer || len(ds) > 0 && (c >= classSeed || s.now-ds[len(ds)-1].since < hanging(s.usual, s.beat))
}

// callAgain follows a sign of life, or the end of a link, up once the dial under way has taken too long: it may have begun just before
// the peer moved or ended, and lead to where nobody answers.
func (r *reach) callAgain(c class, s situation) {
	ds := r.flying(DiscoveryPort)
	if s.state == Alias || c >= classSeed || len(ds) == 0 || len(ds) >= maxPerPeer {
		return
	}
	r.againDue, r.againClass = ds[len(ds)-1].since+hanging(s.usual, s.beat), c
}
