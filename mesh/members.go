package mesh

import (
	"time"

	"hearsay/topics"
)

// Member is what a node knows of one peer, for people and tools.
type Member struct {
	Name        topics.Name
	State       State
	Since       Time   // when it came into this state
	Why         string // and why
	Heard       Time   // last sign of life over an own link; 0 if never
	Missed      int    // beats that it owes
	Penalty     float64
	Incarnation int64 // Unix ms; 0 from a naive peer
	Beat        time.Duration
	Addr        string // endpoint of its discovery link, if one is up
	Next        Time   // next dial or probe; 0 if none is planned
	Fails       int    // dials that failed in a row
	ListedBy    []topics.Name
	HearsMe     bool // its list has this node
	Seed        bool
	Naive       bool
	Degraded    bool
	Messages    bool // its message link is up
}

// Members returns a snapshot of every peer in the table, aliases left out, in the table's order. It costs
// time in proportion to the square of their number.
func (m *Machine) Members() []Member {
	out := make([]Member, 0, len(m.peers))
	index := make([]int, len(m.slots))
	for i, p := range m.slots {
		index[i] = -1
		if p != nil && p.state != Alias {
			index[i] = len(out)
			out = append(out, m.member(p))
		}
	}
	for _, p := range m.slots {
		if p == nil {
			continue
		}
		p.lists.each(func(i int) {
			if j := index[i]; j >= 0 {
				out[j].ListedBy = append(out[j].ListedBy, p.name)
			}
		})
	}
	return out
}

func (m *Machine) member(p *peer) Member {
	v := Member{
		Name: p.name, State: p.state, Since: p.since, Why: p.why, Heard: p.heardAt, Missed: m.missed(p),
		Penalty: m.score(p), Incarnation: p.incarnation, Beat: p.beat, Fails: p.tries,
		HearsMe: p.hearsMe, Seed: p.seed, Naive: p.naive, Degraded: p.degraded, Messages: p.message != nil,
	}
	if p.link != nil {
		v.Addr = p.link.addr
	}
	if p.due != never {
		v.Next = p.due
	}
	if !p.state.Member() && p.state != Probation {
		v.Missed = 0
	}
	return v
}

// Alive returns the names of all alive peers, in the order in which they are listed.
func (m *Machine) Alive() []topics.Name {
	out := make([]topics.Name, 0, m.count[Alive])
	for _, p := range m.slots {
		if p != nil && p.state == Alive {
			out = append(out, p.name)
		}
	}
	return out
}

// Turns counts the changes of what Alive returns.
func (m *Machine) Turns() uint64 { return m.turns }

// Row is what one node says that it hears.
type Row struct {
	Name  topics.Name
	Hears []topics.Name
}

// Links returns the matrix of who hears whom: this node's row first, then one for each alive peer whose strict
// list is known. Names that this node does not know are left out.
func (m *Machine) Links() []Row {
	rows := []Row{{m.cfg.Self, m.Alive()}}
	for _, p := range m.slots {
		if p == nil || p.state != Alive || !p.strict || !p.listed {
			continue
		}
		row := Row{Name: p.name}
		if p.hearsMe {
			row.Hears = append(row.Hears, m.cfg.Self)
		}
		p.lists.each(func(i int) { row.Hears = append(row.Hears, m.slots[i].name) })
		rows = append(rows, row)
	}
	return rows
}

// Stats counts what a machine did since it was made.
type Stats struct {
	Beats         uint64 // beats received
	LostBeats     uint64 // beats missing from the senders' sequences
	Lists         uint64 // whole lists published
	Rounds        uint64 // own rounds completed
	LateRounds    uint64 // of them, those more than two beats late
	Dials         uint64 // dials started
	LocalFailures uint64 // of them, those that failed by our own fault
	HelloAgain    uint64 // of them, those made so that a peer hears our hello again
	HelloRefused  uint64 // second names said by one listener
	OverQuota     uint64 // names not learned
	Stray         uint64 // beats over links that were hung up, or that had not spoken
	Forged        uint64 // beats that start with another name than those before
	Impostors     uint64 // links that led to somebody else than they should
	Conflicts     uint64 // two processes seen under one name
	NoBudget      uint64 // evictions put off
	Withheld      int    // names with a port left out of the last list
	Peers         int    // entries in the table
	Candidates    int    // of them, never heard
	Flying        int    // dials under way
	Links         int    // links up
	Listeners     int    // connections to our discovery publisher
	NaivePeers    int    // alive peers without a header
	Budget        float64
	Degraded      bool
}

// Stats returns the counters.
func (m *Machine) Stats() Stats {
	s := m.stats
	s.Peers = len(m.peers)
	s.Candidates = m.count[Candidate]
	s.Flying = m.dials.flying
	s.Links = len(m.links)
	s.Listeners = len(m.listeners.byID)
	s.NaivePeers = m.naive
	s.Budget = m.budget.tokens
	s.Degraded = m.doubtful()
	return s
}

// Taken is how often one transition of the table was made.
type Taken struct {
	From, To State
	On       string
	Times    uint64
}

// Taken counts every transition of the table, in its order.
func (m *Machine) Taken() []Taken {
	out := make([]Taken, len(transitions))
	for i, t := range transitions {
		out[i] = Taken{t.from, t.to, triggerNames[t.on], m.taken[t.from][t.on]}
	}
	return out
}
