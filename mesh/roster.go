package mesh

import (
	"slices"
	"time"

	"hearsay/topics"
)

// roster is what this node publishes: a whole list when something changed and rarely otherwise, a pulse each beat.
type roster struct {
	names      []topics.Name // of the last whole list, own name first; never modified
	number     uint64
	said       uint64        // the number of the last one that went to all
	nameless   []topics.Name // the same for listeners without a name; nil: no other
	namelessAt Time          // they were told a whole list
	whole      bool          // it was all that this node hears
	seq        uint64
	changed    bool
	renamed    bool // this node says something else of itself
	changeDue  Time // when a changed one may go out
	sentAt     Time // the last whole list
	shownAt    Time // the last one that was only shown
	wholeAt    Time // the next one for its own sake
	pulseAt    Time
	beatAt     Time // the last beat of any kind

	hiding   bool // a naive peer is not told of names with a port
	leaving  bool
	left     bool
	goodbyes int
	byeAt    Time
}

// init makes the first Tick publish the first list.
func (l *roster) init() {
	l.changed = true
	l.sentAt = -time.Hour
	l.wholeAt = never
}

// changeList notes that the list is no longer what this node hears. It goes out a little later, so that changes
// gather, and not too soon after the last one.
func (m *Machine) changeList() {
	if l := &m.roster; !l.changed {
		l.changed = true
		l.changeDue = max(m.now+m.cfg.Debounce, l.sentAt+m.listGap())
		m.at(l.changeDue)
	}
}

// listGap is the least time between two whole lists of this node.
func (m *Machine) listGap() time.Duration {
	gap := listGap(m.count[Alive], m.lag, m.cfg.Debounce)
	if m.growing() {
		gap = max(gap, growGap)
	}
	return gap
}

// lostOne has a list go out without one that is lost, however much a mesh grows.
func (m *Machine) lostOne() {
	l := &m.roster
	l.changeDue = min(l.changeDue, max(m.now+m.cfg.Debounce, l.sentAt+listGap(m.count[Alive], m.lag, m.cfg.Debounce)))
	m.at(l.changeDue)
}

// listDue is when the next whole list goes out.
func (m *Machine) listDue() Time {
	l := &m.roster
	if !l.changed {
		return l.wholeAt
	}
	return min(l.wholeAt, l.changeDue)
}

// publish sends what is due.
func (m *Machine) publish() {
	l := &m.roster
	switch {
	case m.now >= m.listDue():
		m.publishList()
	case m.now >= l.pulseAt:
		m.send(l.names[:1:1], true)
	}
	m.at(l.pulseAt)
	m.at(m.listDue())
}

// naiveAbout reports whether somebody without a name needs whole lists all the time.
func (m *Machine) naiveAbout() bool { return m.naive > 0 || m.listeners.naive > 0 }

// renew makes the list what this node hears now, and reports whether it was something else.
func (m *Machine) renew() bool {
	l := &m.roster
	names, whole := m.hearingSet()
	if l.number > 0 && !l.renamed && whole == l.whole && slices.Equal(names, l.names) {
		return false
	}
	l.names, l.whole, l.nameless = names, whole, withoutPorts(m.cfg.Self, names)
	l.number++
	l.renamed = false
	return true
}

// showEvery is how often a list that waits to be published is shown to new listeners. In a mesh that comes up each
// node dials every other: so it learns in one round trip what a list to all would tell a hundred nodes later.
const showEvery = 5 * time.Millisecond

// show gives new listeners a list that is not due to all yet.
func (m *Machine) show() {
	l := &m.roster
	if l.number == 0 || m.now < l.shownAt+showEvery {
		return
	}
	l.shownAt = m.now
	if m.renew() {
		m.do(Keep{m.kept(m.header(false))})
	}
}

// kept is what new listeners get: the last whole list, with what the header of a beat says now. It says that it was
// said before.
func (m *Machine) kept(h topics.Header) Edition {
	h.Pulse, h.Replay, h.List = false, true, m.roster.number
	m.saySelf(&h)
	e := Edition{Said: Said{m.roster.names, h}}
	e.Nameless = m.forNameless(e.Said)
	return e
}

// publishList sends a whole list.
func (m *Machine) publishList() {
	l := &m.roster
	m.renew()
	m.withheld()
	l.changed, l.sentAt = false, m.now
	l.wholeAt = m.after(m.cfg.Refresh)
	m.stats.Lists++
	l.said = l.number
	m.send(l.names, false)
}

