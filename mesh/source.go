package mesh

import (
	"time"

	"hearsay/mesh/rate"
	"hearsay/mesh/shares"
	"hearsay/topics"
)

// Quotas.
const (
	perSource  = 64               // names never heard, of one source: 1/16 of a full list, addrman's ratio
	perTable   = 1024             // names never heard, of all sources together
	churnBurst = 192              // names of one source that may turn out dead in a row: three quotas
	churnEvery = 10 * time.Second // and then one each: 360 dials an hour at the most
)

// churnLimit is for the names of one source that turn out dead.
var churnLimit = rate.Every(churnEvery, churnBurst)

// source is somebody who names peers: a lister, an address that listeners come from, the disk. Names never
// heard are charged to it, so that who names many phantoms slows only himself.
type source struct {
	addr     string // where it is: a literal address, or a word for what has none
	unheard  int
	churn    rate.Bucket
	hello    lane // its names that said hello
	hearsay  lane // its names that are only listed
	lister   *peer
	overflow []topics.Name // names of its last list beyond the quota
	cursor   int           // the next of them to try
	holders  int           // listeners, for an address
	refused  []refusal     // hellos from there that wait for a place
}

// sources are all of them, except for the listers' own.
type sources struct {
	unheard int                // in all
	held    shares.Shares      // the same by address
	addrs   map[string]*source // by listener address
	others  source             // addresses beyond maxSources
	known   source             // names from an earlier life
	seeds   source             // names met where seeds, and the addresses that they lead to, answer
}

func (s *sources) init() {
	s.addrs = make(map[string]*source)
	s.others.addr, s.known.addr, s.seeds.addr = "crowd", "known", "seeds"
}

// asSource is the source that a lister is.
func (p *peer) asSource() *source {
	if p.origin.own == nil {
		p.origin.own = &source{lister: p, addr: p.host()}
	}
	return p.origin.own
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
			if o.holders <= 0 && o.unheard == 0 && o.churn.Full(m.now, churnLimit) {
				delete(m.sources.addrs, a)
			}
		}
	}
	if len(m.sources.addrs) >= maxSources {
		return &m.sources.others
	}
	s = &source{addr: addr}
	m.sources.addrs[addr] = s
	return s
}

// affords reports whether a source may name one more that was never heard, as far as its own quotas go.
func (m *Machine) affords(s *source) bool {
	return s.unheard < perSource && !s.churn.Empty(m.now, churnLimit)
}

// placeFor reports whether there is a place for one more name of a source that affords it, and takes the token.
func (m *Machine) placeFor(s *source) bool {
	if m.sources.unheard >= perTable && !m.giveWay(s.addr) {
		return false
	}
	return s.churn.Take(m.now, churnLimit)
}

// charge makes a source answer for a name never heard.
func (m *Machine) charge(p *peer, s *source) {
	p.origin.source = s
	s.unheard++
	m.sources.unheard++
	m.sources.held.Add(s.addr)
}

// discharge ends that: the name was heard, or is dropped.
func (m *Machine) discharge(p *peer) {
	if p.origin.source == nil {
		return
	}
	p.origin.source.unheard--
	m.sources.unheard--
	m.sources.held.Remove(p.origin.source.addr)
	p.origin.source = nil
}

// refund ends it for a name that turned out to be a peer: its source gets back what it paid.
func (m *Machine) refund(p *peer) {
	s := p.origin.source
	if s == nil {
		return
	}
	s.churn.Return()
	m.discharge(p)
	if s.unheard < perSource/2 {
		m.learnOverflow(s)
		m.meetRefused(s)
	}
}

// share moves a waiting name to a source that says it too and has fewer, so that a spammer who names honest
// nodes does not make them wait behind his phantoms.
func (m *Machine) share(p *peer, s *source) {
	if p.origin.source == nil || p.origin.source == s || 2*s.unheard >= p.origin.source.unheard {
		return
	}
	m.discharge(p)
	m.charge(p, s)
	if d := p.reach.waiting(DiscoveryPort); d != nil && d.class == classHearsay {
		m.unqueue(p)
		m.want(p, due, classHearsay)
	}
}

// replace gives the place of a name that failed to the next one of its source, when the source has named more
// than its quota and has not tried too many lately. It reports whether p is gone.
func (m *Machine) replace(p *peer) bool {
	s := p.origin.source
	if s == nil || p.origin.seed || p.reach.busy() || len(s.overflow)+len(s.refused) == 0 {
		return false
	}
	if s.churn.Empty(m.now, churnLimit) {
		return false
	}
	m.drop(p, "others wait")
	m.learnOverflow(s)
	m.meetRefused(s)
	return true
}

// learnOverflow fills a lister's quota from the names that did not fit.
func (m *Machine) learnOverflow(s *source) {
	for range s.overflow {
		if s.unheard >= perSource {
			return
		}
		s.cursor %= len(s.overflow)
		name := s.overflow[s.cursor]
		s.cursor++
		if m.peers[name.Key()] != nil {
			continue
		}
		p := m.learn(hint{name, byList, s})
		if p == nil {
			return
		}
		m.mention(s.lister, p)
		m.tie(s.lister) // it may be no neighbour any more
		s.lister.row.has.set(p.slot)
		m.want(p, due, classHearsay)
	}
}

// vacate makes room for one name of a source whose quota is full of names that failed.
func (m *Machine) vacate(s *source) {
	if s.unheard < perSource {
		return
	}
	var worst *peer
	for _, p := range m.slots {
		if p == nil || p.origin.source != s || p.reach.tries == 0 || p.reach.busy() {
			continue
		}
		if worst == nil || p.reach.tries > worst.reach.tries {
			worst = p
		}
	}
	if worst != nil && !s.churn.Empty(m.now, churnLimit) {
		m.drop(worst, "others wait")
	}
}
