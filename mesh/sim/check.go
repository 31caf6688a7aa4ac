package sim

import (
	"math"
	"time"

	"hearsay/mesh"
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
	silentRounds = 3  // S1: alive means heard within so many own rounds
	evictRounds  = 6  // S4: nobody is evicted sooner
	flyingMost   = 64 // S8: dials under way
	unheardMost  = 1024
	olderMost    = 3 // S9: beats that make an older incarnation count
	penaltyMost  = 6 // S7
	budgetFloor  = 300 * time.Second
)

// rounds is how many own rounds an observer has completed since it heard a subject.
func (a *watch) roundsSince(i int, v *view) int { return a.eyes[i].rounds - v.round }

// patience is how many own rounds make so many missed beats of a subject.
func (a *watch) patience(v *view, missed int) int {
	beat := a.w.profile.Beat
	if v.beat <= beat {
		return missed
	}
	return int(math.Ceil(float64(missed) * float64(v.beat) / float64(beat)))
}

// checkHeard is S1, after each Tick: alive(A,X) means that A heard X within three own rounds.
func (a *watch) checkHeard(p *process) {
	i := p.host.id
	for j := range a.views[i] {
		v := &a.views[i][j]
		if v.state == mesh.Alive && a.roundsSince(i, v) > a.patience(v, silentRounds) {
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
	}
	if _, alive := a.members(i); e.Header.Complete && alive != len(e.Names)-1 {
		a.w.violate("S2", i, -1, "a complete list names %d of %d alive peers", len(e.Names)-1, alive)
	}
}

// checkChange judges one change of state.
func (a *watch) checkChange(p *process, j int, v *view, c mesh.Change) {
	i := p.host.id
	if c.From != c.To {
		a.checkEntry(i, j, v, c)
		a.checkAccusation(i, j, v, c)
		a.checkReturn(i, j, v, c)
	}
	if c.To == mesh.Quarantined && c.From == mesh.Suspect {
		a.checkBudget(i, j)
	}
	if c.Incarnation != 0 && c.Incarnation < v.inc && v.older < olderMost {
		a.w.violate("S9", i, j, "incarnation %d after %d on %d beats", c.Incarnation, v.inc, v.older)
	}
}

// checkEntry is S3: probation and alive are entered on a sign of life over an own link, at that moment.
func (a *watch) checkEntry(i, j int, v *view, c mesh.Change) {
	if (c.To == mesh.Alive || c.To == mesh.Probation) && v.heard != a.w.now {
		a.w.violate("S3", i, j, "%s to %s, but last heard %v ago (%s)", c.From, c.To, a.w.now-v.heard, c.Why)
	}
}

// checkAccusation is S4, and S5 where the observer was stalled just before: nobody is suspected without three
// own completed rounds of silence or an own broken connection, nor evicted before six rounds.
func (a *watch) checkAccusation(i, j int, v *view, c mesh.Change) {
	rule := "S4"
	if a.w.now-a.eyes[i].resumed < evictRounds*a.w.profile.Beat {
		rule = "S5"
	}
	silent := a.roundsSince(i, v)
	switch {
	case c.To == mesh.Suspect && c.From == mesh.Alive, c.To == mesh.Quarantined && c.From == mesh.Probation:
		if silent < a.patience(v, silentRounds) && v.broken < v.heard {
			a.w.violate(rule, i, j, "%s after %d own rounds of silence, no connection broken (%s)", c.Kind, silent, c.Why)
		}
	case c.To == mesh.Quarantined && c.From == mesh.Suspect:
		if silent < a.patience(v, evictRounds) {
			a.w.violate(rule, i, j, "evicted after %d own rounds of silence (%s)", silent, c.Why)
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

// checkBudget is S6: evictions within a burst of a third of the members and a refill of a tenth a minute, and
// one in five minutes by who hears nobody.
func (a *watch) checkBudget(i, j int) {
	e := &a.eyes[i]
	members, alive := a.members(i)
	e.most = max(e.most, members)
	dt := (a.w.now - e.tokensAt).Seconds()
	rate := max(1/budgetFloor.Seconds(), 0.1*float64(e.most)/60)
	e.tokens = min(max(1, float64(e.most)/3), e.tokens+dt*rate)
	e.tokensAt, e.most = a.w.now, members
	const rounding = 1e-6
	if e.tokens < 1-rounding {
		a.w.violate("S6", i, j, "evicted beyond the budget: %.2f left of %d members", e.tokens, members)
	}
	e.tokens--
	if alive > 0 || members < 2 {
		e.deafAt = longAgo
		return
	}
	if e.deafAt == longAgo || float64(e.deafEvict) > (a.w.now-e.deafAt).Seconds()/budgetFloor.Seconds() {
		if e.deafAt == longAgo {
			e.deafAt, e.deafEvict = a.w.now, 0
		} else {
			a.w.violate("S6", i, j, "hears nobody, and evicted %d in %v", e.deafEvict+1, a.w.now-e.deafAt)
		}
	}
	e.deafEvict++
}

// checkFlying is one part of S8: dials under way are bounded.
func (a *watch) checkFlying(p *process, e *eye) {
	if e.flying > flyingMost {
		a.w.violate("S8", p.host.id, -1, "%d dials under way", e.flying)
	}
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
	for _, x := range m.Members() {
		a.lookAt(i, a.index(x.Name), x)
	}
	if s := m.Stats(); s.Candidates > unheardMost || s.Peers > mesh.LAN().MaxPeers {
		a.w.violate("S8", i, -1, "%d peers, %d of them never heard", s.Peers, s.Candidates)
	}
	a.lookForTwins(p)
}

// lookAt compares one member with what the machine told of it (S2), and its penalty with the last look (S7).
func (a *watch) lookAt(i, j int, x mesh.Member) {
	v := a.view(i, j)
	told := x.State == mesh.Alive || x.State == mesh.Suspect || x.State == mesh.Detached || x.State == mesh.Probation
	if told && v.state != x.State && i != j {
		a.w.violate("S2", i, j, "told to be %s, but is %s", v.state, x.State)
	}
	const rounding = 1e-9
	if x.Penalty < 0 || x.Penalty > penaltyMost {
		a.w.violate("S7", i, j, "penalty %.3f", x.Penalty)
	}
	if x.Penalty > v.penalty+rounding && !v.excused {
		a.w.violate("S7", i, j, "penalty grew from %.3f to %.3f by itself", v.penalty, x.Penalty)
	}
	v.penalty, v.excused = x.Penalty, false
}

// lookForTwins is S11, as far as it is a matter of membership: what one process says reaches an application
// once, so no two message links may lead to it for long.
func (a *watch) lookForTwins(p *process) {
	i := p.host.id
	seen := make(map[*process]int)
	for _, l := range p.dialled {
		if l.port == mesh.MessagePort {
			seen[l.pub]++
		}
	}
	for _, h := range a.w.hosts {
		if h.proc == nil {
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
