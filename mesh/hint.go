package mesh

import (
	"cmp"

	"hearsay/topics"
)

// A hint is that somebody names a peer, or leads to one: a reason to listen, and no more. All names but the configured
// ones come into the table through one door, learn, at the cost of whoever gave the hint.

// teller is the kind of a hint.
type teller uint8

const (
	byList    teller = iota // a peer lists it
	byHello                 // a listener says that this is its name
	byAddress               // a listener that says no name comes from there
	byAnswer                // what answered to another name says that it is this
	byMemory                // it is remembered from an earlier life
	byLookup                // a configured name leads to this address
	byOthers                // it was heard beside the mesh's own connections
	tellers
)

// tolls are what each kind of hint costs. A name that was never heard is charged to its source; for addresses that
// configured names lead to there is a bound of their own.
var tolls = [tellers]struct {
	vacates bool // where the source has no place left, a name of it that failed gives way
	churn   bool // it takes one of the source's tokens for names that turn out dead
	found   bool // it is bounded as an address that was found, and not as a name that somebody says
}{
	byList:    {churn: true},
	byHello:   {churn: true, vacates: true},
	byAddress: {churn: true, vacates: true},
	byAnswer:  {churn: true},
	byMemory:  {},
	byLookup:  {found: true},
	byOthers:  {churn: true, vacates: true},
}

// hint is one of them.
type hint struct {
	name topics.Name
	by   teller
	from *source
}

// learn finds the name of a hint in the table or makes a candidate of it. It returns nil for the own name, and where a
// quota is used up.
func (m *Machine) learn(h hint) *peer {
	key := h.name.Key()
	if key == m.key {
		return nil
	}
	p := m.peers[key]
	if p == nil && m.admit(h) {
		if p = m.add(h.name, key); tolls[h.by].found {
			m.markFound(p)
		} else {
			m.charge(p, h.from)
			if h.by == byList && m.isPartial() {
				m.recall(p)
			}
		}
	}
	return p
}

// admit reports whether there is a place for a name that is not in the table, and takes what it costs.
func (m *Machine) admit(h hint) bool {
	toll, s := tolls[h.by], h.from
	switch {
	case toll.found:
		if m.found >= maxFound || !m.roomForOne(s.addr, false) {
			m.stats.OverFound++
			return false
		}
		return true
	case !toll.churn:
		return m.sources.unheard < perTable && m.roomForOne(s.addr, true)
	}
	if toll.vacates {
		m.vacate(s)
	}
	addr, hearsay := s.addr, s.lister != nil || h.by == byOthers
	if hearsay && h.name.IsIP() {
		addr = h.name.Host() // of such a name it is known where it leads
	}
	if !m.affords(s) || !m.roomForOne(addr, hearsay) || !m.placeFor(s) {
		m.stats.OverQuota++
		return false
	}
	return true
}

// hintFor is for how many times BackOff a hint's address is tried for a name that DNS does not know. Whoever is there says
// it again.
const hintFor = 3

// onHint follows up a name that was heard beside the mesh's own connections. It costs whom it came from, and waits among
// the names out of lists: nothing shows that whoever said it is there.
func (m *Machine) onHint(ev Hint) {
	s := m.sourceAt(cmp.Or(ev.From, ev.Addr))
	p := m.learn(hint{ev.Name, byOthers, s})
	if p == nil {
		return
	}
	if ev.Addr != "" {
		p.origin.hintIP, p.origin.hintTill = ev.Addr, m.now+hintFor*m.cfg.BackOff
	}
	m.share(p, s)
	if p.state == Candidate && p.reach.tries == 0 && p.reach.link == nil {
		m.want(p, due, p.classOf())
	} else {
		m.want(p, signed, classHearsay)
	}
}
