package mesh

import (
	"time"

	"hearsay/topics"
)

// peer is what is known of one name: what was heard of it, and how to hear more.
type peer struct {
	key   topics.Name
	name  topics.Name // as its owner spells it, once heard
	slot  int         // in Machine.slots and in every bitset
	state State
	since Time
	why   string
	due   Time // next dial, probe, check or end, by state

	// Where the name comes from.
	seed     bool
	guessed  bool    // the address of a listener that did not say its name
	known    bool    // remembered from an earlier life
	claims   int     // listeners that say they are this, or whose address it is
	mentions int     // peers whose list has it
	vouches  int     // those of them with strict lists
	source   *source // who is charged for it while it was never heard
	own      *source // what it is itself to the names in its list
	alias    *peer   // what it is another name of; nil in state Alias: of this node
	helloAt  Time    // last hello
	helloIP  string  // and where that came from

	// How to reach it.
	waiting        [ports]*dial
	flying         [ports][]*dial
	tries          int    // failed dials in a row
	way            int    // which of its addresses the dial under way tries
	harsh          bool   // every address tried so far answered that nobody is there
	via            string // endpoint adopted for a name that does not resolve
	byName         bool   // was reached under its name
	urgent, called bucket
	link           *link // the discovery link
	next           *link // one that may replace it
	message        *link
	messageDue     Time
	messageTry     int
	helloDue       Time // when to say hello again
	helloTry       int

	// What was heard over its own links.
	heardAt     Time
	met         bool // was heard at all
	beatAt      Time // last beat
	fresh       bool // since the last round
	quiet       int  // own completed rounds without
	beat        time.Duration
	incarnation int64
	former      int64 // the one before
	bornAt      Time  // when this incarnation was first heard
	older       int   // beats in a row with an older one
	seq         uint64
	refusal     bool    // a dial since then was refused
	drops       []*peer // who took it from their lists since

	// Its list: one row of the matrix.
	naive, strict, complete, degraded bool
	listed                            bool   // its list is known and stands
	number                            uint64 // of that list
	listAt                            Time   // when it was read
	hearsMe                           bool
	lists                             bitset

	// Its past.
	penalty   float64
	penaltyAt Time
	fails     int // failed probes since it was evicted
	good      int // beats of this probation
	goodAt    Time
	wanted    int  // beats that it takes
	toldAt    Time // last conflict told
}

// live tells whether a discovery link to the peer is up and has spoken.
func (p *peer) live() bool { return p.link != nil && p.link.proven }

// missed is how many beats it owes.
func (m *Machine) missed(p *peer) int { return missed(p.quiet, m.cfg.Beat, p.beat) }

// score is the peer's penalty now.
func (m *Machine) score(p *peer) float64 {
	return decay(p.penalty, m.now-p.penaltyAt, m.cfg.HalfLife)
}

// punish adds to the penalty.
func (m *Machine) punish(p *peer, by float64) {
	p.penalty = min(maxPenalty, m.score(p)+by)
	p.penaltyAt = m.now
}

// addSeed puts a configured name into the table for ever.
func (m *Machine) addSeed(name topics.Name) {
	key := name.Key()
	if key == m.key || m.peers[key] != nil {
		return
	}
	p := m.add(name, key)
	p.seed = true
	m.seeds = append(m.seeds, p)
	m.schedule(p, m.now)
}

// learn finds a name in the table or makes a candidate of it, at the cost of the source that said it. It
// returns nil for the own name and when a quota is used up.
func (m *Machine) learn(name topics.Name, from *source) *peer {
	key := name.Key()
	if key == m.key {
		return nil
	}
	if p := m.peers[key]; p != nil {
		return p
	}
	if !m.roomForOne() || !m.admit(from) {
		m.stats.OverQuota++
		return nil
	}
	p := m.add(name, key)
	m.charge(p, from)
	return p
}

