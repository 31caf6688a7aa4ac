package mesh

import (
	"slices"
	"strconv"
	"time"

	"hearsay/topics"
)

// A configured name is a way to whoever is behind it now: every address in an answer that leads to nobody known
// becomes a candidate under that address, and what it says in its beat is who it is. See identity.go.

// lookup is what is planned for a configured name.
type lookup struct {
	due     Time
	waiting bool // asked, and not answered
	askedAt Time
	stale   int    // answers in a row without a new address
	count   int    // addresses in the last answer
	tried   string // endpoint that the last dial of the name itself tried first
}

// lookUpSeed begins to look a configured name up: its dials do so too, but not once it is an alias.
func (m *Machine) lookUpSeed(p *peer) {
	if !p.name.IsIP() {
		p.reach.lookup = &lookup{due: m.after(m.cfg.SeedRetry), askedAt: -time.Hour}
		m.at(p.reach.lookup.due)
	}
}

// lookUpDue looks up the configured names that are due.
func (m *Machine) lookUpDue() {
	for _, p := range m.seeds {
		if l := p.reach.lookup; l != nil {
			if l.due <= m.now {
				m.lookUp(p)
			}
			m.at(l.due)
		}
	}
}

// lookUp asks for the addresses of a configured name. One that has a single address, and is heard there under this
// very name, is no service.
func (m *Machine) lookUp(p *peer) {
	l := p.reach.lookup
	switch {
	case l.waiting:
		l.due = never
	case p.state == Alive && p.reach.tour.way.reached && l.count < 2:
		l.due = m.after(longestLookup(len(m.seeds), &m.cfg)) // sooner when it is lost, see lookUpNow
	case m.asking >= maxLookups:
		l.due = m.after(m.cfg.SeedRetry)
	default:
		l.waiting, l.askedAt, l.due = true, m.now, never
		m.asking++
		m.stats.Lookups++
		m.do(Lookup{p.name})
	}
}

// lookUpAfter is when to ask again: sooner than the rule says by a random part, so that nodes that ask in turn do not
// get the same answers for ever.
func (m *Machine) lookUpAfter(l *lookup) Time {
	a := asked{stale: l.stale, single: l.count == 1, alone: m.count[Alive] == 0}
	a.missed = a.single && m.missesSomebody()
	wait := lookupWait(a, len(m.seeds), &m.cfg)
	return m.now + time.Duration(float64(wait)*(0.5+0.5*m.rng.Float64()))
}

// missesSomebody reports whether a listed name was never heard and has no address of its own.
func (m *Machine) missesSomebody() bool {
	for _, p := range m.slots {
		if p != nil && p.state.unheard() && p.column.mentions > 0 && p.reach.tries > 0 && !p.reach.tour.way.resolved {
			return true
		}
	}
	return false
}

// lookUpNow asks at once, though no more than once a beat: what the name led to is gone.
func (m *Machine) lookUpNow(p *peer) {
	if l := p.reach.lookup; l != nil && !l.waiting {
		l.due = min(l.due, max(m.now, l.askedAt+m.cfg.Beat))
		m.at(l.due)
	}
}

// lookUpAll asks for every name: nobody is heard any more. An address is dialled, if it led to this node itself.
func (m *Machine) lookUpAll() {
	for _, p := range m.seeds {
		if p.state == Alias && p.origin.alias == nil {
			m.schedule(p, min(p.due, m.after(m.aliasWait(p))))
		}
		if p.reach.lookup != nil {
			p.reach.lookup.stale = 0
			m.lookUpNow(p)
		}
	}
}

// onResolved follows up an answer.
func (m *Machine) onResolved(ev Resolved) {
	if ev.Dial == 0 {
		m.asking = max(0, m.asking-1)
	}
	p := m.peers[ev.Name.Key()]
	if p == nil || p.reach.lookup == nil {
		return
	}
	l := p.reach.lookup
	news := m.follow(p, ev) || l.count == 0 && len(ev.Addrs) > 0
	l.count = len(ev.Addrs)
	switch {
	case news:
		l.stale = 0
	case ev.Dial == 0:
		l.stale++
	default:
		return
	}
	l.waiting = l.waiting && ev.Dial != 0
	if !l.waiting {
		l.due = m.lookUpAfter(l)
		m.at(l.due)
	}
}

