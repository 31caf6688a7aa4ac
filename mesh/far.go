package mesh

import (
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

// In several networks that a few nodes join, nobody hears everybody. Whom this node cannot reach, and a member that it
// hears does, is a far member: alive by the word of that member, which is told with it (via). Own ears rule over that: one
// that was heard here once is judged by its silence, whoever lists it, and one that is heard is far no more.
//
// A word counts for as long as its speaker is heard and lists the name. So the far ones that a bridge tells of go with the
// bridge, and one that its neighbours have lost goes when they say so. What a liar makes up stands no longer than the liar,
// under its name, and takes no more than a share of the table.

const (
	farRounds   = settleRounds    // rounds until a word counts: in a mesh that comes up nearly all are heard by then
	farPatience = evictFast       // rounds that a name waits for its dial: of a large network not all can be dialled at once
	farPlaces   = 8               // one who vouches fills so small a part of the table: 512 of 4,096
	farMost     = 2               // and all together: half, so that those who are heard find room
	farAsks     = 3               // beats after which a relay is asked for the messages of one that is not heard, see package relay,
	farLooks    = 2 * time.Second // and what that takes, as it looks for such once a second
	spareFlows  = 2               // beats after which they flow in a partial mesh: relays are asked soon there, and what was said meanwhile is asked for
	spareEvery  = 10              // beats between two dials of those that need not be heard: who is dialled tells all that it knows
	farStands   = time.Minute     // until its source gets back what the name cost, or a second host tells of it
)

// witness is what the judgment of a name that is not heard depends on.
type witness struct {
	far     bool // it is a member by the word of others already
	met     bool // it was heard once: own ears rule
	barred  bool // names are bound to keys, and none of it is known here
	vouch   int  // hosts of members that are heard and list it
	rounds  int  // for which somebody vouches for it
	failed  bool // a dial of it led nowhere
	spare   bool // this node need not hear it itself
	again   bool // it was a member by their word before, and then not
	refuted bool // and was answered, by somebody else, or that nobody is there
	few     bool // then: all that is said of it may be the word of one member, or of two: see cut.go
	place   bool // one of those who vouch has a place left
}

// attested says whether the word of others makes a member of it. One liar can vouch for anybody; so where somebody answers
// at the name's address that it is not there, it takes two, and not one whom two pass on (cut.go).
func (w witness) attested() bool {
	switch {
	case w.met, w.barred, w.vouch == 0, !w.place, w.refuted && (w.vouch < 2 || w.few):
		return false
	case w.far:
		return true
	}
	return w.spare && !w.again || (w.failed || w.spare) && w.rounds >= farRounds || w.rounds >= farPatience
}

// farWait is the wait before a far member is dialled again, one of so many: as for any name that led nowhere, and all of
// them together once a beat at most, or once in ten where this node need not hear them.
func farWait(tries, many int, spare bool, c *Config) time.Duration {
	each := c.Beat
	if spare {
		each *= spareEvery
	}
	return max(candidateWait(tries, c), time.Duration(many)*each)
}

// attest is by whose word a peer is a member.
type attest struct {
	via     []*peer       // who is heard and lists it, or tells of it where nobody lists it, as of the last look
	owed    *source       // who gets back what the name cost, once it has stood for a while
	nearAt  Time          // since when it is as near as it is
	held    Time          // until when it is told to nobody, see feasible; 0: it is not held
	payer   *peer         // whose place it has; nil: it is no far member, or is held
	said    []topics.Name // the way by which this node tells of it; nil: it does not
	tellers int32         // who tells of it
	near    int32         // names between it and this node, of the way by which it was told last
	base    int32         // the same, of the shortest way of late
	rounds  int32         // in a row in which somebody vouches for it
	vouch   int32         // hosts of those who vouched, as of the last look; two stand for more
	refuted bool          // a dial said otherwise at the last look
	again   bool          // it was a far member before
}

// holdTime is for how long a name is told to nobody whose ways are gone but those that may lead back here. In it whoever
// had it by way of this node has heard that, and told so.
const holdTime = 500 * time.Millisecond

const (
	holdLags  = 2 * gapPerLag    // the same, where this machine is short of time: as others tell later, too, if they are on it
	wayStands = 10 * time.Second // until a longer way is the usual one
	wayGrows  = 2                // names by which a way may be longer than the usual one: in a mesh of 1,000 some five hops are the most
)

// feasible takes in how many names are between one who vouches and the far member, at the least; -1: nobody does. It
// reports whether it is still one. A teller that is no nearer to it than this node may have it by way of this node: so when
// the nearer ones are gone, the name is held, and whoever still tells of it after that has another way. Else the ways to
// one that died would be tried one after the other, each longer than the last (EIGRP's feasibility condition: RFC 7868).
// Where those that hear it lose it one after the other, a word may go round all the same, on a circle that takes longer than
// a hold. It grows with each who passes it on, and so ends at those who were much nearer a moment ago.
func (a *attest) feasible(short int, now Time, hold time.Duration) bool {
	switch {
	case short >= 0 && short < int(a.near):
		a.found(short, now)
	case a.held == 0:
		if now-a.nearAt >= wayStands {
			a.base = a.near
		}
		a.held = now + hold
	case now >= a.held:
		if a.held = 0; short < 0 || short >= int(a.base)+wayGrows {
			return false
		}
		base := a.base
		a.found(short, now)
		a.base = base
	}
	return true
}

// holdWait is for how long a name is held here.
func (m *Machine) holdWait() time.Duration { return max(holdTime, holdLags*m.lag) }

// found takes in the shortest way to it.
func (a *attest) found(short int, now Time) {
	a.near, a.nearAt, a.held = int32(short)+1, now, 0
	a.base = min(a.base, a.near)
}

// meet is found for one that becomes a far member.
func (a *attest) meet(short int, now Time) {
	a.base = int32(short) + 1
	a.found(short, now)
}

// forget takes back the word of one that is dropped.
func (f *far) forget(p, by *peer) {
	a := &p.attest
	if a.payer == by {
		f.release(p)
	}
	if i := slices.Index(a.via, by); i >= 0 {
		a.via = slices.Delete(a.via, i, i+1)
	}
}

// viaText is who they are.
func (p *peer) viaText() string {
	switch via := p.attest.via; len(via) {
	case 0:
		return ""
	case 1:
		return string(via[0].name)
	}
	var names []string
	for _, v := range p.attest.via {
		names = append(names, string(v.name))
	}
	return strings.Join(names, ",")
}

// far is the far members as a whole.
type far struct {
	due       bool                 // somebody's word may count no more, or for the first time in a partial mesh
	eager     bool                 // it is one
	all       bitset               // by slot: all of them
	dirty     bitset               // by slot: whose
	waiting   bitset               // by slot: those that are held
	lingering bitset               // by slot: those of which nobody speaks any more while the mesh grows
	via       []*peer              // of the name that is judged
	way       []topics.Name        // memory for the way to one
	cut       cut                  // and of all ways to it
	silent    bitset               // by slot: suspects whose words count still
	till      Time                 // when the first of them is looked at again
	lookedAt  Time                 // the last time
	wakeAt    Time                 // nothing is due for any of them before
	tellAt    Time                 // when it is looked again what there is to tell; never: nothing has changed
	told      int                  // names that all tell of
	said      saying               // what this node tells
	judged    int                  // how many names were judged then
	given     map[*peer]int        // places by who pays for them
	places    int                  // all of them
	heard     []*peer              // that are heard, and whose word counts
	keys      map[topics.Name]bool // whose are known; nil: names are not bound to keys
}

func (f *far) init() {
	f.given, f.till, f.tellAt = make(map[*peer]int), never, never
}

// mark notes that what others say of a peer may be something else now.
func (f *far) mark(p *peer) {
	if p.state == Far || p.state == Candidate {
		f.dirty.set(p.slot)
		f.due = f.due || f.eager
	}
}

// markWords marks all of whom a peer speaks: its word counts now, or does no more.
func (m *Machine) markWords(p *peer) {
	mark := func(i int) { m.far.mark(m.slots[i]) }
	p.row.has.each(mark)
	p.telling.has.each(mark)
}

// markFar marks all far members.
func (m *Machine) markFar() {
	for _, p := range m.slots {
		if p != nil {
			m.far.mark(p)
		}
	}
}

// leave takes in that a peer is a far member no more.
func (f *far) leave(p *peer) {
	f.release(p)
	f.all.clear(p.slot)
	f.lingering.clear(p.slot)
	if f.waiting.clear(p.slot); f.waiting.none() {
		f.till = never
	}
	f.said.dirty.set(p.slot)
}

// look notes whose word counts.
func (f *far) look(m *Machine) {
	f.heard = f.heard[:0]
	for p := range m.near() {
		if p.says.strict && (p.state == Alive && m.view.links(p) || m.stillCounts(p)) {
			f.heard = append(f.heard, p)
		}
	}
}

// waits reports whether the far members are to be judged, or told of, now or later.
func (f *far) waits() bool { return f.due || f.till < never || f.tellAt < never }

// lookFar judges the far members anew where a word that counted may be gone.
func (m *Machine) lookFar() {
	f := &m.far
	at := f.till
	if f.due {
		at = 0
	}
	switch {
	case m.now >= max(at, f.lookedAt+m.lookWait()):
		if m.count[Far] > 0 || f.eager {
			m.judgeFar(false)
			for m.isPartial() && m.learnTold() {
				m.judgeFar(false)
			}
			m.tellFar()
		} else if m.now >= f.tellAt {
			m.tellFar()
		}
		f.due, at = false, f.till
	case m.now >= f.tellAt:
		m.tellFar()
	}
	if at < never {
		at = max(at, f.lookedAt+m.lookWait())
	}
	m.at(min(at, f.tellAt))
}

// judgeFar takes in who vouches for whom, at the end of a round or within one. Far members have their places before others,
// and are judged where something has changed.
func (m *Machine) judgeFar(round bool) {
	if m.count[Candidate]+m.count[Far] == 0 {
		return
	}
	if round {
		m.learnTold()
		m.lapse()
		m.far.lingering.each(m.far.dirty.set)
	}
	f := &m.far
	f.lookedAt, f.judged = m.now, 0
	f.look(m)
	f.waiting.each(func(i int) {
		if m.now >= m.slots[i].attest.held {
			f.dirty.set(i)
		}
	})
	if round || !m.isPartial() {
		for _, state := range []State{Far, Candidate} {
			for _, p := range m.slots {
				if p != nil && p.state == state {
					m.judgeOne(p, round)
				}
			}
		}
	} else { // the others wait for the end of the round
		for _, state := range []State{Far, Candidate} {
			f.dirty.each(func(i int) {
				if p := m.slots[i]; p != nil && p.state == state {
					m.judgeOne(p, false)
				}
			})
		}
	}
	clear(f.dirty)
	f.till = never
	f.waiting.each(func(i int) { f.till = min(f.till, m.slots[i].attest.held) })
}

// judgeOne judges one name, where that may come to something else than before.
func (m *Machine) judgeOne(p *peer, round bool) {
	switch {
	case p.state == Far && !m.far.dirty.has(p.slot) && p.attest.refuted == p.reach.failure().refutes():
		m.stand(p, round)
	case p.state == Candidate && p.column.vouches == 0 && p.attest.tellers == 0:
		if p.attest.rounds = 0; round && p.attest.again {
			m.dropUnclaimed(p) // it was dialled as rarely as a far member, and would stay for as long
		}
	default:
		m.judgeWord(p, round)
	}
}

// stand counts a round for a far member for which others vouch as they did, and pays back what its name cost.
func (m *Machine) stand(p *peer, round bool) {
	a := &p.attest
	if round && a.vouch > 0 {
		a.rounds++
	}
	if a.owed != nil && (a.vouch > 1 || m.now-p.since >= farStands) {
		a.owed.churn.Return()
		a.owed = nil
	}
}

// judgeWord judges the word of others about one name.
func (m *Machine) judgeWord(p *peer, round bool) {
	a := &p.attest
	m.far.judged++
	m.far.said.dirty.set(p.slot)
	w := witness{far: p.state == Far, met: p.detector.met, failed: p.reach.tries > 0, spare: !m.view.links(p)}
	w.again, w.refuted = a.again && !m.unsettled(), p.reach.failure().refutes()
	w.barred = m.far.keys != nil && !m.far.keys[p.key]
	var short int
	m.far.via, w.vouch, short = m.vouchers(p, m.far.via[:0])
	w.few = w.refuted && m.fewWords(p)
	m.far.waiting.clear(p.slot)
	if m.lingers(p, w) {
		return
	}
	a.via = append(a.via[:0], m.far.via...)
	if m.isPartial() && p.state == Far {
		if m.unsettled() {
			a.anyWay()
		}
		if a.feasible(short, m.now, m.holdWait()) {
			w.vouch = max(w.vouch, 1)
		}
		if a.held > 0 {
			m.far.waiting.set(p.slot)
		}
	} else {
		a.meet(short, m.now)
	}
	a.vouch, a.refuted = int32(w.vouch), w.refuted
	switch {
	case w.vouch == 0:
		a.rounds = 0
	case round && !w.far:
		a.rounds++
	}
	w.rounds = int(a.rounds)
	m.far.release(p)
	payer, free := m.far.placeFor(p, &m.cfg)
	w.place = free || a.held > 0
	switch is := w.attested(); {
	case is:
		if payer != nil {
			a.payer = payer
			m.far.given[payer]++
			m.far.places++
		}
		if !w.far {
			m.fire(p, attested, m.wordFor(p))
		}
	case w.far && w.barred:
		m.fire(p, unattested, "no key of it is known here")
	case w.far && w.refuted && w.vouch > 0:
		m.fire(p, unattested, "heard by few only, and a dial says otherwise: "+p.reach.failure().String())
	case w.far:
		m.fire(p, unattested, "nobody who is heard hears it any more")
	}
	if p.state == Far {
		m.stand(p, round && w.far)
	}
}

// vouchers are the members that are heard and list a name, and how many hosts they are at, as far as two. Where none does,
// they are those that tell of it by the shortest way.
func (m *Machine) vouchers(x *peer, via []*peer) (_ []*peer, hosts, shortest int) {
	shortest = -1 // names between the teller and it; 0: it lists it
	host := ""
	for _, p := range m.far.heard {
		names, ok := p.speaksOf(x)
		if !ok {
			continue
		}
		way := len(names)
		switch {
		case hosts == 0:
			hosts, host = 1, p.host()
		case hosts == 1 && p.host() != host:
			hosts = 2
		}
		if len(via) == 0 || way < shortest {
			via, shortest = via[:0], way
		}
		if way == shortest {
			via = append(via, p)
		}
	}
	return via, hosts, shortest
}

// enterFar makes room for the next names of its source, and hangs up where it was heard.
func (m *Machine) enterFar(p *peer, from State) {
	if from != Candidate {
		m.enterParted(p)
	}
	if from == Candidate && !m.view.links(p) && !p.reach.busy() {
		m.spare(p)
	}
	s := p.origin.source
	if s == nil {
		return
	}
	p.attest.owed = s
	m.discharge(p)
	if s.unheard < perSource/2 {
		m.learnOverflow(s)
	}
}

// leaveFar makes a far member a name like any other: somebody has to answer for it again.
func (m *Machine) leaveFar(p *peer, from State) {
	p.attest.owed, p.attest.again = nil, from == Far
	if from != Far || m.dropUnclaimed(p) || p.origin.seed || p.origin.found {
		return
	}
	switch s := m.lister(p); {
	case s != nil && s.unheard < perSource:
		m.charge(p, s)
	case m.forgiven(p) && !p.reach.busy():
		m.drop(p, "nobody answers for it")
		return
	}
	if p.due == never && !p.reach.busy() {
		m.schedule(p, m.after(candidateWait(p.reach.tries, &m.cfg)))
	}
}

// wordFor says why a far member is one.
func (m *Machine) wordFor(p *peer) string {
	first := p.attest.via[0]
	if way := first.telling.way(p); len(way) > 0 && !first.row.has.has(p.slot) {
		return "not heard here, heard by " + string(way[len(way)-1]) + ", as " + p.viaText() + " says"
	}
	return "not heard here, heard by " + p.viaText()
}

// lister is the source that somebody is in whose list a name stands, or who tells of it; nil: nobody.
func (m *Machine) lister(x *peer) *source {
	for _, p := range m.slots {
		if p != nil && (p.row.has.has(x.slot) || p.telling.has.has(x.slot)) {
			return p.asSource()
		}
	}
	return nil
}

// named reports whether somebody lists a peer, or tells of it.
func (p *peer) named() bool { return p.column.mentions+p.attest.tellers > 0 }

// farMember is what is told of a far member: by whose word it is one, and whether its messages come here, and ours go
// there. Those who vouch for it relay them, once both ends have asked for that.
func (m *Machine) farMember(p *peer) (via []topics.Name, come, flow bool) {
	wait := farAsks*m.cfg.Beat + farLooks
	if m.isPartial() {
		wait = spareFlows * m.cfg.Beat
	}
	asked := m.now-p.since >= wait
	for _, v := range p.attest.via {
		via = append(via, v.name)
		come = come || asked && v.feed.carries()
		flow = flow || asked && (v.feed.flows || m.heardAny())
	}
	return via, come, flow
}
