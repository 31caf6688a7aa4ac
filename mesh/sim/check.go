package sim

import (
	"math"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// The invariants. Each is stated from outside: from what was really delivered and when, never from what a
// machine believes, except where its own words are held against it.

// Violation is a rule that was seen broken.
type Violation struct {
	Rule     string        `json:"rule"`
	At       time.Duration `json:"at"` // of the first time
	Times    int           `json:"times"`
	Observer string        `json:"observer,omitempty"`
	Subject  string        `json:"subject,omitempty"`
	What     string        `json:"what"`
	Trace    []string      `json:"trace,omitempty"`

	observer, subject int
}

// Bounds that the machine promises, as seen from outside.
const (
	silentRounds = 3   // S1: alive means heard within so many own rounds
	mostBeats    = 30  // what a peer says its beat is counts up to so many of the observer's
	evictSlow    = 18  // S4: missed beats that evict without a confirmation
	evictFast    = 6   // and with enough of them
	fullConfirm  = 3   // which are so many
	olderMost    = 3   // S9: beats that make an older incarnation count
	penaltyMost  = 6   // S7
	evictedLeast = 0.5 // and after an eviction
	budgetFloor  = 300 * time.Second
)

// rounds is how many own rounds an observer has completed since it heard a subject.
func (a *watch) roundsSince(i int, v *view) int { return a.eyes[i].rounds - v.round }

// patience is how many own rounds make so many missed beats of a subject.
func (a *watch) patience(j int, v *view, missed int) int {
	mine, theirs := a.w.profile.Beat, a.beatOf(j, v)
	if theirs <= mine {
		return missed
	}
	return int(math.Ceil(float64(missed) * float64(theirs) / float64(mine)))
}

// checkHeard is S1, after each Tick: alive(A,X) means that A heard X within three own rounds.
func (a *watch) checkHeard(p *process) {
	i := p.host.id
	for j := range a.views[i] {
		v := &a.views[i][j]
		if v.state == mesh.Alive && a.roundsSince(i, v) > a.patience(j, v, silentRounds) {
			a.w.violate("S1", i, j, "alive, but not heard for %d own rounds, %v", a.roundsSince(i, v), a.w.now-v.heard)
		}
	}
}

// checkList is S2: whoever is listed is alive, a list that says it is complete misses nobody, and the own name
// comes first.
func (a *watch) checkList(p *process, e mesh.Publish) {
	i := p.host.id
	if len(e.Names) == 0 || e.Names[0] != p.host.name {
		a.w.violate("S2", i, -1, "its list does not start with its own name")
		return
	}
	for _, name := range e.Names[1:] {
		j := a.index(name)
		if v := a.view(i, j); v.state != mesh.Alive {
			a.w.violate("S2", i, j, "listed, but %s", v.state)
		}
		if j < a.hosts && !p.host.kin(a.w.hosts[j]) {
			a.w.violate("S15", i, j, "listed, and of another mesh")
		}
	}
	if _, alive := a.members(i); e.Header.Complete && alive != len(e.Names)-1 {
		a.w.violate("S2", i, -1, "a complete list names %d of %d alive peers", len(e.Names)-1, alive)
	}
}

// checkNameless is S2 for naive listeners, which connect to the default port alone: they are told of nobody else's.
func (a *watch) checkNameless(p *process, e mesh.Publish) {
	said := e.Said
	if e.Nameless != nil {
		said = *e.Nameless
	}
	if p.host.name.Port() != topics.DiscoveryPort {
		return
	}
	for _, name := range said.Names[1:] {
		if name.HasPort() {
			a.w.violate("S2", p.host.id, a.index(name), "its port is told to listeners without a name")
		}
	}
}

// checkChange judges one change of state.
func (a *watch) checkChange(p *process, j int, v *view, c mesh.Change) {
	i := p.host.id
	if c.Kind == mesh.Linked {
		a.checkLinked(p, j)
	}
	if c.From != c.To {
		a.checkEntry(i, j, v, c)
		if j < a.hosts && !p.host.kin(a.w.hosts[j]) && (c.To.Member() || c.To == mesh.Probation) {
			a.w.violate("S15", i, j, "%s, and of another mesh", c.To)
		}
		if j >= a.hosts || a.w.hosts[j].kind != Forger {
			a.checkAccusation(i, j, v, c)
		}
		a.checkReturn(i, j, v, c)
	}
	if c.To == mesh.Quarantined && c.From == mesh.Suspect {
		a.checkBudget(i, j)
	}
	if c.Incarnation != 0 && c.Incarnation < v.inc && v.older < olderMost {
		a.w.violate("S9", i, j, "incarnation %d after %d on %d beats", c.Incarnation, v.inc, v.older)
	}
}

// checkKin is S15 at the end: nobody of another mesh is anything but a name that leads nowhere.
func (a *watch) checkKin(i, j int, v *view) {
	if v.listed || v.state.Member() || v.state == mesh.Probation {
		a.w.violate("S15", i, j, "%s at the end, and of another mesh", v.state)
	}
}

// checkLinked is S12: that messages flow is told while both connections are up that they take.
func (a *watch) checkLinked(p *process, j int) {
	subject := func(h *host) bool { return a.subject(h) == j }
	in := slices.ContainsFunc(p.dialled, func(l *link) bool { return l.port == mesh.MessagePort && subject(l.pub.host) })
	out := slices.ContainsFunc(p.listeners[mesh.MessagePort], func(l *link) bool { return subject(l.sub.host) })
	if !in || !out {
		a.w.violate("S12", p.host.id, j, "said that messages flow, but it reads ours: %v, we its own: %v", out, in)
	}
}

// checkEntry is S3: probation and alive are entered on a sign of life over an own link, at that moment.
func (a *watch) checkEntry(i, j int, v *view, c mesh.Change) {
	if (c.To == mesh.Alive || c.To == mesh.Probation) && v.heard != a.w.now {
		a.w.violate("S3", i, j, "%s to %s, but last heard %v ago (%s)", c.From, c.To, a.w.now-v.heard, c.Why)
	}
}

// checkAccusation is S4, and S5 where the observer was stalled just before: nobody is suspected without three
// own completed rounds of silence or an own broken connection, nor evicted before as many as the confirmations that
// have reached the observer allow.
func (a *watch) checkAccusation(i, j int, v *view, c mesh.Change) {
	rule := "S4"
	if a.w.now-a.eyes[i].resumed < evictFast*a.w.profile.Beat {
		rule = "S5"
	}
	silent := a.roundsSince(i, v)
	switch {
	case c.To == mesh.Suspect && c.From == mesh.Alive, c.To == mesh.Quarantined && c.From == mesh.Probation:
		if silent < a.patience(j, v, silentRounds) && v.broken < v.heard {
			a.w.violate(rule, i, j, "%s after %d own rounds of silence, no connection broken (%s)", c.Kind, silent, c.Why)
		}
	case c.To == mesh.Quarantined && c.From == mesh.Suspect:
		if confirm, of := a.confirmations(i, j); silent < a.patience(j, v, evictLimit(confirm, of)) {
			a.w.violate(rule, i, j, "evicted after %d own rounds of silence, which %d of %d confirm (%s)", silent, confirm, of, c.Why)
		}
	case c.To == mesh.Quarantined:
		a.w.violate(rule, i, j, "evicted from %s (%s)", c.From, c.Why)
	}
}

// checkReturn is S10: a goodbye is undone by a newer incarnation heard directly, or an older one heard three
// times.
func (a *watch) checkReturn(i, j int, v *view, c mesh.Change) {
	if v.state != mesh.Left || c.From != mesh.Left || c.To == mesh.Unknown {
		return
	}
	newer, older := c.Incarnation > v.inc, c.Incarnation < v.inc && v.older >= olderMost
	if v.heard != a.w.now || !newer && !older {
		a.w.violate("S10", i, j, "back from its goodbye of incarnation %d with %d", v.inc, c.Incarnation)
	}
}

// checkBudget is S6: evictions within a burst of a third of the members and a refill of a tenth a minute, or of whom
// nobody lists that the observer hears, and none at all by who hears nobody.
func (a *watch) checkBudget(i, j int) {
	e := &a.eyes[i]
	members, alive := a.members(i)
	e.most = max(e.most, members)
	dt := (a.w.now - e.tokensAt).Seconds()
	rate := max(1/budgetFloor.Seconds(), 0.1*float64(e.most)/60)
	e.tokens = min(max(1, float64(e.most)/3), e.tokens+dt*rate)
	e.tokensAt, e.most = a.w.now, members
	if alive == 0 {
		a.w.violate("S6", i, j, "hears nobody, and evicts")
	}
	k := a.lister(i, j)
	if k < 0 {
		return
	}
	const rounding = 1e-6
	if e.tokens < 1-rounding {
		a.w.violate("S6", i, j, "evicted beyond the budget, %.2f left of %d members, though %s lists it",
			e.tokens, members, a.names[k])
	}
	e.tokens--
}

// lookEvery is the time between two looks. One costs the square of the nodes.
func (a *watch) lookEvery() time.Duration {
	return 10 * time.Second * time.Duration(max(1, a.hosts/32))
}

// look is what is checked now and then, against the machine's own account of its peers.
func (a *watch) look(p *process) {
	m := accounts(p.brain)
	if m == nil {
		return
	}
	i := p.host.id
	members := m.Members()
	for _, x := range members {
		a.lookAt(i, a.index(x.Name), x)
		a.lookAtPast(i, a.index(x.Name), x.Penalty)
	}
	a.checkTable(p, m, members)
	a.lookForTwins(p)
}

// lookAt compares one member with what the machine told of it (S2).
func (a *watch) lookAt(i, j int, x mesh.Member) {
	v := a.view(i, j)
	told := x.State == mesh.Alive || x.State == mesh.Suspect || x.State == mesh.Detached || x.State == mesh.Probation
	if told && v.state != x.State && i != j {
		a.w.violate("S2", i, j, "told to be %s, but is %s", v.state, x.State)
	}
}

// lookAtPast is S7: a penalty halves every half-life, whatever was earned is added to it, and an eviction earns half a
// point at least. Below a thousandth it is none.
func (a *watch) lookAtPast(i, j int, penalty float64) {
	const rounding = 1e-3
	v, now := a.view(i, j), a.eyes[i].p.clock()
	most := math.Min(penaltyMost, a.decayed(v.penalty, now-v.penaltyAt)+v.earned)
	switch least := a.decayed(v.floor, now-v.floorAt); {
	case penalty > most+rounding:
		a.w.violate("S7", i, j, "penalty %.3f, which was %.3f and may be %.3f", penalty, v.penalty, most)
	case penalty < least-rounding:
		a.w.violate("S7", i, j, "penalty %.3f, though an eviction makes it %.3f", penalty, least)
	}
	v.penalty, v.penaltyAt, v.earned = penalty, now, 0
}

func (a *watch) decayed(penalty float64, age time.Duration) float64 {
	return penalty * math.Exp2(-float64(age)/float64(a.w.profile.HalfLife))
}

// earn notes what a change adds to a penalty.
func (a *watch) earn(i int, v *view, c mesh.Change) {
	switch now := a.eyes[i].p.clock(); {
	case c.To == mesh.Unknown:
		v.penalty, v.earned, v.floor = 0, 0, 0
	case c.Kind == mesh.Evicted:
		v.earned += 1
		v.floor, v.floorAt = math.Max(evictedLeast, a.decayed(v.floor, now-v.floorAt)), now
	case c.Kind == mesh.Relapsed, c.Kind == mesh.Restarted:
		v.earned += 0.5
	}
}

// lookForTwins is S11, as far as it is a matter of membership: what one process says reaches an application
// once, so no two message links may lead to it for long. One that is retired brings what has numbers, which is told apart, and
// does not count, unless it leads to a naive node.
func (a *watch) lookForTwins(p *process) {
	i := p.host.id
	seen := make(map[*process]int)
	for _, l := range p.dialled {
		if l.port == mesh.MessagePort && !(l.retired && !l.pub.naive) {
			seen[l.pub]++
		}
	}
	for _, h := range a.w.hosts {
		if h.proc == nil || h.kind == Forger { // which may claim to be another process with each beat
			continue
		}
		v := a.view(i, h.id)
		if seen[h.proc] < 2 {
			v.twice = 0
		} else if v.twice++; v.twice > 1 {
			a.w.violate("S11", i, h.id, "%d message links to one process for more than %v", seen[h.proc], a.lookEvery())
		}
	}
}

// noteMissed and checkMissed are S5: the first round after a stall adds one miss at the most.
func (a *watch) noteMissed(p *process) {
	if m := accounts(p.brain); m != nil {
		for _, x := range m.Members() {
			a.view(p.host.id, a.index(x.Name)).missed = x.Missed
		}
	}
}

func (a *watch) checkMissed(p *process) {
	m := accounts(p.brain)
	if m == nil {
		return
	}
	i := p.host.id
	for _, x := range m.Members() {
		j := a.index(x.Name)
		if v := a.view(i, j); x.Missed > v.missed+1 {
			a.w.violate("S5", i, j, "%d beats missed before a stall, %d after its first round", v.missed, x.Missed)
		}
	}
}