// follow makes candidates of the addresses in an answer, and reports whether one of them is new. They are taken in
// any order, so that many nodes do not all dial the same dead ones first.
func (m *Machine) follow(p *peer, ev Resolved) (news bool) {
	addrs := slices.Clone(ev.Addrs)
	if d := m.dials.started[ev.Dial]; d != nil && len(addrs) > 0 {
		d.first = joinEndpoint(addrs[0], p.name.Port())
		p.reach.lookup.tried = d.first
	}
	busy := m.busyEndpoints()
	if tried := p.reach.lookup.tried; p.state != Alias {
		busy[tried] = len(addrs) <= ownMost // its own dials go there, and wait as is right for it
	}
	m.rng.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	for _, addr := range addrs {
		if name, ok := literal(addr, p.name.Port()); ok && m.followOne(name, busy) {
			news = true
		}
	}
	return news
}

// followOne dials an address, unless it is known where that leads, or a dial of it is under way.
func (m *Machine) followOne(name topics.Name, busy map[string]bool) (news bool) {
	q, ep := m.peers[name.Key()], name.DiscoveryAddr()
	if q != nil {
		m.markFound(q)
	}
	switch h := m.addrs[ep]; {
	case h != nil && h.live() || m.isOurs(ep) || name.Key() == m.key:
		return false
	case q == nil:
		return !busy[ep] && m.find(name)
	case q.state == Alias && !m.stillLeads(q):
		m.unalias(q)
		m.want(q, due, classFound)
		return true
	case q.state == Candidate && q.reach.tries == 0 && q.reach.link == nil:
		m.want(q, due, classFound)
	}
	return false
}

// find makes a candidate of an address and dials it.
func (m *Machine) find(name topics.Name) bool {
	q := m.learn(hint{name, byLookup, &m.sources.seeds})
	if q == nil {
		return false
	}
	m.want(q, due, classFound)
	return true
}

// markFound notes that a configured name leads to an address.
func (m *Machine) markFound(q *peer) {
	if !q.origin.found {
		q.origin.found = true
		m.found++
	}
	q.origin.foundAt = m.now
}

// stillFound reports whether an address was in an answer not long ago. An answer need not have all of them.
func (m *Machine) stillFound(q *peer) bool {
	return q.origin.found && m.now-q.origin.foundAt < foundFor*longestLookup(len(m.seeds), &m.cfg)
}

// stillLeads reports whether what an alias led to is heard as it was then: addresses are given to others.
func (m *Machine) stillLeads(q *peer) bool {
	return q.origin.alias != nil && q.origin.alias.live() && q.origin.aliasOf == q.origin.alias.process()
}

// isOurs reports whether an address, or an endpoint, led to this node not long ago.
func (m *Machine) isOurs(addr string) bool {
	while := aliasWait(&m.cfg)
	if m.count[Alive] == 0 {
		while = min(while, oursFor)
	}
	return m.mine.has(addr, m.now, while)
}

// aliasWait is for how long it is believed where a name leads. A node that hears nobody has nothing else to go by than a
// seed that is an address: what it leads to may change, as where it stands for many in turn.
func (m *Machine) aliasWait(p *peer) time.Duration {
	if m.count[Alive] == 0 && p.origin.seed && p.reach.lookup == nil {
		return min(aliasWait(&m.cfg), oursFor)
	}
	if p.origin.claims > 0 && p.origin.helloIP != "" && !p.origin.guessed { // somebody says that name
		return min(aliasWait(&m.cfg), candidateWait(callsTries, &m.cfg))
	}
	return aliasWait(&m.cfg)
}

// callsTries sets how soon it is looked again where the name of one leads that calls, and leads to another: 40 s.
const callsTries = 3

// needless reports whether it is known meanwhile where an address leads that was to be dialled.
func (m *Machine) needless(p *peer) bool {
	if !p.origin.found || !p.state.unheard() || !p.name.IsIP() {
		return false
	}
	h := m.addrs[p.name.DiscoveryAddr()]
	return h != nil && h != p && h.live() && m.aliasTo(p, h, "another name of "+string(h.name))
}

// busyEndpoints are those at which a link is up, or for which a dial is under way.
func (m *Machine) busyEndpoints() map[string]bool {
	busy := make(map[string]bool, len(m.links)+len(m.dials.started))
	for _, l := range m.links {
		if l.port == DiscoveryPort {
			busy[l.addr] = true
		}
	}
	for _, d := range m.dials.started {
		if d.port == DiscoveryPort {
			busy[d.addr], busy[d.first] = true, true
		}
	}
	return busy
}

// literal is the name that an address is itself. An address with a zone is none: nobody else could dial it.
func literal(addr string, port int) (topics.Name, bool) {
	text := hostText(addr)
	if port != topics.DiscoveryPort {
		text += ":" + strconv.Itoa(port)
	}
	name, err := topics.ParseName(text)
	return name, err == nil && name.IsIP()
}
