package sim

import (
	"math"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// view is what one observer makes of one subject, and what is known of that from outside.
type view struct {
	state   mesh.State
	listed  bool
	told    told          // the last whole list of the subject's that was delivered to the observer
	alone   time.Duration // of a far member: since nobody whom it hears lists it, or tells of it, as far as Ticks show; else never
	tells   set           // whom the subject tells the observer of that others hear, as of
	telling uint64        // its last telling, by its number
	lostBy  []int         // whose lists that were delivered have the subject no more, since it was heard
	refused time.Duration // a dial was answered that nobody is there
	refutes int           // dials of a name of nobody that were answered by another, or that nobody is there
	refuted time.Duration // the last of them
	since   time.Duration // of state
	heard   time.Duration // a sign of life was processed, over an own link, that really came from the subject
	round   int           // own rounds completed by then
	broken  time.Duration // own evidence that a connection is gone or refused
	inc     int64         // last incarnation that a Change gave
	seqOf   int64         // the incarnation of
	seq     uint64        // the highest number of a beat that was heard
	older   int           // direct beats in a row with an older one
	olderBy *host         // and whose they were
	beat    time.Duration // between the subject's beats

	// Its penalty, by the observer's clock: at the last look, what was earned since, and what an eviction left at least.
	penalty   float64
	penaltyAt mesh.Time
	earned    float64
	floor     float64
	floorAt   mesh.Time

	missed    int // when the observer was resumed
	twice     int // looks in a row that found two message links to it
	deadDials int
	dials     [2]leaky // by port
}

// watch sees everything that happens in a run, and judges it. Observers are the hosts; subjects are the hosts
// and every name that turns up besides.
type watch struct {
	w       *world
	names   []topics.Name
	indices map[topics.Name]int
	hosts   int
	shared  bool                     // hosts share addresses
	lists   map[*topics.Name][]int32 // whom lists have, by their first name

	views  [][]view // [observer][subject]
	eyes   []eye    // per observer
	count  [][mesh.Alias + 1]int
	listed []int // per subject: honest running observers that list it

	observers int  // honest machines running
	missing   int  // pairs (running observer, running subject) that are not alive
	dirty     bool // meters have to be read

	falseEvictions  int
	stallEvictions  int // of them, by an observer that was stalled or deaf lately
	evictions       int
	suspicions      int
	falseSuspicions int
	detached        int
	admissions      []int // per subject: alive again after quarantine, at all observers
	pairTime        float64
	lastPairs       time.Duration
	taken           []mesh.Taken
	history         *history
	told            set           // see gatherTold
	turned          time.Duration // who is alive changed for somebody last
}

// eye is what concerns an observer as a whole.
type eye struct {
	p         *process
	rounds    int
	roundAt   mesh.Time
	resumed   time.Duration // when it last ran again after a stall
	checkMiss bool
	tokens    float64
	tokensAt  time.Duration
	most      int // members at most since then
	flying    int
	rest      leaky // dials at rest
	lists     int   // whole ones published to all
	turns     int   // changes of who is alive
	judged    bool  // it completes a round now
	lookAt    time.Duration
}

const longAgo = -time.Hour

func newWatch(w *world, p *Plan) *watch {
	n := len(p.Hosts)
	a := &watch{
		w: w, hosts: n, indices: make(map[topics.Name]int), lists: make(map[*topics.Name][]int32),
		views: make([][]view, n), eyes: make([]eye, n),
	}
	seen := make(map[string]bool)
	for _, h := range p.Hosts {
		a.addName(h.Name)
		for _, addr := range h.Addrs {
			a.shared = a.shared || seen[addr]
			seen[addr] = true
		}
	}
	return a
}

// addName makes a subject of a name.
func (a *watch) addName(name topics.Name) int {
	i := len(a.names)
	a.names = append(a.names, name)
	a.indices[key(name)] = i
	a.count = append(a.count, [mesh.Alias + 1]int{})
	a.listed = append(a.listed, 0)
	a.admissions = append(a.admissions, 0)
	return i
}

// index is the number of a name. Names of nobody get one too, and so does another name of a host: nobody may
// list that one either.
func (a *watch) index(name topics.Name) int {
	if i, ok := a.indices[name]; ok {
		return i
	}
	if i, ok := a.indices[key(name)]; ok {
		return i
	}
	return a.addName(name)
}

// subject is the number of a host's name: its own, unless it is a second one of that name.
func (a *watch) subject(h *host) int { return a.index(h.name) }

// view grows an observer's row when a name turned up.
func (a *watch) view(observer, subject int) *view {
	row := a.views[observer]
	for len(row) <= subject {
		row = append(row, freshView())
	}
	a.views[observer] = row
	return &row[subject]
}

func freshView() view {
	return view{alone: never, heard: longAgo, broken: longAgo, refused: longAgo - 1, since: longAgo}
}

// running reports whether a process runs on a host.
func (a *watch) running(i int) bool { return i < a.hosts && a.w.hosts[i].proc != nil }

// observes reports whether a host's machine is under test.
func (a *watch) observes(h *host) bool { return h.kind == Honest }

// born is called when a process starts: a new observer knows nothing.
func (a *watch) born(p *process) {
	i := p.host.id
	a.w.trace.add(didBegin, i, -1, uint64(p.incarnation), "")
	a.pairs()
	a.views[i] = a.views[i][:0]
	a.eyes[i] = eye{
		p: p, roundAt: a.w.profile.Beat, resumed: longAgo, tokens: 1, tokensAt: a.w.now,
		lookAt: a.w.now + a.lookEvery(),
	}
	p.host.changed = a.w.now
	if a.observes(p.host) {
		a.observers++
	}
	a.recount()
}

// died is called when one ends.
func (a *watch) died(p *process) {
	i := p.host.id
	a.w.trace.add(didEnd, i, -1, 0, "")
	a.pairs()
	a.keepTaken(p)
	p.host.changed = a.w.now
	if a.observes(p.host) {
		a.observers--
		for j := range a.views[i] {
			v := &a.views[i][j]
			a.setListed(v, j, false)
			if v.state != mesh.Unknown {
				a.count[j][v.state]--
				a.history.add(a.w.now, i, j, mesh.Unknown)
			}
		}
	}
	a.views[i] = a.views[i][:0]
	a.recount()
}

// recount counts the pairs that are not alive, after a birth or a death.
func (a *watch) recount() {
	a.missing = 0
	for i, h := range a.w.hosts {
		if h.proc == nil || !a.observes(h) {
			continue
		}
		for j := range a.hosts {
			if i != j && a.w.hosts[j].owed() && h.kin(a.w.hosts[j]) && (j >= len(a.views[i]) || a.views[i][j].state != mesh.Alive) {
				a.missing++
			}
		}
	}
	a.dirty = true
}

// pairs adds up the time that pairs of observers and subjects ran.
func (a *watch) pairs() {
	n := float64(a.observers)
	a.pairTime += n * (n - 1) * (a.w.now - a.lastPairs).Seconds()
	a.lastPairs = a.w.now
}

// resumed is called when a stalled process runs again, before it gets its backlog.
func (a *watch) resumed(p *process, stalled time.Duration) {
	a.w.trace.add(didResume, p.host.id, -1, uint64(stalled), "")
	e := &a.eyes[p.host.id]
	e.resumed = a.w.now
	if a.observes(p.host) && stalled > a.w.profile.Beat {
		a.noteMissed(p)
		e.checkMiss = true
	}
}

// before is called with every event that a machine is about to be given.
func (a *watch) before(p *process, ev mesh.Input, l *link) {
	a.w.trace.event(p, ev, l)
	if !a.observes(p.host) || p.leaving { // who leaves judges nobody any more
		return
	}
	e := &a.eyes[p.host.id]
	switch ev := ev.(type) {
	case mesh.Beat:
		if !l.hungUp {
			a.sawBeat(p, ev, l)
		}
	case mesh.Told:
		if !l.hungUp {
			a.sawTold(p, ev, l)
		}
	case mesh.Heard:
		if !l.hungUp && !l.retired { // what comes over one that is retired was said long ago
			a.sawLife(p, l)
		}
	case mesh.LinkDown:
		a.view(p.host.id, a.subject(l.pub.host)).broken = a.w.now
	case mesh.DialFailed:
		e.flying--
		if ev.Reason == mesh.Refused || ev.Reason == mesh.Unresolved {
			v := a.view(p.host.id, a.index(ev.Dial.Target))
			v.broken, v.refused = a.w.now, a.w.now
		}
		if ev.Reason == mesh.Refused {
			a.refute(p, ev.Dial.Target)
		}
	case mesh.LinkUp:
		e.flying--
	case mesh.Hello:
		d := &a.view(p.host.id, a.index(ev.Name)).dials[mesh.DiscoveryPort]
		d.level = max(0, d.level-1)
	case mesh.Tick:
		if now := p.clock(); now >= e.roundAt {
			e.rounds++
			e.judged = true
			e.roundAt = now + a.w.profile.Beat
		}
	}
}

// sawBeat notes a beat that really came from whom it says.
func (a *watch) sawBeat(p *process, ev mesh.Beat, l *link) {
	from := l.pub.host
	if l.seq == 0 {
		a.refute(p, l.target)
	}
	if ev.Names[0] != from.name || ev.Header != nil && ev.Header.Leaving {
		return
	}
	if ev.Header == nil {
		a.sawLife(p, l).beat = a.w.profile.Interval
		return
	}
	j := a.subject(from)
	v := a.view(p.host.id, j)
	own, h := speaksForItself(l), ev.Header
	isNew := own && v.made(l, h)
	if isNew {
		v = a.sawLife(p, l)
		v.beat = time.Duration(h.Beat) * time.Millisecond
	}
	if own && !h.Pulse && (isNew || v.state == mesh.Alive) {
		a.takeList(p.host.id, j, v, ev.Names, h)
		v = a.view(p.host.id, j)
	} else if own {
		v.takeBeat(h)
	}
	if ev.Header.Incarnation < v.inc {
		v.older, v.olderBy = v.older+1, from
	} else if v.olderBy == from { // not a second one of that name
		v.older = 0
	}
}

// made reports whether a beat is more than a repetition: its number is higher than any that the observer has heard of
// that incarnation, or than the one before it on the same link.
func (v *view) made(l *link, h *topics.Header) bool {
	is := h.Seq == 0 || h.Incarnation != v.seqOf || h.Seq > v.seq || l.seq > 0 && h.Seq > l.seq
	if h.Incarnation != v.seqOf {
		v.seqOf, v.seq = h.Incarnation, 0
	}
	v.seq, l.seq = max(v.seq, h.Seq), max(l.seq, h.Seq)
	return is
}

// speaksForItself reports whether a link leads to the host whose name was dialled.
func speaksForItself(l *link) bool {
	return l.target == l.pub.host.name || key(l.target) == key(l.pub.host.name)
}

// sawLife counts a sign of life for the name that was dialled, if that is the host's own.
func (a *watch) sawLife(p *process, l *link) *view {
	v := a.view(p.host.id, a.subject(l.pub.host))
	if !speaksForItself(l) {
		return v
	}
	v.heard, v.round, v.lostBy = a.w.now, a.eyes[p.host.id].rounds, v.lostBy[:0]
	return v
}

// after is called with every answer of a machine, before it is carried out.
func (a *watch) after(p *process, ev mesh.Input, effects []mesh.Effect) {
	a.w.trace.effects(p, effects)
	if !a.observes(p.host) || p.leaving {
		return
	}
	e := &a.eyes[p.host.id]
	for _, eff := range effects {
		switch eff := eff.(type) {
		case mesh.Emit:
			a.changed(p, eff.Change)
		case mesh.Publish:
			a.published(p, eff)
		case mesh.Dial:
			a.dialled(p, eff)
		}
	}
	if _, tick := ev.(mesh.Tick); tick {
		a.checkHeard(p)
		a.checkFar(p)
		if e.checkMiss {
			e.checkMiss = false
			a.checkMissed(p)
		}
		if e.judged && a.w.now >= e.lookAt {
			e.lookAt = a.w.now + a.lookEvery()
			a.look(p)
		}
		e.judged = false
	}
}

// published reads a whole list against what the observer told of its peers.
func (a *watch) published(p *process, e mesh.Publish) {
	if e.Header.Pulse || e.Header.Leaving {
		return
	}
	i := p.host.id
	a.checkList(p, e)
	a.checkLists(p)
	a.checkNameless(p, e)
	row := a.views[i]
	for j := range row {
		a.setListed(&row[j], j, false)
	}
	for _, name := range e.Names[1:] {
		j := a.index(name)
		a.setListed(a.view(i, j), j, true)
	}
}

func (a *watch) setListed(v *view, j int, listed bool) {
	if v.listed == listed {
		return
	}
	v.listed = listed
	a.dirty = true
	if listed {
		a.listed[j]++
	} else {
		a.listed[j]--
	}
}

// dialled counts dials of the dead, which must thin out, and those under way.
func (a *watch) dialled(p *process, d mesh.Dial) {
	a.checkDial(p, d)
	if j := a.index(d.Target); !a.running(j) {
		a.view(p.host.id, j).deadDials++
	}
}

// keepTaken adds up which transitions a machine made.
func (a *watch) keepTaken(p *process) {
	m := accounts(p.brain)
	if m == nil {
		return
	}
	for i, t := range m.Taken() {
		if i == len(a.taken) {
			a.taken = append(a.taken, t)
			continue
		}
		a.taken[i].Times += t.Times
	}
}

// members counts the peers of an observer that are members, and those of them that are alive.
func (a *watch) members(i int) (members, alive int) {
	for j := range a.views[i] {
		s := a.views[i][j].state
		if s.Member() {
			members++
		}
		if s == mesh.Alive {
			alive++
		}
	}
	return members, alive
}

// wholeMesh reports whether every observer that runs has every other running host as alive and nobody else.
func (a *watch) wholeMesh() bool {
	if a.missing > 0 {
		return false
	}
	for j := range a.names {
		if !a.running(j) && a.listed[j] > 0 {
			return false
		}
	}
	return true
}

var infinite = math.Inf(1)
