package sim

import (
	"math"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// view is what one observer makes of one subject, and what is known of that from outside.
type view struct {
	state     mesh.State
	listed    bool
	since     time.Duration // of state
	heard     time.Duration // a sign of life was processed, over an own link, that really came from the subject
	round     int           // own rounds completed by then
	broken    time.Duration // own evidence that a connection is gone or refused
	inc       int64         // last incarnation that a Change gave
	older     int           // direct beats in a row with an older one
	beat      time.Duration // between the subject's beats
	excused   bool          // its penalty may have grown since the last look
	penalty   float64
	missed    int // when the observer was resumed
	twice     int // looks in a row that found two message links to it
	deadDials int
}

// watch sees everything that happens in a run, and judges it. Observers are the hosts; subjects are the hosts
// and every name that turns up besides.
type watch struct {
	w       *world
	names   []topics.Name
	indices map[topics.Name]int
	hosts   int

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
	deafAt    time.Duration
	deafEvict int
	flying    int
	lookAt    time.Duration
	complete  bool
}

const longAgo = -time.Hour

func newWatch(w *world, p *Plan) *watch {
	n := len(p.Hosts)
	a := &watch{
		w: w, hosts: n, indices: make(map[topics.Name]int),
		views: make([][]view, n), eyes: make([]eye, n),
	}
	for _, h := range p.Hosts {
		a.addName(h.Name)
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
	return view{heard: longAgo, broken: longAgo, since: longAgo}
}

// running tells whether a process runs on a host.
func (a *watch) running(i int) bool { return i < a.hosts && a.w.hosts[i].proc != nil }

// observes tells whether a host's machine is under test.
func (a *watch) observes(h *host) bool { return h.kind == Honest }

// born is called when a process starts: a new observer knows nothing.
func (a *watch) born(p *process) {
	i := p.host.id
	a.w.trace.add(didBegin, i, -1, uint64(p.incarnation), "")
	a.pairs()
	a.views[i] = a.views[i][:0]
	a.eyes[i] = eye{
		p: p, roundAt: a.w.profile.Beat, resumed: longAgo, tokens: 1, tokensAt: a.w.now, deafAt: longAgo,
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
			if i != j && a.w.hosts[j].owed() && (j >= len(a.views[i]) || a.views[i][j].state != mesh.Alive) {
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
func (a *watch) before(p *process, ev mesh.Event, l *link) {
	a.w.trace.event(p, ev, l)
	if !a.observes(p.host) || p.leaving { // who leaves judges nobody any more
		return
	}
	e := &a.eyes[p.host.id]
	switch ev := ev.(type) {
	case mesh.Beat:
		a.sawBeat(p, ev, l)
	case mesh.Heard:
		a.sawLife(p, l)
	case mesh.LinkDown:
		a.view(p.host.id, l.pub.host.id).broken = a.w.now
	case mesh.DialFailed:
		e.flying--
		if ev.Reason == mesh.Refused || ev.Reason == mesh.Unresolved {
			a.view(p.host.id, a.index(ev.Target)).broken = a.w.now
		}
	case mesh.LinkUp:
		e.flying--
	case mesh.Tick:
		if now := p.clock(); now >= e.roundAt {
			e.rounds++
			e.roundAt = now + a.w.profile.Beat
		}
	}
}

// sawBeat notes a beat that really came from whom it says.
func (a *watch) sawBeat(p *process, ev mesh.Beat, l *link) {
	from := l.pub.host
	if ev.Names[0] != from.name || ev.Header != nil && ev.Header.Leaving {
		return
	}
	v := a.sawLife(p, l)
	if ev.Header == nil {
		v.beat = a.w.profile.Interval
		return
	}
	v.beat = time.Duration(ev.Header.Beat) * time.Millisecond
	if ev.Header.Incarnation < v.inc {
		v.older++
	} else {
		v.older = 0
	}
}

// sawLife counts a sign of life for the name that was dialled, if that is the host's own.
func (a *watch) sawLife(p *process, l *link) *view {
	v := a.view(p.host.id, l.pub.host.id)
	if l.target != l.pub.host.name && key(l.target) != key(l.pub.host.name) {
		return v
	}
	v.heard, v.round = a.w.now, a.eyes[p.host.id].rounds
	return v
}

// after is called with every answer of a machine, before it is carried out.
func (a *watch) after(p *process, ev mesh.Event, effects []mesh.Effect) {
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
		if e.checkMiss {
			e.checkMiss = false
			a.checkMissed(p)
		}
		if a.w.now >= e.lookAt {
			e.lookAt = a.w.now + a.lookEvery()
			a.look(p)
		}
	}
}

// changed takes in what a machine tells.
func (a *watch) changed(p *process, c mesh.Change) {
	i, j := p.host.id, a.index(c.Peer)
	if i == j {
		return
	}
	v := a.view(i, j)
	if c.Kind == mesh.Evicted || c.Kind == mesh.Relapsed || c.Kind == mesh.Restarted {
		v.excused = true
	}
	a.checkChange(p, j, v, c)
	if c.Incarnation != 0 {
		v.inc = c.Incarnation
	}
	if c.From != c.To {
		a.tally(i, j, c)
		a.setState(i, j, v, c.To)
	}
}

// tally counts what goals are about.
func (a *watch) tally(i, j int, c mesh.Change) {
	switch c.Kind {
	case mesh.Suspected:
		a.suspicions++
		if a.healthy(i, j) {
			a.falseSuspicions++
		}
	case mesh.Evicted:
		a.evictions++
		if a.healthy(i, j) {
			a.falseEvictions++
			if a.disturbed(i) {
				a.stallEvictions++
			}
		}
	case mesh.Separated:
		a.detached++
	case mesh.Returned:
		a.admissions[j]++
	}
}

// A host is called healthy once it has been well for a while: long enough to be heard again, and for an observer
// that is or was in trouble itself, longer than the longest silence that evicts. Two that were stalled by turns may
// not have heard each other for minutes.
const (
	settled     = 3 * time.Second
	settledLong = 18 // beats
)

// healthy tells whether a subject runs undisturbed and nothing keeps it from an observer, whose own troubles
// do not count.
func (a *watch) healthy(i, j int) bool {
	if !a.running(j) {
		return false
	}
	x := a.w.hosts[j]
	nw, well := a.w.net, settled
	if a.disturbed(i) {
		well = settledLong * a.w.profile.Beat
	}
	return x.proc.stalls == 0 && nw.held[j] == 0 && a.w.now-x.changed > well && a.w.now-x.proc.born > well &&
		nw.cut[i*nw.n+j] == 0 && nw.cut[j*nw.n+i] == 0 && nw.noSyn[i*nw.n+j] == 0
}

// disturbed tells whether an observer is or was lately stalled or deaf.
func (a *watch) disturbed(i int) bool {
	h := a.w.hosts[i]
	return a.w.net.held[i] > 0 || a.w.now-h.changed < time.Minute
}

func (a *watch) setState(i, j int, v *view, to mesh.State) {
	from := v.state
	v.state, v.since = to, a.w.now
	a.dirty = true
	if from != mesh.Unknown {
		a.count[j][from]--
	}
	if to != mesh.Unknown {
		a.count[j][to]++
	}
	if j < a.hosts && a.w.hosts[j].owed() {
		if from == mesh.Alive {
			a.missing++
		}
		if to == mesh.Alive {
			a.missing--
		}
	}
	a.history.add(a.w.now, i, j, to)
}

// published reads a whole list against what the observer told of its peers.
func (a *watch) published(p *process, e mesh.Publish) {
	if e.Header.Pulse || e.Header.Leaving {
		return
	}
	i := p.host.id
	a.checkList(p, e)
	row := a.views[i]
	for j := range row {
		a.setListed(&row[j], j, false)
	}
	for _, name := range e.Names[1:] {
		j := a.index(name)
		a.setListed(a.view(i, j), j, true)
	}
	a.eyes[i].complete = e.Header.Complete
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
	e := &a.eyes[p.host.id]
	e.flying++
	a.checkFlying(p, e)
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

// wholeMesh tells whether every observer that runs has every other running host as alive and nobody else.
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
