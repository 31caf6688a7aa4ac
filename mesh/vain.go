package mesh

import (
	"hearsay/mesh/rate"
	"hearsay/topics"
)

// A name that nobody says any more is dropped, and may be said again a moment later. What its dials showed stays: else whoever
// lists a name, and does not, and does, has it dialled each time, and one of which a dial told that nobody is there would be
// a member again by the first word. That is so in a partial mesh. Where all hear all no word makes a member, and to dial is how
// one that has come is found: there it is dialled at once, or whoever had liars list a newcomer before it came would have it wait.

// vainMost is how many names are remembered so, each for the longest wait between two dials.
const vainMost = perTable

// vainName is what is known of one.
type vainName struct {
	key            topics.Name
	due, till      Time
	tries          int
	failed         *failure
	urgent, called rate.Bucket
}

// vain are the names that were dialled in vain and dropped, the last so many of them.
type vain struct {
	last  []vainName
	next  int                 // place in it that is given next
	index map[topics.Name]int // by key
}

// note remembers one that is dropped.
func (v *vain) note(n vainName) {
	if v.index == nil {
		v.index = make(map[topics.Name]int)
	}
	if len(v.last) < vainMost {
		v.last = append(v.last, vainName{})
	}
	if old := v.last[v.next].key; v.index[old] == v.next {
		delete(v.index, old)
	}
	v.last[v.next] = n
	v.index[n.key] = v.next
	v.next = (v.next + 1) % vainMost
}

// take gives back what is known of one, and forgets it.
func (v *vain) take(key topics.Name) (n vainName, is bool) {
	i, is := v.index[key]
	if !is {
		return n, false
	}
	n = v.last[i]
	delete(v.index, key)
	return n, true
}

// noteVain remembers a peer that is dropped, where it was never heard and dialled in vain. Who says hello shows that it is there,
// and what a configured name leads to has waits of its own.
func (m *Machine) noteVain(p *peer) {
	r := &p.reach
	if p.state != Candidate || p.detector.met || r.tries == 0 || p.origin.seed || p.origin.found || p.origin.claims > 0 {
		return
	}
	till := m.now + m.cfg.BackOffCap
	m.vain.note(vainName{p.key, min(p.due, till), till, r.tries, r.failed, r.urgent, r.called})
}

// recall has a name that is listed again, or told of, be known for what its dials showed.
func (m *Machine) recall(p *peer) {
	n, is := m.vain.take(p.key)
	if !is || m.now >= n.till {
		return
	}
	r := &p.reach
	r.tries, r.failed, r.urgent, r.called = n.tries, n.failed, n.urgent, n.called
	m.schedule(p, max(m.now, n.due))
}
