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
	Missed      int    // beats that it owes, as rounds count them; 0 of one that is no member
	Owes        int    // the same, and of a quarantined one by the clock
	Penalty     float64
	Incarnation int64 // Unix ms; 0 from a naive peer
	Beat        time.Duration
	Addr        string        // endpoint of its discovery link, if one is up
	CalledFrom  string        // endpoint at which its last hello says it is, while a listener says it; not checked
	LastAddr    string        // endpoint where it was heard last
	Profile     Profile       // what it says of itself
	Clock       time.Duration // how far its clock is ahead of this node's, as far as that is sure; negative: behind
	ClockOff    string        // by how much its clock is off, once that is sure; "": it is not
	Restarts    string        // how often its process was started again of late, where that is often; "": it is not
	Conflict    string        // another process uses the name, and where
	Failure     string        // why the last dial of it led nowhere; "" if none did since it was heard
	Next        Time          // next dial or probe, now where one is under way; 0 if none is planned
	Fails       int           // dials that failed in a row
	ListedBy    []topics.Name // alive peers in whose list it is
	Listed      bool          // the last list of somebody has it, alive or not: it is remembered for that
	HearsMe     bool          // it is alive, and its list has this node
	Spare       bool          // it is alive and its list does not have this node, which is no fault: in a partial mesh others hear this node
	Seed        bool
	Naive       bool
	Degraded    bool   // it says so of itself
	Messages    bool   // it is alive, and its message link is up: what it publishes reaches this node
	Flowing     bool   // and what this node publishes reaches it
	Reads       bool   // what this node publishes reaches it, as far as is known; of a far one, one of those that hear it; of one that is not heard, over a connection that it made
	Unread      bool   // it does not get the messages of this node directly
	OneWay      string // why only one of both hears the other, once that is sure (OneWay); "": it is not so
	Stale       string // it calls from elsewhere than its name leads to, where nobody is, or another process, once that is sure (Stale); "": it is not so
	Unlinked    string // why messages do not pass directly, one way or both, once that was told (Unlinked); "": they do

	// Of a far member: who is heard and hears it. What Messages and Flowing say is then of the messages of one of them.
	Via []topics.Name
}

// Members returns a snapshot of every peer in the table, aliases left out, in the table's order. Where one calls, and its name
// leads to another process (Stale), it is a candidate. It costs time in proportion to the square of their number.
func (m *Machine) Members() []Member {
	out := make([]Member, 0, len(m.peers))
	index := make([]int, len(m.slots))
	for i, p := range m.slots {
		index[i] = -1
		if p != nil && (p.state != Alias || p.stale.told > 0 && m.staleName(p) != "") {
			index[i] = len(out)
			out = append(out, m.member(p))
		}
	}
	for _, p := range m.slots {
		if p == nil || p.state != Alive {
			continue
		}
		p.row.has.each(func(i int) {
			if j := index[i]; j >= 0 {
				out[j].ListedBy = append(out[j].ListedBy, p.name)
			}
		})
	}
	return out
}

func (m *Machine) member(p *peer) Member {
	v := Member{
		Name: p.name, State: p.state, Since: p.since, Why: p.why, Heard: p.detector.at, Missed: m.missed(p),
		Penalty: m.score(p), Incarnation: p.line.Incarnation(), Beat: p.says.beat, Fails: p.reach.tries, LastAddr: p.detector.where, Profile: p.says.Profile, Clock: p.clock.ahead, Failure: p.reach.failure().String(),
		Seed: p.origin.seed, Naive: p.says.naive, Listed: p.column.mentions > 0,
	}
	if p.state == Alias {
		v.State = Candidate
	}
	if p.state == Alive { // what the last list of another says, and that a connection did not break, says nothing
		v.HearsMe, v.Degraded = p.row.hearsMe, p.says.degraded
		v.Spare = !p.row.hearsMe && m.heardEnough(p)
		v.Messages, v.Flowing, v.Unread = p.feed.carries(), p.feed.flows || m.hearsByOthers(p) || m.hearsByRelay(p), m.unread(p) || m.unheardFor(p, suspectAfter*m.cfg.Beat) && m.readers.named[p.key] == 0
	}
	switch p.state {
	case Alive, Detached:
		v.Reads = m.reads(p) && !m.hushed(p)
	case Far:
		v.Via, v.Messages, v.Flowing = m.farMember(p)
		v.Reads = v.Flowing || m.isRead(p)
	case Candidate, Suspect, Quarantined, Probation:
		v.Reads = m.isRead(p)
	}
	if p.reach.link != nil {
		v.Addr = p.reach.link.addr
		v.Conflict = m.twinText(p)
	}
	if f := p.reach.failure(); p.state == Alive || m.calls(p) && hostOf(f.addr) == p.origin.helloIP {
		v.Failure = f.ofRunning().String()
	}
	if p.origin.claims > 0 && p.origin.helloIP != "" {
		v.CalledFrom = joinEndpoint(p.origin.helloIP, p.name.Port())
	}
	switch {
	case p.state != Alive && p.reach.dialling():
		v.Next = m.now
	case p.due != never:
		v.Next = p.due
	}
	if p.oneWay.missing.told > 0 {
		v.OneWay = m.oneWayTo(p)
	}
	if p.stale.told > 0 {
		v.Stale = m.staleName(p)
	}
	if p.state == Alive && p.feed.missing.told > 0 {
		v.Unlinked = m.unlinked(p)
	}
	v.ClockOff, v.Restarts = m.clockText(p), m.restartsText(p)
	if !p.state.Member() && p.state != Probation {
		v.Missed = 0
	}
	v.Owes = v.Missed
	if p.state == Quarantined {
		v.Owes = int((m.now - p.detector.at) / max(m.cfg.Beat, p.says.beat))
	}
	return v
}