// hearingSet is the own name and those of all alive peers, in a fixed order, and whether that is all of them:
// a list that would be too long is cut.
func (m *Machine) hearingSet() (names []topics.Name, whole bool) {
	names = make([]topics.Name, 1, 1+m.count[Alive])
	names[0] = m.cfg.Self
	names = m.AppendAlive(names)
	fit := topics.FitList(names)
	return names[:fit], fit == len(names)
}

// send publishes a beat.
func (m *Machine) send(names []topics.Name, pulse bool) {
	l := &m.roster
	l.seq++
	l.beatAt = m.now
	l.pulseAt = m.now + time.Duration(float64(m.cfg.Beat)*(0.9+0.2*m.rng.Float64()))
	e := Edition{Said: Said{names, m.header(pulse)}}
	e.Nameless = m.forNameless(e.Said)
	if !pulse || e.Nameless != nil && !e.Nameless.Header.Pulse {
		l.namelessAt = m.now
	}
	m.do(Publish{e, m.kept(e.Header)})
}

// pulseSoon brings the next pulse forward to half a beat after the last: somebody listens anew, and what it was sent
// was made before.
func (m *Machine) pulseSoon() {
	l := &m.roster
	l.pulseAt = min(l.pulseAt, max(m.now, l.beatAt+m.cfg.Beat/2))
	m.at(l.pulseAt)
}

// header says what stands beside a list. A pulse has the number of the list that went to all: who was shown a newer one
// has missed nothing, and the others are not to ask for what they will be sent soon.
func (m *Machine) header(pulse bool) topics.Header {
	l := &m.roster
	number := l.number
	if pulse {
		number = l.said
	}
	h := topics.Header{
		Version:     1,
		Incarnation: m.cfg.Incarnation,
		Seq:         l.seq,
		Beat:        int(m.cfg.Beat / time.Millisecond),
		List:        number,
		Pulse:       pulse,
		Strict:      true,
		Complete:    l.whole,
		Leaving:     l.leaving,
		Degraded:    m.doubtful(),
		Listeners:   len(m.listeners.named),
		Mesh:        m.cfg.Mesh,
		Told:        m.far.said.number,
		Twin:        m.twinTold(l.seq),
	}
	if !pulse {
		m.saySelf(&h)
	}
	if !pulse || saysTime(l.seq) {
		h.At = m.wall()
	}
	return h
}

const (
	goodbyes   = 3                     // beats that say goodbye: two may be lost
	goodbyeGap = 60 * time.Millisecond // between them: all within 200 ms, as a process that ends can wait
)

// onLeave starts to say goodbye.
func (m *Machine) onLeave() {
	m.roster.leaving = true
	m.roster.number++
	for _, p := range m.slots {
		if p != nil {
			m.unqueue(p)
		}
	}
	m.sayGoodbye()
}

func (m *Machine) sayGoodbye() {
	l := &m.roster
	if len(l.names) == 0 {
		l.names = []topics.Name{m.cfg.Self}
	}
	if l.goodbyes < goodbyes {
		l.goodbyes++
		m.send(l.names, false)
	}
	l.byeAt = m.now + min(goodbyeGap, m.cfg.Beat/10)
	m.due = l.byeAt
}

// stepLeaving is all that a leaving node does.
func (m *Machine) stepLeaving(ev Input) {
	switch ev := ev.(type) {
	case LinkUp:
		m.do(HangUp{ev.Link})
	case Tick:
		if m.now < m.roster.byeAt {
			return
		}
		if m.roster.goodbyes < goodbyes {
			m.sayGoodbye()
			return
		}
		m.roster.left = true
		m.due = never
	}
}

// Left reports whether the node has said its goodbyes after Leave. The links are the runtime's to close.
func (m *Machine) Left() bool { return m.roster.left }

// Whole lists are spread while many peers come and go at once. A list of n names goes to n peers, so what lists cost
// each node grows with n²: 128 nodes that start together on two cores must not drown in them. And a machine that is
// short of time, which Ticks that come late tell it, sends fewer.
const (
	gapPerPair = 160 * time.Microsecond // 46 ms for 17 peers, 154 ms for 31, the most from 97 on
	gapMost    = 1500 * time.Millisecond
	growGap    = 400 * time.Millisecond // in a partial mesh that grows: its neighbours change, and are told of the others otherwise
	gapPerLag  = 4
	lagShare   = 16 // what one Tick counts: a single pause changes little
)

// listGap is the least time between two whole lists to all. New listeners are shown newer ones, see show.
func listGap(peers int, lag Time, debounce time.Duration) time.Duration {
	return max(debounce+debounce/4, min(gapMost, time.Duration(peers*peers)*gapPerPair), gapPerLag*lag)
}