// add makes a table entry.
func (m *Machine) add(name, key topics.Name) *peer {
	p := &peer{
		key: key, name: name, state: Candidate, since: m.now, due: never, messageDue: never, helloDue: never,
		beat: m.cfg.Beat, toldAt: -time.Hour, helloAt: -time.Hour, harsh: true,
	}
	if n := len(m.free); n > 0 {
		p.slot, m.free = m.free[n-1], m.free[:n-1]
		m.slots[p.slot] = p
	} else {
		p.slot = len(m.slots)
		m.slots = append(m.slots, p)
	}
	m.peers[key] = p
	m.count[Candidate]++
	return p
}

// roomForOne makes sure that the table has a free entry, at the cost of the peer that has been gone longest.
func (m *Machine) roomForOne() bool {
	if len(m.peers) < m.cfg.MaxPeers {
		return true
	}
	var oldest *peer
	for _, p := range m.slots {
		if p == nil || p.seed || p.busy() || p.state != Quarantined && p.state != Left {
			continue
		}
		if oldest == nil || worseKept(p, oldest) {
			oldest = p
		}
	}
	if oldest == nil {
		return false
	}
	m.drop(oldest, "the table is full")
	return true
}

// worseKept tells whether p is to be dropped rather than q: unlisted first, then the longest unheard.
func worseKept(p, q *peer) bool {
	if (p.mentions == 0) != (q.mentions == 0) {
		return p.mentions == 0
	}
	return p.heardAt < q.heardAt
}

// busy tells whether links or dials of the peer are still open.
func (p *peer) busy() bool {
	return p.link != nil || p.next != nil || p.message != nil ||
		len(p.flying[DiscoveryPort])+len(p.flying[MessagePort]) > 0
}

// drop removes a peer from the table. Answers to its dials that are under way will find nobody and be hung up.
func (m *Machine) drop(p *peer, why string) {
	if p.met && p.state != Alias {
		m.do(Emit{Change{Kind: Forgotten, Peer: p.name, From: p.state, Why: why, Incarnation: p.incarnation}})
	}
	m.cutAll(p)
	m.unqueue(p)
	m.orphan(p)
	m.discharge(p)
	m.clearList(p)
	m.scratch.clear(p.slot)
	for _, q := range m.slots {
		if q == nil {
			continue
		}
		q.lists.clear(p.slot)
		q.forgetDropsBy(p)
		if q.alias == p {
			q.alias = nil
			m.unalias(q)
		}
	}
	m.setState(p, Unknown)
	delete(m.peers, p.key)
	m.slots[p.slot] = nil
	m.free = append(m.free, p.slot)
}

func (p *peer) forgetDropsBy(q *peer) {
	p.drops = without(p.drops, q)
}

// dropUnclaimed removes a name that was never heard once nobody says it any more.
func (m *Machine) dropUnclaimed(p *peer) bool {
	if p.seed || p.claims > 0 || p.mentions > 0 || p.busy() || p.waiting[DiscoveryPort] != nil {
		return false
	}
	if p.state != Candidate && p.state != Alias || p.known && p.tries < knownTries {
		return false
	}
	m.drop(p, "nobody names it")
	return true
}

// knownTries is how often a name from an earlier life is dialled, over half an hour, though nobody names it.
const knownTries = 8

// onKnown takes names from an earlier life as hints.
func (m *Machine) onKnown(ev Known) {
	for _, name := range ev.Names {
		if p := m.learn(name, &m.sources.known); p != nil && p.state == Candidate && p.tries == 0 {
			p.known = true
			m.dial(p, classHearsay)
		}
	}
}

// onForget drops a peer by the application's wish.
func (m *Machine) onForget(ev Forget) {
	p := m.peers[ev.Name.Key()]
	if p == nil {
		return
	}
	seed := p.seed
	if p.state == Alive {
		m.changeList()
	}
	m.drop(p, "forgotten by request")
	if seed {
		m.seeds = without(m.seeds, p)
		m.addSeed(ev.Name)
	}
}

func without(ps []*peer, p *peer) []*peer {
	for i, q := range ps {
		if q == p {
			return append(ps[:i], ps[i+1:]...)
		}
	}
	return ps
}