// Alive returns the names of all alive peers, in the order in which they are listed.
func (m *Machine) Alive() []topics.Name {
	return m.AppendAlive(make([]topics.Name, 0, m.count[Alive]))
}

// AppendAlive appends to names what Alive returns.
func (m *Machine) AppendAlive(names []topics.Name) []topics.Name {
	for p := range m.near() {
		if p.state == Alive {
			names = append(names, p.name)
		}
	}
	return names
}

// Turns counts the changes of what Alive returns.
func (m *Machine) Turns() uint64 { return m.turns }

// Row is what one node says that it hears.
type Row struct {
	Name  topics.Name
	Hears []topics.Name
}

// Matrix returns the matrix of who hears whom: this node's row first, then one for each alive peer whose strict
// list is known. Names that this node does not know are left out.
func (m *Machine) Matrix() []Row {
	rows := []Row{{m.cfg.Self, m.Alive()}}
	for _, p := range m.slots {
		if p == nil || p.state != Alive || !p.says.strict || !p.row.known {
			continue
		}
		row := Row{Name: p.name}
		if p.row.hearsMe {
			row.Hears = append(row.Hears, m.cfg.Self)
		}
		p.row.has.each(func(i int) { row.Hears = append(row.Hears, m.slots[i].name) })
		rows = append(rows, row)
	}
	return rows
}

// Stats counts what a machine did since it was made.
type Stats struct {
	Beats         uint64 // beats received
	Repeats       uint64 // of them, those that were said before
	LostBeats     uint64 // beats missing from the senders' sequences
	Lists         uint64 // whole lists published
	Rounds        uint64 // own rounds completed
	LateRounds    uint64 // of them, those more than two beats late
	Dials         uint64 // dials started
	LocalFailures uint64 // of them, those that failed by our own fault
	HelloAgain    uint64 // of them, those made so that a peer hears our hello again
	HelloRefused  uint64 // second names said by one listener
	OverQuota     uint64 // names not learned
	Lookups       uint64 // times that a configured name was looked up, dials apart
	OverFound     uint64 // addresses in the answers that were not dialled, since enough are held
	Stray         uint64 // beats over links that were hung up, or that had not spoken
	Forged        uint64 // beats that start with another name than those before
	Impostors     uint64 // links that led to somebody else than they should
	Foreign       uint64 // beats, hellos and beacons of other meshes, none of which counts for anything
	Conflicts     uint64 // two processes seen under one name
	RestartsTold  uint64 // times that it was told of a peer that its process is started again and again
	Second        string // another process is the member of this node's name, and why; "": it is not so
	Namesake      string // another process answers to this node's name, and where, whichever is the member; "": none was met lately
	ClockOff      string // this node's clock differs from those of most others, who agree, and by how much; "": it does not
	NoBudget      uint64 // rounds in which a peer that missed enough was kept: see verdict
	Rumours       uint64 // names not taken from what members tell of whom others hear: too many, or they lead back here
	Tellings      uint64 // of far members that this node made
	Untold        int    // names of far members that this node does not tell of, as they do not fit
	Withheld      int    // names with a port that listeners without a name are not told
	Peers         int    // entries in the table
	Candidates    int    // of them, never heard
	Alive         int    // of them, heard and listed
	Far           int    // of them, members by the word of others
	Flying        int    // dials under way
	Links         int    // links up
	Listeners     int    // connections to our discovery publisher
	NaivePeers    int    // alive peers without a header
	Budget        float64
	Degraded      bool
	Mute          bool // it hears others, and none of them hears it
	Partial       bool // of many members this node listens to a few
}

// Stats returns the counters.
func (m *Machine) Stats() Stats {
	s := m.stats
	s.Peers = len(m.peers)
	s.Candidates = m.count[Candidate]
	s.Alive, s.Far = m.count[Alive], m.count[Far]
	s.Flying = m.dials.flying
	s.Links = len(m.links)
	s.Listeners = len(m.listeners.byID)
	s.NaivePeers = m.naive
	s.Budget = m.budget.tokens
	s.Degraded = m.doubtful()
	s.Mute, s.Partial = m.voice.mute, m.isPartial()
	s.Second, s.Namesake, s.ClockOff = m.secondWhy(), m.namesake(), m.ownClockText()
	return s
}

// Known is how many peers are members here, heard or by the word of others.
func (m *Machine) Known() int { return m.count[Alive] + m.count[Far] }

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
