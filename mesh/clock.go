package mesh

import (
	"fmt"
	"slices"
	"time"

	"hearsay/topics"
)

// A clock that is off harms nobody in the mesh, and everybody who reads logs or gives messages a time to live. Each beat
// says what its sender's clock was, and the runtime says by how much that is ahead of this node's own when it takes the
// beat in. What waited on the way looks behind, and never ahead. So the largest difference of some beats is the nearest to
// the truth: a clock that is ahead is so for certain, and one that is behind once the least delayed of many beats is.

const (
	clockSpans = 10               // of a beat each, whose largest difference counts: beats that waited come at once, in one of them
	clockFirst = 3                // of a clock that is ahead: by then others are heard, who show whose it is
	clockHold  = timeEvery + 1    // rounds for which it has to be off: where this node's own was set, the word of others comes one by one
	clockOff   = 10 * time.Second // differences below are no matter: a list may wait for as long before a link counts as silent
)

// timeEvery is how many pulses say the time once: it is one byte in fifteen of them. Each of the first ones does, as a clock
// that is off mostly is so from the start.
const timeEvery = 4

func saysTime(seq uint64) bool { return seq <= clockSpans || seq%timeEvery == 0 }

// offsets are the largest differences of the last few spans in which beats came.
type offsets struct {
	largest [clockSpans]time.Duration
	count   int  // of spans that are known
	last    int  // the newest
	began   Time // and when that did
}

// take takes in by how much a beat was ahead.
func (o *offsets) take(ahead time.Duration, now, beat Time) {
	if o.count > 0 && now-o.began < beat {
		o.largest[o.last] = max(o.largest[o.last], ahead)
		return
	}
	o.last = (o.last + 1) % clockSpans
	o.largest[o.last], o.began = ahead, now
	o.count = min(o.count+1, clockSpans)
}

// ahead is by how much the clock is ahead, at least, and whether that is sure. Negative: it is behind.
func (o *offsets) ahead() (ahead time.Duration, sure bool) {
	if o.count == 0 {
		return 0, false
	}
	known := o.largest[:]
	if o.count < clockSpans { // the first is at 1
		known = o.largest[1 : o.count+1]
	}
	ahead = slices.Max(known)
	return ahead, ahead > 0 && o.count >= clockFirst || o.count == clockSpans
}

// peerClock is what is known of a peer's clock.
type peerClock struct {
	offsets offsets
	ahead   time.Duration // by how much it is ahead; negative: behind
	sure    bool          // or 0
	rounds  int           // in a row in which that was worth a word, and its own fault
	off     bool          // and was so for long enough
	missing missing       // what was told of it
}

// ownClock is what the clocks of others say of this node's.
type ownClock struct {
	off     time.Duration // by how much it is ahead of most others; negative: behind, 0: it is not
	rounds  int           // in a row
	of      int           // others that say so
	missing missing
}

// hearClock takes in what a beat that was made since the last says of its sender's clock.
func (m *Machine) hearClock(p *peer, h *topics.Header, ahead time.Duration) {
	if h == nil || h.At == 0 {
		return
	}
	p.clock.offsets.take(ahead, m.now, m.cfg.Beat)
	if p.clock.ahead, p.clock.sure = p.clock.offsets.ahead(); !p.clock.sure {
		p.clock.ahead = 0
	}
	m.stirByClock(p)
}

// stirByClock has a peer looked at whose clock may be worth a word.
func (m *Machine) stirByClock(p *peer) {
	if p.clock.matters() {
		m.stir(p)
	}
}

// matters reports whether the clock seems to be off, or did so in the last round.
func (c *peerClock) matters() bool { return c.ahead.Abs() > clockOff || c.rounds > 0 }

// blame says whose clock is off: by how much the own one is ahead of most others, who agree with each other, and how many
// these are; 0: it is not.
func blame(ahead []time.Duration) (own time.Duration, of int) {
	slices.Sort(ahead)
	median := ahead[len(ahead)/2]
	for _, a := range ahead {
		if (a - median).Abs() <= clockOff {
			of++
		}
	}
	if median.Abs() <= clockOff || of < 2 || 2*of <= len(ahead) {
		return 0, 0
	}
	return -median, of
}

// judgeClocks tells of clocks that are off, and then ever more rarely.
func (m *Machine) judgeClocks() {
	var ahead []time.Duration
	wrong := m.clock.off != 0
	for p := range m.restless() {
		wrong = wrong || p.state == Alive && p.clock.ahead.Abs() > clockOff || p.clock.rounds > 0
	}
	if !wrong {
		return
	}
	say := 0
	for p := range m.near() {
		if p.state != Alive || p.clock.offsets.count == 0 {
			continue
		}
		if say++; p.clock.sure {
			ahead = append(ahead, p.clock.ahead)
		}
	}
	switch {
	case say == 0:
		m.clock.off, m.clock.of = 0, 0
	case 2*len(ahead) <= say: // those that are to be known soon show whose clock it is
		return
	default:
		m.clock.off, m.clock.of = blame(ahead)
	}
	m.clock.rounds = inARow(m.clock.rounds, m.clock.off != 0)
	m.tellOwnClock()
	for p := range m.near() {
		off := p.state == Alive && p.clock.sure && (p.clock.ahead+m.clock.off).Abs() > clockOff
		p.clock.rounds = inARow(p.clock.rounds, off)
		m.stirByClock(p)
		p.clock.off = p.clock.rounds >= clockHold
		m.tellClock(p)
	}
}

// inARow counts rounds in which something is so, up to those that matter.
func inARow(rounds int, is bool) int {
	if !is {
		return 0
	}
	return min(rounds+1, clockHold)
}

// tellClock tells of a peer's clock. It is news when it was ahead and is behind, and not when it runs on.
func (m *Machine) tellClock(p *peer) {
	c := &p.clock
	switch {
	case !c.off && p.state == Alive:
		c.missing = missing{}
	case c.off && c.missing.tell(direction(c.ahead), m.now, &m.cfg):
		m.tell(Clock, p, m.clockText(p))
	}
}

func (m *Machine) tellOwnClock() {
	c := &m.clock
	switch {
	case c.off == 0:
		c.missing = missing{}
	case c.rounds < clockHold:
	case c.missing.tell(direction(c.off), m.now, &m.cfg):
		m.do(Emit{Change{Kind: Clock, Peer: m.cfg.Self, From: Alive, To: Alive, Why: m.ownClockText(), Incarnation: m.cfg.Incarnation}})
	}
}

func direction(ahead time.Duration) string {
	if ahead < 0 {
		return "behind"
	}
	return "ahead"
}

// clockText says by how much a peer's clock is off; "" if it is not. Where most others differ from this node by as much,
// it is this node's that is off.
func (m *Machine) clockText(p *peer) string {
	switch c := &p.clock; {
	case !c.off:
		return ""
	case m.clock.off != 0:
		return fmt.Sprintf("its clock is %s those of most others", away(c.ahead+m.clock.off))
	default:
		return fmt.Sprintf("its clock is %s this node's", away(c.ahead))
	}
}

// ownClockText says by how much this node's clock is off; "" if it is not.
func (m *Machine) ownClockText() string {
	if m.clock.rounds < clockHold {
		return ""
	}
	return fmt.Sprintf("this node's clock is %s those of %d peers that agree with each other", away(m.clock.off), m.clock.of)
}

// away is a difference in words, such as "1h0m0s ahead of".
func away(ahead time.Duration) string {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return fmt.Sprintf("%s %s", ahead.Abs().Round(time.Second), word)
}
