package mesh

import "hearsay/topics"

// source is somebody who names peers: a lister, an address that listeners come from, the disk. Names never
// heard are charged to it, so that who names many phantoms slows only himself.
type source struct {
	unheard int
	churn   bucket
	hello   lane // its names that said hello
	hearsay lane // its names that are only listed
	lister  *peer
	rest    []topics.Name // names of its last list beyond the quota
	cursor  int           // the next of them to try
	holders int           // listeners, for an address
	refused []refusal     // hellos from there that wait for a place
}

// sources are all of them, except for the listers' own.
type sources struct {
	unheard int                // in all
	addrs   map[string]*source // by listener address
	crowd   source             // addresses beyond maxSources
	known   source             // names from an earlier life
}

func (s *sources) init() {
	s.addrs = make(map[string]*source)
}

// asSource is the source that a lister is.
func (p *peer) asSource() *source {
	if p.own == nil {
		p.own = &source{lister: p}
	}
	return p.own
}

// maxSources bounds the addresses that are told apart. Those beyond share one quota.
const maxSources = 1024

// sourceAt is who answers for the names that come from an address. It is remembered while it owes something,
// so that a new connection is no new quota.
func (m *Machine) sourceAt(addr string) *source {
	s := m.sources.addrs[addr]
	if s != nil {
		return s
	}
	if len(m.sources.addrs) >= maxSources {
		for a, o := range m.sources.addrs {
			if o.holders <= 0 && o.unheard == 0 && o.churn.full(m.now, churnEvery) {
				delete(m.sources.addrs, a)
			}
		}
	}
	if len(m.sources.addrs) >= maxSources {
		return &m.sources.crowd
	}
	s = &source{}
	m.sources.addrs[addr] = s
	return s
}

// admit tells whether a source may have one more name that was never heard, and charges it.
func (m *Machine) admit(s *source) bool {
	return s.unheard < perSource && m.sources.unheard < perTable && s.churn.take(m.now, churnBurst, churnEvery)
}

// charge makes a source answer for a name never heard.
func (m *Machine) charge(p *peer, s *source) {
	p.source = s
	s.unheard++
	m.sources.unheard++
}

// discharge ends that: the name was heard, or is dropped.
func (m *Machine) discharge(p *peer) {
	if p.source == nil {
		return
	}
	p.source.unheard--
	m.sources.unheard--
	p.source = nil
}

// acquit ends it for a name that turned out to be a peer: its source gets back what it paid.
func (m *Machine) acquit(p *peer) {
	s := p.source
	if s == nil {
		return
	}
	s.churn.back()
	m.discharge(p)
	if s.unheard < perSource/2 {
		m.learnRest(s)
		m.meetRefused(s)
	}
}

// share moves a waiting name to a source that says it too and has fewer, so that a spammer who names honest
// nodes does not make them wait behind his phantoms.
func (m *Machine) share(p *peer, s *source) {
	if p.source == nil || p.source == s || 2*s.unheard >= p.source.unheard {
		return
	}
	m.discharge(p)
	m.charge(p, s)
	if d := p.waiting[DiscoveryPort]; d != nil && d.class == classHearsay {
		m.unqueue(p)
		m.dial(p, classHearsay)
	}
}

// replace gives the place of a name that failed to the next one of its source, when the source has named more
// than its quota and has not tried too many lately. It tells whether p is gone.
func (m *Machine) replace(p *peer) bool {
	s := p.source
	if s == nil || p.seed || p.busy() || len(s.rest)+len(s.refused) == 0 {
		return false
	}
	if s.churn.empty(m.now, churnBurst, churnEvery) {
		return false
	}
	m.drop(p, "others wait")
	m.learnRest(s)
	m.meetRefused(s)
	return true
}

// learnRest fills a lister's quota from the names that did not fit.
func (m *Machine) learnRest(s *source) {
	for range s.rest {
		if s.unheard >= perSource {
			return
		}
		s.cursor %= len(s.rest)
		name := s.rest[s.cursor]
		s.cursor++
		if m.peers[name.Key()] != nil {
			continue
		}
		p := m.learn(name, s)
		if p == nil {
			return
		}
		m.mention(s.lister, p)
		s.lister.lists.set(p.slot)
		m.dial(p, classHearsay)
	}
}

// vacate makes room for one name of a source whose quota is full of names that failed.
func (m *Machine) vacate(s *source) {
	if s.unheard < perSource {
		return
	}
	var worst *peer
	for _, p := range m.slots {
		if p == nil || p.source != s || p.tries == 0 || p.busy() {
			continue
		}
		if worst == nil || p.tries > worst.tries {
			worst = p
		}
	}
	if worst != nil && !s.churn.empty(m.now, churnBurst, churnEvery) {
		m.drop(worst, "others wait")
	}
}
