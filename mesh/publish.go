package mesh

import (
	"slices"
	"time"

	"hearsay/topics"
)

// list is what this node publishes: a whole list when something changed and rarely otherwise, a pulse each beat.
type list struct {
	names     []topics.Name // of the last whole list, own name first; never modified
	number    uint64
	whole     bool // it was all that this node hears
	seq       uint64
	changed   bool
	changeDue Time // when a changed one may go out
	sentAt    Time // the last whole list
	shownAt   Time // the last one that was only shown
	wholeAt   Time // the next one for its own sake
	pulseAt   Time

	hiding   bool // names with a port are left out
	leaving  bool
	left     bool
	goodbyes int
	byeAt    Time
}

// init makes the first Tick publish the first list.
func (l *list) init() {
	l.changed = true
	l.sentAt = -time.Hour
	l.wholeAt = never
}

// changeList notes that the list is no longer what this node hears. It goes out a little later, so that changes
// gather, and not too soon after the last one.
func (m *Machine) changeList() {
	if l := &m.list; !l.changed {
		l.changed = true
		l.changeDue = max(m.now+m.cfg.Debounce, l.sentAt+listGap(m.count[Alive], m.lag, m.cfg.Debounce))
		m.at(l.changeDue)
	}
}

// hurry asks for a whole list by time t.
func (l *list) hurry(t Time) { l.wholeAt = min(l.wholeAt, t) }

// listDue is when the next whole list goes out.
func (m *Machine) listDue() Time {
	l := &m.list
	if !l.changed {
		return l.wholeAt
	}
	return min(l.wholeAt, l.changeDue)
}

// publish sends what is due.
func (m *Machine) publish() {
	l := &m.list
	switch {
	case m.now >= m.listDue():
		m.publishList()
	case m.now >= l.pulseAt:
		m.send(l.names[:1:1], true)
	}
	m.at(l.pulseAt)
	m.at(m.listDue())
}

// naiveAbout tells whether somebody needs whole lists all the time.
func (m *Machine) naiveAbout() bool { return m.naive > 0 || m.listeners.naive > 0 }

// renew makes the list what this node hears now, and tells whether it was something else.
func (m *Machine) renew() bool {
	l := &m.list
	names, whole := m.hearingSet()
	if l.number > 0 && whole == l.whole && slices.Equal(names, l.names) {
		return false
	}
	l.names, l.whole = names, whole
	l.number++
	return true
}

// showEvery is how often a list that waits to be published is shown to new listeners. In a mesh that comes up each
// node dials every other: so it learns in one round trip what a list to all would tell a hundred nodes later.
const showEvery = 5 * time.Millisecond

// show gives new listeners a list that is not due to all yet.
func (m *Machine) show() {
	l := &m.list
	if !l.changed || l.number == 0 || m.now < l.shownAt+showEvery {
		return
	}
	l.shownAt = m.now
	if m.renew() {
		m.do(Show{l.names, m.header(false)})
	}
}

// publishList sends a whole list.
func (m *Machine) publishList() {
	l := &m.list
	m.renew()
	l.changed, l.sentAt = false, m.now
	every := m.cfg.Refresh
	if m.naiveAbout() {
		every = m.cfg.Interval
	}
	l.wholeAt = m.after(every)
	m.stats.Lists++
	m.send(l.names, false)
}

// hearingSet is the own name and those of all alive peers, in a fixed order, and whether that is all of them:
// a list that would be too long is cut, and names with a port are withheld while a naive peer, whom they would
// kill, might read them.
func (m *Machine) hearingSet() (names []topics.Name, whole bool) {
	names = make([]topics.Name, 1, 1+m.count[Alive])
	names[0] = m.cfg.Self
	hidden := 0
	for _, p := range m.slots {
		switch {
		case p == nil || p.state != Alive:
		case m.naive > 0 && p.name.HasPort():
			hidden++
		default:
			names = append(names, p.name)
		}
	}
	if hiding := hidden > 0; hiding != m.list.hiding {
		if m.list.hiding = hiding; hiding {
			m.do(Emit{Change{
				Kind: Withheld, Peer: m.cfg.Self, Why: "names with a port are not listed while a naive peer is alive",
			}})
		}
	}
	m.stats.Withheld = hidden
	fit := topics.FitList(names)
	return names[:fit], hidden == 0 && fit == len(names)
}

// send publishes a beat.
func (m *Machine) send(names []topics.Name, pulse bool) {
	l := &m.list
	l.seq++
	l.pulseAt = m.now + time.Duration(float64(m.cfg.Beat)*(0.9+0.2*m.rng.Float64()))
	m.do(Publish{names, m.header(pulse)})
}

// header says what stands beside a list.
func (m *Machine) header(pulse bool) topics.Header {
	l := &m.list
	return topics.Header{
		Version:     1,
		Incarnation: m.cfg.Incarnation,
		Seq:         l.seq,
		Beat:        int(m.cfg.Beat / time.Millisecond),
		List:        l.number,
		Pulse:       pulse,
		Strict:      true,
		Complete:    l.whole,
		Leaving:     l.leaving,
		Degraded:    m.doubtful(),
		Listeners:   len(m.listeners.named),
	}
}

const (
	goodbyes   = 3                     // beats that say goodbye: two may be lost
	goodbyeGap = 60 * time.Millisecond // between them: all within 200 ms, as a process that ends can wait
)

// onLeave starts to say goodbye.
func (m *Machine) onLeave() {
	m.list.leaving = true
	m.list.number++
	for _, p := range m.slots {
		if p != nil {
			m.unqueue(p)
		}
	}
	m.sayGoodbye()
}

func (m *Machine) sayGoodbye() {
	l := &m.list
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
func (m *Machine) stepLeaving(ev Event) {
	switch ev := ev.(type) {
	case LinkUp:
		m.do(HangUp{ev.Link})
	case Tick:
		if m.now < m.list.byeAt {
			return
		}
		if m.list.goodbyes < goodbyes {
			m.sayGoodbye()
			return
		}
		m.list.left = true
		m.due = never
	}
}

// Left tells whether the node has said its goodbyes after Leave. The links are the runtime's to close.
func (m *Machine) Left() bool { return m.list.left }
